#!/usr/bin/env python3
"""Makes an instruction set's table (softnpu/isa/*.isa) from llvm-aie's descriptions.

usage: tools/isa_table.py FACTS DECODER INSTRUCTIONS > softnpu/isa/aie2.isa

FACTS is tools/isa/<generation>.facts: what the other two do not say. DECODER is LLVM's generated
decoder (<generation>GenDisassemblerTables.inc): from it come the fixed bits, the places of
operands, their classes, and the bundle formats. INSTRUCTIONS is a JSON file of the instructions by
slot: how each is written (`asm_string`) and its itinerary class (`sched_class`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from isa_rows import Pieces, columns, fixed, put

SLOTS = {
    "lda": (21, "NOPA"),
    "ldb": (16, "NOPB"),
    "st": (21, "NOPS"),
    "alu": (20, "NOPX"),
    "mv": (22, "NOPM"),
    "lng": (42, "NOPXM"),
    "vec": (26, "NOPV"),
    "nop": (1, "NOP"),
}
"""Bits of a slot, the instruction that does nothing in it."""
SLOT_LETTERS = dict(zip(SLOTS, "absxmlvn", strict=True))
OPERAND_LETTERS = "abcdefgh"

SAME_CODES = {
    "mW": ("mWa", "mWb", "mWm", "mWs"),
    "mX": ("mXa", "mXm", "mXn", "mXs", "mXv", "mXw"),
    "mAM": ("mAMm", "mAMs"),
    "mBM": ("mBMa", "mBMm", "mBMs"),
    "eCM": ("mCMa", "mCMm", "mCMs"),
    "mQQ": ("mQQa", "mQQm"),
    "mS": ("mSm", "mSs"),
    "mLdaScl": ("mSclSt",),
    "mMvScl": ("mMvSclDst", "mMvSclDstCg", "mMvSclSrc"),
}
"""A class, and LLVM's others of the same codes (AIE2Disassembler.cpp)."""
CLASS_OF = {other: name for name, others in SAME_CODES.items() for other in others}


@dataclass
class Place:
    """Where an operand stands: its class, or a register that takes no bits."""

    type: str
    pieces: Pieces = ()
    register: str = ""
    count: bool = False
    """A 2D or 3D register's counters, written."""


@dataclass
class Operand:
    """An operand of the table."""

    name: str
    type: str
    pieces: Pieces
    stages: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    """Prints the table; gives the exit status."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    facts, decoder, instructions = (Path(argument).read_text() for argument in arguments)
    for line in table(facts, Decoder(decoder), json.loads(instructions)):
        print(line)
    return 0


class Decoder:
    """LLVM's decoder, taken apart."""

    def __init__(self, text: str) -> None:
        self.cases = dict(_cases(text))
        self.fixed: dict[str, tuple[int, int]] = {}
        self.case_of: dict[str, int] = {}
        for table in re.finditer(r"DecoderTable\w+\[\] = \{\n(.*?)\n\};", text, re.DOTALL):
            for name, case, mask, value in _leaves(table[1]):
                known = self.fixed.get(name, (mask, value))
                common = known[0] & mask & ~(known[1] ^ value)
                self.fixed[name] = (common, value & common)
                self.case_of[name] = case

    def places(self, name: str) -> list[Place]:
        """The operands in LLVM's order; of one that has a decoding function, its name alone."""
        return self.cases[self.case_of[name]]


