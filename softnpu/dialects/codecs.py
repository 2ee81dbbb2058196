"""How one attribute of an op is stored, read as a Python value, and spelled in MLIR."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from xdsl.dialects.builtin import (
    IntegerAttr,
    IntegerType,
    Signedness,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Data, TypeAttribute
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.mlir_lexer import MLIRTokenKind

from softnpu.dialects.enums import spelling
from softnpu.dialects.once import PLAIN_SYMBOL, OnceParser

NEAR = 0.5
"""How alike (0 to 1) a word and a spelling must be for the one to be meant."""

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class Codec(Generic[T]):
    """Between an MLIR attribute and a Python value of type T."""

    what: str = "an attribute"
    """Completes the sentence "'len' must be ..."."""

    def load(self, stored: Attribute) -> T:
        """The Python value of a stored attribute."""
        return cast(T, stored)

    def store(self, value: T) -> Attribute:
        """The attribute for a Python value (an attribute passes unchanged)."""
        return cast(Attribute, value)

    def is_absent(self, value: T | None) -> bool:
        """Whether a value is said by leaving the attribute out."""
        return value is None

    def reject(self, stored: Attribute) -> str | None:  # noqa: ARG002
        """What the attribute should have been, or None when it is right."""
        return None

    def parse(self, parser: Parser) -> Attribute:
        """Read the value as it stands in an op's own syntax."""
        return parser.parse_attribute()

    def parse_optional(self, parser: Parser) -> Attribute | None:
        """As `parse`, or None when something else comes."""
        return parser.parse_optional_attribute()

    def print(self, printer: Printer, stored: Attribute) -> None:
        """Write the value as it stands in an op's own syntax."""
        printer.print_attribute(stored)


class AnyCodec(Codec[Any]):
    """Any attribute, as it is."""


class IntCodec(Codec[int]):
    """An integer attribute of one type, optionally within bounds."""

    def __init__(self, type: IntegerType, low: int | None = None, high: int | None = None) -> None:
        self.type = type
        self.low = low
        self.high = high
        self._stored: dict[int, Attribute] = {}
        self._numbers = 1 << type.width.data
        signed = type.signedness.data is not Signedness.UNSIGNED
        self._beyond = self._numbers >> 1 if signed else self._numbers
        """The least number that stands for another one, by `_numbers` less."""
        self.what = f"an integer of type {type}{self._bounds()}"

    def _bounds(self) -> str:
        if self.low is not None and self.high is not None:
            return f" from {self.low} to {self.high}"
        return f", at least {self.low}" if self.low is not None else ""

    def load(self, stored: Attribute) -> int:
        value: int = stored.value.data  # type: ignore[attr-defined]
        if 0 <= value < self._beyond:
            return value
        if self.type.signedness.data is Signedness.UNSIGNED:
            return value % self._numbers
        return value - self._numbers if self._beyond <= value < self._numbers else value

    def store(self, value: int | Attribute) -> Attribute:
        if not isinstance(value, int):
            return value
        stored = self._stored.get(value)
        if stored is None:
            stored = self._stored[value] = IntegerAttr(value, self.type, truncate_bits=True)
        return stored

    def reject(self, stored: Attribute) -> str | None:
        if not isinstance(stored, IntegerAttr) or stored.type != self.type:
            return self.what
        value = self.load(stored)
        too_low = self.low is not None and value < self.low
        too_high = self.high is not None and value > self.high
        return self.what if too_low or too_high else None

    def parse(self, parser: Parser) -> Attribute:
        start = parser.pos
        return self._fitting(parser, start, parser.parse_integer(allow_boolean=False))

    def parse_optional(self, parser: Parser) -> Attribute | None:
        start = parser.pos
        value = parser.parse_optional_integer(allow_boolean=False)
        return None if value is None else self._fitting(parser, start, value)

    def _fitting(self, parser: Parser, start: int, value: int) -> Attribute:
        """The number as read; a signless one may be written with or without its sign."""
        width = self.type.width.data
        signed = self.type.signedness.data is not Signedness.UNSIGNED
        if not -(1 << width - 1) * signed <= value < 1 << width:
            parser.raise_error(f"{value} does not fit in {self.type}", start)
        return self.store(value)

    def print(self, printer: Printer, stored: Attribute) -> None:
        printer.print_string(str(self.load(stored)))


