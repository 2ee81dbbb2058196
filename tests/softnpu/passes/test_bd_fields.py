"""Groups of descriptor fields."""

from __future__ import annotations

from softnpu.dialects.aie import PacketInfoAttr
from softnpu.dialects.aiex import NpuWriteBdOp
from softnpu.passes.access_pattern import AccessPattern
from softnpu.passes.bd_fields import Locks, Packet, Padding, Shape

OTHERS = {
    "column",
    "row",
    "bd_id",
    "buffer_length",
    "buffer_offset",
    "next_bd",
    "use_next_bd",
    "valid_bd",
    "burst_length",
}


def test_the_groups_and_the_rest_are_the_whole_descriptor_without_overlap() -> None:
    groups = [set(group.named()) for group in (Locks(), Padding(), Packet(), Shape())]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert set.union(OTHERS, *groups) == set(NpuWriteBdOp.attr_fields)


def test_a_repeat_in_place_leaves_the_iteration_at_zero() -> None:
    repeat = Shape.of(AccessPattern.of([4, 1, 2, 8], [0, 0, 16, 1], 32))
    assert (repeat.iteration_size, repeat.iteration_stride, repeat.d1_size) == (0, 0, 2)
    stepping = Shape.of(AccessPattern.of([4, 1, 2, 8], [64, 0, 16, 1], 32))
    assert (stepping.iteration_size, stepping.iteration_stride) == (3, 63)


def test_a_header_enables_packets() -> None:
    assert Packet.of(PacketInfoAttr.of(pkt_type=1, pkt_id=9)) == Packet(1, 0, 9, 1)
    assert Packet.of(None) == Packet()
