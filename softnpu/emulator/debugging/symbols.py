"""The lines and functions of a program as places to stop at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from softnpu.emulator.naming.source_lines import Line, Scope, SourceLines, files_of, line_of

_LINE = re.compile(r"(?P<file>.+):(?P<number>\d+)")


@dataclass(frozen=True)
class Row:
    """Where the code of a line begins, or goes on.

    Attributes:
        line: None behind the end of a sequence.
        statement: an address to stop at for the line, as the compiler recommends (is_stmt).
        body: the function's frame is set up here (prologue_end).
    """

    address: int
    line: Line | None
    statement: bool = False
    body: bool = False


class Symbols:
    """What a debugger asks the debug information of a program.

    Args:
        source: of the program's ELF file.
    """

    def __init__(self, source: SourceLines) -> None:
        self.source = source

    @cached_property
    def rows(self) -> list[Row]:
        """The line table, by address."""
        found: list[Row] = []
        dwarf = self.source.dwarf
        for unit in () if dwarf is None else dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is None:
                continue
            files = files_of(unit, program)
            for state in self.source.states(unit, program):
                line, body = line_of(state, files), bool(state.prologue_end)
                found.append(Row(state.address, line, bool(state.is_stmt), body))
        return sorted(found, key=lambda row: (row.address, row.line is not None))

    def place(self, line: Line | None) -> str:
        """What an author calls a line, e.g. "scale.c:7"; "" for none and for the runtime's."""
        return self.source.told(line)

    @cached_property
    def statements(self) -> dict[int, str]:
        """The addresses where a line of the author's begins, and what it is called."""
        found: dict[int, str] = {}
        for row in self.rows:
            if row.statement and (place := self.place(row.line)):
                found.setdefault(row.address, place)
        return found

    def function(self, pc: int) -> Scope | None:
        """The function that `pc` lies in, not an inlined one."""
        scopes = self.source.scopes
        return next((s for s in scopes if not s.inlined and s.holds(pc)), None)

    def of_function(self, name: str) -> list[int]:
        """Where to stop for a function: behind the set-up of each copy of it."""
        found = [self.body(s) for s in self.source.scopes if s.function == name]
        if not found and (start := self._label(name)) is not None:
            found = [start]
        return sorted(set(found))

    def _label(self, name: str) -> int | None:
        """A function's symbol, of a program without debug information."""
        return next((at for at, known in self.source.symbols() if known == name), None)

    def body(self, scope: Scope) -> int:
        """Where a function has set up its frame, so that its variables can be read."""
        inside = [row for row in self.rows if scope.holds(row.address)]
        if not scope.inlined:
            bodies = [row.address for row in inside if row.body]
            if bodies:
                return bodies[0]
        return scope.begin

    def functions(self) -> list[str]:
        """The names of the author's functions; of all where nothing is known of lines."""
        scopes = self.source.scopes
        names = [s.function for s in scopes if s.function and self.place(self.source.line(s.begin))]
        return list(dict.fromkeys(names or (name for _, name in self.source.symbols())))

    def of_line(self, wanted: str) -> tuple[str, list[int]]:
        """Where to stop for a line: "scale.c:7", by the file's name or the end of its path.

        Returns:
            The line that has code, which may be a later one of the file, and its addresses, one in
            each copy of the function that it is in; ("", []) where there is none.
        """
        match = _LINE.fullmatch(wanted)
        if match is None:
            return "", []
        file, number = match["file"], int(match["number"])
        lines: dict[int, list[int]] = {}
        for address, line_number in self._of_file(file):
            lines.setdefault(line_number, []).append(address)
        there = min((n for n in lines if n >= number), default=None)
        if there is None:
            return "", []
        return f"{file}:{there}", self._one_each(lines[there])

    def _of_file(self, file: str) -> Iterator[tuple[int, int]]:
        """(address, line) of statements in a file."""
        for row in self.rows:
            if not row.statement or row.line is None:
                continue
            if f"/{row.line.path}".endswith(f"/{file}"):
                yield row.address, row.line.number
            told = _LINE.fullmatch(self.source.generated.told(row.line))
            if told is not None and told["file"] == file:
                yield row.address, int(told["number"])

    def _one_each(self, addresses: list[int]) -> list[int]:
        """The lowest address in each function and inlined copy."""
        lowest: dict[int, int] = {}
        for address in sorted(addresses):
            inner = [n for n, s in enumerate(self.source.scopes) if s.holds(address)]
            lowest.setdefault(inner[-1] if inner else -1, address)
        return sorted({self._set_up(address) for address in lowest.values()})

    def _set_up(self, address: int) -> int:
        """Behind a function's set-up, where its first line is asked for."""
        whole = self.function(address)
        return self.body(whole) if whole is not None and whole.begin == address else address

    def files(self) -> list[str]:
        """The names of the files that code was made from, the author's first."""
        places = dict.fromkeys(place.rpartition(":")[0] for place in self.statements.values())
        return list(places)
