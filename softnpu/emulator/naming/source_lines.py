"""From a program counter to function, file and line: the debug information of a core's ELF.

A frame is a function that a program counter lies in; inlined functions give several. Those of the
stand-in runtime (locks and streams are inlined functions of it) say nothing to an author, so
the innermost frame outside of it is what is told. A core's own body is C that was generated; what
is told of it is the line of the design that a line of C is there for, where a build says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

RUNTIME_FOLDER = "standin_runtime"
"""The folder of the stand-in runtime's sources."""

_FUNCTIONS = ("DW_TAG_subprogram", "DW_TAG_inlined_subroutine")


@dataclass(frozen=True)
class Line:
    """A line of a source file."""

    path: PurePosixPath
    number: int

    def __str__(self) -> str:
        return f"{self.path.name}:{self.number}"

    @property
    def runtime(self) -> bool:
        """Whether it belongs to the stand-in runtime."""
        return RUNTIME_FOLDER in self.path.parts


@dataclass(frozen=True)
class GeneratedFile:
    """A C file that was made from a design.

    Attributes:
        name: the file's name, "" for none.
        lines: the line from which on it is there for a place in the design -> that place, e.g.
            "design.mlir:14", "" for nothing in particular.
    """

    name: str = ""
    lines: Mapping[int, str] = field(default_factory=dict)

    def told(self, line: Line) -> str:
        """What a line is called: its place in the design, if it is of this file and has one."""
        if line.path.name != self.name:
            return str(line)
        starts = sorted(self.lines)
        index = bisect_right(starts, line.number) - 1
        return (self.lines[starts[index]] if index >= 0 else "") or str(line)


@dataclass(frozen=True)
class Scope:
    """Where a function's code, or an inlined copy of it, lies.

    Attributes:
        call: where it was inlined, None where it was not.
        entry: its entry in the debug information (pyelftools' DIE).
    """

    function: str
    ranges: tuple[tuple[int, int], ...]
    call: Line | None
    entry: Any

    @property
    def inlined(self) -> bool:
        """Whether it has no frame of its own."""
        return bool(self.entry.tag == "DW_TAG_inlined_subroutine")

    @property
    def begin(self) -> int:
        """Its lowest address."""
        return min(begin for begin, _ in self.ranges)

    def holds(self, pc: int) -> bool:
        """Whether an address lies in it."""
        return any(begin <= pc < end for begin, end in self.ranges)


