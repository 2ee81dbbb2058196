"""What an instruction set is made of: registers, bundles, instructions with operands and timing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Register:
    """A register.

    Attributes:
        bits: its width.
        parts: the registers that it is made of, lowest bits first; none for one of its own.
        text: how it is written.
        reset: its value after a reset of the core.
    """

    name: str
    bits: int
    parts: tuple[str, ...] = ()
    text: str = ""
    reset: int = 0


@dataclass(eq=False)
class RegisterClass:
    """The registers that an operand can be, by code.

    Attributes:
        registers: by code, also of codes that differ in bits that do not matter.
        codes: by register, the code that is written.
        by_text: register by how it is written.
    """

    name: str
    bits: int
    registers: dict[int, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    by_text: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Immediate:
    """A number in an instruction.

    Attributes:
        bits: of its code.
        step: what one of the code is worth.
        kind: "signed", "unsigned", "negative" (the sign is left out) or "address" (of a bundle).
    """

    name: str
    bits: int
    step: int
    kind: str

    @property
    def range(self) -> range:
        """All its values."""
        count = 1 << self.bits
        start = {"signed": -count // 2, "negative": -count}.get(self.kind, 0)
        return range(start * self.step, (start + count) * self.step, self.step)

    def value(self, code: int) -> int:
        """What a code is worth."""
        values = self.range
        return values[(code - values[0] // self.step) % (1 << self.bits)]

    def code(self, value: int) -> int | None:
        """The code of a value; None for one that it cannot be.

        A word of data may be given unsigned, and what is unsigned as the negative number that has
        its bits: LLVM's assembler takes both.
        """
        count = 1 << self.bits
        if self.kind == "signed" and self.bits == 32 and count // 2 <= value < count:
            value -= count
        elif self.kind == "unsigned" and -count // 2 <= value < 0:
            value += count
        return value // self.step & (1 << self.bits) - 1 if value in self.range else None


@dataclass(frozen=True)
class Stage:
    """When an operand is read or written.

    Attributes:
        number: the pipeline stage, from 1.
        bypass: "m" (moves), "v" (vector unit) or "".
        bypass_class: the bypass is for registers of this class alone; "" for all.
    """

    number: int
    bypass: str = ""
    bypass_class: str = ""


@dataclass(eq=False, slots=True)
class Operand:
    """An operand of an instruction, in the order in which it is written.

    Attributes:
        type: its class of registers or its kind of number.
        pieces: (lowest bit in the slot, bits, lowest bit in the code) of each run of bits.
        reads, writes: when; None if it is not.
        counts: when the counters of a 2D or 3D register are written.
        tied: the operand whose register this one is, too; "" for none.
    """

    name: str
    type: RegisterClass | Immediate
    pieces: tuple[tuple[int, int, int], ...]
    reads: Stage | None = None
    writes: Stage | None = None
    counts: Stage | None = None
    tied: str = ""


@dataclass(frozen=True)
class Implicit:
    """A register that an instruction reads or writes by the way."""

    register: str
    reads: Stage | None = None
    writes: Stage | None = None


@dataclass(frozen=True)
class Access:
    """A load or store: bytes (0: as the data say), and the stage in which they pass the memory."""

    bytes: int
    stage: int


@dataclass(eq=False, slots=True)
class Opcode:
    """An instruction.

    Attributes:
        itinerary: llvm-aie's class of instructions that take the same way through the pipeline.
        mask, value: its fixed bits in the slot.
        syntax: how it is written, $name for an operand.
        effects: what it is to the core: "jump", "conditional", "call", "return", "acquire",
            "release", "stream-in", "stream-out", "nonblocking", "cascade-in", "cascade-out",
            "tile" (an access to the tile's registers), "done", "event", "nop".
    """

    name: str
    slot: str
    itinerary: str
    mask: int
    value: int
    syntax: str
    operands: tuple[Operand, ...]
    implicit: tuple[Implicit, ...] = ()
    load: Access | None = None
    store: Access | None = None
    effects: frozenset[str] = frozenset()

    @property
    def mnemonic(self) -> str:
        """The first word of the syntax."""
        return self.syntax.partition(" ")[0]

    @property
    def transfers_control(self) -> bool:
        """Whether it may go on elsewhere, after its delay slots."""
        return bool(self.effects & {"jump", "call", "return"})


@dataclass(frozen=True)
class Slot:
    """A place for an instruction in a bundle: its bits, and the opcode that does nothing in it."""

    name: str
    bits: int
    nop: str


@dataclass(frozen=True)
class Format:
    """A bundle format.

    Attributes:
        bits: of the bundle.
        places: slot name -> its lowest bit, in the order in which slots are written.
    """

    bits: int
    mask: int
    value: int
    places: Mapping[str, int]


@dataclass(frozen=True)
class Relocation:
    """Where a symbol's value goes in a bundle: (lowest bit, bits) of each field, highest first."""

    number: int
    bits: int
    fields: tuple[tuple[int, int], ...]


@dataclass(eq=False)
class InstructionSet:
    """A generation's table.

    Attributes:
        machine, flags: of its ELF files.
        delay_slots: bundles behind a branch that still run.
        program_memory: bytes.
        bank: bytes that a bank of data memory gives in a cycle; 0 where no source tells.
        lengths: (bits, mask, value) of the lowest bits of a bundle.
        opcodes: by llvm-aie's name.
        data_relocation: number of the relocation of a word of data.
    """

    name: str = ""
    machine: int = 0
    flags: int = 0
    delay_slots: int = 0
    program_memory: int = 0
    bank: int = 0
    lengths: list[tuple[int, int, int]] = field(default_factory=list)
    registers: dict[str, Register] = field(default_factory=dict)
    classes: dict[str, RegisterClass] = field(default_factory=dict)
    immediates: dict[str, Immediate] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    formats: list[Format] = field(default_factory=list)
    opcodes: dict[str, Opcode] = field(default_factory=dict)
    relocations: list[Relocation] = field(default_factory=list)
    data_relocation: int = 0

    def leaves(self, register: str) -> tuple[str, ...]:
        """The registers without parts that one is made of, lowest bits first."""
        parts = self.registers[register].parts
        return tuple(leaf for part in parts for leaf in self.leaves(part)) or (register,)
