"""What is there to see of an array that stands still, as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.emulator import waits
from softnpu.emulator.cores.core import Core
from softnpu.emulator.debugging.debugger import Breakpoint, Debugger, Reason, Stop, Watchpoint
from softnpu.emulator.debugging.values import elements, listed, told, type_name
from softnpu.emulator.debugging.variables import OPTIMISED, variables
from softnpu.emulator.debugging.view import CoreView, buffers
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.wording import Step, Wording
from softnpu.emulator.scheduling.clock import CYCLES_PER_US
from softnpu.emulator.unwinding.frames import Frame
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.scheduling.scheduler import Actor

_AROUND = 2
"""Source lines above and below the one that is shown."""


def core_name(core: Core) -> str:
    """E.g. "(0,2)"."""
    return f"({core.tile[0]},{core.tile[1]})"


class Showing:
    """Tells of an array in the names of its design.

    Args:
        folders: where sources lie beside the paths that the debug information names.
    """

    def __init__(self, debugger: Debugger, folders: tuple[Path, ...] = ()) -> None:
        self._debugger = debugger
        self._folders = folders

    # stops

    def stop(self, stop: Stop) -> str:
        """Why everything stands still, and where."""
        return "\n".join([*self._why(stop), *self._source_of(stop)])

    def _why(self, stop: Stop) -> Iterator[str]:
        match stop.reason:
            case Reason.START:
                yield "the array is configured; nothing has run yet"
            case Reason.BREAKPOINT:
                assert stop.breakpoint is not None
                yield f"breakpoint {stop.breakpoint.number}: {self._at(stop.core)}"
                if stop.breakpoint.untold:
                    yield f"whether {stop.breakpoint.condition}: {stop.breakpoint.untold}"
            case Reason.STEP:
                yield self._at(stop.core)
            case Reason.INTERRUPT:
                yield f"interrupted: {self._at(stop.core) or 'between two turns'}"
            case Reason.WATCH:
                yield self._watched(stop)
                if stop.core is not None:
                    yield self._at(stop.core)
            case Reason.END:
                yield "the run has come to its end; `continue` tells its verdict"
            case _:
                assert stop.report is not None
                yield explain(stop.report, self._debugger.names)

    def _at(self, core: Core | None) -> str:
        if core is None:
            return ""
        return f"{core.place} at {self.time(core)}, {self._debugger.view(core).where()}"

    def _watched(self, stop: Stop) -> str:
        one = stop.watchpoint
        assert one is not None
        head = f"watchpoint {one.number}: {one.wanted}"
        if one.watched.on:
            return f"{head} is accessed by {self._named(stop.by)}"
        old, new = elements_of(one, stop.old), elements_of(one, one.watched.before.tobytes())
        who = f"in the turn of {self._named(stop.by)}"
        if stop.core is not None:
            view = self._debugger.view(stop.core)
            where = view.symbols.source.describe(stop.at, runtime=False)
            who = f"by {stop.by} in {where or view.told(view.frames()[0])}"
        return f"{head} was {old}, is {new}, written {who}"

    def _named(self, by: str) -> str:
        array = self._debugger.array
        return Wording(self._debugger.names.of(array.pdi)).named(by)

    def _source_of(self, stop: Stop) -> list[str]:
        if stop.core is None:
            return []
        view = self._debugger.view(stop.core)
        source = self.source(view)
        bundle = [] if view.is_standin or len(source) < 2 else [self.instruction(view)]
        return [*source, *bundle]

    @staticmethod
    def time(core: Core) -> str:
        """A core's clock: "1.25 us"."""
        return f"{core.clock / CYCLES_PER_US:.2f} us"

    # source

    def source(
        self, view: CoreView, frame: Frame | None = None, around: int = _AROUND
    ) -> list[str]:
        """The lines around where a core is; its next instruction where there are none."""
        frames = view.frames()
        frame = frame or (frames[0] if frames else None)
        if frame is None:
            return []
        place = view.symbols.place(frame.line)
        file, _, number = place.rpartition(":")
        text = self._text(file, frame) if number.isdigit() else None
        if text is None:
            return [self.instruction(view)]
        here = int(number)
        first = max(here - around, 1)
        return [
            f"{'->' if at == here else '  '} {at:4} {line}".rstrip()
            for at, line in enumerate(text[first - 1 : here + around], first)
        ]

    def _text(self, file: str, frame: Frame) -> list[str] | None:
        candidates = [folder / file for folder in self._folders]
        if frame.line is not None and frame.line.path.name == Path(file).name:
            candidates.insert(0, Path(frame.line.path))
        for path in candidates:
            if path.is_file():
                return path.read_text(encoding="utf-8", errors="replace").splitlines()
        return None

    def instruction(self, view: CoreView) -> str:
        """What the core executes next."""
        pc = view.pc
        if view.is_standin:
            size = 4 if view.read(pc, 1)[0] & 3 == 3 else 2
            return f"-> {pc:#x}: {int.from_bytes(view.read(pc, size), 'little'):0{2 * size}x}"
        return f"-> {self.bundle(view, pc)[0]}"

    def bundle(self, view: CoreView, pc: int) -> tuple[str, int]:
        """A bundle of AIE2 code with its address, and the address behind it."""
        from softnpu.errors import FormatError
        from softnpu.isa import table
        from softnpu.isa.codec import codec
        from softnpu.isa.text import notation

        instructions = table.load(view.array.device.generation)
        program = view.array.core_tile(*view.core.tile).program.tobytes()
        try:
            found = codec(instructions).decode(program, pc)
        except FormatError:
            return f"{pc:#x}: no bundle", pc + 2
        return f"{pc:#x}: {notation(instructions).write_bundle(found)}", pc + found.size

    def disassembly(self, view: CoreView, pc: int, count: int = 8) -> str:
        """Bundles from an address on; of RV32 code the words, which gdb disassembles."""
        lines = []
        for _ in range(count):
            mark = "->" if pc == view.pc else "  "
            if view.is_standin:
                size = 4 if view.read(pc, 1)[0] & 3 == 3 else 2
                word = int.from_bytes(view.read(pc, size), "little")
                text, following = f"{pc:#x}: {word:0{2 * size}x}", pc + size
            else:
                text, following = self.bundle(view, pc)
            lines.append(f"{mark} {text}")
            pc = following
        return "\n".join(lines)

    # frames and variables

    def backtrace(self, view: CoreView) -> str:
        """The functions that a core is in, innermost first."""
        frames = view.frames()
        if not frames:
            return f"{view.core.place} has not begun its program"
        return "\n".join(f"#{n} {view.told(frame)}" for n, frame in enumerate(frames))

    def variables(self, view: CoreView, frame: Frame, arguments: bool | None = None) -> str:
        """The variables of a frame.

        Args:
            arguments: only these, or only the others; all of them with None.
        """
        found = [
            one
            for one in variables(view.symbols, frame, view.read)
            if arguments in (None, one.is_argument)
        ]
        if frame.scope is None:
            return f"nothing is known of the variables of {view.told(frame)}: no debug information"
        if not found:
            return f"{frame.function} has no {'arguments' if arguments else 'variables'} here"
        lines = [f"{one.name} = {told(one, view)}" for one in found]
        if any(one.gone == OPTIMISED for one in found):
            lines.append("(compiled with -O2; npuforge debug --no-optimize keeps variables longer)")
        return "\n".join(lines)

    @staticmethod
    def type_of(view: CoreView, frame: Frame, name: str) -> str:
        """The type of a variable, "" where there is none of that name."""
        for one in variables(view.symbols, frame, view.read):
            if one.name == name:
                return type_name(one.type)
        return ""

    # registers

    def registers(self, view: CoreView, names: tuple[str, ...] = ()) -> str:
        """Registers: the whole ones, or those that are named."""
        found = view.named_registers()
        unknown = [name for name in names if name not in found]
        if unknown:
            raise EmulatorError(f"{view.core.place} has no register {', '.join(unknown)}")
        if names:
            return "\n".join(f"{name} = {found[name]:#x}" for name in names)
        plain = [n for n in found if _PLAIN.fullmatch(n)]
        cells = [f"{name:>4} {found[name]:08x}" for name in plain]
        return "\n".join("  ".join(cells[at : at + 4]) for at in range(0, len(cells), 4))

    # the array

    def cores(self, selected: Core | None = None) -> str:
        """All cores that have a program, and where each is."""
        lines = []
        for core in self._debugger.cores():
            mark = "*" if core is selected else " "
            state = self._state(core) or f"{core.place} is not in use"
            lines.append(f"{mark} {self.time(core):>10}  {state}")
        return "\n".join(lines) or "no core has a program"

    def waits(self) -> str:
        """What everything waits for: cores, DMA channels, control ports."""
        actors = [a for a in self._debugger.array.actors() if a.clock or a.queued]
        lines = [line for line in map(self._state, actors) if line]
        return "\n".join(lines) or "nothing waits: nothing has run yet"

    def _state(self, actor: Actor) -> str:
        """What an actor is at; "" if it has nothing to do."""
        array, wait = self._debugger.array, actor.wait()
        if wait is None:
            return ""
        if isinstance(wait, waits.Runs) and isinstance(actor, Core):  # where it stands, exactly
            return f"{actor.place} runs {self._debugger.view(actor).where()}"
        return Wording(self._debugger.names.of(array.pdi)).step(Step(wait))

    def locks(self, pattern: str = "") -> str:
        """The locks that have a name, or are not 0, with who waits for them."""
        array = self._debugger.array
        names = self._debugger.names.of(array.pdi)
        lines = []
        for tile in array.tiles.values():
            for lock in tile.locks:
                name = names.locks.get((lock.tile, lock.index), ("", ""))[0]
                told_as = names.lock(lock.tile, lock.index)
                if (name or lock.value or lock.waiters) and pattern in told_as:
                    waiting = ", ".join(actor.place for actor, _ in lock.waiters)
                    waited = f", {waiting} waits" if waiting else ""
                    lines.append(f"{lock.value:3}  {told_as.removeprefix('lock ')}{waited}")
        return "\n".join(lines) or "no lock has a name or a value" + (
            f" with {pattern!r} in it" if pattern else ""
        )

    def buffers(self, pattern: str = "") -> str:
        """The design's buffers, with their first elements."""
        found = [
            one
            for one in buffers(self._debugger.array, self._debugger.names)
            if pattern in one.buffer.name
        ]
        if not found:
            return "no buffer has a name" + (f" with {pattern!r} in it" if pattern else "")
        width = max(len(one.buffer.name) for one in found)
        return "\n".join(
            f"{one.buffer.name:{width}}  tile ({one.tile[0]},{one.tile[1]}) at"
            f" {one.buffer.address:#07x}  {one.buffer.element or 'bytes'}[{len(one.values)}]"
            f"  {listed(one.values)}"
            for one in found
        )

    # stops that are set

    def breakpoints(self) -> str:
        """Breakpoints and watchpoints."""
        debugger = self._debugger
        lines = [self.breakpoint(one) for one in debugger.breakpoints]
        lines += [
            f"watchpoint {one.number}: {one.wanted}, {_times(one.hits)}"
            for one in debugger.watchpoints
        ]
        return "\n".join(lines) or "no breakpoints or watchpoints"

    def breakpoint(self, one: Breakpoint) -> str:
        """A breakpoint: where it is."""
        where = ", ".join(
            f"core ({tile[0]},{tile[1]}) {' '.join(f'{a:#x}' for a in addresses)}"
            for tile, addresses in one.places.items()
        )
        moved = f" ({one.wanted} has no code)" if _moved(one) else ""
        condition = f" if {one.condition}" if one.condition else ""
        hits = f", {_times(one.hits)}" if one.hits else ""
        return f"breakpoint {one.number}: {one.told}{moved}{condition}, {where}{hits}"


