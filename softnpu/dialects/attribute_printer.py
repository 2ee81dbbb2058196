"""Attributes and numbers as MLIR writes them, where xDSL writes them otherwise."""

from __future__ import annotations

import math
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    Signedness,
    f64,
    i64,
)
from xdsl.ir import Attribute
from xdsl.printer import Printer

HEX_ABOVE = 100
"""Dense values of more elements than this are written as one hexadecimal string."""

SIGNIFICANT_BITS: dict[type[Attribute], int] = {
    BFloat16Type: 8,
    Float16Type: 11,
    Float32Type: 24,
    Float64Type: 53,
}

SHORT_DIGITS = 6

MAXIMUM_PADDING = 3
"""Zeros that APFloat writes before it turns to scientific notation."""


SIGNS = {Signedness.SIGNLESS: "i", Signedness.SIGNED: "si", Signedness.UNSIGNED: "ui"}


def integer_type(type: IntegerType | IndexType) -> str:
    """`i32`, `ui8`, `index`."""
    if isinstance(type, IntegerType):
        return f"{SIGNS[type.signedness.data]}{type.width.data}"
    return "index"


def integer_text(attribute: IntegerAttr[Any]) -> str | None:
    """`5 : i32`; None for a truth value, which is written as a word."""
    type = attribute.type
    if isinstance(type, IntegerType) and type.width.data == 1:
        return None
    return f"{attribute.value.data} : {integer_type(type)}"


class AttributePrinter(Printer):
    """xDSL's printer with MLIR's spelling of attributes."""

    def print_string(self, text: str, *, indent: int | None = None) -> None:
        if "\n" in text:
            super().print_string(text, indent=indent)
        elif self.stream is not None:
            self.stream.write(text)  # where in a line it stands is asked of xDSL's printer alone

    def _print_new_line(self, indent: int | None = None, print_message: bool = True) -> None:
        if self._next_line_callback or self.stream is None:
            super()._print_new_line(indent, print_message)
        else:
            self.stream.write("\n" + self._indent * self.indent_num_spaces * " ")

    def print_attribute(self, attribute: Attribute) -> None:
        if type(attribute) is IntegerAttr and (text := integer_text(attribute)) is not None:
            self.print_string(text)
        elif isinstance(attribute, ArrayAttr):
            with self.in_square_brackets():
                self.print_list(attribute.data, self.print_element)
        elif isinstance(attribute, MemRefType):
            self._print_memref(attribute)
        elif isinstance(attribute, DenseIntOrFPElementsAttr):
            self.print_dense(attribute)
            self.print_string(" : ")
            self.print_attribute(attribute.type)
        else:
            super().print_attribute(attribute)

    def print_varying(self, text: str) -> None:
        """The number, or the list of numbers, in which ops of a kind differ."""
        self.print_string(text)

    def print_element(self, attribute: Attribute) -> None:
        """An attribute inside another: the types i64 and f64 go without saying."""
        if isinstance(attribute, IntegerAttr) and attribute.type == i64:
            self.print_string(str(attribute.value.data))
        elif isinstance(attribute, FloatAttr) and attribute.type == f64:
            self.print_float(attribute.value.data, f64)
        else:
            self.print_attribute(attribute)

    def _print_memref(self, memref: MemRefType[Any]) -> None:
        self.print_string("memref<")
        if shape := memref.get_shape():
            self.print_dimension_list(shape)
            self.print_string("x")
        self.print_attribute(memref.element_type)
        for part in (memref.layout, memref.memory_space):
            if not isinstance(part, NoneAttr):
                self.print_string(", ")
                self.print_element(part)
        self.print_string(">")

    def print_dense(self, dense: DenseIntOrFPElementsAttr[Any]) -> None:
        """`dense<...>` without its type."""
        if len(dense) > HEX_ABOVE and not dense.is_splat():
            self.print_string(f'dense<"0x{dense.data.data.hex().upper()}">')
        elif _is_list_of_integers(dense):
            self.print_string(f"dense<[{', '.join(map(str, dense.get_values()))}]>")
        else:
            dense.print_without_type(self)

    def print_float(self, value: float, type: AnyFloat) -> None:
        if not (math.isnan(value) or math.isinf(value)):
            short = short_form(value)
            if type.unpack(type.pack([float(short)]), 1)[0] == value:
                self.print_string(short)
                return
            if (natural := natural_form(value, type)) is not None:
                self.print_string(natural)
                return
        self.print_string(f"0x{int.from_bytes(type.pack((value,)), 'little'):X}")


def _is_list_of_integers(dense: DenseIntOrFPElementsAttr[Any]) -> bool:
    """Whether the values stand in one list, as numbers, and not all as one."""
    type = dense.get_element_type()
    if not isinstance(type, IntegerType) or type.width.data == 1 or dense.is_splat():
        return False
    return len(dense.get_shape()) == 1 and len(dense) > 0


def decimal_digits(value: float, precision: int) -> tuple[str, int]:
    """The digits of a finite value without zeros behind, and the power of ten of the last.

    As in LLVM's APFloat::toString: first cut to about `precision` digits by the number of bits, so
    that the rounding afterwards does not see all that was behind (6.2 as f32 becomes 6.19999).
    """
    numerator, denominator = abs(value).as_integer_ratio()
    power = 1 - denominator.bit_length()
    significand = numerator * 5**-power
    spare = significand.bit_length() - (precision * 196 + 58) // 59
    if (tens := spare * 59 // 196) > 0:
        significand //= 10**tens
        power += tens
    text = str(significand)
    if (extra := len(text) - precision) > 0:
        text = str(int(text[:precision]) + (text[precision] >= "5"))
        power += extra
    digits = text.rstrip("0") or "0"
    return digits, power + len(text) - len(digits)


def short_form(value: float) -> str:
    """As MLIR tries to write a finite number first: six digits and an exponent."""
    lead = "-" if math.copysign(1, value) < 0 else ""
    digits, power = decimal_digits(value, SHORT_DIGITS)
    exponent = power + len(digits) - 1 if value else 0
    return f"{lead}{digits[0]}.{digits[1:]:0<{SHORT_DIGITS}}e{exponent:+03d}"


def natural_form(value: float, type: AnyFloat) -> str | None:
    """As LLVM's APFloat::toString writes it; None when that has no point in it."""
    precision = 2 + SIGNIFICANT_BITS.get(type.__class__, 53) * 59 // 196
    text, power = decimal_digits(value, precision)
    lead = "-" if math.copysign(1, value) < 0 else ""
    first = power + len(text) - 1
    if power >= 0:
        scientific = power > MAXIMUM_PADDING or len(text) + power > precision
    else:
        scientific = first < -MAXIMUM_PADDING
    if scientific:
        rest = text[1:] or "0"
        return f"{lead}{text[0]}.{rest}E{'+' if first >= 0 else '-'}{abs(first)}"
    if power >= 0:
        return None
    if first >= 0:
        return f"{lead}{text[: first + 1]}.{text[first + 1 :]}"
    return f"{lead}0.{'0' * (-first - 1)}{text}"
