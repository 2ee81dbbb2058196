"""The `custom<...>` directives of the aie dialects' syntax: a parser and a printer each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    IntegerAttr,
    MemRefType,
    TensorType,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.printer import Printer

from softnpu.dialects.array_codecs import DENSE_I64
from softnpu.dialects.attribute_printer import AttributePrinter
from softnpu.dialects.attributes import (
    DIMENSIONS,
    BDDimLayoutArrayArrayAttr,
    BDDimLayoutArrayAttr,
    TraceEventAttr,
    parse_event,
    print_event,
)

if TYPE_CHECKING:
    from softnpu.dialects.assembly import Parts
    from softnpu.dialects.opdef import AttrField, DefinedOp, OperandField, ResultField

DYNAMIC = -(1 << 63)
"""In a list of numbers: the value stands in an operand."""

OLDER_STRIDES = 3
"""Strides of a transfer before the innermost was written out."""


def tensor_of(type: Attribute) -> Attribute:
    """The tensor type of a memref's contents."""
    assert isinstance(type, MemRefType)
    return TensorType(type.element_type, type.get_shape())


def parse_elements(parser: Parser, type: Attribute) -> Attribute:
    """`dense<...>`, whose type is known; or any attribute with its type written out."""
    if parser.parse_optional_keyword("dense") is None:
        return _parse_typed_elements(parser)
    return parser.parse_dense_int_or_fp_elements_attr(cast(Any, type))


def _parse_typed_elements(parser: Parser) -> Attribute:
    """`dense<...> : type`"""
    position = parser.pos
    stored = parser.parse_attribute()
    if not isinstance(stored, (DenseIntOrFPElementsAttr, DenseResourceAttr)):
        parser.raise_error(f"expected dense<...>, found {stored}", position, parser.pos)
    return stored


def parse_producer(parser: Parser, parts: Parts, tile: OperandField, dimensions: AttrField) -> None:
    """`%tile dimensionsToStream [...]`"""
    parts.operands[tile.name] = [parser.parse_unresolved_operand()]
    stored: Attribute = BDDimLayoutArrayAttr(())
    if parser.parse_optional_keyword("dimensionsToStream") is not None:
        stored = DIMENSIONS.parse(parser)
    parts.properties[dimensions.mlir] = stored


def print_producer(
    printer: Printer, op: DefinedOp, tile: OperandField, dimensions: AttrField
) -> None:
    printer.print_ssa_value(op.operands[op.operand_range(tile)[0]])
    _print_dimensions(printer, "dimensionsToStream", getattr(op, dimensions.name))


def parse_consumers(
    parser: Parser, parts: Parts, tiles: OperandField, dimensions: AttrField
) -> None:
    """`%tile dimensionsFromStream [...], ...`"""
    found: list[BDDimLayoutArrayAttr] = []
    operands = parts.operands.setdefault(tiles.name, [])

    def consumer() -> None:
        operands.append(parser.parse_unresolved_operand())
        dims: Attribute = BDDimLayoutArrayAttr(())
        if parser.parse_optional_keyword("dimensionsFromStream") is not None:
            dims = DIMENSIONS.parse(parser)
        found.append(cast(BDDimLayoutArrayAttr, dims))

    parser.parse_comma_separated_list(parser.Delimiter.NONE, consumer)
    parts.properties[dimensions.mlir] = BDDimLayoutArrayArrayAttr(tuple(found))


def print_consumers(
    printer: Printer, op: DefinedOp, tiles: OperandField, dimensions: AttrField
) -> None:
    start, stop = op.operand_range(tiles)
    per_consumer = getattr(op, dimensions.name)
    for index, tile in enumerate(op.operands[start:stop]):
        if index:
            printer.print_string(", ")
        printer.print_ssa_value(tile)
        if index < len(per_consumer):
            _print_dimensions(printer, "dimensionsFromStream", per_consumer[index])


def _print_dimensions(printer: Printer, keyword: str, dims: BDDimLayoutArrayAttr) -> None:
    if len(dims):
        printer.print_string(f" {keyword} ")
        dims.print_parameter(printer)


def parse_init_values(
    parser: Parser, parts: Parts, depth: AttrField, _type: AttrField, values: AttrField
) -> None:
    """`= [dense<...>, ...]`: one value for each object."""
    if parser.parse_optional_punctuation("=") is None:
        return
    position = parser.pos
    found = parser.parse_comma_separated_list(
        parser.Delimiter.SQUARE, lambda: _parse_typed_elements(parser)
    )
    number = parts.properties[depth.mlir]
    if isinstance(number, ArrayAttr):
        number = cast("ArrayAttr[Attribute]", number).data[0]
    objects = cast("IntegerAttr[Any]", number).value.data
    if len(found) != objects:
        parser.raise_error(
            f"{len(found)} initial values for {objects} objects: give each object one",
            position,
            parser.pos,
        )
    parts.properties[values.mlir] = ArrayAttr(found)


