"""What the trace passes share: the module of a trace unit, its events and its registers."""

from __future__ import annotations

from difflib import get_close_matches

from xdsl.ir import Operation

from softnpu.arch.events import events, number_of
from softnpu.arch.fields import Field
from softnpu.arch.register import Match, Module
from softnpu.arch.registers import lookup
from softnpu.dialects.aie import TileOp, TraceEventAttr
from softnpu.dialects.enums import TracePacketType
from softnpu.dialects.source import design_error


def module_of(tile: TileOp, packet_type: TracePacketType | None) -> Module:
    """The module whose trace unit is meant: core tiles have one for the core, one for memory."""
    if tile.row == 0:
        return Module.SHIM
    if tile.row == 1:
        return Module.MEMORY_TILE
    return Module.MEMORY if packet_type is TracePacketType.Mem else Module.CORE


def event_name(event: TraceEventAttr) -> str:
    """The name of an event without the enumeration that it may be written with."""
    return event.data.partition("::")[2] or event.data


def event_number(op: Operation, event: TraceEventAttr, module: Module) -> int:
    """The number of an event; DesignError with the nearest name if the module has none such."""
    name = event_name(event)
    number = number_of(module, name)
    if number is None:
        close = get_close_matches(name.upper(), events(module), n=1)
        hint = (f"did you mean '{close[0]}'?",) if close else ()
        raise design_error(op, f"the {module.value} module has no event '{name}'", *hint)
    return number


def broadcast_event(op: Operation, channel: int, module: Module) -> int:
    """The number of the event by which a module hears a broadcast channel."""
    name = "BROADCAST_A" if module is Module.SHIM else "BROADCAST"
    return event_number(op, TraceEventAttr(f"{name}_{channel}"), module)


def register(op: Operation, module: Module, name: str) -> Match:
    """A register of a module by name; DesignError if it has none such."""
    found = lookup(module, name)
    if found is None:
        raise design_error(op, f"the {module.value} module has no register '{name}'")
    return found


def register_field(op: Operation, module: Module, name: str, field: str) -> Field:
    """A field of a register; DesignError if it has none such."""
    match = register(op, module, name)
    for known in match.register.fields:
        if known.name == field:
            return known
    names = ", ".join(known.name for known in match.register.fields)
    raise design_error(
        op,
        f"register '{name}' of the {module.value} module has no field '{field}'",
        f"its fields: {names}",
    )
