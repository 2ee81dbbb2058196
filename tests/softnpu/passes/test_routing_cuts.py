from __future__ import annotations

from softnpu.arch.device import device
from softnpu.arch.ports import Bundle, EndPoint
from softnpu.passes.routing_cuts import Stream, worst_cut

NPU1 = device("npu1")


def stream(number: int, source: tuple[int, int], *destinations: tuple[int, int]) -> Stream:
    ends = [EndPoint(tile, Bundle.DMA, 0) for tile in (source, *destinations)]
    return Stream(ends[0], tuple(ends[1:]), number)


def test_as_many_streams_as_ports_are_no_proof() -> None:
    four_west = [stream(n, (1, 3), (0, 3)) for n in range(4)]
    assert worst_cut(NPU1, four_west) is None


def test_the_border_with_the_most_streams_too_many_is_named() -> None:
    """A core tile has 4 ports west, 6 north, 4 east and 4 south: 18 in all."""
    cut = worst_cut(NPU1, [stream(n, (1, 3), (3, 5)) for n in range(20)])
    assert cut is not None
    assert (cut.low, cut.high, cut.ports, len(cut.streams)) == ((3, 5), (3, 5), 10, 20)
    assert str(cut) == (
        "20 streams have to enter tile (3, 5), and 10 ports of stream switches lead into there"
    )


def test_flows_that_share_count_once() -> None:
    assert worst_cut(NPU1, [stream(7, (1, 3), (3, 5)) for _ in range(20)]) is None


def test_a_broadcast_crosses_a_border_if_any_destination_lies_beyond() -> None:
    inside_and_beyond = [stream(n, (0, 2), (0, 3), (1, 1)) for n in range(30)]
    cut = worst_cut(NPU1, inside_and_beyond)
    assert cut is not None
    assert cut.outward or cut.low == (1, 1)


def test_flows_of_a_group_that_have_one_id_share_nothing() -> None:
    """Of three ids, the one with the most flows counts."""
    flows = [stream(7, (1, 3), (3, 5))._replace(id=min(n, 2)) for n in range(14)]
    cut = worst_cut(NPU1, flows)
    assert cut is not None
    assert (len(cut.streams), cut.ports) == (12, 10)