TRUTH = {truth: IntegerAttr(int(truth), i1) for truth in (False, True)}


class BoolCodec(Codec[bool]):
    """`true` or `false`."""

    what = "true or false"

    def load(self, stored: Attribute) -> bool:
        return bool(cast("IntegerAttr[Any]", stored).value.data)

    def store(self, value: bool | Attribute) -> Attribute:
        return TRUTH[value] if isinstance(value, bool) else value

    def reject(self, stored: Attribute) -> str | None:
        ok = isinstance(stored, IntegerAttr) and stored.type == i1
        return None if ok else self.what

    def parse(self, parser: Parser) -> Attribute:
        return self.store(parser.parse_boolean())

    def parse_optional(self, parser: Parser) -> Attribute | None:
        value = parser.parse_optional_boolean()
        return None if value is None else self.store(value)

    def print(self, printer: Printer, stored: Attribute) -> None:
        printer.print_string("true" if self.load(stored) else "false")


class UnitCodec(Codec[bool]):
    """A mark that is there or not."""

    what = "a mark without a value"

    def load(self, stored: Attribute) -> bool:
        return isinstance(stored, UnitAttr)

    def store(self, value: bool | Attribute) -> Attribute:
        return value if isinstance(value, Attribute) else UnitAttr()

    def is_absent(self, value: bool | Attribute | None) -> bool:
        return value is None or value is False

    def reject(self, stored: Attribute) -> str | None:
        return None if isinstance(stored, UnitAttr) else self.what


class StrCodec(Codec[str]):
    """A string."""

    what = "a string"

    def load(self, stored: Attribute) -> str:
        return cast(StringAttr, stored).data

    def store(self, value: str | Attribute) -> Attribute:
        return value if isinstance(value, Attribute) else StringAttr(value)

    def reject(self, stored: Attribute) -> str | None:
        return None if isinstance(stored, StringAttr) else self.what

    def parse(self, parser: Parser) -> Attribute:
        return StringAttr(parser.parse_str_literal())

    def parse_optional(self, parser: Parser) -> Attribute | None:
        value = parser.parse_optional_str_literal()
        return None if value is None else StringAttr(value)


class SymbolNameCodec(StrCodec):
    """The name that an op defines: a string, written `@name`."""

    what = "a symbol name"

    def parse(self, parser: Parser) -> Attribute:
        return parser.parse_symbol_name()

    def parse_optional(self, parser: Parser) -> Attribute | None:
        return parser.parse_optional_symbol_name()

    def print(self, printer: Printer, stored: Attribute) -> None:
        printer.print_symbol_name(self.load(stored))


@lru_cache(1 << 12)  # the same object for the same name: see `kinds`
def _reference(name: str) -> SymbolRefAttr:
    root, *nested = name.split("::@")
    return SymbolRefAttr(root, nested)


class SymbolRefCodec(Codec[str]):
    """A reference to a symbol; its Python value is the name (`a::@b` if nested)."""

    what = "a symbol reference"

    def load(self, stored: Attribute) -> str:
        reference = cast(SymbolRefAttr, stored)
        root = reference.root_reference.data
        nested = reference.nested_references.data
        return "::@".join([root, *(part.data for part in nested)]) if nested else root

    def store(self, value: str | Attribute) -> Attribute:
        return _reference(value) if isinstance(value, str) else value

    def reject(self, stored: Attribute) -> str | None:
        return None if isinstance(stored, SymbolRefAttr) else self.what

    def parse(self, parser: Parser) -> Attribute:
        if isinstance(parser, OnceParser):
            stored = parser.read_once(PLAIN_SYMBOL, parser.parse_attribute)
        else:
            stored = parser.parse_attribute()
        if not isinstance(stored, SymbolRefAttr):
            parser.raise_error(f"expected a symbol such as @name, found {stored}")
        return stored


class TypeCodec(Codec[Attribute]):
    """A type."""

    what = "a type"

    def reject(self, stored: Attribute) -> str | None:
        return None if isinstance(stored, TypeAttribute) else self.what

    def parse(self, parser: Parser) -> Attribute:
        return parser.parse_type()


