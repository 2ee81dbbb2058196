"""Tracing: the registers of an array's trace units, and the packets that they send.

Packets are put into the streams when nobody else can do anything: a trace never holds anybody up
here, and nothing that it does changes a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from softnpu.arch.address import split_address
from softnpu.arch.packets import packet_header
from softnpu.arch.ports import Bundle
from softnpu.arch.register import MODULES, Match, Module
from softnpu.arch.registers import find
from softnpu.arch.tiles import TileKind
from softnpu.emulator.observing.observer import Place
from softnpu.emulator.tracing.instructions import happens, is_of_instruction, needs_steps
from softnpu.emulator.tracing.modelled import is_modelled
from softnpu.emulator.tracing.sender import Sender
from softnpu.emulator.tracing.surroundings import TracedArray, TracedTile
from softnpu.emulator.tracing.unit import Unit
from softnpu.emulator.tracing.watch import Watch
from softnpu.formats.event_settings import KEPT
from softnpu.formats.operations import Operation, Write
from softnpu.formats.trace import PACKET_BYTES
from softnpu.formats.trace_frames import Mode

_CORE_MODULE = 0x30000
"""Where a core tile's core module begins: program memory and registers (AM025)."""
_PORTS = {Module.CORE: 0, Module.MEMORY: 1}
"""The trace port of a core tile's switch that a module's unit is behind; other tiles have one."""
_BLOCK = re.compile(r"Event_Broadcast(?:_[AB])?_Block_(\w+)_(Set|Clr)")


class Tracing:
    """All trace units of an array."""

    def __init__(self, array: TracedArray) -> None:
        self._array = array
        self._watch = Watch(array)
        self._units = self._watch.units
        self._senders: dict[tuple[Place, Module], Sender] = {}
        self._sending = False
        self._drains: set[object] = set()

    def expect(self, operations: Iterable[Operation]) -> None:
        """Operations that will be executed: cores whose instructions they trace are followed from
        their beginning."""
        for operation in operations:
            if not isinstance(operation, Write):
                continue
            col, row, offset = split_address(operation.address)
            tile = self._array.tiles.get((col, row))
            is_core = tile is not None and tile.kind is TileKind.CORE
            if is_core and needs_steps(offset, operation.value):
                self._watch.follow((col, row))

    def follows(self, place: Place) -> bool:
        """Whether a core is to be followed instruction by instruction."""
        return place in self._watch.followers

    # registers

    def write(self, tile: TracedTile, offset: int, value: int) -> bool:
        """Writes a register that has to do with events; False if it is none such."""
        match = self._register(tile.kind, offset)
        if match is None:
            return False
        self._change(tile.place, _module(tile.kind, offset), match.name, value)
        return True

    def knows(self, kind: TileKind, offset: int) -> bool:
        """Whether a register has to do with events."""
        return self._register(kind, offset) is not None

    def status(self, tile: TracedTile, offset: int) -> int | None:
        """What Trace_Status says, if it lies at `offset`: bits 9 to 8 are 1 while it traces."""
        match = self._register(tile.kind, offset)
        if match is None or match.name != "Trace_Status":
            return None
        unit = self._units.at(tile.place, _module(tile.kind, offset))
        return 0 if unit is None else unit.running << 8 | unit.settings.mode

    def _register(self, kind: TileKind, offset: int) -> Match | None:
        match = find(kind, offset, self._array.device.generation)
        return match if match is not None and KEPT.fullmatch(match.name) else None

    def _change(self, place: Place, module: Module, name: str, value: int) -> None:
        time = self._array.controller_clock
        unit = self._units.use(place, module)
        if name == "Event_Generate":
            self._units.happens(place, module, value, time, time + 1)
            return
        if name == "Timer_Control" and value >> 31:
            unit.reset_timer(time)
        blocked = _BLOCK.fullmatch(name)
        if blocked is not None:
            side, how = blocked.groups()
            bits = unit.settings.blocks(side)
            name = name.removesuffix(how) + "Value"
            value = bits | value if how == "Set" else bits & ~value
        self._units.change(place, module, name, value)
        if unit.settings.wanted:
            self._watch.begin()
        if name.startswith(("Trace_Event", "Trace_Control0")):
            self._check(place, unit)
        if name.startswith(("Trace_Event", "Stream_Switch", "Combo", "Edge")):
            self._watch.watch_ports(place, module, unit)

    def _check(self, place: Place, unit: Unit) -> None:
        """Tells of what is asked for and never comes."""
        settings = unit.settings
        names = {number: name for name, number in settings.number.items()}
        whose = f"the trace of tile ({place[0]},{place[1]}), {settings.module.value} module,"
        for event in (*settings.traced, settings.start, settings.stop):
            name = names.get(event, str(event))
            if not self._happens(place, settings.module, name):
                self._array.hazard(f"{whose} asks for {name}, which never happens here")
        if settings.mode is Mode.EXECUTION:
            self._array.hazard(f"{whose} is in execution mode, which traces nothing here")

    def _happens(self, place: Place, module: Module, event: str) -> bool:
        """Whether an event can come."""
        if module is Module.CORE and is_of_instruction(event):
            return happens(event, self._array.core_of(place), self._array.core_isa)
        return is_modelled(module, event)

    # packets

    def flush(self) -> bool:
        """Nobody can do anything: sends what is complete; whether anything was sent."""
        clocks = (actor.clock for actor in self._array.actors())
        self._units.advance(max(self._array.controller_clock, *clocks) + 1)
        packets = []
        for place, module, unit in self._units:
            packets += [(time, place, module, data) for time, data in unit.ready]
            unit.ready.clear()
        self._sending = True
        for time, place, module, data in sorted(packets, key=lambda packet: packet[0]):
            self._sender(place, module).send(self._header(place, module), data, time)
        self._sending = False
        return bool(packets)

    def takes(self, channel: object) -> bool:
        """Whether what a channel is moving comes from trace units, of which nobody waits for the
        end."""
        if self._sending:
            self._drains.add(channel)
        return channel in self._drains

    def _header(self, place: Place, module: Module) -> int:
        settings = self._units.use(place, module).settings
        column = self._array.physical_column(place[0])
        return packet_header(settings.id, settings.type, (column, place[1]))

    def _sender(self, place: Place, module: Module) -> Sender:
        key = (place, module)
        if key not in self._senders:
            link = self._array.network.source(place, Bundle.Trace, _PORTS.get(module, 0))
            self._senders[key] = Sender(link, f"trace of tile ({place[0]},{place[1]})")
        return self._senders[key]

    def end_run(self) -> None:
        """The run is over: what has not been sent is lost, and told."""
        lost = {key: sender.drop() for key, sender in self._senders.items()}
        whole = sum(sender.sent for sender in self._senders.values()) + sum(lost.values())
        told = ", ".join(
            f"{count} of tile ({col},{row}), {module.value} module"
            for ((col, row), module), count in lost.items()
            if count
        )
        if told:
            self._array.hazard(
                f"of {whole} packets of the trace {sum(lost.values())} were lost, since nobody took"
                f" them from the stream ({told}): a trace buffer of {whole * PACKET_BYTES} bytes"
                " holds all"
            )
        for sender in self._senders.values():
            sender.sent = 0

    def clear(self) -> None:
        """As after a reset of the array."""
        self._watch.clear()
        self._drains.clear()
        for sender in self._senders.values():
            sender.clear()


def _module(kind: TileKind, offset: int) -> Module:
    """The module whose register lies there; a core tile has two, each with most names."""
    modules = MODULES[kind]
    return modules[-1] if offset < _CORE_MODULE else modules[0]
