"""memref: the custom syntax that xDSL lacks, and globals in all their forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    AffineMapAttr,
    IntegerAttr,
    MemRefType,
    StringAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Dialect, Operation, OpResult, SSAValue
from xdsl.parser import Parser
from xdsl.printer import Printer

from softnpu.dialects.codecs import ANY
from softnpu.dialects.directives import parse_elements, print_without_type, tensor_of
from softnpu.dialects.opdef import DefinedOp, attr, operand, result, result_type
from softnpu.dialects.upstream import with_ops
from softnpu.dialects.upstream.forms import (
    parse_conversion,
    print_attributes,
    print_conversion,
    unchecked,
)

RMW_KINDS = (
    "addf",
    "addi",
    "assign",
    "maximumf",
    "maxs",
    "maxu",
    "minimumf",
    "mins",
    "minu",
    "mulf",
    "muli",
    "ori",
    "andi",
    "maxnumf",
    "minnumf",
)
"""arith::AtomicRMWKind, in its order."""


GlobalOp = unchecked(memref.GlobalOp)
LoadOp = unchecked(memref.LoadOp)
StoreOp = unchecked(memref.StoreOp)
RankOp = unchecked(memref.RankOp)


class TransposeOp(DefinedOp):
    """A memref with its dimensions in another order."""

    name = "memref.transpose"
    source: SSAValue = operand()
    permutation: AffineMapAttr = attr(ANY)
    dest_type: Attribute = result_type()
    dest: OpResult = result()

    @classmethod
    def parse(cls, parser: Parser) -> TransposeOp:
        source = parser.parse_unresolved_operand()
        permutation = AffineMapAttr(parser.parse_affine_map())
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_type()
        parser.parse_keyword("to")
        return cls.create(
            operands=[parser.resolve_operand(source, type)],
            result_types=[parser.parse_type()],
            properties={"permutation": permutation},
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.source)
        printer.print_string(f" {self.permutation.data}")
        print_attributes(printer, self)
        printer.print_string(" : ")
        printer.print_attribute(self.source.type)
        printer.print_string(" to ")
        printer.print_attribute(self.dest.type)


def parse_global(parser: Parser) -> Operation:
    """`"private" constant @name : memref<...> = dense<...>`"""
    properties: dict[str, Attribute] = {}
    if (visibility := parser.parse_optional_str_literal()) is not None:
        properties["sym_visibility"] = StringAttr(visibility)
    if parser.parse_optional_keyword("constant") is not None:
        properties["constant"] = UnitAttr()
    properties["sym_name"] = parser.parse_symbol_name()
    parser.parse_punctuation(":")
    type = properties["type"] = parser.parse_type()
    if not isinstance(type, MemRefType):
        parser.raise_error(f"a global is a memref, found {type}")
    if parser.parse_optional_punctuation("=") is not None:
        if parser.parse_optional_keyword("uninitialized") is not None:
            properties["initial_value"] = UnitAttr()
        else:
            properties["initial_value"] = parse_elements(parser, tensor_of(type))
    attributes = parser.parse_optional_attr_dict()
    if "alignment" in attributes:
        properties["alignment"] = attributes.pop("alignment")
    return GlobalOp.create(properties=properties, attributes=attributes)


def print_global(printer: Printer, op: Operation) -> None:
    properties = op.properties
    if (visibility := cast("StringAttr | None", properties.get("sym_visibility"))) is not None:
        printer.print_string(" ")
        printer.print_string_literal(visibility.data)
    if "constant" in properties:
        printer.print_string(" constant")
    printer.print_string(" ")
    printer.print_symbol_name(cast(StringAttr, properties["sym_name"]).data)
    printer.print_string(" : ")
    printer.print_attribute(properties["type"])
    if (value := properties.get("initial_value")) is not None:
        printer.print_string(" = ")
        if isinstance(value, UnitAttr):
            printer.print_string("uninitialized")
        else:
            print_without_type(printer, value)
    print_attributes(printer, op, "alignment")


def parse_copy(parser: Parser) -> Operation:
    """`%from, %to : type to type`"""
    values = [parser.parse_unresolved_operand()]
    parser.parse_punctuation(",")
    values.append(parser.parse_unresolved_operand())
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    types: list[Attribute] = [parser.parse_type()]
    parser.parse_keyword("to")
    types.append(parser.parse_type())
    operands = parser.resolve_operands(values, types, parser.pos)
    return memref.CopyOp.create(operands=operands, attributes=attributes)


def print_copy(printer: Printer, op: Operation) -> None:
    printer.print_string(" ")
    printer.print_list(op.operands, printer.print_ssa_value)
    print_attributes(printer, op)
    printer.print_string(" : ")
    printer.print_attribute(op.operands[0].type)
    printer.print_string(" to ")
    printer.print_attribute(op.operands[1].type)


def parse_rank(parser: Parser) -> Operation:
    """`%memref : type`"""
    from xdsl.dialects.builtin import IndexType

    value = parser.parse_unresolved_operand()
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    return RankOp.create(
        operands=[parser.resolve_operand(value, parser.parse_type())],
        result_types=[IndexType()],
        attributes=attributes,
    )


def print_rank(printer: Printer, op: Operation) -> None:
    printer.print_string(" ")
    printer.print_ssa_value(op.operands[0])
    print_attributes(printer, op)
    printer.print_string(" : ")
    printer.print_attribute(op.operands[0].type)


def parse_atomic_rmw(parser: Parser) -> Operation:
    """`addi %value, %memref[%i] : (i32, memref<...>) -> i32`"""
    kind = parser.expect(
        lambda: parser.parse_optional_keyword_in(RMW_KINDS),
        f"expected one of {', '.join(RMW_KINDS)}",
    )
    value = parser.parse_unresolved_operand()
    parser.parse_punctuation(",")
    target = parser.parse_unresolved_operand()
    indices = parser.parse_comma_separated_list(
        parser.Delimiter.SQUARE, parser.parse_unresolved_operand
    )
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    type = parser.parse_function_type()
    from xdsl.dialects.builtin import IndexType

    types = [*type.inputs.data, *[IndexType() for _ in indices]]
    return memref.AtomicRMWOp.create(
        operands=parser.resolve_operands([value, target, *indices], types, parser.pos),
        result_types=type.outputs.data,
        properties={"kind": IntegerAttr(RMW_KINDS.index(kind), i64)},
        attributes=attributes,
    )


def print_atomic_rmw(printer: Printer, op: Operation) -> None:
    kind = cast("IntegerAttr[Any]", op.properties["kind"]).value.data
    printer.print_string(f" {RMW_KINDS[kind]} ")
    printer.print_list(op.operands[:2], printer.print_ssa_value)
    with printer.in_square_brackets():
        printer.print_list(op.operands[2:], printer.print_ssa_value)
    print_attributes(printer, op)
    printer.print_string(" : ")
    printer.print_function_type([v.type for v in op.operands[:2]], op.result_types)


PARSERS: dict[str, Callable[[Parser], Operation]] = {
    "memref.atomic_rmw": parse_atomic_rmw,
    "memref.cast": parse_conversion(memref.CastOp),
    "memref.copy": parse_copy,
    "memref.extract_aligned_pointer_as_index": parse_conversion(
        memref.ExtractAlignedPointerAsIndexOp, "->"
    ),
    "memref.global": parse_global,
    "memref.memory_space_cast": parse_conversion(memref.MemorySpaceCastOp),
    "memref.rank": parse_rank,
}

PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {
    "memref.atomic_rmw": print_atomic_rmw,
    "memref.cast": print_conversion(),
    "memref.copy": print_copy,
    "memref.extract_aligned_pointer_as_index": print_conversion("->"),
    "memref.global": print_global,
    "memref.memory_space_cast": print_conversion(),
    "memref.rank": print_rank,
}


def dialect() -> Dialect:
    """memref with our ops in it."""
    return with_ops(memref.MemRef, GlobalOp, LoadOp, RankOp, StoreOp, TransposeOp)
