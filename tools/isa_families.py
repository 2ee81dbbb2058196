#!/usr/bin/env python3
"""Makes an instruction set's table (softnpu/isa/*.isa) of facts about families of instructions.

usage: tools/isa_families.py tools/isa/aie2p.facts > softnpu/isa/aie2p.isa

The first block is a comment. The blocks before the first slot go into the table as they are
(softnpu/isa/table.py), but for those that begin with `axis`:

    axis NAME COLUMN | COLUMN…       what varies between the instructions of a family
    choice NAME CELL | CELL…         one way that it can be
    slot NAME BITS LETTER NOP        families of this slot follow, a line each:
    NAME | BITS | SYNTAX | OPERANDS | EFFECTS
    bundle BITS FIXED SLOT@BIT…      a bundle format; slots in the order in which they are written

A family's line is expanded for every choice of every axis that it names. `<at.text>` is a cell of
the axis `at`; in `<at.operands imm4x4>` that word takes the place of `%`, which is nothing without
one. `<g:0,1>` makes an axis of its own, or adds to the one of that name; `<g>` is its choice again.
BITS is the sum of the fixed bits, hexadecimal; a bit that is no operand's is 0 elsewhere. An
operand is `name CLASS@BIT STAGES`, in pieces CLASS@BIT:COUNT,BIT:COUNT (lowest first);
`name=other CLASS STAGES` is one that has the code of another; `!register STAGES` is read or
written by the way.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from isa_rows import Pieces, columns, fixed, put

OPERAND_LETTERS = "abcdefgh"

_PLACE = re.compile(r"<(\w+)(?:\.(\w+)|:([^<>]*))?(?: (\w+))?>")


class FactsError(ValueError):
    """Facts that contradict themselves; the message quotes the line."""


@dataclass
class Axis:
    """What varies: the names of its cells, and the choices."""

    columns: list[str]
    choices: list[list[str]] = field(default_factory=list)


@dataclass
class Facts:
    """The facts, read."""

    copied: list[str] = field(default_factory=list)
    axes: dict[str, Axis] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    """Bits of a class or an immediate."""
    slots: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Bits and letter."""


def main(arguments: list[str]) -> int:
    """Prints the table; gives the exit status."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    for line in table(Path(arguments[0]).read_text()):
        print(line)
    return 0


def table(text: str) -> Iterator[str]:
    """The table's lines."""
    facts = Facts()
    rows: list[tuple[str, ...]] = []
    yield "# Made by tools/isa_families.py; how it is read: softnpu/isa/table.py."
    slot = ""
    for block in text.strip("\n").split("\n\n")[1:]:
        lines = block.splitlines()
        keyword = next(line for line in lines if line[0] != "#").partition(" ")[0]
        if keyword == "axis":
            _read_axis(facts, [line for line in lines if line[0] != "#"])
            continue
        yield ""
        if keyword == "slot":
            _, slot, bits, letter, _ = lines[0].split(" ")
            facts.slots[slot] = int(bits), letter
            yield lines[0]
            rows = sorted(row for line in lines[1:] for row in family(facts, slot, line))
            yield from columns(rows)
        else:
            for line in lines:
                yield _bundle(facts, line) if line.startswith("bundle") else line
                _remember(facts, line)


def _read_axis(facts: Facts, lines: list[str]) -> None:
    for line in lines:
        keyword, name, rest = line.split(" ", 1)[0], line.split()[1], line.split(None, 2)[2:]
        cells = [cell.strip() for cell in "".join(rest).split("|")]
        if keyword == "axis":
            facts.axes[name] = Axis(cells)
        elif len(cells) != len(facts.axes[name].columns):
            raise FactsError(f"not as many cells as the axis has columns: {line}")
        else:
            facts.axes[name].choices.append(cells)


def _remember(facts: Facts, line: str) -> None:
    words = line.split(" ")
    if words[0] in ("class", "immediate"):
        facts.widths[words[1]] = int(words[2])


