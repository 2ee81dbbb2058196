"""Instructions as text, in LLVM's syntax, both ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from softnpu.errors import SoftnpuError
from softnpu.isa.codec import Bundle, Instruction, Value, operand_code
from softnpu.isa.model import Immediate, InstructionSet, Opcode, Operand, RegisterClass

SEPARATOR = "; "
"""Between the instructions of a bundle."""

Symbols = Callable[[int], str | None]
"""The name of an address."""

_NAME = re.compile(r"\$(\w+)")
_TOKEN = re.compile(r"\s*([\[\],]|[^\s\[\],]+)")
INTEGER = r"(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0|[1-9]\d*)"
"""A number without its sign."""

_NUMBER = re.compile(rf"#?([-+]?)({INTEGER})$")
_SYMBOL = re.compile(rf"#\(?([A-Za-z_.$][\w.$@]*)([-+]{INTEGER})?\)?$")


@dataclass(frozen=True)
class Reference:
    """A symbol as an operand: its address plus `addend` goes into operand number `operand`."""

    operand: int
    symbol: str
    addend: int = 0


@dataclass(frozen=True)
class Parsed:
    """An instruction from text; an operand that is a symbol is 0 in it."""

    instruction: Instruction
    references: tuple[Reference, ...] = ()


class NotationError(SoftnpuError):
    """Text that is no instruction: what is wrong, and where in the text, counted from 0.

    Attributes:
        expected: what may stand there instead of what does; "" where something else is wrong.
    """

    def __init__(
        self, message: str, at: int = 0, notes: tuple[str, ...] = (), expected: str = ""
    ) -> None:
        super().__init__(message)
        self.at, self.notes, self.expected = at, notes, expected


def _unexpected(expected: str, found: str, at: int) -> NotationError:
    return NotationError(f"expected {expected}, found {found}", at, (), expected)


class Notation:
    """Writes and reads instructions of one set."""

    def __init__(self, instructions: InstructionSet) -> None:
        self.set = instructions
        self._by_mnemonic: dict[str, list[Opcode]] = {}
        for opcode in instructions.opcodes.values():
            self._by_mnemonic.setdefault(opcode.mnemonic, []).append(opcode)

    def write(self, instruction: Instruction, symbols: Symbols | None = None) -> str:
        """The instruction as text; addresses by name where `symbols` has one."""
        texts = {
            operand.name: self._operand(operand, value, symbols)
            for operand, value in zip(
                instruction.opcode.operands, instruction.operands, strict=True
            )
        }

        def text(found: re.Match[str]) -> str:
            is_index = found.string[found.start() - 1] == "["
            return texts[found[1]].removeprefix("#") if is_index else texts[found[1]]

        return _NAME.sub(text, instruction.opcode.syntax)

    def write_bundle(self, bundle: Bundle, symbols: Symbols | None = None) -> str:
        """The bundle as a line of text."""
        return SEPARATOR.join(self.write(each, symbols) for each in bundle.instructions)

    def _operand(self, operand: Operand, value: Value, symbols: Symbols | None) -> str:
        if isinstance(value, str):
            return self.set.registers[value].text
        named = symbols and isinstance(operand.type, Immediate) and operand.type.kind == "address"
        name = symbols(value) if symbols and named else None
        return f"#{name or value}"

    def parse(self, text: str) -> Parsed:
        """The instruction that `text` is.

        Raises:
            NotationError: text that is none.
        """
        tokens = [(found[1], found.start(1)) for found in _TOKEN.finditer(text)]
        if not tokens:
            raise _unexpected("an instruction", "nothing", 0)
        mnemonic = tokens[0][0].lower()
        opcodes = self._by_mnemonic.get(mnemonic)
        if opcodes is None:
            near = tuple(self._similar(mnemonic))
            raise NotationError(f"there is no instruction '{tokens[0][0]}'", tokens[0][1], near)
        errors: list[NotationError] = []
        for opcode in opcodes:
            try:
                return self._as(opcode, tokens[1:], len(text))
            except NotationError as error:
                errors.append(error)
        furthest = max(error.at for error in errors)
        there = [error for error in errors if error.at == furthest]
        forms = tuple(f"written as: {opcode.syntax}" for opcode in opcodes[:_FORMS_SHOWN])
        message = next((str(error) for error in there if not error.expected), "")
        if not message:
            expected = " or ".join(dict.fromkeys(error.expected for error in there))
            found = next((token for token, at in tokens if at == furthest), "")
            message = str(_unexpected(expected, f"'{found}'" if found else "the end", 0))
        raise NotationError(message, furthest, forms)

    def _as(self, opcode: Opcode, tokens: list[tuple[str, int]], end: int) -> Parsed:
        """The tokens as an instruction of this opcode."""
        values: dict[str, Value] = {}
        codes: dict[str, int] = {}
        references: list[Reference] = []
        wanted = _syntax(opcode.syntax)
        for number, piece in enumerate(wanted):
            if number >= len(tokens):
                raise _unexpected(_readable(opcode, piece), "the end", end)
            token, at = tokens[number]
            named = _NAME.match(piece)
            if named is None:
                if token.lower() != piece.lower():
                    raise _unexpected(f"'{piece}'", f"'{token}'", at)
                continue
            operand = next(o for o in opcode.operands if o.name == named[1])
            suffix = piece[named.end() :]
            if not token.lower().endswith(suffix):
                raise _unexpected(f"'{suffix}' behind the register", f"'{token}'", at)
            value = _value(operand, token[: len(token) - len(suffix)], at)
            if isinstance(value, Reference):
                place = opcode.operands.index(operand)
                references.append(Reference(place, value.symbol, value.addend))
                value = 0
            code = operand_code(operand, value)
            assert code is not None
            if operand.tied and code != codes[operand.tied]:
                wanted_register = self._tied(operand, codes[operand.tied], values[operand.tied])
                raise NotationError(f"'{token}' must be {wanted_register}", at)
            values[operand.name], codes[operand.name] = value, code
        if len(tokens) > len(wanted):
            token, at = tokens[len(wanted)]
            raise _unexpected("nothing more", f"'{token}'", at)
        operands = tuple(values[operand.name] for operand in opcode.operands)
        return Parsed(Instruction(opcode, operands), tuple(references))

    def _tied(self, operand: Operand, code: int, other: Value) -> str:
        """The register that an operand must be that has the code of another."""
        assert isinstance(operand.type, RegisterClass)
        register = operand.type.registers[code]
        text = self.set.registers[register].text
        if register == other:
            return f"{text}, the register of the result"
        return f"{text}, which goes with {self.set.registers[str(other)].text}"

    def _similar(self, mnemonic: str) -> Iterator[str]:
        from difflib import get_close_matches

        near = get_close_matches(mnemonic, self._by_mnemonic, 3)
        if near:
            yield f"there is {', '.join(near)}"


_FORMS_SHOWN, _REGISTERS_SHOWN = 6, 8
_ANY_NUMBER = "a number (#…)"


@lru_cache
def notation(instructions: InstructionSet) -> Notation:
    """The notation of a table."""
    return Notation(instructions)


@cache
def _syntax(syntax: str) -> tuple[str, ...]:
    """The tokens behind the mnemonic."""
    return tuple(found[1] for found in _TOKEN.finditer(syntax))[1:]


def _value(operand: Operand, token: str, at: int) -> Value | Reference:
    """What a token is as this operand."""
    kind = operand.type
    if isinstance(kind, RegisterClass):
        register = kind.by_text.get(token) or kind.by_text.get(token.lower())
        if register is None:
            raise _unexpected(_registers(kind), f"'{token}'", at)
        return register
    if found := _NUMBER.match(token):
        value = int(found[2], 0) * (-1 if found[1] == "-" else 1)
        code = operand_code(operand, value)
        if code is None:
            raise NotationError(f"{value} is not {_numbers(kind)}", at)
        return kind.value(code)
    found = _SYMBOL.match(token)
    if found:
        return Reference(0, found[1], int(found[2] or "0", 0))
    raise _unexpected(_ANY_NUMBER, f"'{token}'", at)


def _readable(opcode: Opcode, piece: str) -> str:
    named = _NAME.match(piece)
    if named is None:
        return f"'{piece}'"
    kind = next(operand.type for operand in opcode.operands if operand.name == named[1])
    return _registers(kind) if isinstance(kind, RegisterClass) else _ANY_NUMBER


@cache
def _registers(kind: RegisterClass) -> str:
    names = list(kind.by_text)
    if len(names) <= _REGISTERS_SHOWN:
        return f"one of {', '.join(names)}"
    return f"one of {names[0]}, {names[1]}, … {names[-1]} ({len(names)} registers)"


@cache
def _numbers(kind: Immediate) -> str:
    values = kind.range
    steps = f" in steps of {kind.step}" if kind.step > 1 else ""
    return f"in {values[0]} to {values[-1]}{steps}"
