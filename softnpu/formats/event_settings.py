"""What the registers of one module say about its events: which are traced, combined, broadcast.

Sources: AM025, by register; mlir-aie, AIETraceToConfig.cpp, for who writes what. Port selections:
bit 5 is set for a master port, the number is the port's place among the switch's masters or slaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from softnpu.arch.events import events
from softnpu.arch.register import Module
from softnpu.arch.registers import lookup
from softnpu.formats.trace_frames import SLOTS, Mode

KEPT = re.compile(
    r"Trace_(Control|Event|Status)\d?|Timer_\w+|Event_Generate|Event_Broadcast\w+|"
    r"(Combo_event|Edge_Detection)_\w+|PC_Event\d|Stream_Switch_Event_Port_Selection_\d|"
    r"DMA_Event_Channel_Selection|Locks_Event_Selection_\d"
)
"""The registers that have to do with events and are modelled, by name."""

BROADCASTS = 16
_COMBOS = 3
_EDGES = 2
PORTS = 8
_EITHER, _INVERTED = 2, 1
"""A combination's two bits: whether either of its events is enough, and the second's opposite."""


class Settings:
    """The registers of one module, read as settings; events are numbers in the module.

    Attributes:
        number: of each event by name.
        traced: the event in each slot; 0 for none.
        start, stop: the events that begin and end a trace.
        reset: the event that resets the timer.
        broadcasts: event -> the broadcast channels that it goes out on.
        wanted: all events that matter here.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.number = events(module)
        self._values: dict[str, int] = {}
        self.update()

    def write(self, name: str, value: int) -> None:
        """A register of the module takes a value."""
        self._values[name] = value
        self.update()

    def field(self, register: str, field: str) -> int:
        """A field of a register; 0 if the module has no such."""
        match = lookup(self.module, register)
        value = self._values.get(register, 0)
        if match is None or not value:
            return 0
        found = match.register.field(field)
        return value >> found.lsb & (1 << found.width) - 1

    def update(self) -> None:
        """Reads the registers."""
        control = "Trace_Control0"
        self.start = self.field(control, "Trace_Start_Event")
        self.stop = self.field(control, "Trace_Stop_Event")
        has_mode = self.module is Module.CORE
        self.mode = Mode(min(self.field(control, "Mode"), 2)) if has_mode else Mode.EVENT_TIME
        self.type = self.field("Trace_Control1", "Packet_Type")
        self.id = self.field("Trace_Control1", "ID")
        self.traced = [
            self.field(f"Trace_Event{slot // 4}", f"Trace_Event{slot}") for slot in range(SLOTS)
        ]
        self.reset = self.field("Timer_Control", "Reset_Event")
        self.broadcasts = self._broadcasts()
        self.combos = tuple(self._combos())
        self.edges = tuple(self._edges())
        self.wanted = self._wanted()

    def _broadcasts(self) -> dict[int, list[int]]:
        suffix = "_A" if self.module is Module.SHIM else ""
        channels: dict[int, list[int]] = {}
        for channel in range(BROADCASTS):
            event = self._values.get(f"Event_Broadcast{channel}{suffix}", 0)
            if event:
                channels.setdefault(event, []).append(channel)
        return channels

    def broadcast_event(self, channel: int) -> int:
        """The event that a broadcast is here."""
        name = "BROADCAST_A_" if self.module is Module.SHIM else "BROADCAST_"
        return self.number[f"{name}{channel}"]

    def blocks(self, side: str) -> int:
        """The broadcast channels that do not leave the module to a side, a bit each."""
        infix = "" if self.module in (Module.CORE, Module.MEMORY) else "_A"
        return self._values.get(f"Event_Broadcast{infix}_Block_{side}_Value", 0)

    def _combos(self) -> Iterator[tuple[int, int, int, int]]:
        """(event, code, first, second) of each combination."""
        given = [self.field("Combo_event_inputs", f"event{letter}") for letter in "ABCD"]
        made = [self.number[f"COMBO_EVENT_{n}"] for n in range(_COMBOS)]
        for n, (first, second) in enumerate((given[:2], given[2:], made[:2])):
            yield made[n], self.field("Combo_event_control", f"combo{n}"), first, second

    def _edges(self) -> Iterator[tuple[int, int, bool, bool]]:
        """(event, input, on its rise, on its fall) of each edge detection."""
        register = "Edge_Detection_event_control"
        for n in range(_EDGES):
            prefix = f"Edge_Detection_{n}_Trigger"
            rises, falls = (
                self.field(register, f"{prefix}_{how}") for how in ("Rising", "Falling")
            )
            event = self.field(register, f"Edge_Detection_Event_{n}")
            yield self.number[f"EDGE_DETECTION_EVENT_{n}"], event, bool(rises), bool(falls)

    def _wanted(self) -> frozenset[int]:
        found = {*self.traced, self.start, self.stop, self.reset, *self.broadcasts} - {0}
        for event, watched, *_ in self.edges:
            if event in found:
                found.add(watched)
        for event, _, first, second in reversed(self.combos):
            if event in found:
                found |= {first, second}
        for port in range(PORTS):
            idle = self.number.get(f"PORT_IDLE_{port}")
            if idle in found:
                found |= {self.number[f"PORT_{how}_{port}"] for how in ("RUNNING", "STALLED")}
        return frozenset(found - {0})

    def port(self, number: int) -> tuple[bool, int]:
        """The port that the PORT_ events of a number tell of: whether a master, which."""
        register = f"Stream_Switch_Event_Port_Selection_{number // 4}"
        master = self.field(register, f"Port_{number}_Master_Slave")
        return bool(master), self.field(register, f"Port_{number}_ID")

    def combined(self, on: int) -> int:
        """The events that are on, a bit each, with those that follow from them; not edges."""
        on |= 1 << self.number["TRUE"]
        for event, code, first, second in self.combos:
            given = on >> first & 1, (on >> second ^ code & _INVERTED) & 1
            if event in self.wanted and (any(given) if code & _EITHER else all(given)):
                on |= 1 << event
        for port in range(PORTS):
            idle = self.number.get(f"PORT_IDLE_{port}")
            if idle in self.wanted and not any(
                on >> self.number[f"PORT_{how}_{port}"] & 1 for how in ("RUNNING", "STALLED")
            ):
                on |= 1 << idle
        return on

    def slots(self, on: int) -> int:
        """The slots whose events are on."""
        return sum(1 << slot for slot, event in enumerate(self.traced) if event and on >> event & 1)

    def edges_between(self, before: int, now: int) -> int:
        """The edge events of a change, a bit each."""
        found = 0
        for event, given, rises, falls in self.edges:
            was, is_on = before >> given & 1, now >> given & 1
            if event in self.wanted and ((rises and is_on > was) or (falls and is_on < was)):
                found |= 1 << event
        return found
