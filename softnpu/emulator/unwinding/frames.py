"""The frames of a program that has call frame information, as stand-in code does.

A frame is a function, inlined ones included; those inlined into one another share the registers of
the function that they are part of. Of an outer function those registers are known that the ones
which it called have saved, or must not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from softnpu.emulator.naming.source_lines import Line, Scope, SourceLines
from softnpu.errors import EmulatorError

Read = Callable[[int, int], bytes]
"""(address, size) -> bytes of memory as the core sees it; EmulatorError where there is none."""

RETURN, STACK = 1, 2
"""ra and sp, as RISC-V's DWARF numbers them (RISC-V ELF psABI); x0 to x31 are 0 to 31, f0 to f31 32
to 63."""
_PRESERVED = frozenset({STACK, 3, 4, 8, 9, *range(18, 28), 40, 41, *range(50, 60)})
"""What a function leaves as it was: sp, gp, tp, s0 to s11, fs0 to fs11 (RISC-V psABI)."""
DEEPEST = 64
"""Calls that are followed."""
_WORD = (1 << 32) - 1


@dataclass(frozen=True)
class Frame:
    """A function that a core is in.

    Attributes:
        function: its name, "" if it is not known.
        line: where it is; None where nothing is known.
        pc: the address that tells so: of an outer one's call, an address within that.
        registers: by DWARF number, those that are known.
        cfa: the stack pointer before the call of the function that it is part of; None if unknown.
        scope: it in the debug information, None if it is not there.
        outer: what it is inlined into, innermost first.
        depth: how many calls it is away from the innermost.
    """

    function: str
    line: Line | None
    pc: int
    registers: Mapping[int, int] = field(default_factory=dict)
    cfa: int | None = None
    scope: Scope | None = None
    outer: tuple[Scope, ...] = ()
    depth: int = 0

    @property
    def whole(self) -> Scope | None:
        """The function with a frame of its own that it is part of."""
        return self.outer[-1] if self.outer else self.scope


@dataclass(frozen=True)
class Call:
    """A function that is not inlined, and its place; attributes as `Frame`'s.

    Attributes:
        at: the address whose line and function are told, if it is not `pc`.
    """

    pc: int
    registers: Mapping[int, int] = field(default_factory=dict)
    cfa: int | None = None
    at: int | None = None


def frames(source: SourceLines, calls: Iterable[Call]) -> list[Frame]:
    """The frames of calls, innermost first: what is inlined there, each by itself."""
    found: list[Frame] = []
    for depth, call in enumerate(calls):
        found += _inlined(source, call, depth)
    return found


def _inlined(source: SourceLines, call: Call, depth: int) -> Iterator[Frame]:
    at = call.pc if call.at is None else call.at
    scopes = [s for s in reversed(source.scopes) if s.holds(at)]
    line = source.line(at)
    if not scopes:
        name = source.function(at)
        yield Frame(name, line, call.pc, call.registers, call.cfa, depth=depth)
    for number, scope in enumerate(scopes):
        outer = tuple(scopes[number + 1 :])
        yield Frame(scope.function, line, call.pc, call.registers, call.cfa, scope, outer, depth)
        line = scope.call


def described(
    source: SourceLines, registers: Mapping[int, int], pc: int, read: Read
) -> Iterator[Call]:
    """The calls that a core is in, innermost first, by call frame information; at least one.

    Args:
        registers: by DWARF number.
    """
    known = dict(registers)
    within = pc
    for _ in range(DEEPEST):
        rules = _rules(source, within)
        cfa = None if rules is None else _cfa(rules, known)
        yield Call(within, dict(known), cfa)
        if rules is None or cfa is None:
            return
        known = _before(rules, known, cfa, read)
        back = known.get(RETURN)
        if not back:
            return
        within = back - 1


def _rules(source: SourceLines, pc: int) -> dict[Any, Any] | None:
    """How to find the caller's registers at `pc`: the row of the call frame information."""
    row: dict[Any, Any] | None = None
    for begin, end, entry in source.descriptions:
        if begin <= pc < end:
            for one in entry.get_decoded().table:
                if one["pc"] <= pc:
                    row = one
    return row


def _cfa(rules: dict[Any, Any], known: Mapping[int, int]) -> int | None:
    rule = rules["cfa"]
    base = known.get(rule.reg) if rule.reg is not None else None
    return None if base is None else (base + rule.offset) & _WORD


def _before(
    rules: dict[Any, Any], known: Mapping[int, int], cfa: int, read: Read
) -> dict[int, int]:
    """The registers as the caller had them, as far as they are known."""
    kept = {n: value for n, value in known.items() if n in _PRESERVED or n == RETURN}
    for number, rule in rules.items():
        if not isinstance(number, int):
            continue
        kept.pop(number, None)
        if rule.type == "OFFSET":
            size = 4 if number < 32 else 8
            try:
                kept[number] = int.from_bytes(read(cfa + rule.arg, size), "little")
            except EmulatorError:
                continue
        elif rule.type == "SAME_VALUE" and number in known:
            kept[number] = known[number]
    kept[STACK] = cfa
    return kept
