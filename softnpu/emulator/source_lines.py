"""From a program counter to function, file and line: the debug information of a core's ELF."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any


class SourceLines:
    """Reads an ELF when it is first asked; a file that is missing or damaged knows nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def describe(self, pc: int) -> str | None:
        """E.g. "scale (scale.c:14)" or "scale"; None if nothing is known of `pc`."""
        function, line = self.function(pc), self.line(pc)
        if function and line:
            return f"{function} ({line})"
        return function or line

    def function(self, pc: int) -> str | None:
        """The function that `pc` lies in."""
        starts, entries = self._functions
        index = bisect_right(starts, pc) - 1
        if index < 0:
            return None
        name, size = entries[index]
        return name if pc < starts[index] + max(size, 1) else None

    def line(self, pc: int) -> str | None:
        """The "file:line" that `pc` was compiled from."""
        starts, entries = self._lines
        index = bisect_right(starts, pc) - 1
        return entries[index] if index >= 0 else None

    @cached_property
    def _elf(self) -> Any:
        from elftools.common.exceptions import ELFError
        from elftools.elf.elffile import ELFFile

        try:
            return ELFFile(self._path.open("rb"))
        except (OSError, ELFError):
            return None

    @cached_property
    def _functions(self) -> tuple[list[int], list[tuple[str, int]]]:
        table = self._elf.get_section_by_name(".symtab") if self._elf is not None else None
        if table is None:
            return [], []
        symbols = sorted(
            (s["st_value"], s.name, s["st_size"])
            for s in table.iter_symbols()
            if s["st_info"]["type"] == "STT_FUNC"
        )
        return [start for start, _, _ in symbols], [(name, size) for _, name, size in symbols]

    @cached_property
    def _lines(self) -> tuple[list[int], list[str | None]]:
        if self._elf is None or not self._elf.has_dwarf_info():
            return [], []
        rows: list[tuple[int, str | None]] = []
        dwarf = self._elf.get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is not None:
                rows.extend(_rows(program))
        rows.sort(key=lambda row: row[0])
        return [address for address, _ in rows], [text for _, text in rows]


def _rows(program: Any) -> list[tuple[int, str | None]]:
    """(address, "file:line") rows of one compilation unit; a sequence's end has no text."""
    rows: list[tuple[int, str | None]] = []
    files = program["file_entry"]
    first = 0 if program["version"] >= 5 else 1
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        index = state.file - first
        if state.end_sequence:
            rows.append((state.address, None))
        elif state.line and 0 <= index < len(files):
            name = PurePosixPath(files[index].name.decode("utf-8", "replace")).name
            rows.append((state.address, f"{name}:{state.line}"))
    return rows
