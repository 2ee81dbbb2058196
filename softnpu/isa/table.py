"""An instruction set's table: registers, bundle formats, instructions with operands and timing.

A table (`aie2.isa`, `aie2p.isa`) is text, one fact a line, made of llvm-aie's descriptions by
tools/isa_table.py and tools/isa_families.py. The word that a line begins with tells what it is:

    isa NAME KEY=NUMBER…         ELF machine and flags, delay slots, bytes of program memory,
                                 of a data memory's bank; lower=1: registers in lower case
    length BITS LOWEST           a bundle's bits, by the lowest of them
    register NAME… BITS          r0..r31: all the numbers between, r16..r30+2: every second one
    reset NAME VALUE             what a reset leaves, where it is not 0
    composite NAMES PARTS…       registers made of others, lowest bits first; `as`: how written
    class NAME BITS NAMES@CODE   an operand's registers by code; +N steps on, ~N: bits that do not
                                 matter; several lines make one class
    immediate NAME BITS STEP HOW `signed`, `unsigned`, `negative` (without its sign) or `address`
    relocation N BITS PLACE…     places as offset:size from the bundle's highest bit
    slot NAME BITS LETTER NOP    instructions follow, a line each:
    NAME | ITINERARY | PATTERN | SYNTAX | OPERANDS | EFFECTS
    format BITS SLOT… | PATTERN  from the highest bit; slots in the order in which they are written

ITINERARY is empty where llvm-aie gives each instruction one of its own. A pattern holds 0 and 1
for fixed bits, - for bits that do not matter, and a letter for the bits of an operand (a, b, … in
the order of OPERANDS) or, in a format, of a slot. An operand is `name CLASS STAGES`; `name=other`
is one that has the other's code (so its register, if they are of one class), `!register STAGES` a
register that is read or written by the way. A stage is `r1` (read in the pipeline's first stage),
`w7` (written in the seventh: there for an instruction issued seven cycles on) or `c1` (the
counters of a 2D or 3D register written); `w2m` takes part in the bypass of moves, `w5v` in the
vector unit's: a value passed from such a writer to such a reader is there a cycle earlier.
`w2m:mX` does so for registers of that class alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from softnpu.errors import SoftnpuError
from softnpu.isa.model import (
    Access,
    Format,
    Immediate,
    Implicit,
    InstructionSet,
    Opcode,
    Operand,
    Register,
    RegisterClass,
    Relocation,
    Slot,
    Stage,
)

AIE2, AIE2P = "aie2", "aie2p"
BY_DEVICE = {"npu1": AIE2, "npu2": AIE2P}
"""The instruction set of a device's cores."""
_FOLDER = Path(__file__).parent


def load(name: str = AIE2) -> InstructionSet:
    """The instruction set of a generation, read once; SoftnpuError for one that has no table."""
    return _load(name)


@cache
def _load(name: str) -> InstructionSet:
    path = _FOLDER / f"{name}.isa"
    if not path.is_file():
        known = ", ".join(sorted(table.stem for table in _FOLDER.glob("*.isa")))
        raise SoftnpuError(f"there is no table of {name}'s instructions; there are: {known}")
    return parse(path.read_text())


def parse(text: str) -> InstructionSet:
    """The instruction set that a table describes."""
    found = InstructionSet()
    reader = _Reader(found)
    for line in text.splitlines():
        if not line or line[0] == "#":
            continue
        keyword, _, rest = line.partition(" ")
        section = _SECTIONS.get(keyword)
        if section is None:
            reader.instruction(line)
        else:
            section(reader, rest.split())
    return found