class SourceLines:
    """Reads an ELF when it is first asked; a file that is missing or damaged knows nothing.

    Attributes:
        path: the file.
        generated: what is known of the C file of the core's body.
    """

    def __init__(self, path: Path, generated: GeneratedFile | None = None) -> None:
        self.path = path
        self.generated = generated or GeneratedFile()

    def describe(self, pc: int, *, runtime: bool = True) -> str | None:
        """E.g. "scale (scale.c:14)" or "scale"; None if nothing is known of `pc`.

        Args:
            runtime: whether to tell of the stand-in runtime where there is nothing else.
        """
        frames = self.frames(pc)
        for function, line in frames:
            if place := self.told(line):
                return f"{function} ({place})" if function else place
        function, line = frames[0]
        if line is None:
            return function or None
        return f"{function} ({line})" if runtime else None

    def place(self, pc: int) -> str:
        """The author's line at `pc`, e.g. "scale.c:14"; "" if there is none."""
        return next((place for _, line in self.frames(pc) if (place := self.told(line))), "")

    def told(self, line: Line | None) -> str:
        """What an author calls a line; "" for none and for the runtime's."""
        return "" if line is None or line.runtime else self.generated.told(line)

    def frames(self, pc: int) -> list[tuple[str, Line | None]]:
        """(function, line in it) of what is inlined at `pc`, innermost first; at least one."""
        line = self.line(pc)
        scopes = [scope for scope in self.scopes if scope.holds(pc)]
        if not scopes:
            return [(self.function(pc), line)]
        frames: list[tuple[str, Line | None]] = []
        for scope in reversed(scopes):
            frames.append((scope.function, line))
            line = scope.call
        return frames

    def function(self, pc: int) -> str:
        """The symbol of the function that `pc` lies in, "" if there is none."""
        found = self._symbol(pc)
        return "" if found is None else found[0]

    def extent(self, pc: int) -> range | None:
        """The addresses of the function that `pc` lies in; None if there is none."""
        found = self._symbol(pc)
        return None if found is None else found[1]

    def _symbol(self, pc: int) -> tuple[str, range] | None:
        starts, entries = self._functions
        index = bisect_right(starts, pc) - 1
        if index < 0:
            return None
        name, size = entries[index]
        extent = range(starts[index], starts[index] + max(size, 1))
        return (name, extent) if pc in extent else None

    def symbols(self) -> list[tuple[int, str]]:
        """(address, name) of the functions in the symbol table."""
        starts, entries = self._functions
        return [(start, name) for start, (name, _) in zip(starts, entries, strict=True)]

    def line(self, pc: int) -> Line | None:
        """The line that `pc` was compiled from."""
        starts, entries = self._lines
        index = bisect_right(starts, pc) - 1
        return entries[index] if index >= 0 else None

    @cached_property
    def _elf(self) -> Any:
        from elftools.common.exceptions import ELFError
        from elftools.elf.elffile import ELFFile

        try:
            return ELFFile(BytesIO(self.path.read_bytes()))
        except (OSError, ELFError):
            return None

    @cached_property
    def dwarf(self) -> Any:
        """The debug information (pyelftools' DWARFInfo); None where there is none."""
        from elftools.common.exceptions import DWARFError, ELFError

        elf = self._elf
        try:
            # what linkers have filled in is not filled in once more, though relocations are kept
            linked = elf is not None and elf.has_dwarf_info()
            return elf.get_dwarf_info(relocate_dwarf_sections=False) if linked else None
        except (ELFError, DWARFError):
            return None

    @cached_property
    def descriptions(self) -> list[tuple[int, int, Any]]:
        """The call frame information of each function: its begin, its end, pyelftools' FDE."""
        from elftools.dwarf.callframe import FDE

        entries = (
            self.dwarf.CFI_entries() if self.dwarf is not None and self.dwarf.has_CFI() else ()
        )
        return [
            (begin, begin + entry["address_range"], entry)
            for entry in entries
            if isinstance(entry, FDE)
            for begin in (entry["initial_location"],)
        ]

    @cached_property
    def _functions(self) -> tuple[list[int], list[tuple[str, int]]]:
        table = self._elf.get_section_by_name(".symtab") if self._elf is not None else None
        if table is None:
            return [], []
        symbols = sorted(
            (s["st_value"], s["st_size"], s.name)
            for s in table.iter_symbols()
            if s["st_info"]["type"] == "STT_FUNC"
        )
        return [start for start, _, _ in symbols], [(name, size) for _, size, name in symbols]

    @cached_property
    def _lines(self) -> tuple[list[int], list[Line | None]]:
        rows: list[tuple[int, Line | None]] = []
        for unit in () if self.dwarf is None else self.dwarf.iter_CUs():
            program = self.dwarf.line_program_for_CU(unit)
            if program is not None:
                files = files_of(unit, program)
                rows.extend((s.address, line_of(s, files)) for s in self.states(unit, program))
        rows.sort(key=lambda row: (row[0], row[1] is not None))
        return [address for address, _ in rows], [line for _, line in rows]

    def states(self, unit: Any, program: Any) -> Iterator[Any]:
        """The rows of a line program (pyelftools' LineState), of code that was linked."""
        sequence: list[Any] = []
        for entry in program.get_entries():
            if entry.state is None:
                continue
            sequence.append(entry.state)
            if entry.state.end_sequence:
                if sequence[0].address or self._is_at_0(unit, sequence[-1].address):
                    yield from sequence
                sequence = []

    @cached_property
    def scopes(self) -> list[Scope]:
        """All functions and inlined copies, an outer one before what is inlined into it."""
        return [scope for scope in self._all_scopes if not self._is_left_out(scope)]

    def _is_left_out(self, scope: Scope) -> bool:
        """Whether the linker left a function out for want of a caller: it says that it is at 0."""
        if scope.begin:
            return False
        there = [name for at, name in self.symbols() if at == 0]
        units = {s.entry.cu.cu_offset for s in self._all_scopes if s.function in there}
        alive = scope.function in there or (scope.inlined and scope.entry.cu.cu_offset in units)
        return not alive

    def _is_at_0(self, unit: Any, end: int) -> bool:
        """Whether a unit's code from 0 up to `end` is there; that of functions left out is not."""
        mine = [s for s in self._all_scopes if s.entry.cu.cu_offset == unit.cu_offset]
        if not any(map(self._is_left_out, mine)):
            return True
        return any(not s.begin and (0, end) in s.ranges for s in self.scopes if s in mine)

    @cached_property
    def _all_scopes(self) -> list[Scope]:
        found: list[Scope] = []
        for unit in () if self.dwarf is None else self.dwarf.iter_CUs():
            program = self.dwarf.line_program_for_CU(unit)
            files = [] if program is None else files_of(unit, program)
            for entry in unit.iter_DIEs():
                if entry.tag in _FUNCTIONS and (ranges := self.ranges(unit, entry)):
                    found.append(Scope(name_of(entry), ranges, _call(entry, files), entry))
        return found

    def ranges(self, unit: Any, entry: Any) -> tuple[tuple[int, int], ...]:
        """Where the code of an entry of the debug information lies: (begin, end)."""
        from elftools.dwarf.descriptions import describe_form_class

        low, high = entry.attributes.get("DW_AT_low_pc"), entry.attributes.get("DW_AT_high_pc")
        if low is not None and high is not None:
            is_size = describe_form_class(high.form) == "constant"
            return ((low.value, high.value + (low.value if is_size else 0)),)
        listed = entry.attributes.get("DW_AT_ranges")
        lists = self.dwarf.range_lists()
        if listed is None or lists is None:
            return ()
        base = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
        start = 0 if base is None else base.value
        ranges = []
        for item in lists.get_range_list_at_offset(listed.value, unit):
            if not hasattr(item, "begin_offset"):
                start = item.base_address
                continue
            origin = 0 if getattr(item, "is_absolute", False) else start
            ranges.append((origin + item.begin_offset, origin + item.end_offset))
        return tuple(ranges)


