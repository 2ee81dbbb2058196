"""Bundles and their bits, both ways, by the table alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from softnpu.errors import FormatError
from softnpu.isa.model import Format, Immediate, InstructionSet, Opcode, Operand

Bytes = bytes | bytearray | memoryview
Value = str | int
"""An operand's: a register's name (a 3D address register is "d0_3d") or a number."""

_INDEXED = 6
"""Lowest bits of a slot or bundle by which its candidates are looked up."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction with its operands, in the order in which they are written."""

    opcode: Opcode
    operands: tuple[Value, ...] = ()

    def __getitem__(self, name: str) -> Value:
        """The operand of that name."""
        for operand, value in zip(self.opcode.operands, self.operands, strict=True):
            if operand.name == name:
                return value
        raise KeyError(name)

    @property
    def target(self) -> int | None:
        """The address that it names; None for other instructions."""
        for operand, value in zip(self.opcode.operands, self.operands, strict=True):
            if isinstance(operand.type, Immediate) and operand.type.kind == "address":
                assert isinstance(value, int)
                return value
        return None


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a core issues at once: an instruction for each slot of the format, as written."""

    format: Format
    instructions: tuple[Instruction, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.format.bits // 8


class Codec:
    """Decodes and encodes bundles of one instruction set."""

    def __init__(self, instructions: InstructionSet) -> None:
        self.set = instructions
        self._slot_codes: dict[tuple[str, int], Instruction | None] = {}
        self._by_slot: dict[str, list[list[Opcode]]] = {}
        self._formats: list[list[Format]] = [
            [form for form in instructions.formats if _fits(form.mask, form.value, low)]
            for low in range(1 << _INDEXED)
        ]

    def size(self, data: Bytes, offset: int = 0) -> int:
        """Bytes of the bundle at byte `offset`, by its lowest bits; FormatError for others."""
        low = data[offset]
        for bits, mask, value in self.set.lengths:
            if low & mask == value:
                return bits // 8
        raise FormatError(f"no bundle begins with the bits {low & 0xF:04b} (at {offset:#x})")

    def decode(self, data: Bytes, offset: int = 0) -> Bundle:
        """The bundle at byte `offset`.

        Raises:
            FormatError: bits that are no bundle, or a bundle that the data cut off.
        """
        size = self.size(data, offset)
        if offset + size > len(data):
            raise FormatError(
                f"the bundle at {offset:#x} takes {size} bytes, {len(data) - offset} are left"
            )
        word = int.from_bytes(data[offset : offset + size], "little")
        for form in self._formats[word & (1 << _INDEXED) - 1]:
            if form.bits == size * 8 and word & form.mask == form.value:
                return Bundle(form, tuple(self._slots(form, word, offset)))
        raise FormatError(f"the {size} bytes at {offset:#x} ({word:#x}) are no bundle's format")

    def _slots(self, form: Format, word: int, offset: int) -> list[Instruction]:
        found = []
        for slot, place in form.places.items():
            code = word >> place & (1 << self.set.slots[slot].bits) - 1
            instruction = self.decode_slot(slot, code)
            if instruction is None:
                raise FormatError(f"no instruction of slot {slot} is {code:#x} (at {offset:#x})")
            found.append(instruction)
        return found

    def decode_slot(self, slot: str, code: int) -> Instruction | None:
        """The instruction that a slot's bits are; None if there is none."""
        key = slot, code
        if key not in self._slot_codes:
            tried = (
                _operands(opcode, code)
                for opcode in self._candidates(slot)[code & (1 << _INDEXED) - 1]
                if code & opcode.mask == opcode.value
            )
            self._slot_codes[key] = next((found for found in tried if found is not None), None)
        return self._slot_codes[key]

    def _candidates(self, slot: str) -> list[list[Opcode]]:
        """By the lowest bits, the opcode with most fixed bits first: others give way to it."""
        if slot not in self._by_slot:
            opcodes = [opcode for opcode in self.set.opcodes.values() if opcode.slot == slot]
            opcodes.sort(key=lambda opcode: -bin(opcode.mask).count("1"))
            self._by_slot[slot] = [
                [opcode for opcode in opcodes if _fits(opcode.mask, opcode.value, low)]
                for low in range(1 << _INDEXED)
            ]
        return self._by_slot[slot]

    def encode(self, bundle: Bundle) -> bytes:
        """The bundle's bytes; FormatError for an operand that its instruction cannot have."""
        word = bundle.format.value
        places = bundle.format.places.values()
        for place, instruction in zip(places, bundle.instructions, strict=True):
            word |= encode_slot(instruction) << place
        return word.to_bytes(bundle.size, "little")

    def bundle(self, instructions: list[Instruction]) -> Bundle:
        """The smallest bundle for these instructions, what does nothing in the other slots.

        Raises:
            FormatError: two instructions for one slot, or slots that no format has together.
        """
        by_slot = {instruction.opcode.slot: instruction for instruction in instructions}
        if len(by_slot) < len(instructions):
            names = " and ".join(instruction.opcode.mnemonic for instruction in instructions)
            raise FormatError(f"two of {names} need the same slot")
        form = self._smallest(frozenset(by_slot))
        if form is None:
            raise FormatError(f"no bundle has the slots {', '.join(sorted(by_slot))} together")
        return Bundle(form, tuple(by_slot.get(slot) or self.nop(slot) for slot in form.places))

    @cache  # noqa: B019  one codec a table, for the life of the process
    def _smallest(self, slots: frozenset[str]) -> Format | None:
        fitting = (form for form in self.set.formats if slots <= set(form.places))
        return min(fitting, key=lambda form: (form.bits, len(form.places)), default=None)

    def nop(self, slot: str) -> Instruction:
        """What does nothing in a slot."""
        return Instruction(self.set.opcodes[self.set.slots[slot].nop])


@lru_cache
def codec(instructions: InstructionSet) -> Codec:
    """The codec of a table."""
    return Codec(instructions)


def encode_slot(instruction: Instruction) -> int:
    """The slot's bits; FormatError for an operand that the instruction cannot have."""
    word = instruction.opcode.value
    for operand, value in zip(instruction.opcode.operands, instruction.operands, strict=True):
        code = operand_code(operand, value)
        if code is None:
            raise FormatError(f"{instruction.opcode.name} cannot have {value} as {operand.name}")
        for place, bits, first in operand.pieces:
            word |= (code >> first & (1 << bits) - 1) << place
    return word


def operand_code(operand: Operand, value: Value) -> int | None:
    """The code of an operand's value; None for what it cannot be."""
    if isinstance(operand.type, Immediate):
        return operand.type.code(value) if isinstance(value, int) else None
    return operand.type.codes.get(value) if isinstance(value, str) else None


def _operands(opcode: Opcode, word: int) -> Instruction | None:
    """The instruction, unless a register's code is none of its class."""
    values: list[Value] = []
    for operand in opcode.operands:
        code = 0
        for place, bits, first in operand.pieces:
            code |= (word >> place & (1 << bits) - 1) << first
        if isinstance(operand.type, Immediate):
            values.append(operand.type.value(code))
        elif (register := operand.type.registers.get(code)) is not None:
            values.append(register)
        else:
            return None
    return Instruction(opcode, tuple(values))


def _fits(mask: int, value: int, low: int) -> bool:
    """Whether fixed bits agree with these lowest ones."""
    return not (low ^ value) & mask & (1 << _INDEXED) - 1
