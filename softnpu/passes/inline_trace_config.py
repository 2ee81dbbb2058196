"""`aie-inline-trace-config`: register writes in the runtime sequence for each trace started there.

As in mlir-aie (AIEInlineTraceConfig.cpp) the whole register is written, whatever the mask says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.passes import ModulePass

from softnpu.arch.register import Module
from softnpu.arch.registers import address
from softnpu.dialects.aie import (
    DeviceOp,
    TraceConfigOp,
    TraceRegOp,
    TraceStartConfigOp,
    tile_behind,
)
from softnpu.dialects.aiex import NpuWrite32Op
from softnpu.dialects.scalars import with_constants
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.passes.sequence_ops import Symbols, devices
from softnpu.passes.trace_unit import module_of, register


@dataclass(frozen=True)
class InlineTraceConfigPass(ModulePass):
    """Replace the start of trace configurations by register writes."""

    name = "aie-inline-trace-config"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for start in all_ops(device):
                if isinstance(start, TraceStartConfigOp):
                    _inline(start, device)


def _inline(start: TraceStartConfigOp, device: DeviceOp) -> None:
    symbols = Symbols(device)
    config = symbols.get(start.trace_config)
    if not isinstance(config, TraceConfigOp):
        raise symbols.unknown(start, start.trace_config, TraceConfigOp, "trace")
    block = start.parent_block()
    assert block is not None
    block.insert_ops_before(with_constants(*_writes(config)), start)
    block.erase_op(start)


def _writes(config: TraceConfigOp) -> Iterator[NpuWrite32Op]:
    tile = tile_behind(config.tile)
    module = module_of(tile, config.packet_type)
    for reg in config.body.block.ops:
        if isinstance(reg, TraceRegOp):
            yield NpuWrite32Op(
                address=address(register(reg, module, reg.reg_name)),
                value=_value(reg, module),
                column=tile.col,
                row=tile.row,
                location=reg.location,
            )


def _value(reg: TraceRegOp, module: Module) -> int:
    if reg.field is not None:
        raise design_error(
            reg,
            f"field '{reg.field}' of register '{reg.reg_name}' ({module.value}) stands alone",
            "aie-trace-pack-reg-writes must come first: it makes whole words of fields",
        )
    if not isinstance(reg.value, IntegerAttr):
        raise design_error(reg, f"a register takes a number, found {reg.value}")
    return reg.value.value.data & 0xFFFF_FFFF
