"""Rules of trace configurations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from softnpu.arch.device import TileKind
from softnpu.arch.events import events
from softnpu.arch.ports import Port
from softnpu.arch.register import Module
from softnpu.dialects.aie.tiles import LogicalTileOp, TileOp, tile_behind
from softnpu.dialects.aie.trace import (
    TraceComboEventOp,
    TraceEdgeEventOp,
    TraceEventOp,
    TraceHostConfigOp,
    TraceOp,
    TracePortOp,
    TraceStartEventOp,
    TraceStopEventOp,
)
from softnpu.dialects.attributes import TraceEventAttr
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.opdef import DefinedOp
from softnpu.dialects.rules.common import (
    KIND_NAMES,
    did_you_mean,
    kind_of,
    model_of,
    parent_named,
    title,
    where,
)
from softnpu.dialects.source import design_error

EVENTS = 8
"""Events that a trace unit can record."""

ENUMERATIONS: dict[TileKind, dict[str, Module]] = {
    TileKind.CORE: {"CoreEvent": Module.CORE, "MemEvent": Module.MEMORY},
    TileKind.MEMORY: {"MemTileEvent": Module.MEMORY_TILE},
    TileKind.SHIM: {"ShimTileEvent": Module.SHIM},
}
"""The event enumerations of each kind of tile, before the generation's suffix."""

SUFFIXES = {"aie2": "AIE2", "aie2p": "AIE2P"}


def trace_of(op: DefinedOp) -> TraceOp:
    """The trace configuration around an op."""
    found = parent_named(op, "aie.trace")
    if not isinstance(found, TraceOp):
        raise design_error(op, f"'{op.name}' belongs into aie.trace")
    return found


def check_trace(op: TraceOp) -> None:
    """At most eight events, each combo and edge slot once."""
    inner = list(op.body.block.ops)
    events = [event for event in inner if isinstance(event, TraceEventOp)]
    if len(events) > EVENTS:
        raise design_error(
            events[EVENTS], f"{title(op)} has {len(events)} events, a trace unit records {EVENTS}"
        )
    for kind in (TraceComboEventOp, TraceEdgeEventOp, TracePortOp):
        slots: set[int] = set()
        for slotted in inner:
            if not isinstance(slotted, kind):
                continue
            if slotted.slot in slots:
                raise design_error(slotted, f"slot {slotted.slot} of '{kind.name}' is used twice")
            slots.add(slotted.slot)


def check_event_name(op: DefinedOp, event: TraceEventAttr) -> None:
    """An event given as `Enumeration::NAME` is one of the tile's."""
    enumeration, separator, name = event.data.partition("::")
    if not event.data:
        raise design_error(op, "an event needs a name")
    model = model_of(op)
    if not separator or model is None:
        return
    tile = trace_of(op).tile.owner
    assert isinstance(tile, TileOp | LogicalTileOp)
    kind = kind_of(tile)
    suffix = SUFFIXES[model.generation]
    allowed = {f"{prefix}{suffix}": module for prefix, module in ENUMERATIONS[kind].items()}
    if enumeration not in allowed:
        raise design_error(
            op,
            f"{event.data} is no event of {where(tile)}, {KIND_NAMES[kind]} of {model.name}",
            f"its events are {' and '.join(allowed)}",
        )
    known = events(allowed[enumeration])
    if name not in known:
        raise design_error(op, f"{enumeration} has no event {name}{did_you_mean(name, known, '')}")


def check_event(op: TraceEventOp) -> None:
    """The event is one of the tile's."""
    trace_of(op)
    check_event_name(op, op.event)


def check_port(op: TracePortOp) -> None:
    """The stream-switch port exists."""
    tile, model = tile_behind(trace_of(op).tile), model_of(op)
    assert model is not None
    switch = model.stream_switch(*tile.position)
    master = op.direction is DMAChannelDir.S2MM
    ports = switch.masters if master else switch.slaves
    if Port(op.port, op.channel) not in ports:
        count = sum(port.bundle is op.port for port in ports)
        side = "master" if master else "slave"
        raise design_error(
            op,
            f"the switch of {where(tile)} has {count} {side} ports {op.port.name}, channel "
            f"{op.channel} is none of them",
        )


def check_limit(op: TraceStartEventOp | TraceStopEventOp) -> None:
    """Either a broadcast channel or an event."""
    if (op.broadcast is None) == (op.event is None):
        raise design_error(op, f"'{op.name}' takes either broadcast or event")
    if op.event is not None:
        check_event_name(op, op.event)


def check_combo(op: TraceComboEventOp) -> None:
    """Slots 0 and 1 join plain events, slot 2 those two."""
    trace_of(op)
    if op.slot > 2:
        raise design_error(op, f"a combo event's slot is 0, 1 or 2, found {op.slot}")
    for event in (op.event_a, op.event_b):
        check_event_name(op, event)
    names = tuple(event.data.rpartition("::")[2] for event in (op.event_a, op.event_b))
    if op.slot == 2 and names != ("COMBO_EVENT_0", "COMBO_EVENT_1"):
        raise design_error(op, "combo slot 2 joins COMBO_EVENT_0 and COMBO_EVENT_1, in this order")
    if op.slot < 2 and any("COMBO_EVENT" in name for name in names):
        raise design_error(op, f"combo slot {op.slot} joins plain events; slot 2 joins combos")


def check_edge(op: TraceEdgeEventOp) -> None:
    """The edge of a plain event."""
    trace_of(op)
    if op.slot > 1:
        raise design_error(op, f"an edge event's slot is 0 or 1, found {op.slot}")
    check_event_name(op, op.event)
    for word in ("EDGE_DETECTION_EVENT", "COMBO_EVENT"):
        if word in op.event.data:
            raise design_error(op, f"an edge is that of a plain event, not of {op.event.data}")


def check_host_config(op: TraceHostConfigOp) -> None:
    """A buffer of some size, and a column."""
    if op.buffer_size <= 0:
        raise design_error(op, f"buffer_size is at least 1 byte, found {op.buffer_size}")
    if op.egress_shim_col < 0:
        raise design_error(op, f"egress_shim_col is a column, found {op.egress_shim_col}")


RULES: dict[str, Callable[[Any], None]] = {
    "aie.trace": check_trace,
    "aie.trace.combo_event": check_combo,
    "aie.trace.edge_event": check_edge,
    "aie.trace.event": check_event,
    "aie.trace.host_config": check_host_config,
    "aie.trace.port": check_port,
    "aie.trace.start": check_limit,
    "aie.trace.stop": check_limit,
}