class EnumCodec(Codec[E]):
    """A member of an enumeration: stored as an i32, written as a keyword or a string."""

    def __init__(
        self,
        enum: type[E],
        noun: str = "keyword here",
        prefix: str = "",
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        """`noun`: what a member is to an author; `prefix`: what those to be named start with;
        `renamed`: what to suggest for words that once were members."""
        self.enum = enum
        self.noun = noun
        self.renamed = renamed or {}
        self.members: dict[int, E] = {int(member.value): member for member in enum}
        self._stored = {member: IntegerAttr(member.value, i32) for member in enum}
        self.by_spelling = {spelling(member): member for member in enum}
        self.choices = [name for name in self.by_spelling if name.startswith(prefix)]
        self.what = f"one of {', '.join(self.choices)}"

    def load(self, stored: Attribute) -> E:
        return self.members[cast("IntegerAttr[Any]", stored).value.data]

    def store(self, value: E | Attribute) -> Attribute:
        return value if isinstance(value, Attribute) else self._stored[value]

    def reject(self, stored: Attribute) -> str | None:
        ok = (
            isinstance(stored, IntegerAttr)
            and stored.type == i32
            and stored.value.data in self.members
        )
        return None if ok else self.what

    def parse(self, parser: Parser) -> Attribute:
        stored = self.parse_optional(parser)
        if stored is None:
            parser.raise_error(f"expected {self.what}")
        return stored

    def parse_optional(self, parser: Parser) -> Attribute | None:
        position = parser.pos
        word = parser.parse_optional_str_literal()
        if word is None:
            word = parser.parse_optional_identifier()
        if word is None:
            return None
        member = self.by_spelling.get(word)
        if member is None:
            self.unknown(parser, word, position)
        return self.store(cast(E, member))

    def unknown(self, parser: Parser, word: str, position: int) -> None:
        """Refuse a word that is no member, naming the one that is nearest."""
        hint = f"; did you mean '{near}'?" if (near := self.nearest(word)) else ""
        parser.raise_error(
            f"'{word}' is no {self.noun}{hint or ';'} expected {self.what}",
            position,
            position + len(word),
        )

    def nearest(self, word: str) -> str | None:
        """The spelling nearest to a word; one that goes on from it comes first."""
        from difflib import SequenceMatcher

        if word in self.renamed:
            return self.renamed[word]

        def distance(choice: str) -> tuple[bool, float, str]:
            ratio = SequenceMatcher(None, word, choice).ratio()
            return not choice.startswith(word), -ratio, choice

        nearest = min(self.choices, key=distance)
        return nearest if -distance(nearest)[1] >= NEAR else None

    def print(self, printer: Printer, stored: Attribute) -> None:
        printer.print_identifier_or_string_literal(spelling(self.load(stored)))


class TypedCodec(Codec[T]):
    """An attribute of one class; in an op's syntax it may stand without its name, `<...>`."""

    def __init__(self, cls: type[Data[Any]], what: str, short: bool = True) -> None:
        self.cls = cls
        self.what = what
        self.short = short

    def reject(self, stored: Attribute) -> str | None:
        return None if isinstance(stored, self.cls) else self.what

    def parse(self, parser: Parser) -> Attribute:
        kind = parser._current_token.kind
        if self.short and kind in (MLIRTokenKind.LESS, MLIRTokenKind.L_SQUARE):
            return self.cls(self.cls.parse_parameter(parser))
        stored = parser.parse_attribute()
        if not isinstance(stored, self.cls):
            parser.raise_error(f"expected {self.what}, found {stored}")
        return stored

    def parse_optional(self, parser: Parser) -> Attribute | None:
        raise NotImplementedError

    def print(self, printer: Printer, stored: Attribute) -> None:
        if self.short and isinstance(stored, self.cls):
            stored.print_parameter(printer)
        else:
            printer.print_attribute(stored)


I8 = IntCodec(IntegerType(8))
I32 = IntCodec(i32)
I64 = IntCodec(i64)
UI8 = IntCodec(IntegerType(8, Signedness.UNSIGNED))
UI32 = IntCodec(IntegerType(32, Signedness.UNSIGNED))
UI64 = IntCodec(IntegerType(64, Signedness.UNSIGNED))
NATURAL = IntCodec(i32, low=0)
POSITIVE = IntCodec(i32, low=1)
BOOL = BoolCodec()
TYPE = TypeCodec()
UNIT = UnitCodec()
STR = StrCodec()
SYMBOL_NAME = SymbolNameCodec()
SYMBOL = SymbolRefCodec()
ANY = AnyCodec()
