"""The commands of the debugger's prompt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.debugging.debugger import Quit
from softnpu.emulator.debugging.expressions import memory, part_of_buffer, pointed, shown
from softnpu.emulator.debugging.selection import CommandError, Selection
from softnpu.emulator.debugging.showing import Showing, core_name
from softnpu.emulator.debugging.state import save
from softnpu.emulator.debugging.stepping import Kind, Plan
from softnpu.emulator.debugging.values import elements, listed
from softnpu.emulator.memcheck.seen import plain
from softnpu.emulator.observing.stops import WATCHES, Watched
from softnpu.errors import EmulatorError

_BLOCK = 64
"""Bytes that are shown of an address in no buffer."""

_CONDITION = re.compile(r"(?P<place>.*?)(?:\s+if\s+(?P<condition>.+))?")
_CORE = re.compile(r"\(?\s*(\d+)\s*[, ]\s*(\d+)\s*\)?")


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
    run: Callable[[Selection, str], bool | None]


def _continue(_at: Selection, _rest: str) -> bool:
    return True


def _step(at: Selection, kind: Kind, rest: str) -> bool:
    at.check_running()
    times = _number(rest, 1)
    if kind is not Kind.INSTRUCTION:
        at.frames  # noqa: B018 (says what to do before the core has begun)
    at.debugger.step(Plan(kind, at.view, times))
    return True


def _break(at: Selection, rest: str, *, once: bool = False) -> None:
    match = _CONDITION.fullmatch(rest)
    assert match is not None
    place, condition = match["place"].strip(), match["condition"] or ""
    words = place.split(" core ")
    core = _place_of(words[1]) if len(words) > 1 else None
    place = words[0].strip()
    if not place:
        at.tell(at.showing.breakpoints())
        return
    if place.isdigit():
        place = f"{_file(at)}:{place}"
    made = at.debugger.add(place, core=core, condition=condition, once=once)
    at.tell(at.showing.breakpoint(made))


def _file(at: Selection) -> str:
    """The file that the frame which is looked at lies in."""
    file = at.view.symbols.place(at.frame.line).rpartition(":")[0]
    if not file:
        raise CommandError("no source file is known here: write FILE:LINE")
    return file


def _until(at: Selection, rest: str) -> bool:
    at.check_running()
    if rest:
        _break(at, rest, once=True)
    return True


def _watch(at: Selection, rest: str) -> None:
    if not rest:
        raise CommandError("watch what? e.g. `watch out_buff_0[3]`; `buffers` lists them")
    if len(at.debugger.watchpoints) >= WATCHES:
        raise CommandError(f"there can be {WATCHES} watchpoints; `delete` one")
    watched, element = _bytes(at, rest)
    made = at.debugger.watch(rest, Watched(watched), element)
    at.tell(f"watchpoint {made.number}: {rest} ({len(watched)} bytes)")


def _bytes(at: Selection, name: str) -> tuple[NDArray[np.uint8], str]:
    """The bytes of a buffer, an element of it or a variable; MLIR's name of what they hold."""
    found = part_of_buffer(name, at.debugger.array, at.debugger.names)
    if found is not None:
        return found
    address, size, element = memory(name, at.view, at.frame if at.began else None)
    return at.view.bytes_at(address, size), element


def _delete(at: Selection, rest: str) -> None:
    debugger = at.debugger
    numbers = debugger.numbers()
    for number in [_number(word) for word in rest.split()] if rest else numbers:
        if not debugger.delete(number):
            there = ", ".join(map(str, numbers)) or "none"
            raise CommandError(f"there is no breakpoint {number}; there are: {there}")


def _condition(at: Selection, rest: str) -> None:
    word, _, condition = rest.partition(" ")
    number = _number(word)
    for breakpoint in at.debugger.breakpoints:
        if breakpoint.number == number:
            breakpoint.condition = condition.strip().removeprefix("if ")
            at.tell(at.showing.breakpoint(breakpoint))
            return
    raise CommandError(f"there is no breakpoint {number}; `breakpoints` lists them")


