import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats.xclbin import topology
from softnpu.formats.xclbin.topology import Connection, Instance, Memory
from tests.softnpu.formats.strategies import u8, u32, u64

ascii_text = st.characters(codec="ascii", exclude_characters="\0")
memories = st.builds(Memory, st.text(ascii_text, max_size=15), u64, u64, u8, st.booleans())
connections = st.builds(Connection, *3 * [st.integers(-(2**31), 2**31 - 1)])
two_bits = st.integers(0, 3)
instances = st.builds(
    Instance, st.text(ascii_text, max_size=63), st.integers(0, 0xFFF), two_bits, two_bits, u32, u64
)


@given(st.lists(memories, max_size=4).map(tuple))
def test_any_memories_survive(given_memories) -> None:
    assert topology.parse_memories(topology.build_memories(given_memories)) == given_memories


@given(st.lists(connections, max_size=4).map(tuple))
def test_any_connections_survive(made) -> None:
    assert topology.parse_connections(topology.build_connections(made)) == made


@given(st.lists(instances, max_size=4).map(tuple))
def test_any_instances_survive(made) -> None:
    assert topology.parse_instances(topology.build_instances(made)) == made


def test_a_tag_too_long_for_its_place_is_refused() -> None:
    with pytest.raises(FormatError, match="longer than the 15 bytes"):
        topology.build_memories([Memory("a" * 16, 1, 0)])


def test_grouped_connections_come_sorted_and_then_as_they_are() -> None:
    a, b = Connection(3, 0, 0), Connection(1, 0, 1)
    assert topology.grouped([a, b]) == (b, a, a, b)


def test_an_argument_in_two_memories_would_need_a_group() -> None:
    with pytest.raises(FormatError, match="more than one memory"):
        topology.grouped([Connection(3, 0, 0), Connection(3, 0, 1)])


def test_a_count_that_cannot_be_is_refused() -> None:
    with pytest.raises(FormatError, match="4294967295 entries"):
        topology.parse_memories(b"\xff" * 16)