def _moved(one: Breakpoint) -> bool:
    return one.told != one.wanted and ":" in one.wanted


def _times(hits: int) -> str:
    return {0: "not hit yet", 1: "hit once"}.get(hits, f"hit {hits} times")


def elements_of(one: Watchpoint, data: bytes) -> str:
    """Watched bytes as what they are."""
    import numpy as np

    return listed(elements(np.frombuffer(data, np.uint8), one.element))


_PLAIN = re.compile(r"pc|sp|lr|ra|gp|tp|zero|[astrpm]\d+|l[cse]|dn\d|dj\d|dc\d")
"""Registers that `registers` shows unless others are named: scalars and pointers."""

Show = Callable[[Showing, "CoreView | None", str], str]


def monitor(showing: Showing, view: CoreView | None, command: str) -> str:
    """What `monitor COMMAND` of gdb says."""
    word, _, rest = command.strip().partition(" ")
    found = MONITOR.get(word)
    if found is None:
        there = "\n".join(f"  monitor {name:<18} {text}" for name, (text, _) in MONITOR.items())
        return f"npuforge's own commands:\n{there}"
    return found[1](showing, view, rest.strip())


MONITOR: dict[str, tuple[str, Show]] = {
    "buffers": ("[NAME]: the design's buffers with their values", lambda s, _v, a: s.buffers(a)),
    "locks": ("[NAME]: locks with their values", lambda s, _v, a: s.locks(a)),
    "waits": ("what cores and DMA channels wait for", lambda s, _v, _a: s.waits()),
    "cores": (
        "all cores, and where each is",
        lambda s, v, _a: s.cores(None if v is None else v.core),
    ),
    "where": (
        "the core's functions, by npuforge's own account",
        lambda s, v, _a: "" if v is None else s.backtrace(v),
    ),
}
