"""`aie-trace-to-config`: the register fields that a trace declaration asks for.

Each `aie.trace` becomes an `aie.trace.config` of one `aie.trace.reg` a field: combined events and
edges first, then control, watched ports, and the events to record
(mlir-aie, AIETraceToConfig.cpp, `AIETraceToConfigPass`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i32
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from softnpu.arch.register import Module
from softnpu.dialects.aie import (
    DeviceOp,
    TraceComboEventOp,
    TraceConfigOp,
    TraceEdgeEventOp,
    TraceEventOp,
    TraceModeOp,
    TraceOp,
    TracePacketOp,
    TracePortOp,
    TraceRegOp,
    TraceStartConfigOp,
    TraceStartEventOp,
    TraceStopEventOp,
    tile_behind,
)
from softnpu.dialects.enums import DMAChannelDir, EdgeTrigger, TracePacketType
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.passes.device_ops import region_of
from softnpu.passes.sequence_ops import devices
from softnpu.passes.trace_unit import broadcast_event, event_name, event_number, module_of

MAX_EVENTS = 8
"""Events that a trace unit records."""
_EVENTS_PER_REGISTER = 4

_COMBO_FIELDS = (
    ("eventA", "eventB", "combo0"),
    ("eventC", "eventD", "combo1"),
    ("eventA", "eventB", "combo2"),
)
"""For each slot: fields of the first and second event, and of the logic that joins them.
Slot 2 joins the combined events of slots 0 and 1."""

_RISING = (EdgeTrigger.RISING, EdgeTrigger.BOTH)
_FALLING = (EdgeTrigger.FALLING, EdgeTrigger.BOTH)


@dataclass(frozen=True)
class TraceToConfigPass(ModulePass):
    """Replace trace declarations by register fields."""

    name = "aie-trace-to-config"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            traces = [each for each in all_ops(device) if isinstance(each, TraceOp)]
            for trace in traces:
                _replace(trace, device)


def _replace(trace: TraceOp, device: DeviceOp) -> None:
    name = f"{trace.sym_name}_config"
    packet_type = _packet_type(trace)
    module = module_of(tile_behind(trace.tile), packet_type)
    config = TraceConfigOp(
        tile=trace.tile,
        sym_name=name,
        packet_type=packet_type,
        body=region_of(*_registers(trace, module)),
        location=trace.location,
    )
    block = trace.parent_block()
    assert block is not None
    block.insert_op_after(config, trace)
    for start in all_ops(device):
        if isinstance(start, TraceStartConfigOp) and start.trace_config == trace.sym_name:
            start.trace_config = name
    block.erase_op(trace)


def _packet_type(trace: TraceOp) -> TracePacketType:
    packets = (op for op in trace.body.block.ops if isinstance(op, TracePacketOp))
    first = next(packets, None)
    return TracePacketType.Core if first is None else first.type


def _registers(trace: TraceOp, module: Module) -> Iterator[TraceRegOp]:
    ops = list(trace.body.block.ops)
    for op in ops:
        if isinstance(op, TraceComboEventOp):
            yield from _combination(op, module)
    for op in ops:
        if isinstance(op, TraceEdgeEventOp):
            yield from _edge(op, module)
    for op in ops:
        yield from _control(op, trace, module)
    for op in ops:
        if isinstance(op, TracePortOp):
            yield from _port(op)
    yield from _events(trace, module)


def _reg(
    source: Operation, register: str, field: str, value: Attribute | int, comment: str
) -> TraceRegOp:
    return TraceRegOp(
        reg_name=register,
        field=field,
        value=IntegerAttr(value, i32) if isinstance(value, int) else value,
        comment=comment,
        location=source.location,
    )


def _combination(op: TraceComboEventOp, module: Module) -> Iterator[TraceRegOp]:
    if not 0 <= op.slot < len(_COMBO_FIELDS):
        raise design_error(op, f"combined events have slots 0 to 2, found {op.slot}")
    first, second, logic = _COMBO_FIELDS[op.slot]
    inputs, what = "Combo_event_inputs", f"combo{op.slot}"
    for event in (op.event_a, op.event_b):
        event_number(op, event, module)
    yield _reg(op, inputs, first, op.event_a, f"{what} eventA")
    yield _reg(op, inputs, second, op.event_b, f"{what} eventB")
    yield _reg(op, "Combo_event_control", logic, op.logic.value, f"{what} logic")


def _edge(op: TraceEdgeEventOp, module: Module) -> Iterator[TraceRegOp]:
    if op.slot not in (0, 1):
        raise design_error(op, f"edge events have slots 0 and 1, found {op.slot}")
    event_number(op, op.event, module)
    register, slot = "Edge_Detection_event_control", op.slot
    rising, falling = op.trigger in _RISING, op.trigger in _FALLING
    trigger = f"Edge_Detection_{slot}_Trigger"
    yield _reg(op, register, f"Edge_Detection_Event_{slot}", op.event, f"edge{slot} source")
    yield _reg(op, register, f"{trigger}_Rising", int(rising), f"edge{slot} rising")
    yield _reg(op, register, f"{trigger}_Falling", int(falling), f"edge{slot} falling")


def _control(op: Operation, trace: TraceOp, module: Module) -> Iterator[TraceRegOp]:
    if isinstance(op, TraceStartEventOp):
        number = _limit(op, module)
        yield _reg(trace, "Trace_Control0", "Trace_Start_Event", number, "start event")
    elif isinstance(op, TraceStopEventOp):
        number = _limit(op, module)
        yield _reg(trace, "Trace_Control0", "Trace_Stop_Event", number, "stop event")
    elif isinstance(op, TraceModeOp) and _packet_type(trace) is TracePacketType.Core:
        yield _reg(trace, "Trace_Control0", "Mode", op.mode.value, "trace mode")
    elif isinstance(op, TracePacketOp):
        if op.id is None:
            raise design_error(op, "this trace has no packet id yet: run aie-insert-trace-flows")
        yield _reg(trace, "Trace_Control1", "ID", op.id, "packet ID")
        yield _reg(trace, "Trace_Control1", "Packet_Type", op.type.value, "packet type")


def _limit(op: TraceStartEventOp | TraceStopEventOp, module: Module) -> int:
    """The event that starts or stops recording."""
    if op.broadcast is not None:
        return broadcast_event(op, op.broadcast, module)
    return 0 if op.event is None else event_number(op, op.event, module)


def _port(op: TracePortOp) -> Iterator[TraceRegOp]:
    register = f"Stream_Switch_Event_Port_Selection_{op.slot // _EVENTS_PER_REGISTER}"
    port = StringAttr(f"{op.port.name}:{op.channel}")
    master = int(op.direction is DMAChannelDir.S2MM)
    field, what = f"Port_{op.slot}", f"port {op.slot}"
    yield _reg(op, register, f"{field}_ID", port, f"{what} ID")
    yield _reg(op, register, f"{field}_Master_Slave", master, f"{what} master/slave")


def _events(trace: TraceOp, module: Module) -> Iterator[TraceRegOp]:
    events = [op for op in trace.body.block.ops if isinstance(op, TraceEventOp)]
    if len(events) > MAX_EVENTS:
        raise design_error(
            events[MAX_EVENTS],
            f"a trace unit records {MAX_EVENTS} events, '@{trace.sym_name}' has {len(events)}",
        )
    for index, op in enumerate(events):
        event_number(op, op.event, module)
        register = f"Trace_Event{index // _EVENTS_PER_REGISTER}"
        yield _reg(trace, register, f"Trace_Event{index}", op.event, event_name(op.event))
