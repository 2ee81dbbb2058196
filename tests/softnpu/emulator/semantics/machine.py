"""A core that executes the straight programs of the points, a line a bundle.

It stands where the assembler and the translator will: it knows the few forms of instructions
that the points use, when a result becomes visible, and which operation of the library is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from tests.softnpu.emulator.semantics.instructions import operate
from tests.softnpu.emulator.semantics.library import Control, Status

ADDRESS_BITS = 20
"""Pointers and modifiers are as wide as a core's addresses (NPU: padda wraps there)."""
INPUT, OUTPUT = 0x7_8000, 0x7_C000
"""Where input and output lie. The input lay there on the measured core: eight results show it, by
a pointer that an earlier program took from p0 and `vldb.sparse.reset` moved on by 32."""
UNSET = 0xA5A5_A5A5

LOAD_LATENCY = 7
"""Cycles until what was loaded can be read (llvm-aie, AIE2Schedule.td). The points leave seven
cycles after every other operation, so theirs do not matter."""

VECTOR_PARTS = {
    "wl": ["wl{}"],
    "wh": ["wh{}"],
    "x": ["wl{}", "wh{}"],
    **{f"am{part}": [f"am{part}{{}}"] for part in ("ll", "lh", "hl", "hh")},
    "bml": ["amll{}", "amlh{}"],
    "bmh": ["amhl{}", "amhh{}"],
    "cm": ["amll{}", "amlh{}", "amhl{}", "amhh{}"],
    "q": ["q{}"],
}
REGISTER = re.compile(r"([a-z]+?)(\d+)$")
CONTROLS = {"crSat": "sat", "crRnd": "rnd"}
CONTROL_BITS = {"crSat": 2, "crRnd": 4}

FILLS = re.compile(r"vldb\.(compr|sparse)\.(reset|fill)(\.\d+)?")
"""What they fill is not modelled here, nor shown by any result."""
MEMORY = re.compile(r"(lda|vlda|vldb|st|vst)(\.[su]\d+|\.128)?")


def parts_of(name: str) -> list[str]:
    """The registers that a register consists of: of 256 bits, masks, scalars, pointers."""
    match = REGISTER.match(name)
    if match is None:
        return [name]
    kind, number = match[1], int(match[2])
    if kind == "y":
        return [part for x in (2 * number, 2 * number + 1) for part in (f"wl{x}", f"wh{x}")]
    return [part.format(number) for part in VECTOR_PARTS.get(kind, [kind + "{}"])]


def is_vector(name: str) -> bool:
    """Is it a vector, an accumulator or a mask?"""
    match = REGISTER.match(name)
    return match is not None and (match[1] == "y" or match[1] in VECTOR_PARTS)


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 == 1 else value


Value = TypeVar("Value", int, bytes)


@dataclass(frozen=True)
class Write:
    """A register's value to come, and which unknown things it depends on."""

    cycle: int
    register: str
    value: int | bytes
    origins: frozenset[str]


