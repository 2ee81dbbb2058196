"""The debugger's own prompt: commands from a terminal, a pipe, or a list."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.emulator.debugging.debugger import Debugger, Quit, Reason, Stop
from softnpu.emulator.debugging.expressions import memory, shown
from softnpu.emulator.debugging.showing import Showing, core_name
from softnpu.emulator.debugging.stepping import Kind, Plan
from softnpu.emulator.debugging.stops import WATCHES, Watched
from softnpu.emulator.debugging.values import elements, listed
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.core import Core
    from softnpu.emulator.debugging.frames import Frame
    from softnpu.emulator.debugging.view import CoreView

_CONDITION = re.compile(r"(?P<place>.*?)(?:\s+if\s+(?P<condition>.+))?")
_CORE = re.compile(r"\(?\s*(\d+)\s*[, ]\s*(\d+)\s*\)?")
_ALL = 1 << 20


class CommandError(EmulatorError):
    """A command that cannot be done."""


@dataclass(frozen=True)
class Command:
    """A command of the prompt.

    Attributes:
        names: the first one is told, the others are taken as well.
        takes: what stands behind it.
        does: in words.
        run: does it with that; True lets the array go on.
    """

    names: tuple[str, ...]
    takes: str
    does: str
    run: Callable[[Prompt, str], bool | None]


class Prompt:
    """A frontend of the debugger.

    Args:
        tell: shows a text to the user.
        commands: what is asked for, one after another; None stands for no more.
        folders: where sources lie.
        strict: a command that fails ends the run: nobody is there to see it.
        quiet: does not tell that nothing has run yet: commands begin that go on.

    Attributes:
        failed: a command of a script failed.
        left: it was left before the run's end.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        commands: Iterator[str],
        folders: tuple[Path, ...] = (),
        *,
        strict: bool = False,
        quiet: bool = False,
    ) -> None:
        self._quiet = quiet
        self._tell = tell
        self._commands = commands
        self._folders = folders
        self._strict = strict
        self.failed = False
        self._core: Core | None = None
        self._frame = 0
        self._last = ""
        self._debugger: Debugger | None = None
        self._stop: Stop | None = None

    def stopped(self, debugger: Debugger, stop: Stop) -> None:
        """A frontend of the debugger."""
        self._debugger, self._stop = debugger, stop
        ended = stop.reason is Reason.END
        if debugger.detached and ended:
            return
        self._frame = 0
        if stop.core is not None:
            self._core = stop.core
        elif self._core is None:
            self._core = next(iter(debugger.cores()), None)
        for printed in debugger.take_printed():
            self._tell(f"printed by {printed}")
        if stop.reason is not Reason.START or not self._quiet:
            self._tell(self.showing.stop(stop))
        if debugger.detached:
            return
        while True:
            line = next(self._commands, None)
            if line is None:
                if not ended:
                    debugger.detach()
                return
            if self._done(line):
                return

    def _done(self, line: str) -> bool:
        """Does a command; whether the array goes on. An empty line does the last one again."""
        line = line.strip() or self._last
        self._last = line if line.partition(" ")[0] in _AGAIN else ""
        word, _, rest = line.partition(" ")
        if not word or word.startswith("#"):
            return False
        if word.startswith("x/"):
            word, rest = "x", f"{word[1:]} {rest}"
        try:
            return bool(command(word).run(self, rest.strip()))
        except EmulatorError as error:
            self._tell(f"error: {error}")
            if self._strict:
                self.failed = True
                raise Quit from None
            return False

    # what commands ask for

    @property
    def debugger(self) -> Debugger:
        """What runs the array."""
        assert self._debugger is not None
        return self._debugger

    @property
    def showing(self) -> Showing:
        """What tells of it."""
        return Showing(self.debugger, self._folders)

    @property
    def view(self) -> CoreView:
        """The core that is looked at."""
        if self._core is None:
            raise CommandError("no core of this design has a program")
        return self.debugger.view(self._core)

    @property
    def frames(self) -> list[Frame]:
        """Its frames; CommandError before it has begun."""
        found = self.view.frames()
        if not found:
            raise CommandError(
                f"{self.view.core.place} has not begun its program; `break` and `continue` get"
                " there"
            )
        return found

    @property
    def frame(self) -> Frame:
        """The one that is looked at."""
        found = self.frames
        return found[min(self._frame, len(found) - 1)]

    def _runs(self) -> None:
        """Makes sure that there is something to go on with."""
        assert self._stop is not None
        if self._stop.reason in (Reason.FAULT, Reason.HANG, Reason.TIMEOUT, Reason.END):
            raise CommandError("the run is over; `continue` tells its verdict")

    # commands

    def _continue(self, _rest: str) -> bool:
        return True

    def _step(self, kind: Kind, rest: str) -> bool:
        self._runs()
        times = _number(rest, 1)
        if kind is not Kind.INSTRUCTION:
            self.frames  # noqa: B018 (says what to do before the core has begun)
        self.debugger.step(Plan(kind, self.view, times))
        return True

    def _break(self, rest: str, *, once: bool = False) -> None:
        match = _CONDITION.fullmatch(rest)
        assert match is not None
        place, condition = match["place"].strip(), match["condition"] or ""
        words = place.split(" core ")
        core = _place_of(words[1]) if len(words) > 1 else None
        place = words[0].strip()
        if not place:
            self._tell(self.showing.breakpoints())
            return
        if place.isdigit():
            place = f"{self.showing_file()}:{place}"
        made = self.debugger.add(place, core=core, condition=condition, once=once)
        self._tell(self.showing.breakpoint(made))

    def showing_file(self) -> str:
        """The file that the frame which is looked at lies in."""
        file = self.view.symbols.place(self.frame.line).rpartition(":")[0]
        if not file:
            raise CommandError("no source file is known here: write FILE:LINE")
        return file

    def _until(self, rest: str) -> bool:
        self._runs()
        if rest:
            self._break(rest, once=True)
        return True

    def _watch(self, rest: str) -> None:
        if not rest:
            raise CommandError("watch what? e.g. `watch out_buff_0[3]`; `buffers` lists them")
        if len(self.debugger.watchpoints) >= WATCHES:
            raise CommandError(f"there can be {WATCHES} watchpoints; `delete` one")
        address, size, type = memory(rest, self.view, self.frames[0] if self._began else None)
        made = self.debugger.watch(rest, Watched(self.view.bytes_at(address, size)), type)
        self._tell(f"watchpoint {made.number}: {rest} ({size} bytes at {address:#x})")

    @property
    def _began(self) -> bool:
        return self._core is not None and self._core.processor is not None

    def _delete(self, rest: str) -> None:
        debugger = self.debugger
        numbers = debugger.numbers()
        for number in [_number(word) for word in rest.split()] if rest else numbers:
            if not debugger.delete(number):
                there = ", ".join(map(str, numbers)) or "none"
                raise CommandError(f"there is no breakpoint {number}; there are: {there}")

    def _condition(self, rest: str) -> None:
        word, _, condition = rest.partition(" ")
        number = _number(word)
        for breakpoint in self.debugger.breakpoints:
            if breakpoint.number == number:
                breakpoint.condition = condition.strip().removeprefix("if ")
                self._tell(self.showing.breakpoint(breakpoint))
                return
        raise CommandError(f"there is no breakpoint {number}; `breakpoints` lists them")

    def _switch(self, rest: str) -> None:
        if not rest:
            self._tell(self.showing.cores(self._core))
            return
        tile = _place_of(rest)
        found = next((c for c in self.debugger.cores() if c.tile == tile), None)
        if found is None:
            there = ", ".join(core_name(core) for core in self.debugger.cores()) or "none"
            raise CommandError(f"no core at {rest} has a program; there are: {there}")
        self._core, self._frame = found, 0
        self._tell(f"{found.place} at {Showing.time(found)}, {self.view.where()}")
        self._tell("\n".join(self.showing.source(self.view)))

    def _select(self, rest: str, by: int = 0) -> None:
        frames = self.frames
        wanted = self._frame + by if by else _number(rest, self._frame)
        if not 0 <= wanted < len(frames):
            raise CommandError(f"there is no frame {wanted}; there are 0 to {len(frames) - 1}")
        self._frame = wanted
        self._tell(f"#{wanted} {self.view.told(frames[wanted])}")
        self._tell("\n".join(self.showing.source(self.view, frames[wanted])))

    def _list(self, rest: str) -> None:
        around = _number(rest, 5)
        self._tell("\n".join(self.showing.source(self.view, self.frame, around)))

    def _print(self, rest: str) -> None:
        if not rest:
            raise CommandError("print what? e.g. `print i`, `print in[3]`, `print out_buff_0`")
        frame = self.frame if self._began else None
        self._tell(f"{rest} = {shown(rest, self.view, frame)}")

    def _examine(self, rest: str) -> None:
        """x/COUNT NAME: elements of what lies in memory."""
        count = 16
        if rest.startswith("/"):
            word, _, rest = rest.partition(" ")
            count = _number(word[1:], 16)
        if not rest:
            raise CommandError("what? e.g. `x/32 out_buff_0`, `x/8 in`, `x/16 0x70400`")
        name, bracket, index = rest.strip().partition("[")
        frame = self.frame if self._began else None
        address, size, type = self._memory(name, frame)
        values = elements(self.view.bytes_at(address, size), type)
        begin = _number(index.rstrip("] "), 0) if bracket else 0
        for at in range(begin, min(begin + count, len(values)), 8):
            most = min(8, begin + count - at)
            self._tell(f"[{at}]  {listed(values, at, most).removesuffix(', …')}")

    def _memory(self, name: str, frame: Frame | None) -> tuple[int, int, str]:
        if re.fullmatch(r"0x[0-9a-f]+|\d+", name):
            return int(name, 0), 64, ""
        try:
            address, size, type = memory(name, self.view, frame)
            if type in _ELEMENTS:
                return address, size, type
        except EmulatorError:
            pass
        from softnpu.emulator.debugging.expressions import evaluate

        found = evaluate(name, self.view, frame)
        address = int(found) if isinstance(found, int) else 0
        for one in self.view.seen:
            if one.begin <= address & 0x3FFFFF < one.end:
                return one.begin, one.buffer.size, one.buffer.element
        return memory(name, self.view, frame)

    def _locals(self, _rest: str) -> None:
        self._tell(self.showing.variables(self.view, self.frame))

    def _arguments(self, _rest: str) -> None:
        self._tell(self.showing.variables(self.view, self.frame, True))

    def _backtrace(self, _rest: str) -> None:
        self._tell(self.showing.backtrace(self.view))

    def _registers(self, rest: str) -> None:
        self._tell(self.showing.registers(self.view, tuple(rest.split())))

    def _disassemble(self, rest: str) -> None:
        pc = int(rest, 0) if re.fullmatch(r"0x[0-9a-f]+|\d+", rest) else self.view.pc
        self._tell(self.showing.disassembly(self.view, pc))

    def _breakpoints(self, _rest: str) -> None:
        self._tell(self.showing.breakpoints())

    def _buffers(self, rest: str) -> None:
        self._tell(self.showing.buffers(rest))

    def _locks(self, rest: str) -> None:
        self._tell(self.showing.locks(rest))

    def _waits(self, _rest: str) -> None:
        self._tell(self.showing.waits())

    def _info(self, rest: str) -> bool | None:
        """gdb's `info locals` and the like."""
        word, _, more = rest.partition(" ")
        named = {"args": "arguments", "break": "breakpoints", "threads": "cores"}.get(word, word)
        if named not in _INFORMS:
            raise CommandError(f"info tells of {', '.join(sorted(_INFORMS))}")
        return command(named).run(self, more.strip())

    def _save(self, rest: str) -> None:
        from softnpu.emulator.debugging.state import save

        path = Path(rest or "state.zip")
        save(path, self.debugger.array, self.debugger.names)
        self._tell(f"{path}: all buffers, locks, registers and waits as they are now")

    def _detach(self, _rest: str) -> bool:
        self.debugger.detach()
        return True

    def _quit(self, _rest: str) -> bool:
        raise Quit

    def _help(self, rest: str) -> None:
        if rest:
            found = command(rest)
            others = f" (also: {', '.join(found.names[1:])})" if found.names[1:] else ""
            self._tell(f"{found.names[0]} {found.takes}".rstrip() + f": {found.does}{others}")
            return
        self._tell(HELP)