def _switch(at: Selection, rest: str) -> None:
    if not rest:
        at.tell(at.showing.cores(at.core))
        return
    tile = _place_of(rest)
    found = next((c for c in at.debugger.cores() if c.tile == tile), None)
    if found is None:
        there = ", ".join(core_name(core) for core in at.debugger.cores()) or "none"
        raise CommandError(f"no core at {rest} has a program; there are: {there}")
    at.core, at.number = found, 0
    at.tell(f"{found.place} at {Showing.time(found)}, {at.view.where()}")
    at.tell("\n".join(at.showing.source(at.view)))


def _select(at: Selection, rest: str, by: int = 0) -> None:
    frames = at.frames
    wanted = at.number + by if by else _number(rest, at.number)
    if not 0 <= wanted < len(frames):
        raise CommandError(f"there is no frame {wanted}; there are 0 to {len(frames) - 1}")
    at.number = wanted
    at.tell(f"#{wanted} {at.view.told(frames[wanted])}")
    at.tell("\n".join(at.showing.source(at.view, frames[wanted])))


def _list(at: Selection, rest: str) -> None:
    around = _number(rest, 5)
    at.tell("\n".join(at.showing.source(at.view, at.frame, around)))


def _print(at: Selection, rest: str) -> None:
    if not rest:
        raise CommandError("print what? e.g. `print i`, `print in[3]`, `print out_buff_0`")
    found = None
    if at.core is None:  # a design without cores has buffers alone
        found = part_of_buffer(rest, at.debugger.array, at.debugger.names)
    frame = at.frame if at.began else None
    told = listed(elements(*found)) if found is not None else shown(rest, at.view, frame)
    at.tell(f"{rest} = {told}")


def _examine(at: Selection, rest: str) -> None:
    """x/COUNT NAME: elements of what lies in memory."""
    count = 16
    if rest.startswith("/"):
        word, _, rest = rest.partition(" ")
        count = _number(word[1:], 16)
    if not rest:
        raise CommandError("what? e.g. `x/32 out_buff_0`, `x/8 in`, `x/16 0x70400`")
    name, bracket, first = rest.strip().partition("[")
    data, element = _examined(at, name)
    values = elements(data, element)
    begin = _number(first.rstrip("] "), 0) if bracket else 0
    for index in range(begin, min(begin + count, len(values)), 8):
        most = min(8, begin + count - index)
        at.tell(f"[{index}]  {listed(values, index, most).removesuffix(', …')}")


def _examined(at: Selection, name: str) -> tuple[NDArray[np.uint8], str]:
    """As `_bytes`; of a pointer, or an address, what lies there up to the end of the buffer."""
    frame = at.frame if at.began else None
    if re.fullmatch(r"0x[0-9a-f]+|\d+", name):
        address, element = int(name, 0), ""
    else:
        try:
            address, element = pointed(name, at.view, frame)
        except EmulatorError:
            return _bytes(at, name)
    end = next((s.end for s in at.view.seen if s.begin <= plain(address) < s.end), None)
    return at.view.bytes_at(address, _BLOCK if end is None else end - plain(address)), element


def _locals(at: Selection, _rest: str) -> None:
    at.tell(at.showing.variables(at.view, at.frame))


def _arguments(at: Selection, _rest: str) -> None:
    at.tell(at.showing.variables(at.view, at.frame, True))


def _backtrace(at: Selection, _rest: str) -> None:
    at.tell(at.showing.backtrace(at.view))


def _registers(at: Selection, rest: str) -> None:
    at.tell(at.showing.registers(at.view, tuple(rest.split())))


def _disassemble(at: Selection, rest: str) -> None:
    pc = int(rest, 0) if re.fullmatch(r"0x[0-9a-f]+|\d+", rest) else at.view.pc
    at.tell(at.showing.disassembly(at.view, pc))


def _breakpoints(at: Selection, _rest: str) -> None:
    at.tell(at.showing.breakpoints())


def _buffers(at: Selection, rest: str) -> None:
    at.tell(at.showing.buffers(rest))


def _locks(at: Selection, rest: str) -> None:
    at.tell(at.showing.locks(rest))


