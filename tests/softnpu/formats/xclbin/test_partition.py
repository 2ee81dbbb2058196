import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats.xclbin import partition
from softnpu.formats.xclbin.partition import CdoGroup, Partition, PartitionPdi
from tests.softnpu.formats.strategies import u8, u16, u32, u64

names = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=12)
ids = st.lists(u64, max_size=3).map(tuple)
groups = st.builds(CdoGroup, ids, names, u8, u64, ids)
pdis = st.builds(
    PartitionPdi,
    st.binary(max_size=30),
    st.lists(groups, min_size=1, max_size=2).map(tuple),
    st.binary(min_size=16, max_size=16),
)
partitions = st.builds(
    Partition,
    st.integers(1, 8),
    st.lists(u16, min_size=1, max_size=5).map(tuple),
    st.lists(pdis, min_size=1, max_size=2).map(tuple),
    u32,
    u64,
    u64,
    names,
    names,
)
GROUP = CdoGroup((0x901,))
PDI = PartitionPdi(b"image", (GROUP,), bytes(16))


@given(partitions)
def test_any_partition_survives(made: Partition) -> None:
    assert partition.parse(partition.build(made)) == made


@pytest.mark.parametrize(
    "wrong",
    [
        Partition(0, (1,), (PDI,)),
        Partition(1, (), (PDI,)),
        Partition(1, (1,), ()),
        Partition(1, (1,), (PartitionPdi(b"", (), bytes(16)),)),
        Partition(1, (1,), (PartitionPdi(b"", (GROUP,), b"short"),)),
        Partition(1, (-1,), (PDI,)),
    ],
)
def test_partitions_that_xclbinutil_would_refuse_are_refused(wrong: Partition) -> None:
    with pytest.raises(FormatError):
        partition.build(wrong)


def test_a_piece_outside_the_section_is_told() -> None:
    data = partition.build(Partition(1, (1,), (PDI,)))
    with pytest.raises(FormatError, match="AIE partition"):
        partition.parse(data[:-100])
