"""Breakpoints, steps and watches on the cores of an array.

Time stands still for all while one core is stopped: its processor is in the midst of its turn and
goes on when whoever the debugger talks to (`Frontend`) says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.emulator.debugging.stepping import Plan
from softnpu.emulator.debugging.symbols import Symbols
from softnpu.emulator.debugging.view import CoreView, symbols_of
from softnpu.emulator.explaining.report import Outcome
from softnpu.emulator.observing.stops import CoreStops, Hit, Watched
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.cores.core import Core
    from softnpu.emulator.explaining.report import RunReport
    from softnpu.emulator.naming.names import Names, Place


class Quit(BaseException):
    """The run was left before its end; as KeyboardInterrupt no error, and nobody's to catch."""


class Reason(Enum):
    """Why the array stands still."""

    START = "start"
    BREAKPOINT = "breakpoint"
    STEP = "step"
    WATCH = "watch"
    INTERRUPT = "interrupt"
    FAULT = "fault"
    HANG = "hang"
    TIMEOUT = "timeout"
    END = "end"


_ENDS = {
    Outcome.FAULT: Reason.FAULT,
    Outcome.HANG: Reason.HANG,
    Outcome.TIMEOUT: Reason.TIMEOUT,
}


@dataclass(eq=False)
class Breakpoint:
    """A place to stop at.

    Attributes:
        wanted: as it was asked for.
        core: stops there alone; None for every core whose program has it.
        condition: stops only where it holds.
        hits: how often it was stopped at.
        told: what is called so: the line that has code.
        once: goes with the first stop.
        untold: why the condition could not be told at the latest stop, "" if it could.
    """

    number: int
    wanted: str
    core: Place | None = None
    condition: str = ""
    hits: int = 0
    told: str = ""
    once: bool = False
    untold: str = ""
    places: dict[Place, list[int]] = field(default_factory=dict)


@dataclass(eq=False)
class Watchpoint:
    """Memory to stop at.

    Attributes:
        wanted: as it was asked for, e.g. "out_buff_0[3]".
        element: MLIR's type of what it is, "" for bytes.
    """

    number: int
    wanted: str
    watched: Watched
    element: str = ""
    hits: int = 0


@dataclass(frozen=True)
class Stop:
    """Why everything stands still.

    Attributes:
        core: where; None if it was not a core that was stopped.
        by: who changed what is watched, e.g. "core (0,2)"; of what a DMA writes, whose turn it was.
        at: the address of the instruction that did, of a core.
        old: what it held before.
        report: of a run that has ended.
    """

    reason: Reason
    core: Core | None = None
    breakpoint: Breakpoint | None = None
    watchpoint: Watchpoint | None = None
    by: str = ""
    at: int = 0
    old: bytes = b""
    report: RunReport | None = None


Frontend = Callable[["Debugger", Stop], None]
"""Looks at a stop; the array goes on when it returns."""