def family(facts: Facts, slot: str, line: str) -> Iterator[tuple[str, ...]]:
    """The rows of a family, as the table's columns."""
    counts: dict[str, int] = {}
    for name, _, inline, _ in _PLACE.findall(line):
        count = len(facts.axes[name].choices) if name in facts.axes else 0
        if inline:
            count = count or inline.count(",") + 1
            if inline.count(",") + 1 != counts.setdefault(name, count):
                raise FactsError(f"<{name}:{inline}> has not {counts[name]} choices: {line}")
        elif count:
            counts.setdefault(name, count)
    first = {
        name: inline.split(",") for name, _, inline, _ in reversed(_PLACE.findall(line)) if inline
    }
    for numbers in product(*(range(count) for count in counts.values())):
        chosen = dict(zip(counts, numbers, strict=True))

        def cell(found: re.Match[str], chosen: dict[str, int] = chosen) -> str:
            name, column, inline, argument = found.groups()
            if inline is not None:
                return str(inline.split(",")[chosen[name]])
            if column is None:
                return first[name][chosen[name]]
            axis = facts.axes[name]
            text = axis.choices[chosen[name]][axis.columns.index(column)]
            return text.replace("%", argument or "")

        yield _row(facts, slot, _PLACE.sub(cell, line))


def _row(facts: Facts, slot: str, line: str) -> tuple[str, ...]:
    """One instruction's columns."""
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) == 4:
        cells.append("")
    name, sum_of_bits, syntax, operands, effects = cells
    bits, _ = facts.slots[slot]
    value = 0
    for term in sum_of_bits.split("+"):
        if value & int(term, 16):
            raise FactsError(f"bits of {sum_of_bits} overlap: {line}")
        value |= int(term, 16)
    pattern = fixed(bits, (1 << bits) - 1, value)
    texts: list[str] = []
    letters = iter(OPERAND_LETTERS)
    for operand in filter(None, (part.strip() for part in operands.split(", "))):
        if operand[0] == "!" or "=" in operand.split(" ")[0]:
            texts.append(operand)
            continue
        called, place, *stages = operand.split(" ")
        kind, _, at = place.partition("@")
        pieces = tuple(_pieces(at, facts.widths[kind]))
        if any(value >> first & (1 << size) - 1 for first, size, _ in pieces):
            raise FactsError(f"{called} lies over fixed bits: {line}")
        if sum(size for _, size, _ in pieces) != facts.widths[kind]:
            raise FactsError(f"{called} has not the bits of {kind}: {line}")
        for first, size, _ in pieces:
            pattern[bits - first - size : bits - first] = "-" * size
        put(pattern, pieces, next(letters))
        texts.append(" ".join((called, kind, *sorted(stages))))
    written = re.findall(r"\$(\w+)", syntax)
    if written != [text.split(" ")[0].partition("=")[0] for text in texts if text[0] != "!"]:
        raise FactsError(f"operands are not those of the syntax, in its order: {line}")
    return name, "", "".join(pattern), syntax, ", ".join(texts), effects


def _pieces(text: str, width: int) -> Iterator[tuple[int, int, int]]:
    done = 0
    for piece in text.split(","):
        first, _, size = piece.partition(":")
        yield int(first), int(size or width), done
        done += int(size or width)


def _bundle(facts: Facts, line: str) -> str:
    _, bits, value, *places = line.split(" ")
    pattern = fixed(int(bits), (1 << int(bits)) - 1, int(value, 16))
    names: list[str] = []
    for place in places:
        slot, _, first = place.partition("@")
        size, letter = facts.slots[slot]
        pieces: Pieces = ((int(first), size, 0),)
        pattern[int(bits) - int(first) - size : int(bits) - int(first)] = "-" * size
        put(pattern, pieces, letter)
        names.append(slot)
    return f"format {bits:>3} {' '.join(names):23} | {''.join(pattern)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