def _number(text: str, otherwise: int | None = None) -> int:
    if not text and otherwise is not None:
        return otherwise
    try:
        return int(text, 0)
    except ValueError:
        raise CommandError(f"{text!r} is no number") from None


def _place_of(text: str) -> tuple[int, int]:
    match = _CORE.fullmatch(text.strip())
    if match is None:
        raise CommandError(f"{text!r} is no core: column and row, e.g. `core 0,2`")
    return int(match[1]), int(match[2])


def _stepping(kind: Kind) -> Callable[[Prompt, str], bool]:
    return lambda prompt, rest: prompt._step(kind, rest)


COMMANDS = (
    Command(("continue", "c"), "", "goes on until something stops it", Prompt._continue),
    Command(("step", "s"), "[N]", "goes on to the next line, into functions", _stepping(Kind.INTO)),
    Command(("next", "n"), "[N]", "goes on to the next line, over functions", _stepping(Kind.OVER)),
    Command(("finish", "fin"), "", "goes on until the function returns", _stepping(Kind.OUT)),
    Command(
        ("stepi", "si"), "[N]", "executes one instruction or bundle", _stepping(Kind.INSTRUCTION)
    ),
    Command(
        ("until", "u", "advance"),
        "PLACE",
        "goes on to a place, which it stops at once",
        Prompt._until,
    ),
    Command(
        ("break", "b"),
        "PLACE [core C,R] [if CONDITION]",
        "stops at FILE:LINE, LINE, FUNCTION or *ADDRESS",
        Prompt._break,
    ),
    Command(("breakpoints",), "", "lists breakpoints and watchpoints", Prompt._breakpoints),
    Command(
        ("condition",), "NUMBER [CONDITION]", "stops there only where it holds", Prompt._condition
    ),
    Command(("delete", "d"), "[NUMBER ...]", "deletes them, or all", Prompt._delete),
    Command(("watch",), "BUFFER[INDEX]", "stops when it changes, whoever writes it", Prompt._watch),
    Command(("backtrace", "bt", "where"), "", "the functions that it is in", Prompt._backtrace),
    Command(("frame", "f"), "[N]", "looks at another of them", Prompt._select),
    Command(("up",), "", "looks at the caller", lambda prompt, _: prompt._select("", 1)),
    Command(("down",), "", "looks at what it calls", lambda prompt, _: prompt._select("", -1)),
    Command(("list", "l"), "[N]", "source around it, N lines each way", Prompt._list),
    Command(("locals",), "", "arguments and variables", Prompt._locals),
    Command(("arguments", "args"), "", "arguments alone", Prompt._arguments),
    Command(
        ("print", "p"),
        "EXPRESSION",
        "variables, pointers[i], buffers[i], $registers, C's operators",
        Prompt._print,
    ),
    Command(("x",), "/N NAME[I]", "N elements of a buffer, pointer or address", Prompt._examine),
    Command(("registers", "r"), "[NAME ...]", "registers", Prompt._registers),
    Command(("disassemble", "dis"), "[ADDRESS]", "the next instructions", Prompt._disassemble),
    Command(("buffers",), "[NAME]", "the design's buffers, with values", Prompt._buffers),
    Command(("locks",), "[NAME]", "locks: value, name, who waits", Prompt._locks),
    Command(("waits",), "", "what cores and DMA channels wait for", Prompt._waits),
    Command(("cores",), "", "all cores, and where each is", lambda p, _: p._switch("")),
    Command(("core",), "C,R", "looks at another core", Prompt._switch),
    Command(("info",), "WHAT", "as gdb has it: info locals, info break", Prompt._info),
    Command(("save",), "[FILE]", "writes all that is there into a state file", Prompt._save),
    Command(("detach",), "", "goes on to the end without any stop", Prompt._detach),
    Command(("quit", "q", "exit"), "", "leaves the run, without a verdict", Prompt._quit),
    Command(("help", "h", "?"), "[COMMAND]", "this list", Prompt._help),
)