class Debugger:
    """Stops the cores of the arrays that it is attached to.

    Args:
        names: of the design.
        frontend: is called at each stop.
        interrupted: asked between turns whether to stop, e.g. since the user wants to.

    Attributes:
        array: the one that runs; only after the first stop.
        plan: the step in progress.
        detached: no more stops, but those at the run's end.
    """

    array: Array

    def __init__(
        self,
        names: Names,
        frontend: Frontend,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.names = names
        self.frontend = frontend
        self.plan: Plan | None = None
        self.breakpoints: list[Breakpoint] = []
        self.watchpoints: list[Watchpoint] = []
        self.detached = False
        self._interrupted = interrupted
        self._interrupt = False
        self._stops: dict[Core, CoreStops] = {}
        self._symbols: dict[Path, Symbols] = {}
        self._numbers = self._printed = 0

    # what is there

    def view(self, core: Core) -> CoreView:
        """A core, to be looked at."""
        return CoreView(core, self.array, self.names, self.symbols(core.tile))

    def symbols(self, tile: Place) -> Symbols:
        """The symbols of the program of a tile's core."""
        return symbols_of(self.names.of(self.array.pdi), tile, self._symbols)

    def cores(self) -> list[Core]:
        """The cores that have a program."""
        return [c for c in self.array.cores() if self.array.core_tile(*c.tile).program.any()]

    def take_printed(self) -> list[str]:
        """What cores have printed since this was asked last."""
        lines = [str(line) for line in self.array.printed[self._printed :]]
        self._printed += len(lines)
        return lines

    # what the array tells

    def of_core(self, core: Core) -> CoreStops:
        """As `Attached.of_core`."""
        tile = self.array.core_tile(*core.tile)

        def stopped(pc: int, hit: Hit, watched: Watched | None) -> None:
            self._stopped(core, pc, hit, watched)

        self._stops[core] = CoreStops(len(tile.program), stopped)
        self._resolve()
        self._arm(core)
        return self._stops[core]

    def begins(self, array: Array) -> None:
        """As `Attached.begins`."""
        self.array = array
        self._stop(Stop(Reason.START))

    def between(self) -> None:
        """As `Attached.between`."""
        for one in self.watchpoints:
            if not one.watched.on and one.watched.changed:
                latest = self.array.scheduler.latest
                self._changed(one, None, latest.place if latest is not None else "")
        if self._interrupted():
            self.interrupt()
        if self._interrupt and not self.detached and not self._is_computing():
            self._interrupt = False
            self._stop(Stop(Reason.INTERRUPT))

    def _is_computing(self) -> bool:
        """Whether a core executes, which stops at its next instruction if it is to."""
        return any(core.running and core.pending is None for core in self._stops)

    def ended(self, report: RunReport) -> None:
        """As `Attached.ended`."""
        core = None
        if report.fault is not None:
            core = self.array.core_tile(*report.fault.tile).core
        self.plan = None
        reason = _ENDS.get(report.outcome, Reason.END)
        self.frontend(self, Stop(reason, core, report=report))

    def interrupt(self) -> None:
        """Stops as soon as possible; from a signal's handler, too."""
        self._interrupt = True
        for stops in self._stops.values():
            stops.everywhere = True

    # stops

    def _stopped(self, core: Core, pc: int, hit: Hit, watched: Watched | None) -> None:
        core.settle()
        if hit in (Hit.VALUE, Hit.ACCESS) and watched is not None:
            found = next((one for one in self.watchpoints if one.watched is watched), None)
            if found is not None:
                self._changed(found, core, core.place)
            return
        if self.detached:
            return
        if self._interrupt:
            self._interrupt = False
            self._stop(Stop(Reason.INTERRUPT, core))
            return
        for breakpoint in list(self.breakpoints):
            if pc in breakpoint.places.get(core.tile, ()) and self._holds(breakpoint, core):
                breakpoint.hits += 1
                if breakpoint.once:
                    self.breakpoints.remove(breakpoint)
                self._stop(Stop(Reason.BREAKPOINT, core, breakpoint=breakpoint))
                return
        plan = self.plan
        if plan is not None and plan.core is core and plan.done(self.view(core), pc):
            self._stop(Stop(Reason.STEP, core))
        else:
            self._arm(core)

    def _changed(self, found: Watchpoint, core: Core | None, by: str) -> None:
        old = found.watched.before.tobytes()
        found.watched.before[:] = found.watched.memory
        if not self.detached:
            found.hits += 1
            at = 0 if core is None else self._stops[core].executed
            self._stop(Stop(Reason.WATCH, core, watchpoint=found, by=by, at=at, old=old))

    def _holds(self, breakpoint: Breakpoint, core: Core) -> bool:
        """Whether its condition holds; one that cannot be told stops, too."""
        if not breakpoint.condition:
            return True
        from softnpu.emulator.debugging.expressions import evaluate

        breakpoint.untold = ""
        try:
            return bool(evaluate(breakpoint.condition, self.view(core)))
        except EmulatorError as error:
            breakpoint.untold = str(error)
            return True

    def _stop(self, stop: Stop) -> None:
        if self.detached:
            return
        self.plan = None
        self.frontend(self, stop)
        for core in self._stops:
            self._arm(core)

    # where to stop

    def step(self, plan: Plan) -> None:
        """Goes on to the end of a step, unless something else stops it before."""
        self.plan = plan

    def _arm(self, core: Core) -> None:
        """Writes where a core is to stop."""
        stops = self._stops[core]
        stops.places[:] = 0
        if self.detached:
            stops.everywhere = False
            stops.watch(())
            return
        for breakpoint in self.breakpoints:
            for address in breakpoint.places.get(core.tile, ()):
                stops.places[address >> 1] = 1
        plan = self.plan if self.plan is not None and self.plan.core is core else None
        for address in () if plan is None else plan.places:
            stops.places[address >> 1] = 1
        stops.everywhere = self._interrupt or (plan is not None and plan.everywhere)
        stops.watch(tuple(one.watched for one in self.watchpoints))

    def add(
        self,
        wanted: str,
        *,
        core: Place | None = None,
        condition: str = "",
        once: bool = False,
    ) -> Breakpoint:
        """A breakpoint at "file:line", a function, or "*address".

        Raises:
            EmulatorError: no program has such a place; the message says what there is.
        """
        made = Breakpoint(self._numbers + 1, wanted, core, condition, once=once)
        self._find(made)
        if not made.places:
            raise EmulatorError(self._nowhere(wanted, core))
        self._numbers += 1
        self.breakpoints.append(made)
        return made

    def watch(self, wanted: str, watched: Watched, element: str = "") -> Watchpoint:
        """Watches memory from now on."""
        self._numbers += 1
        made = Watchpoint(self._numbers, wanted, watched, element)
        self.watchpoints.append(made)
        return made

    def delete(self, number: int) -> bool:
        """Deletes a breakpoint or watchpoint; whether there was one."""
        before = len(self.breakpoints) + len(self.watchpoints)
        self.breakpoints = [one for one in self.breakpoints if one.number != number]
        self.watchpoints = [one for one in self.watchpoints if one.number != number]
        return len(self.breakpoints) + len(self.watchpoints) < before

    def numbers(self) -> list[int]:
        """Of all breakpoints and watchpoints."""
        breakpoints = [one.number for one in self.breakpoints]
        return [*breakpoints, *(one.number for one in self.watchpoints)]

    def detach(self) -> None:
        """No more stops, but those at the run's end."""
        self.detached = True
        for core in self._stops:
            self._arm(core)

    def _resolve(self) -> None:
        """Looks for all breakpoints again: another program may have been loaded."""
        for breakpoint in self.breakpoints:
            self._find(breakpoint)

    def _find(self, breakpoint: Breakpoint) -> None:
        breakpoint.places.clear()
        for core in self.cores():
            if breakpoint.core in (None, core.tile):
                told, addresses = self._places(breakpoint.wanted, core)
                if addresses:
                    breakpoint.places[core.tile] = addresses
                    breakpoint.told = breakpoint.told or told

    def _places(self, wanted: str, core: Core) -> tuple[str, list[int]]:
        symbols = self.symbols(core.tile)
        if wanted.startswith("*"):
            try:
                address = int(wanted[1:], 0)
            except ValueError:
                raise EmulatorError(f"{wanted}: behind * stands an address, e.g. *0x10e") from None
            size = len(self.array.core_tile(*core.tile).program)
            return wanted, [address] if 0 <= address < size else []
        told, found = symbols.of_line(wanted)
        if found:
            return told, found
        return wanted, symbols.of_function(wanted)

    def _nowhere(self, wanted: str, core: Place | None) -> str:
        symbols = [self.symbols(c.tile) for c in self.cores() if core in (None, c.tile)]
        files = dict.fromkeys(file for one in symbols for file in one.files())
        functions = dict.fromkeys(name for one in symbols for name in one.functions())
        there = [f"files: {', '.join(files) or 'none'}", f"functions: {', '.join(functions)}"]
        if not files and not functions:
            there = ["the cores' programs carry no debug information; *ADDRESS works"]
        which = "no core's program has" if core is None else f"the program of core {core} has not"
        return f"{wanted}: {which} this line or function; {'; '.join(there)}"