class Machine:
    """Registers and a core's memory: the input where p0 points, the output where p1 does.

    A register that nothing has set holds `UNSET`; `origins` names, for every register, the
    unset ones that its value depends on.
    """

    def __init__(self, source: bytes, size: int) -> None:
        self.memory = bytearray(1 << ADDRESS_BITS)
        self.memory[INPUT : INPUT + len(source)] = source
        self.size = size
        self.registers: dict[str, int | bytes] = {"p0": INPUT, "p1": OUTPUT}
        self.origins = {"p0": frozenset[str](), "p1": frozenset({"p1"})}
        self.pending: list[Write] = []
        self.cycle = 0
        self.reading: set[str] = set()
        self.stored: list[tuple[str, int, frozenset[str]]] = []
        self.control = Control()
        self.status = Status()

    @property
    def output(self) -> bytes:
        """The bytes at p1."""
        return bytes(self.memory[OUTPUT : OUTPUT + self.size])

    def preset(self, registers: dict[str, int]) -> None:
        """Give registers values, as if a program had set them."""
        self.registers.update(registers)
        self.origins.update(dict.fromkeys(registers, frozenset()))

    def call(self, before: Machine) -> None:
        """Take over the registers that another program left: the NPU does not clear them."""
        before.settle(drain=True)
        self.registers = {**before.registers, **self.registers}
        self.origins = {**before.origins, **self.origins}
        self.status = before.status

    def settle(self, *, drain: bool = False) -> None:
        """Make results visible whose time has come, or all."""
        due = [write for write in self.pending if drain or write.cycle <= self.cycle]
        self.pending = [write for write in self.pending if write not in due]
        for write in sorted(due, key=lambda write: write.cycle):
            self.registers[write.register] = write.value
            self.origins[write.register] = write.origins

    def read(self, name: str) -> int | bytes:
        """A register, whole or part, or a pair of scalars, or an immediate."""
        if name.startswith("#"):
            return int(name[1:]) & 0xFFFF_FFFF
        if ":" in name:
            high, low = name.split(":")
            return self.scalar(high) << 32 | self.scalar(low)
        if name.startswith("cr"):
            return int(getattr(self.control, CONTROLS[name]))
        return self.vector(name) if is_vector(name) else self._known(name, UNSET)

    def scalar(self, name: str) -> int:
        """A scalar or pointer register, or an immediate."""
        value = self.read(name)
        assert isinstance(value, int)
        return value

    def vector(self, name: str) -> bytes:
        """A vector, mask or accumulator register."""
        empty = bytes(16 if name.startswith("q") else 32)
        return b"".join(self._known(part, empty) for part in parts_of(name))

    def _known(self, name: str, otherwise: Value) -> Value:
        self.reading |= self.origins.get(name, {name})
        value = self.registers.get(name, otherwise)
        assert isinstance(value, type(otherwise))
        return value

    def write(self, name: str, value: int | bytes, latency: int = 1) -> None:
        """A register's value `latency` cycles from now."""
        due, origins = self.cycle + latency, frozenset(self.reading)
        if ":" in name:
            assert isinstance(value, int)
            high, low = name.split(":")
            self.write(high, value >> 32, latency)
            self.write(low, value, latency)
        elif name.startswith("cr"):
            assert isinstance(value, int)
            setattr(self.control, CONTROLS[name], value & (1 << CONTROL_BITS[name]) - 1)
        elif isinstance(value, int):
            bits = ADDRESS_BITS if name[0] in "pmd" else 32
            self.pending.append(Write(due, name, value & (1 << bits) - 1, origins))
        else:
            parts = parts_of(name)
            size = len(value) // len(parts)
            for index, part in enumerate(parts):
                self.pending.append(Write(due, part, value[index * size :][:size], origins))

    def step(self, line: str) -> None:
        """Execute one line, a cycle."""
        self.settle()
        self.reading = set()
        self.execute(line)
        self.cycle += 1

    def execute(self, line: str) -> None:
        """What a line does, in this cycle."""
        mnemonic, _, rest = line.partition(" ")
        operands = re.split(r",\s*(?![^\[]*\])", rest.strip())
        if mnemonic == "nop":
            return
        stem = mnemonic.split(".")[0]
        if MEMORY.fullmatch(mnemonic) and "[" in rest:
            self._access(mnemonic, operands)
        elif stem in ("padda", "paddb", "padds"):
            pointer = operands[0].strip("[]")
            self.write(pointer, self.scalar(pointer) + _signed(self.scalar(operands[1])))
        elif FILLS.fullmatch(mnemonic):
            pointer = operands[0].strip("[]")
            self.write(pointer, (self.scalar(pointer) & ~31) + 32)
        elif stem in ("mov", "mova", "movx", "movxm", "vmov"):
            self.write(operands[0], self.read(operands[1]))
        else:
            operate(self, mnemonic, operands)

    def _access(self, mnemonic: str, operands: list[str]) -> None:
        register, place = operands[:2]
        inner = place.strip("[]").split(", ")
        address = self.scalar(inner[0])
        if len(inner) > 1:
            address += _signed(self.scalar(inner[1]))
        if len(operands) > 2:
            step = _signed(self.scalar(operands[2]))
            self.write(inner[0], self.scalar(inner[0]) + step)
        self.reading = set()
        address &= (1 << ADDRESS_BITS) - 1
        kind, _, width = mnemonic.partition(".")
        if kind in ("st", "vst"):
            value = self.read(register)
            self.stored.append((register, address - OUTPUT, frozenset(self.reading)))
            data = value.to_bytes(4, "little") if isinstance(value, int) else value
            data = data[: {"s8": 1, "s16": 2, "128": 16}.get(width, len(data))]
            self.memory[address : address + len(data)] = data
            return
        size = {"s8": 1, "u8": 1, "s16": 2, "u16": 2, "128": 16}.get(width)
        size = size or (32 if kind != "lda" else 16 if register.startswith("q") else 4)
        data = bytes(self.memory[address : address + size])
        if register[0] in "rmd":
            number = int.from_bytes(data, "little", signed=width.startswith("s"))
            self.write(register, number, LOAD_LATENCY)
        else:
            padded = data if register[0] == "q" else data.ljust(32, b"\0")
            self.write(register, padded, LOAD_LATENCY)
