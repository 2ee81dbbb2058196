"""What events are called: by the design's fifos and locks where a register chooses them."""

from __future__ import annotations

import re

from softnpu.arch.ports import STREAM_SWITCHES, Bundle
from softnpu.arch.register import Module
from softnpu.arch.tiles import TileKind
from softnpu.emulator.naming.names import Names
from softnpu.inspect.trace import UnitTrace

_KINDS = {
    Module.CORE: TileKind.CORE,
    Module.MEMORY: TileKind.CORE,
    Module.MEMORY_TILE: TileKind.MEMORY,
    Module.SHIM: TileKind.SHIM,
}
_WHOSE = {
    Module.CORE: "core",
    Module.MEMORY: "memory of core tile",
    Module.MEMORY_TILE: "memory tile",
    Module.SHIM: "shim",
}


def unit_name(unit: UnitTrace) -> str:
    """E.g. "core (0,2)"."""
    return f"{_WHOSE[unit.module]} ({unit.place[0]},{unit.place[1]})"


def event_name(unit: UnitTrace, event: str, names: Names) -> str:
    """E.g. "PORT_RUNNING_0 DMA S2MM 0 [in]"; the event's own name where nothing more is known."""
    if (port := re.fullmatch(r"PORT_\w+?_(\d)", event)) is not None:
        return f"{event} {_port(unit, int(port[1]), names)}"
    if (dma := re.fullmatch(r"DMA_(S2MM|MM2S)_(SEL)?(\d)_\w+", event)) is not None:
        direction, selected, number = dma[1], dma[2], int(dma[3])
        if selected:
            field = f"{direction}_Sel{number}_Channel"
            number = unit.settings.field("DMA_Event_Channel_Selection", field)
            told = names.channels.get((unit.place, direction, number))
            return f"{event} {direction} {number}" + (f" [{told}]" if told else "")
        told = names.channels.get((unit.place, direction, number))
        return f"{event} [{told}]" if told else event
    if (lock := re.fullmatch(r"LOCK_(?:SEL)?(\d)_\w+", event)) is not None:
        chosen = unit.settings.field(f"Locks_Event_Selection_{lock[1]}", "Lock_Select")
        told = names.locks.get((unit.place, chosen), ("", ""))[0]
        return f"{event} {told or f'lock {chosen}'}"
    return event


def _port(unit: UnitTrace, number: int, names: Names) -> str:
    master, index = unit.settings.port(number)
    switch = STREAM_SWITCHES[_KINDS[unit.module]]
    ports = switch.masters if master else switch.slaves
    if index >= len(ports):
        return f"port {index}"
    port = ports[index]
    if port.bundle is not Bundle.DMA:
        return f"{'to' if master else 'from'} {port.bundle.name} {port.channel}"
    direction = "S2MM" if master else "MM2S"
    told = names.channels.get((unit.place, direction, port.channel))
    return f"DMA {direction} {port.channel}" + (f" [{told}]" if told else "")
