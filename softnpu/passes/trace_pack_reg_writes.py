"""`aie-trace-pack-reg-writes`: register fields become one masked write a register.

(mlir-aie, AIETraceToConfig.cpp, `AIETraceRegPackWritesPass`.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, IntegerType, ModuleOp, StringAttr, i32
from xdsl.ir import Block
from xdsl.passes import ModulePass

from softnpu.arch.device import Device
from softnpu.arch.ports import Bundle
from softnpu.arch.register import Module
from softnpu.dialects.aie import TraceConfigOp, TraceEventAttr, TraceRegOp, tile_behind
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.passes.trace_unit import event_number, module_of, register_field

_WORD = 0xFFFF_FFFF

_PORT_NAMES = {
    "north": Bundle.North,
    "south": Bundle.South,
    "east": Bundle.East,
    "west": Bundle.West,
    "dma": Bundle.DMA,
    "fifo": Bundle.FIFO,
    "core": Bundle.Core,
    "ctrl": Bundle.TileControl,
}
"""Ports that a trace unit can watch, as they are written in lower case."""


@dataclass(frozen=True)
class TraceRegPackWritesPass(ModulePass):
    """Put the fields of a register into one write."""

    name = "aie-trace-pack-reg-writes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for config in all_ops(device):
                if isinstance(config, TraceConfigOp):
                    _resolve_fields(config, model_of(device))
                    _merge(config.body.block)


def _resolve_fields(config: TraceConfigOp, model: Device) -> None:
    """Turn each field and its value into a mask and the value at its place."""
    module = module_of(tile_behind(config.tile), config.packet_type)
    block = config.body.block
    for reg in _regs(block):
        if reg.field is None or reg.mask is not None:
            continue
        field = register_field(reg, module, reg.reg_name, reg.field)
        value = _number(reg, config, module, model) & (field.mask >> field.lsb)
        block.insert_op_before(_packed(reg, value << field.lsb, field.mask, reg.comment), reg)
        block.erase_op(reg)


def _regs(block: Block) -> list[TraceRegOp]:
    return [op for op in block.ops if isinstance(op, TraceRegOp)]


def _packed(reg: TraceRegOp, value: int, mask: int, comment: str | None) -> TraceRegOp:
    return TraceRegOp(
        reg_name=reg.reg_name,
        value=IntegerAttr(value, i32, truncate_bits=True),
        mask=mask,
        comment=comment,
        location=reg.location,
    )


def _number(reg: TraceRegOp, config: TraceConfigOp, module: Module, model: Device) -> int:
    """The value of a field: a number, an event's, or a port's."""
    value = reg.value
    if isinstance(value, IntegerAttr):
        return value.value.data & _WORD
    if not isinstance(value, (TraceEventAttr, StringAttr)):
        raise design_error(
            reg,
            f"'{reg.field}' takes a number, an event or a port such as 'North:1', found {value}",
        )
    if ":" in value.data.replace("::", ""):
        return _port_index(reg, value.data, config, model)
    return event_number(reg, TraceEventAttr(value.data), module)


def _port_index(reg: TraceRegOp, text: str, config: TraceConfigOp, model: Device) -> int:
    """The index of a port in its tile's switch, as master or slave port."""
    name, _, channel = text.partition(":")
    bundle = _PORT_NAMES.get(name.lower())
    position = tile_behind(config.tile).position
    switch = model.stream_switch(*position)
    find = switch.master_index if _is_master(reg, config) else switch.slave_index
    try:
        return find(cast(Bundle, bundle), int(channel))
    except (KeyError, ValueError):
        raise design_error(
            reg,
            f"the stream switch of tile {position} has no port '{text}' to watch",
            f"ports: {', '.join(_PORT_NAMES)}, with their channel",
        ) from None


def _is_master(reg: TraceRegOp, config: TraceConfigOp) -> bool:
    """What the field beside a port's number says that is not yet packed."""
    slot = (reg.field or "").partition("_ID")[0]
    for other in _regs(config.body.block):
        field = other.field or ""
        beside = other.reg_name == reg.reg_name and field.startswith(slot)
        if beside and "Master_Slave" in field:
            return isinstance(other.value, IntegerAttr) and other.value.value.data != 0
    return False


def _merge(block: Block) -> None:
    """Put masked writes of one register together, at the place of the first."""
    while (pair := _same_register(block)) is not None:
        first, second = pair
        first_mask, second_mask = _mask(first), _mask(second)
        if first_mask & second_mask:
            raise design_error(
                second,
                f"register '{first.reg_name}' is given the same bits twice "
                f"(masks {first_mask:#x} and {second_mask:#x})",
            )
        comments = [reg.comment for reg in pair if reg.comment]
        merged = _packed(
            first,
            _value(first) | _value(second),
            first_mask | second_mask,
            " + ".join(comments) or None,
        )
        block.insert_op_before(merged, first)
        block.erase_op(first)
        block.erase_op(second)


def _same_register(block: Block) -> tuple[TraceRegOp, TraceRegOp] | None:
    masked = [reg for reg in _regs(block) if reg.mask is not None]
    for index, first in enumerate(masked):
        for second in masked[index + 1 :]:
            if first.reg_name == second.reg_name:
                return first, second
    return None


def _mask(reg: TraceRegOp) -> int:
    return (reg.mask or 0) & _WORD


def _value(reg: TraceRegOp) -> int:
    if not isinstance(reg.value, IntegerAttr):
        raise design_error(reg, f"a masked register write takes a number, found {reg.value}")
    return cast("IntegerAttr[IntegerType]", reg.value).value.data & _WORD
