"""index: arithmetic on indices, which xDSL does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from xdsl.dialects.builtin import IntegerAttr, i1
from xdsl.ir import Attribute, Data, Dialect, Operation, OpResult, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.traits import Commutative, ConstantLike, Pure

from softnpu.dialects.codecs import BOOL, Codec
from softnpu.dialects.opdef import INDEX, DefinedOp, attr, operand, result, result_type

PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")

COMMUTATIVE = ("add", "mul", "maxs", "maxu", "mins", "minu", "and", "or", "xor")
OTHERS = (
    "sub",
    "divs",
    "divu",
    "ceildivs",
    "ceildivu",
    "floordivs",
    "rems",
    "remu",
    "shl",
    "shrs",
    "shru",
)


class CmpPredicateAttr(Data[str]):
    """`#index<cmp_predicate(slt)>`"""

    name = "index.cmp_predicate"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        with parser.in_parens():
            return parser.parse_identifier()

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_parens():
            printer.print_string(self.data)


class PredicateCodec(Codec[str]):
    """A comparison, written as a keyword."""

    what = f"one of {', '.join(PREDICATES)}"

    def load(self, stored: Attribute) -> str:
        return cast(CmpPredicateAttr, stored).data

    def store(self, value: str | Attribute) -> Attribute:
        return value if isinstance(value, Attribute) else CmpPredicateAttr(value)

    def reject(self, stored: Attribute) -> str | None:
        known = isinstance(stored, CmpPredicateAttr) and stored.data in PREDICATES
        return None if known else self.what

    def parse(self, parser: Parser) -> Attribute:
        word = parser.parse_identifier()
        if word not in PREDICATES:
            parser.raise_error(f"'{word}' is no comparison: expected {self.what}")
        return CmpPredicateAttr(word)

    def print(self, printer: Printer, stored: Attribute) -> None:
        printer.print_string(self.load(stored))


class IndexCodec(Codec[int]):
    """An integer of type index."""

    what = "an integer of type index"

    def load(self, stored: Attribute) -> int:
        return cast("IntegerAttr[Any]", stored).value.data

    def store(self, value: int | Attribute) -> Attribute:
        return value if isinstance(value, Attribute) else IntegerAttr(value, INDEX)

    def parse(self, parser: Parser) -> Attribute:
        return IntegerAttr(parser.parse_integer(allow_boolean=False), INDEX)

    def print(self, printer: Printer, stored: Attribute) -> None:
        printer.print_string(str(self.load(stored)))


class BinaryOp(DefinedOp):
    """An operation on two indices."""

    name = ""
    lhs: SSAValue = operand(INDEX)
    rhs: SSAValue = operand(INDEX)
    result: OpResult = result(INDEX)
    traits = traits_def(Pure())
    syntax = "$lhs `,` $rhs attr-dict"


def _binary(mnemonic: str) -> type[DefinedOp]:
    traits = (Pure(), Commutative()) if mnemonic in COMMUTATIVE else (Pure(),)
    members = {"name": f"index.{mnemonic}", "traits": traits_def(*traits), "__module__": __name__}
    return type(f"{mnemonic.capitalize()}Op", (BinaryOp,), members)


BINARY: dict[str, type[DefinedOp]] = {name: _binary(name) for name in (*COMMUTATIVE, *OTHERS)}


class ConstantOp(DefinedOp):
    """A constant index."""

    name = "index.constant"
    value: int = attr(IndexCodec())
    result: OpResult = result(INDEX)
    traits = traits_def(Pure(), ConstantLike())
    syntax = "attr-dict $value"


class BoolConstantOp(DefinedOp):
    """A constant truth value."""

    name = "index.bool.constant"
    value: bool = attr(BOOL)
    result: OpResult = result(i1)
    traits = traits_def(Pure(), ConstantLike())
    syntax = "attr-dict $value"


class CmpOp(DefinedOp):
    """A comparison of two indices."""

    name = "index.cmp"
    pred: str = attr(PredicateCodec())
    lhs: SSAValue = operand(INDEX)
    rhs: SSAValue = operand(INDEX)
    result: OpResult = result(i1)
    traits = traits_def(Pure())
    syntax = "$pred `(` $lhs `,` $rhs `)` attr-dict"


class _CastOp(DefinedOp):
    name = ""
    input: SSAValue = operand()
    output_type: Attribute = result_type()
    output: OpResult = result()
    traits = traits_def(Pure())
    syntax = "$input attr-dict `:` type($input) `to` type($output)"


class CastSOp(_CastOp):
    """An index to or from an integer, by sign."""

    name = "index.casts"


class CastUOp(_CastOp):
    """An index to or from an integer, without sign."""

    name = "index.castu"


class SizeOfOp(DefinedOp):
    """The width of an index in bits."""

    name = "index.sizeof"
    result: OpResult = result(INDEX)
    traits = traits_def(Pure())
    syntax = "attr-dict"


PARSERS: dict[str, Callable[[Parser], Operation]] = {}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {}


def dialect() -> Dialect:
    """The whole dialect."""
    others: list[type[Operation]] = [
        ConstantOp,
        BoolConstantOp,
        CmpOp,
        CastSOp,
        CastUOp,
        SizeOfOp,
    ]
    return Dialect("index", [*BINARY.values(), *others], [CmpPredicateAttr])
