"""What the passes over a device share: its ops by class, and adding to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from xdsl.ir import Block, Operation, Region

from softnpu.dialects.aie import DeviceOp, EndOp
from softnpu.dialects.walking import ops_in

OpT = TypeVar("OpT", bound=Operation)


def of_type(device: DeviceOp, kind: type[OpT]) -> Iterator[OpT]:
    """The ops of a class that stand directly in a device; the caller may erase each in turn."""
    return (op for op in ops_in(device.body) if isinstance(op, kind))


def append(device: DeviceOp, *ops: Operation) -> None:
    """Put ops at the end of a device."""
    append_to(device.body, *ops)


def append_to(block: Block, *ops: Operation) -> None:
    """Put ops at the end of a block, before its terminator if it has one."""
    last = block.last_op
    if isinstance(last, EndOp):
        block.insert_ops_before(ops, last)
    else:
        block.add_ops(ops)


def region_of(*ops: Operation) -> Region:
    """A region of one block that holds ops and ends."""
    return Region(Block([*ops, EndOp()]))
