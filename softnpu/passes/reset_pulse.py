"""Setting and clearing the reset bit of a register, all else in it left as it is."""

from __future__ import annotations

from xdsl.ir import Operation

from softnpu.arch.register import Module
from softnpu.arch.registers import address, lookup
from softnpu.dialects.aie.tiles import TileElement
from softnpu.dialects.aiex import NpuMaskWrite32Op


def reset_pulse(op: TileElement, module: Module, register: str) -> list[Operation]:
    """The writes that reset what the register of the op's tile controls."""
    found = lookup(module, register)
    assert found is not None, register
    mask = found.register.field("Reset").mask
    col, row = op.position
    return [
        NpuMaskWrite32Op(
            address=address(found),
            value=value,
            mask=mask,
            column=col,
            row=row,
            location=op.location,
        )
        for value in (mask, 0)
    ]
