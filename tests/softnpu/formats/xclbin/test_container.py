from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats.xclbin import container
from softnpu.formats.xclbin.container import Container, Header, Section, SectionKind
from tests.conftest import MARCH_DESIGNS
from tests.softnpu.formats.strategies import u8, u16, u32, u64

names = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=15)
sections = st.builds(Section, u32, st.binary(max_size=40), names)
headers = st.builds(
    Header, u64, st.binary(min_size=16, max_size=16), st.tuples(u8, u8, u16), u64, u16, names
)
containers = st.builds(
    Container, headers, st.lists(sections, max_size=5).map(tuple), st.binary(max_size=20)
)


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_real_files_are_rebuilt_byte_for_byte(march: Path, design: str) -> None:
    data = (march / design / "final.xclbin").read_bytes()
    assert container.build(container.parse(data)) == data


@given(containers)
def test_any_container_survives(stored: Container) -> None:
    assert container.parse(container.build(stored)) == stored


def test_sections_start_at_multiples_of_eight() -> None:
    odd = tuple(Section(SectionKind.USER_METADATA, b"x" * n) for n in (1, 8, 3))
    assert [offset % 8 for offset in container.offsets(odd)] == [0, 0, 0]


def test_a_missing_section_is_named_with_those_that_are_there() -> None:
    few = Container(Header(), (Section(SectionKind.IP_LAYOUT, b""), Section(99, b"")))
    with pytest.raises(FormatError, match=r"no AIE_PARTITION section; it has: IP_LAYOUT, .*99"):
        few.require(SectionKind.AIE_PARTITION)


def test_damage_is_told(march: Path) -> None:
    data = (march / "explicit_dma" / "final.xclbin").read_bytes()
    with pytest.raises(FormatError, match="says 7717 bytes, the file has 3000: it is cut off"):
        container.parse(data[:3000])
    with pytest.raises(FormatError, match="git-LFS pointer"):
        container.parse(b"version https://git-lfs.github.com/spec/v1\n")
    size_at = 0x1C8 + 32
    damaged = data[:size_at] + b"\xff\xff\xff\xff" + data[size_at + 4 :]
    with pytest.raises(FormatError, match="MEM_TOPOLOGY section ends at byte"):
        container.parse(damaged)


def test_a_name_too_long_for_its_place_is_refused() -> None:
    with pytest.raises(FormatError, match="longer than 15 bytes"):
        container.build(Container(Header(), (Section(0, b"", "a" * 16),)))