def _leaves(text: str) -> Iterator[tuple[str, int, int, int]]:
    """(instruction, decoder case, mask, value) of every way through one decoder table."""
    steps: dict[int, tuple[str, list[int], str]] = {}
    for line in text.splitlines():
        if found := re.match(r"/\* (\d+) \*/\s+MCD::OPC_(\w+),?([^/]*)(?://(.*))?", line):
            numbers = [int(number) for number in found[3].split(",") if number.strip()]
            steps[int(found[1])] = (found[2], numbers, found[4] or "")
    order = list(steps)
    following = dict(pairwise(order))

    def go(
        at: int, mask: int, value: int, tested: tuple[int, int]
    ) -> Iterator[tuple[str, int, int, int]]:
        while True:
            step, numbers, comment = steps[at]
            skip = re.search(r"[Ss]kip to: (\d+)", comment)
            if step == "Fail":
                return
            if step == "ExtractField":
                tested = (numbers[0], numbers[1])
                at = following[at]
                continue
            if step in ("FilterValue", "CheckField"):
                first, bits = tested if step == "FilterValue" else (numbers[0], numbers[1])
                wanted, _ = _uleb(numbers, 0 if step == "FilterValue" else 2)
                inner = ((1 << bits) - 1) << first
                shifted = wanted << first
                if not (mask & inner) & (value ^ shifted):
                    yield from go(following[at], mask | inner, value | shifted, tested)
            else:
                _, next_number = _uleb(numbers, 0)
                case, _ = _uleb(numbers, next_number)
                opcode = re.search(r"Opcode: (\w+)", comment)
                assert opcode
                yield opcode[1], case, mask, value
                if step == "Decode":
                    return
            assert skip
            at = int(skip[1])

    yield from go(0, 0, 0, (0, 0))