class _Reader:
    """Reads a table line by line."""

    def __init__(self, found: InstructionSet) -> None:
        self.found = found
        self.letters: dict[str, str] = {}
        self.lower = False
        self.slot = ""
        self.stages: dict[str, Stage] = {}

    def isa(self, words: list[str]) -> None:
        facts = dict(word.split("=") for word in words[1:])
        self.found.name = words[0]
        self.found.machine = int(facts["machine"])
        self.found.flags = int(facts["flags"])
        self.found.delay_slots = int(facts["delay"])
        self.found.program_memory = int(facts["memory"])
        self.found.bank = int(facts.get("bank", 0))
        self.lower = "lower" in facts

    def length(self, words: list[str]) -> None:
        self.found.lengths.append((int(words[0]), (1 << len(words[1])) - 1, int(words[1], 2)))

    def register(self, words: list[str]) -> None:
        for word in words[:-1]:
            for name in _range(word):
                text = name.lower() if self.lower else name
                self.found.registers[name] = Register(name, int(words[-1]), (), text)

    def reset(self, words: list[str]) -> None:
        register = self.found.registers[words[0]]
        self.found.registers[words[0]] = replace(register, reset=int(words[1], 0))

    def composite(self, words: list[str]) -> None:
        written = words[words.index("as") + 1] if "as" in words else words[0]
        parts = words[1 : words.index("as")] if "as" in words else words[1:]
        texts = zip(*map(_range, written.split(":")), strict=True)
        for name, text, *pieces in zip(_range(words[0]), texts, *map(_range, parts), strict=True):
            bits = sum(self.found.registers[piece].bits for piece in pieces)
            self.found.registers[name] = Register(name, bits, tuple(pieces), ":".join(text))

    def register_class(self, words: list[str]) -> None:
        found = self.found.classes.setdefault(words[0], RegisterClass(words[0], int(words[1])))
        for word in words[2:]:
            names, _, codes = word.partition("@")
            codes, _, ignored = codes.partition("~")
            start, _, step = codes.partition("+")
            for number, name in enumerate(_range(names)):
                code = int(start) + number * int(step or 0)
                found.codes.setdefault(name, code)
                found.by_text.setdefault(self.found.registers[name].text, name)
                for bits in _subsets(int(ignored or 0)):
                    found.registers.setdefault(code | bits, name)

    def immediate(self, words: list[str]) -> None:
        name, bits, step, kind = words
        self.found.immediates[name] = Immediate(name, int(bits), int(step), kind)

    def relocation(self, words: list[str]) -> None:
        if words[1] == "data":
            self.found.data_relocation = int(words[0])
            return
        bits = int(words[1])
        fields = (tuple(map(int, place.split(":"))) for place in words[2:])
        places = tuple((bits - offset - size, size) for offset, size in fields)
        self.found.relocations.append(Relocation(int(words[0]), bits, places))

    def format(self, words: list[str]) -> None:
        mask, value, letters = _pattern(words[-1])
        places = {slot: letters[self.letters[slot]][0][0] for slot in words[1:-2]}
        self.found.formats.append(Format(int(words[0]), mask, value, places))

    def enter_slot(self, words: list[str]) -> None:
        name, bits, letter, nop = words
        self.letters[name] = letter
        self.found.slots[name] = Slot(name, int(bits), nop)
        self.slot = name

    def instruction(self, line: str) -> None:
        name, itinerary, pattern, syntax, operands, *effects = (
            column.strip() for column in line.split("|")
        )
        mask, value, letters = _pattern(pattern)
        free = iter(sorted(letters))
        explicit: dict[str, Operand] = {}
        implicit: list[Implicit] = []
        for text in operands.split(", ") if operands else ():
            first, *words = text.split(" ")
            if first[0] == "!":
                stages = self._stages(words)
                implicit.append(Implicit(first[1:], stages.get("r"), stages.get("w")))
                continue
            called, _, tied = first.partition("=")
            stages = self._stages(words[1:])
            pieces = explicit[tied].pieces if tied else letters[next(free)]
            type = self.found.classes.get(words[0]) or self.found.immediates[words[0]]
            explicit[called] = Operand(
                called, type, pieces, stages.get("r"), stages.get("w"), stages.get("c"), tied
            )
        accesses: dict[str, Access] = {}
        told: list[str] = []
        for word in effects[0].split() if effects else ():
            if found := re.fullmatch(r"(load|store)(?:=(\d+))?@(\d+)", word):
                accesses[found[1]] = Access(int(found[2] or 0), int(found[3]))
            else:
                told.append(word)
        self.found.opcodes[name] = Opcode(
            name,
            self.slot,
            itinerary,
            mask,
            value,
            syntax,
            tuple(explicit.values()),
            tuple(implicit),
            accesses.get("load"),
            accesses.get("store"),
            frozenset(told),
        )

    def _stages(self, words: list[str]) -> dict[str, Stage]:
        return {word[0]: self.stages.get(word) or self._stage(word) for word in words}

    def _stage(self, word: str) -> Stage:
        found = re.fullmatch(r"[rwc](\d+)([mv]?):?(\w*)", word)
        if found is None:
            raise SoftnpuError(f"'{word}' is no stage of an operand")
        self.stages[word] = Stage(int(found[1]), found[2], found[3])
        return self.stages[word]


_SECTIONS = {
    "isa": _Reader.isa,
    "length": _Reader.length,
    "register": _Reader.register,
    "reset": _Reader.reset,
    "composite": _Reader.composite,
    "class": _Reader.register_class,
    "immediate": _Reader.immediate,
    "relocation": _Reader.relocation,
    "format": _Reader.format,
    "slot": _Reader.enter_slot,
}


@cache
def _range(text: str) -> tuple[str, ...]:
    """ "r0..r30+2": ("r0", "r2", …); a name alone: itself."""
    if ".." not in text:
        return (text,)
    found = re.fullmatch(r"(\D+)(\d+)(\w*)\.\.\1(\d+)\3(?:\+(\d+))?", text)
    if found is None:
        raise SoftnpuError(f"'{text}' is no range of registers")
    numbers = range(int(found[2]), int(found[4]) + 1, int(found[5] or 1))
    return tuple(f"{found[1]}{number}{found[3]}" for number in numbers)


def _subsets(bits: int) -> Iterator[int]:
    """All numbers of some of the bits, 0 first."""
    chosen = 0
    while True:
        yield chosen
        chosen = (chosen - bits) & bits
        if not chosen:
            return


_LETTERS = "-abcdefghijklmnopqrstuvwxyz"
_FIXED = str.maketrans("01" + _LETTERS, "11" + "0" * len(_LETTERS))
_ONES = str.maketrans("01" + _LETTERS, "01" + "0" * len(_LETTERS))
_RUN = re.compile(r"([a-z])\1*")


@cache
def _pattern(text: str) -> tuple[int, int, dict[str, tuple[tuple[int, int, int], ...]]]:
    """(mask, value, letter -> its pieces, lowest first) of a pattern."""
    mask = int(text.translate(_FIXED), 2)
    value = int(text.translate(_ONES), 2)
    letters: dict[str, tuple[tuple[int, int, int], ...]] = {}
    for run in _RUN.finditer(text[::-1]):
        before = letters.get(run[1], ())
        done = sum(bits for _, bits, _ in before)
        letters[run[1]] = (*before, (run.start(), len(run[0]), done))
    return mask, value, letters