def _waits(at: Selection, _rest: str) -> None:
    at.tell(at.showing.waits())


def _info(at: Selection, rest: str) -> bool | None:
    """gdb's `info locals` and the like."""
    word, _, more = rest.partition(" ")
    named = {"args": "arguments", "break": "breakpoints", "threads": "cores"}.get(word, word)
    if named not in _INFORMS:
        raise CommandError(f"info tells of {', '.join(sorted(_INFORMS))}")
    return command(named).run(at, more.strip())


def _save(at: Selection, rest: str) -> None:
    path = Path(rest or "state.zip")
    save(path, at.debugger.array, at.debugger.names)
    at.tell(f"{path}: all buffers, locks, registers and waits as they are now")


def _detach(at: Selection, _rest: str) -> bool:
    at.debugger.detach()
    return True


def _quit(_at: Selection, _rest: str) -> bool:
    raise Quit


def _help(at: Selection, rest: str) -> None:
    if rest:
        found = command(rest)
        others = f" (also: {', '.join(found.names[1:])})" if found.names[1:] else ""
        at.tell(f"{found.names[0]} {found.takes}".rstrip() + f": {found.does}{others}")
        return
    at.tell(HELP)


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


def _stepping(kind: Kind) -> Callable[[Selection, str], bool]:
    return lambda at, rest: _step(at, kind, rest)


COMMANDS = (
    Command(("continue", "c"), "", "goes on until something stops it", _continue),
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
        _until,
    ),
    Command(
        ("break", "b"),
        "PLACE [core C,R] [if CONDITION]",
        "stops at FILE:LINE, LINE, FUNCTION or *ADDRESS",
        _break,
    ),
    Command(("breakpoints",), "", "lists breakpoints and watchpoints", _breakpoints),
    Command(("condition",), "NUMBER [CONDITION]", "stops there only where it holds", _condition),
    Command(("delete", "d"), "[NUMBER ...]", "deletes them, or all", _delete),
    Command(("watch",), "BUFFER[INDEX]", "stops when it changes, whoever writes it", _watch),
    Command(("backtrace", "bt", "where"), "", "the functions that it is in", _backtrace),
    Command(("frame", "f"), "[N]", "looks at another of them", _select),
    Command(("up",), "", "looks at the caller", lambda at, _: _select(at, "", 1)),
    Command(("down",), "", "looks at what it calls", lambda at, _: _select(at, "", -1)),
    Command(("list", "l"), "[N]", "source around it, N lines each way", _list),
    Command(("locals",), "", "arguments and variables", _locals),
    Command(("arguments", "args"), "", "arguments alone", _arguments),
    Command(
        ("print", "p"),
        "EXPRESSION",
        "variables, pointers[i], buffers[i], $registers, C's operators",
        _print,
    ),
    Command(("x",), "/N NAME[I]", "N elements of a buffer, pointer or address", _examine),
    Command(("registers", "r"), "[NAME ...]", "registers", _registers),
    Command(("disassemble", "dis"), "[ADDRESS]", "the next instructions", _disassemble),
    Command(("buffers",), "[NAME]", "the design's buffers, with values", _buffers),
    Command(("locks",), "[NAME]", "locks: value, name, who waits", _locks),
    Command(("waits",), "", "what cores and DMA channels wait for", _waits),
    Command(("cores",), "", "all cores, and where each is", lambda at, _: _switch(at, "")),
    Command(("core",), "C,R", "looks at another core", _switch),
    Command(("info",), "WHAT", "as gdb has it: info locals, info break", _info),
    Command(("save",), "[FILE]", "writes all that is there into a state file", _save),
    Command(("detach",), "", "goes on to the end without any stop", _detach),
    Command(("quit", "q", "exit"), "", "leaves the run, without a verdict", _quit),
    Command(("help", "h", "?"), "[COMMAND]", "this list", _help),
)

_INFORMS = {
    *("locals", "arguments", "breakpoints", "cores", "registers", "buffers", "locks", "waits"),
}
REPEATED = {name for c in COMMANDS for name in c.names if c.names[0] in ("step", "next", "stepi")}
"""Commands that an empty line does again."""
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