def _uleb(numbers: list[int], at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = numbers[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _cases(text: str) -> Iterator[tuple[int, list[Place]]]:
    body = text[text.index("switch (Idx) {") :]
    for case in re.finditer(r"  case (\d+):\n(.*?)    return S;", body, re.DOTALL):
        places: list[Place] = []
        pieces: list[tuple[int, int, int]] = []
        for line in case[2].splitlines():
            if "tmp = 0x0" in line:
                pieces = []
            elif found := re.search(r"tmp = fieldFromInstruction\(insn, (\d+), (\d+)\)", line):
                pieces = [(int(found[1]), int(found[2]), 0)]
            elif found := re.search(
                r"insertBits\(tmp, fieldFromInstruction\(insn, (\d+), (\d+)\), (\d+)", line
            ):
                pieces.append((int(found[1]), int(found[2]), int(found[3])))
            elif "createImm(tmp)" in line:
                places.append(Place("addr20", tuple(pieces)))
            elif found := re.search(r"Check\(S, (.*?)\(MI, (tmp|insn)", line):
                places.append(_place(found[1], tuple(pieces) if found[2] == "tmp" else ()))
        yield int(case[1]), places


def _place(function: str, pieces: Pieces) -> Place:
    """The operand that one of the decoder's functions reads."""
    if found := re.fullmatch(r"DecodeeR(2\d|31)RegisterClass", function):
        return Place("eR", register=f"r{found[1]}")
    if found := re.fullmatch(r"Decode(\w+)RegisterClass", function):
        return Place(CLASS_OF.get(found[1], found[1]), pieces)
    if found := re.fullmatch(r"decodeSImmOperandXStep<(\d+), (\d+), (\d), 0>", function):
        return Place(f"imm{found[1]}x{found[2]}" + "_neg" * int(found[3]), pieces)
    if found := re.fullmatch(r"decode([SU])ImmOperand<(\d+)>", function):
        name = f"{'s' if found[1] == 'S' else ''}imm{found[2]}"
        return Place("addr20" if name == "imm20" else name, pieces)
    if found := re.fullmatch(r"decode(\w+)Slot", function):
        return Place(found[1].lower(), pieces)
    return Place(function)


def table(
    facts: str, decoder: Decoder, instructions: dict[str, list[dict[str, str]]]
) -> Iterator[str]:
    """The table's lines."""
    timings: dict[str, list[str]] = {}
    effects: list[tuple[str, str]] = []
    for line in facts.splitlines():
        keyword, _, rest = line.partition(" ")
        if keyword == "timing":
            names, _, stages = rest.partition(":")
            timings.update((name, stages.split()) for name in names.split())
        elif keyword == "effect":
            pattern, _, effect = rest.partition(" ")
            effects.append((pattern, effect))
    yield "# Made by tools/isa_table.py; how it is read: softnpu/isa/table.py."
    yield from (line for line in _sections(facts) if not line.startswith(("timing", "effect")))
    named = {
        entry["name"]: Row(entry, slot, decoder, timings, effects)
        for slot, entries in instructions.items()
        for entry in entries
    }
    for slot, (bits, nothing) in SLOTS.items():
        yield ""
        yield f"slot {slot} {bits} {SLOT_LETTERS[slot]} {nothing}"
        rows = sorted((row for row in named.values() if row.slot == slot), key=lambda row: row.name)
        if slot == "nop":
            yield "NOP | NOP | 0 | nop |  | nop"
            continue
        for row in rows:
            row.complete(named)
        yield from columns(
            [
                (row.name, row.itinerary, row.pattern(bits), row.asm, row.operand_text, row.effect)
                for row in rows
            ]
        )
    yield from _formats(decoder)


def _sections(facts: str) -> Iterator[str]:
    """The facts that the table holds as well, without the comments on the others."""
    for block in facts.split("\n\n")[1:]:
        if not any(line.startswith(("timing", "effect")) for line in block.splitlines()):
            yield ""
            yield from block.strip("\n").splitlines()


def _formats(decoder: Decoder) -> Iterator[str]:
    yield ""
    yield "# Bundle formats: bits, slots in the order in which they are written, the bits."
    for name in sorted(
        (name for name in decoder.fixed if re.match(r"I\d+_", name)),
        key=lambda name: (int(re.findall(r"\d+", name)[0]), name),
    ):
        bits = int(re.findall(r"\d+", name)[0])
        mask, value = decoder.fixed[name]
        pattern = fixed(bits, mask, value)
        slots = decoder.places(name)
        for slot in slots:
            put(pattern, slot.pieces, SLOT_LETTERS[slot.type])
        yield f"format {bits:3} {' '.join(slot.type for slot in slots):23} | {''.join(pattern)}"


class Row:
    """One instruction of the table."""

    def __init__(
        self,
        entry: dict[str, str],
        slot: str,
        decoder: Decoder,
        timings: dict[str, list[str]],
        effects: list[tuple[str, str]],
    ) -> None:
        self.name, self.slot = entry["name"], slot
        self.mnemonic, _, arguments = entry["asm_string"].strip().partition("\t")
        self.itinerary = entry["sched_class"].removeprefix("II_")
        self.fixed = decoder.fixed[self.name]
        self.places = decoder.places(self.name)
        self.timing = timings[self.itinerary]
        self.asm = f"{self.mnemonic} {arguments}".strip()
        key = f"{self.itinerary}/{self.mnemonic}"
        self.effect = next((e for p, e in reversed(effects) if re.fullmatch(p, key)), "")
        self.operands: list[Operand] = []
        self.implicit: list[str] = []

    @property
    def dimensions(self) -> int:
        """2 or 3 for the forms with such an address register, 0 for others."""
        return (
            0
            if len(self.places) != 1 or self.places[0].type[:6] != "Decode"
            else 2 + ("3d" in self.mnemonic)
        )

    def complete(self, named: dict[str, Row]) -> None:
        """Finds what each operand is called, and the stages."""
        if self.dimensions:
            self.places = self._as_its_sibling(named)
        names = re.findall(r"\$(\w+)", self.asm)
        ordered = self._as_written(names)
        by_place: dict[tuple[str, Pieces], list[Operand]] = {}
        for name, place in zip(names, ordered, strict=True):
            if not place.pieces:
                self.asm = self.asm.replace(f"${name}", place.register)
                continue
            self.operands.append(Operand(name, place.type, place.pieces))
            by_place.setdefault((place.type, place.pieces), []).append(self.operands[-1])
        self._time(by_place)

    def _as_its_sibling(self, named: dict[str, Row]) -> list[Place]:
        """2D and 3D forms, which LLVM decodes by hand, are as those with one modifier."""
        plain = self.asm.replace(f".{self.dimensions}d", "", 1)
        siblings = [row for row in named.values() if row.slot == self.slot and row.asm == plain]

        def differing(row: Row) -> int:
            common = row.fixed[0] & self.fixed[0]
            return bin((row.fixed[1] ^ self.fixed[1]) & common).count("1")

        sibling = min(siblings, key=differing)
        places: list[Place] = []
        for place in sibling.places:
            if place.type == "eM":
                first, bits, _ = place.pieces[0]
                wide = self.dimensions == 2
                places.append(Place("eD" if wide else "eDS", ((first, bits if wide else 2, 0),)))
            else:
                places.append(place)
            if place.type == "eP" and sum(place.type == "eP" for place in places) == 1:
                places += [Place("eDC", count=True)] * (self.dimensions - 1)
        return places

    def _as_written(self, names: list[str]) -> list[Place]:
        """The places in the order in which the text names them."""
        places = [place for place in self.places if not place.count]
        last = [place for n, place in enumerate(places) if place not in places[n + 1 :]]
        ordered = [place for place in last if place.pieces]
        if len(names) > len(ordered) and any(place.register for place in last):
            ordered = last
        if "acc1" in names and len(names) > len(ordered):
            ordered = ordered[:1] + ordered  # $dst is $acc1
        if "$ptr" in self.asm and ordered[0].type == "eP" and names[0] != "ptr":
            address = 1 + ordered[1].type.startswith(("eM", "eD", "imm"))
            ordered = ordered[address:] + ordered[:address]
        return ordered

    def _time(self, by_place: dict[tuple[str, Pieces], list[Operand]]) -> None:
        stages = iter(self.timing)
        results = self._results()
        for number, place in enumerate(self.places):
            stage = next(stages)
            if place.count:
                mod = next(operand for operand in self.operands if operand.name == "mod")
                if f"c{stage}" not in mod.stages:
                    mod.stages.append(f"c{stage}")
                continue
            letter = "w" if number in results else "r"
            if not place.pieces:
                self.implicit.append(f"{place.register} {letter}{stage}")
                continue
            operands = by_place[place.type, place.pieces]
            if len(operands) == 2:  # a result that is written over an operand
                operands = operands[:1] if letter == "w" else operands[1:]
            operands[0].stages.append(f"{letter}{stage}")
        left = list(stages)
        for stage in left:
            if found := re.fullmatch(r"(def|use):(\w+)(\??)=(\d+)", stage):
                if not found[3] or re.search(r"\.d\d", self.mnemonic):
                    self.implicit.append(
                        f"{found[2]} {'w' if found[1] == 'def' else 'r'}{found[4]}"
                    )
            else:  # one itinerary serves forms with fewer operands, too
                assert all(other.isdigit() for other in left), (self.name, self.timing)
        if "[sp" in self.asm:
            self.implicit.append("sp r1 w1" if self.mnemonic.startswith("padd") else "sp r1")

    def _results(self) -> set[int]:
        """Which of LLVM's operands are results: they come first."""
        numbers: set[int] = set()
        takes = r"(st|vst|acq|rel|jl?|jn?z|event|padd.|vldb\.\w+\.(fill|reset))(\.|$)"
        writes = not re.match(takes, self.mnemonic) and not re.search(r" (ms|MCD),", self.asm)
        for number, place in enumerate(self.places):
            again = place in self.places[number + 1 :]
            data = writes and self.operands and self._is(place, self.operands[0])
            compared = any(o.name == "cmp" and self._is(place, o) for o in self.operands)
            if place.count or again or compared or (data and place not in self.places[:number]):
                numbers.add(number)
        assert not numbers or max(numbers) == len(numbers) - 1, (self.name, numbers)
        return numbers

    @staticmethod
    def _is(place: Place, operand: Operand) -> bool:
        return (place.type, place.pieces) == (operand.type, operand.pieces)

    def pattern(self, bits: int) -> str:
        """The slot's bits from the highest."""
        pattern = fixed(bits, *self.fixed)
        distinct = dict.fromkeys(operand.pieces for operand in self.operands)
        for pieces, letter in zip(distinct, OPERAND_LETTERS, strict=False):
            put(pattern, pieces, letter)
        return "".join(pattern)

    @property
    def operand_text(self) -> str:
        """Operands, then registers read and written by the way."""
        texts: list[str] = []
        first: dict[Pieces, str] = {}
        for operand in self.operands:
            tied = first.get(operand.pieces)
            first.setdefault(operand.pieces, operand.name)
            name = f"{operand.name}={tied}" if tied else operand.name
            texts.append(" ".join((name, operand.type, *sorted(operand.stages))))
        merged: dict[str, list[str]] = {}
        for text in self.implicit:
            register, *stages = text.split()
            merged.setdefault(register, []).extend(stages)
        texts += [f"!{name} {' '.join(sorted(stages))}" for name, stages in merged.items()]
        return ", ".join(texts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
