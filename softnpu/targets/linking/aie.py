"""Checks of a core's program that Peano made.

AIE instructions are not decoded here: who calls whom is read from the objects, where every use of
a function's address is a relocation. A function that is called through a pointer has had its
address taken in some function or table, so that it is counted there, as if it were called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.dialects.walking import all_ops
from softnpu.errors import DesignError, ToolError
from softnpu.targets.linking.checks import AIE, check_object, check_program
from softnpu.targets.linking.elf import Elf, Symbol, is_archive
from softnpu.targets.linking.layout import CoreLayout, design_table, remedies
from softnpu.targets.linking.stack import CallGraph, StackNeed
from softnpu.targets.linking.symbols import Call, link_error

if TYPE_CHECKING:
    from softnpu.dialects.aie import CoreOp

_OVERFLOW = re.compile(r"section '(\S+)' will not fit in region '(\w+)': overflowed by (\d+) byte")
_NO_SYMBOL = 0
_CODE = 0x4  # SHF_EXECINSTR
"""The flag of sections that hold instructions."""


def check_objects(objects: Sequence[Path]) -> None:
    """ToolError unless all are AIE objects that one and the same compiler made."""
    makers: dict[str, Path] = {}
    for path in objects:
        check_object(path, AIE)
        for maker in compilers(path):
            makers.setdefault(maker, path)
    if len(makers) > 1:
        made = "".join(f"\n  {path} by {maker}" for maker, path in makers.items())
        raise ToolError(
            f"objects of different compilers in one core's program:{made}\n  build them all with "
            "one Peano: PEANO_INSTALL_DIR says which"
        )


def compilers(path: Path) -> list[str]:
    """The clangs that made an object, as its .comment section names them."""
    if is_archive(path):
        return []
    elf = Elf(path)
    section = elf.section(".comment")
    texts = elf.content(section).split(b"\0") if section else []
    return [text.decode(errors="replace") for text in texts if b"clang" in text]


def check_linked(path: Path, objects: Sequence[Path], layout: CoreLayout, core: CoreOp) -> None:
    """Check a core's ELF as `check_program` does; DesignErrors point at the core.

    Args:
        objects: what it was linked from, the core's own body first.
    """
    from softnpu.dialects.source import location_of

    entry = f"core_{layout.tile[0]}_{layout.tile[1]}"
    elf = Elf(path)
    check_program(elf, AIE, layout, lambda: stack_need(elf, objects, entry), location_of(core))


def failed_link(
    messages: str, objects: Sequence[Path], core: CoreOp, layout: CoreLayout
) -> ToolError | DesignError:
    """What the messages of Peano's clang and lld mean for a core.

    Args:
        objects: the kernels' objects that were linked.
    """
    from xdsl.dialects.func import CallOp

    from softnpu.dialects.source import location_of

    if overflow := _OVERFLOW.search(messages):
        section, region, missing = overflow[1], overflow[2], int(overflow[3])
        what = "program memory" if region == "program" else "data memory"
        rows, hints = (
            (design_table(layout), remedies(layout, missing))
            if region != "program"
            else ((), ("make the code smaller, or share the work among more cores",))
        )
        return DesignError(
            f"{layout.name}: {section} is {missing:,} bytes too large for the {what} that stack "
            "and buffers leave",
            location_of(core),
            (*rows, *hints),
        )
    calls = [
        Call(op.callee.root_reference.data, location_of(op))
        for op in all_ops(core)
        if isinstance(op, CallOp)
    ]
    return link_error(messages, objects, calls, layout)


def stack_need(program: Elf, objects: Sequence[Path], entry: str) -> StackNeed:
    """The stack need of a program, from the objects that it was linked of.

    What archives contributed is seen in the program alone: its frames where it gives their sizes,
    but not what it calls in turn. Functions without a size are named in `unknown`.
    """
    graph = _Program()
    for path in objects:
        if not is_archive(path):
            graph.add(Elf(path))
    sizes = program.frame_sizes()
    functions = {s.name: sizes.get(s.value) for s in program.symbols if s.is_function}
    frames = {name: size for name, size in functions.items() if size is not None}

    def callees(name: str) -> list[str]:
        called = graph.callees.get(name, [])
        return [one for one in called if one in graph.callees or one in functions]

    return CallGraph({**frames, **graph.frames}, callees, _shown).need(entry)


@dataclass
class _Program:
    """Functions of several objects by name; local ones by their file too, since names repeat."""

    frames: dict[str, int] = field(default_factory=dict)
    callees: dict[str, list[str]] = field(default_factory=dict)

    def add(self, elf: Elf) -> None:
        """Takes an object's functions in: their frames, and whose addresses they use."""
        references = _References(elf)
        for function in references.functions:
            name = references.name(function)
            self.callees[name] = list(dict.fromkeys(references.used_by(function)))
        self.frames.update(references.frames())


class _References:
    """Which functions of an object use the addresses of which others."""

    def __init__(self, elf: Elf) -> None:
        self._elf = elf
        self.functions = [s for s in elf.symbol_table if s.is_function and s.is_defined]
        self._by_section: dict[int, list[tuple[int, int, int]]] = {}
        for one in elf.relocations:
            places = self._by_section.setdefault(one.section, [])
            places.append((one.offset, one.symbol, one.addend))

    def name(self, symbol: Symbol) -> str:
        """A function's name, unique among all objects."""
        return symbol.name if symbol.is_global else f"{symbol.name}\0{self._elf.path}"

    def used_by(self, function: Symbol) -> Iterator[str]:
        """The functions whose addresses stand in a function, or in data that it uses."""
        end = function.value + function.size
        yield from self._used(function.section, function.value, end, set())

    def _used(self, section: int, start: int, end: int, seen: set[int]) -> Iterator[str]:
        for offset, index, addend in self._by_section.get(section, ()):
            if not start <= offset < end or index == _NO_SYMBOL:
                continue
            symbol = self._elf.symbol_table[index]
            if not symbol.is_defined:
                yield symbol.name
            elif target := self._function_at(symbol, addend):
                yield self.name(target)
            elif not self._is_code(symbol.section) and symbol.section not in seen:
                seen.add(symbol.section)
                yield from self._used(symbol.section, 0, 1 << 32, seen)

    def _function_at(self, symbol: Symbol, addend: int) -> Symbol | None:
        """The function that a relocation means, by itself or by its section and place."""
        if symbol.is_function:
            return symbol
        if not self._is_code(symbol.section):
            return None
        place = symbol.value + addend
        inside = (f for f in self.functions if f.section == symbol.section and f.value == place)
        return next(inside, None)

    def _is_code(self, section: int) -> bool:
        sections = self._elf.sections
        return section < len(sections) and bool(sections[section].flags & _CODE)

    def frames(self) -> dict[str, int]:
        """The bytes of stack that each function takes, from the object's .stack_sizes sections.

        In an object each entry's address is a relocation against its function.
        """
        found = {}
        for index, section in enumerate(self._elf.sections):
            if section.name != ".stack_sizes":
                continue
            sizes = self._elf.stack_sizes(section)
            for offset, symbol_index, addend in self._by_section.get(index, ()):
                target = self._function_at(self._elf.symbol_table[symbol_index], addend)
                if target is not None and offset in sizes:
                    found[self.name(target)] = sizes[offset]
        return found


def _shown(name: str) -> str:
    return name.partition("\0")[0]