def print_init_values(
    printer: Printer, op: DefinedOp, _depth: AttrField, _type: AttrField, values: AttrField
) -> None:
    found = op.properties.get(values.mlir)
    if isinstance(found, ArrayAttr):
        printer.print_string("= [")
        printer.print_list(found.data, printer.print_attribute)
        printer.print_string("]")


def parse_initial_value(
    parser: Parser, parts: Parts, buffer: ResultField, value: AttrField
) -> None:
    """`= dense<...>`"""
    if parser.parse_optional_punctuation("=") is not None:
        tensor = tensor_of(parts.types[buffer.name][0])
        parts.properties[value.mlir] = parse_elements(parser, tensor)


def print_initial_value(
    printer: Printer, op: DefinedOp, _buffer: ResultField, value: AttrField
) -> None:
    stored = op.properties.get(value.mlir)
    if stored is not None:
        printer.print_string("= ")
        print_without_type(printer, stored)


def print_without_type(printer: Printer, stored: Attribute) -> None:
    """`dense<...>` without the type that follows it."""
    if isinstance(stored, DenseIntOrFPElementsAttr) and isinstance(printer, AttributePrinter):
        printer.print_dense(stored)
    elif isinstance(stored, DenseIntOrFPElementsAttr):
        stored.print_without_type(printer)
    else:
        printer.print_attribute(stored)


def parse_index_list(
    parser: Parser, parts: Parts, dynamic: OperandField, static: AttrField
) -> None:
    """`[1, %n, 16, 64]`: numbers in the attribute, values in the operands."""
    operands = parts.operands.setdefault(dynamic.name, [])

    def item() -> int:
        value = parser.parse_optional_unresolved_operand()
        if value is None:
            return parser.parse_integer(allow_boolean=False)
        operands.append(value)
        return DYNAMIC

    numbers = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, item)
    parts.properties[static.mlir] = DenseArrayBase.from_list(i64, numbers)


def parse_strides(parser: Parser, parts: Parts, dynamic: OperandField, static: AttrField) -> None:
    """As an index list; three strides, as once was usual, lack the innermost, which is 1."""
    parse_index_list(parser, parts, dynamic, static)
    numbers = DENSE_I64.load(parts.properties[static.mlir])
    if len(numbers) == OLDER_STRIDES:
        parts.properties[static.mlir] = DENSE_I64.store((*numbers, 1))


def parse_coordinates(parser: Parser, _parts: Parts) -> None:
    """`0, 0, `: column and row, which older designs have before the operand."""
    for _ in range(2):
        if parser.parse_optional_integer(allow_boolean=False) is None:
            return
        parser.parse_punctuation(",")


def print_index_list(
    printer: Printer, op: DefinedOp, dynamic: OperandField, static: AttrField
) -> None:
    start, stop = op.operand_range(dynamic)
    values = iter(op.operands[start:stop])
    with printer.in_square_brackets():
        for index, number in enumerate(getattr(op, static.name)):
            if index:
                printer.print_string(", ")
            if number == DYNAMIC:
                printer.print_ssa_value(next(values))
            else:
                printer.print_string(str(number))


def parse_reg_value(parser: Parser, parts: Parts, value: AttrField) -> None:
    """A number, or an event by name."""
    number = parser.parse_optional_integer(allow_boolean=False)
    if number is not None:
        parts.properties[value.mlir] = IntegerAttr(number, i32)
    else:
        parts.properties[value.mlir] = TraceEventAttr(parse_event(parser))


def print_reg_value(printer: Printer, op: DefinedOp, value: AttrField) -> None:
    stored = op.properties[value.mlir]
    if isinstance(stored, IntegerAttr):
        printer.print_string(str(stored.value.data))
    else:
        print_event(printer, cast(TraceEventAttr, stored).data)


# A directive without a printer belongs to an older form, and is not written any more.
DIRECTIVES: dict[str, tuple[Any, Any]] = {
    "BufferInitialValue": (parse_initial_value, print_initial_value),
    "DynamicIndexList": (parse_index_list, print_index_list),
    "ObjectFifoConsumerTiles": (parse_consumers, print_consumers),
    "ObjectFifoInitValues": (parse_init_values, print_init_values),
    "ObjectFifoProducerTile": (parse_producer, print_producer),
    "OlderCoordinates": (parse_coordinates, None),
    "Strides": (parse_strides, print_index_list),
    "TraceRegValue": (parse_reg_value, print_reg_value),
}