_INFORMS = {
    *("locals", "arguments", "breakpoints", "cores", "registers", "buffers", "locks", "waits"),
}
_AGAIN = {name for c in COMMANDS for name in c.names if c.names[0] in ("step", "next", "stepi")}
"""Commands that an empty line does again."""
_ELEMENTS = {
    *(f"{sign}i{bits}" for sign in ("", "s", "u") for bits in (8, 16, 32, 64)),
    *("bf16", "f16", "f32", "f64"),
}

_BY_NAME = {name: one for one in COMMANDS for name in one.names}

HELP = "\n".join(
    [
        *(
            f"  {one.names[0]} {one.takes}".rstrip().ljust(40)
            + f" {one.does}"
            + (f" ({', '.join(one.names[1:])})" if one.names[1:] else "")
            for one in COMMANDS
        ),
        "An empty line repeats step, next and stepi. While one core is stopped, time stands still",
        "for the whole array: `core C,R` looks at the others. Steps are of the core looked at.",
    ]
)


def command(word: str) -> Command:
    """The command of that name, or of the only one that begins so.

    Raises:
        CommandError: there is none.
    """
    if word in _BY_NAME:
        return _BY_NAME[word]
    begun = {one.names[0]: one for name, one in _BY_NAME.items() if name.startswith(word)}
    if len(begun) == 1:
        return next(iter(begun.values()))
    if begun:
        raise CommandError(f"{word} could be {' or '.join(begun)}")
    from difflib import get_close_matches

    near = get_close_matches(word, _BY_NAME, 1)
    meant = f"did you mean {near[0]}?" if near else "`help` lists the commands"
    raise CommandError(f"there is no command {word}; {meant}")


def from_lines(commands: Iterable[str], echo: Callable[[str], None]) -> Iterator[str]:
    """Commands of a list, each shown before it is done."""
    for line in commands:
        echo(line)
        yield line


def from_terminal(core: Callable[[], str]) -> Iterator[str]:
    """Commands that a user types, with a history; ends with the input."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (input() has a history then)
    while True:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            line = input(core())
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            continue
        finally:
            signal.signal(signal.SIGINT, before)
        yield line
