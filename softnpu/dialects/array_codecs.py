"""Codecs of arrays, which an op's accessors give as tuples."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    DenseArrayBase,
    FlatSymbolRefAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.mlir_lexer import MLIRTokenKind

from softnpu.dialects.codecs import SYMBOL, Codec
from softnpu.dialects.making import trusted

FORMATS = {8: "b", 16: "h", 32: "i", 64: "q"}
"""How `struct` calls the integers of so many bits."""


def dense_numbers(stored: DenseArrayBase[Any]) -> tuple[int, ...]:
    """The integers of `array<i64: ...>`."""
    return _unpacked(stored.data.data, stored.elt_type.width.data)


@lru_cache(1 << 12)
def _unpacked(data: bytes, bits: int) -> tuple[int, ...]:
    return struct.unpack(f"<{8 * len(data) // bits}{FORMATS[bits]}", data)


def dense_array(type: IntegerType, numbers: Sequence[int]) -> DenseArrayBase[Any]:
    """`array<i64: ...>` of integers, which may be written with or without their sign."""
    try:
        data = struct.pack(f"<{len(numbers)}{FORMATS[type.width.data]}", *numbers)
    except struct.error:
        return DenseArrayBase.from_list(type, list(numbers))
    return _packed(type, data)


@lru_cache(1 << 12)
def _packed(type: IntegerType, data: bytes) -> DenseArrayBase[Any]:
    """The same object for the same numbers: ops of a kind are known by what they hold (`kinds`)."""
    return trusted(DenseArrayBase, elt_type=type, data=BytesAttr(data))


class DenseArrayCodec(Codec[tuple[int, ...]]):
    """`array<i64: ...>`, as a tuple of ints."""

    def __init__(self, type: IntegerType) -> None:
        self.type = type
        self.what = f"an array of {type}"

    def load(self, stored: Attribute) -> tuple[int, ...]:
        return dense_numbers(cast("DenseArrayBase[Any]", stored))

    def store(self, value: Sequence[int] | Attribute) -> Attribute:
        if isinstance(value, Attribute):
            return value
        return dense_array(self.type, value)

    def reject(self, stored: Attribute) -> str | None:
        ok = isinstance(stored, DenseArrayBase) and stored.elt_type == self.type
        return None if ok else self.what

    def parse(self, parser: Parser) -> Attribute:
        numbers = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: parser.parse_integer(allow_boolean=False)
        )
        return self.store(numbers)

    def print(self, printer: Printer, stored: Attribute) -> None:
        printer.print_string(f"[{', '.join(map(str, self.load(stored)))}]")


class IntArrayCodec(Codec[tuple[int, ...]]):
    """`[1, 2]`: an array of integer attributes of one type, as a tuple of ints."""

    what = "an array of integers"

    def __init__(self, type: IntegerType) -> None:
        self.type = type

    def load(self, stored: Attribute) -> tuple[int, ...]:
        return tuple(item.value.data for item in cast("ArrayAttr[IntegerAttr[Any]]", stored))

    def store(self, value: Sequence[int] | Attribute) -> Attribute:
        if isinstance(value, Attribute):
            return value
        return ArrayAttr([IntegerAttr(item, self.type) for item in value])

    def reject(self, stored: Attribute) -> str | None:
        ok = isinstance(stored, ArrayAttr) and all(
            isinstance(item, IntegerAttr) and item.type == self.type for item in stored
        )
        return None if ok else f"{self.what} of type {self.type}"

    def parse(self, parser: Parser) -> Attribute:
        """`[1, 2]`; nothing at all, as older designs have it, is the empty array."""
        if parser._current_token.kind is MLIRTokenKind.R_PAREN:
            return ArrayAttr([])
        return parser.parse_attribute()


class StrArrayCodec(Codec[tuple[str, ...]]):
    """An array of strings, as a tuple of str."""

    what = "an array of strings"

    def load(self, stored: Attribute) -> tuple[str, ...]:
        return tuple(item.data for item in cast("ArrayAttr[StringAttr]", stored))

    def store(self, value: Sequence[str] | Attribute) -> Attribute:
        if isinstance(value, Attribute):
            return value
        return ArrayAttr([StringAttr(item) for item in value])

    def reject(self, stored: Attribute) -> str | None:
        ok = isinstance(stored, ArrayAttr) and all(isinstance(s, StringAttr) for s in stored)
        return None if ok else self.what


class SymbolRefArrayCodec(Codec[tuple[str, ...]]):
    """`[@a, @b]`, as a tuple of names."""

    what = "an array of symbol references"

    def load(self, stored: Attribute) -> tuple[str, ...]:
        references = cast("ArrayAttr[SymbolRefAttr]", stored)
        return tuple(SYMBOL.load(reference) for reference in references)

    def store(self, value: Sequence[str] | Attribute) -> Attribute:
        if isinstance(value, Attribute):
            return value
        return ArrayAttr([FlatSymbolRefAttr(item) for item in value])

    def reject(self, stored: Attribute) -> str | None:
        ok = isinstance(stored, ArrayAttr) and all(isinstance(s, SymbolRefAttr) for s in stored)
        return None if ok else self.what


SYMBOLS = SymbolRefArrayCodec()
STRINGS = StrArrayCodec()
I64_ARRAY = IntArrayCodec(i64)
DENSE_I32 = DenseArrayCodec(i32)
DENSE_I64 = DenseArrayCodec(i64)
