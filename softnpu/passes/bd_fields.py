"""Groups of the fields of a buffer descriptor, named as in `aiex.npu.writebd`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from softnpu.dialects.aie import PacketInfoAttr
from softnpu.passes.access_pattern import ITERATION, AccessPattern


@dataclass(frozen=True)
class Fields:
    """Base of the groups."""

    def named(self) -> dict[str, Any]:
        """The fields as keywords of `NpuWriteBdOp`."""
        return vars(self)


@dataclass(frozen=True)
class Locks(Fields):
    """The lock that a descriptor acquires before and the one that it releases after."""

    lock_rel_val: int = 0
    lock_rel_id: int = 0
    lock_acq_enable: int = 0
    lock_acq_val: int = 0
    lock_acq_id: int = 0


@dataclass(frozen=True)
class Padding(Fields):
    """Zeros around each dimension."""

    d0_zero_before: int = 0
    d1_zero_before: int = 0
    d2_zero_before: int = 0
    d0_zero_after: int = 0
    d1_zero_after: int = 0
    d2_zero_after: int = 0


@dataclass(frozen=True)
class Packet(Fields):
    """The packet header that goes before the data."""

    enable_packet: int = 0
    out_of_order_id: int = 0
    packet_id: int = 0
    packet_type: int = 0

    @staticmethod
    def of(header: PacketInfoAttr | None) -> Packet:
        """The fields for a header, or for none."""
        if header is None:
            return Packet()
        return Packet(1, 0, header.pkt_id, header.pkt_type)


@dataclass(frozen=True)
class Shape(Fields):
    """Sizes and steps; all zero for one contiguous run, whose length says enough."""

    d0_size: int = 0
    d0_stride: int = 0
    d1_size: int = 0
    d1_stride: int = 0
    d2_size: int = 0
    d2_stride: int = 0
    iteration_current: int = 0
    iteration_size: int = 0
    iteration_stride: int = 0

    @staticmethod
    def of(pattern: AccessPattern, d2_size: int = 0) -> Shape:
        """The fields for a pattern; a repeat in place is the queue's business."""
        registers = pattern.registers()
        sizes, steps = registers.sizes, registers.steps
        shape = {
            "d2_size": d2_size,
            "iteration_size": 0 if pattern.repeats_in_place else sizes[ITERATION],
            "iteration_stride": steps[ITERATION],
        }
        if not pattern.is_linear:
            shape |= {
                "d0_size": sizes[0],
                "d0_stride": steps[0],
                "d1_size": sizes[1],
                "d1_stride": steps[1],
                "d2_stride": steps[2],
            }
        return Shape(**shape)