def name_of(entry: Any) -> str:
    """The name of a function or variable; an inlined copy's stands at its origin."""
    while "DW_AT_name" not in entry.attributes:
        if "DW_AT_abstract_origin" in entry.attributes:
            entry = entry.get_DIE_from_attribute("DW_AT_abstract_origin")
        elif "DW_AT_specification" in entry.attributes:
            entry = entry.get_DIE_from_attribute("DW_AT_specification")
        else:
            return ""
    name: bytes = entry.attributes["DW_AT_name"].value
    return name.decode("utf-8", "replace")


def _call(entry: Any, files: list[PurePosixPath]) -> Line | None:
    """Where a function was inlined."""
    file = entry.attributes.get("DW_AT_call_file")
    line = entry.attributes.get("DW_AT_call_line")
    if file is None or line is None or not 0 <= file.value < len(files):
        return None
    return Line(files[file.value], line.value)


def files_of(unit: Any, program: Any) -> list[PurePosixPath]:
    """The files of a compilation unit by their numbers; before DWARF 5 these begin with 1."""
    attribute = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
    home = PurePosixPath("" if attribute is None else attribute.value.decode("utf-8", "replace"))
    old = program["version"] < 5
    folders = [home] * old
    folders += [home / folder.decode("utf-8", "replace") for folder in program["include_directory"]]
    paths = [PurePosixPath("")] * old
    for entry in program["file_entry"]:
        folder = folders[entry.dir_index] if entry.dir_index < len(folders) else home
        paths.append(folder / entry.name.decode("utf-8", "replace"))
    return paths


def line_of(state: Any, files: list[PurePosixPath]) -> Line | None:
    """The line of a row (pyelftools' LineState); None at a sequence's end."""
    known = not state.end_sequence and state.line and 0 <= state.file < len(files)
    return Line(files[state.file], state.line) if known else None
