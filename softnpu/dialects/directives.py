"""The `custom<...>` directives of the aie dialects' syntax: a parser and a printer each."""

from __future__ import annotations

from typing import Any, cast

from typing_extensions import override
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    IntegerAttr,
    MemRefType,
    TensorType,
    i32,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
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
from softnpu.dialects.elements import Element, Spacing, given
from softnpu.dialects.fields import (
    AttrField,
    Fielded,
    OperandField,
    OptionalScalarField,
    ResultField,
)
from softnpu.dialects.once import PLAIN_NUMBERS, OnceParser
from softnpu.dialects.parts import Parts
from softnpu.dialects.scalars import DYNAMIC

OLDER_STRIDES = 3
"""Strides of a transfer before the innermost was written out."""


def tensor_of(type: MemRefType) -> Attribute:
    """The tensor type of a memref's contents."""
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
    printer: Printer, op: Fielded, tile: OperandField, dimensions: AttrField
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
    printer: Printer, op: Fielded, tiles: OperandField, dimensions: AttrField
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


def parse_consumer_type(parser: Parser, parts: Parts, type: AttrField) -> None:
    """`-> !aie.objectfifo<...>`, or nothing."""
    if parser.parse_optional_punctuation("->") is not None:
        parts.properties[type.mlir] = type.codec.parse(parser)


def print_consumer_type(printer: Printer, op: Fielded, type: AttrField) -> None:
    stored = op.properties.get(type.mlir)
    if stored is not None:
        printer.print_string(" -> ")
        printer.print_attribute(stored)


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
    printer: Printer, op: Fielded, _depth: AttrField, _type: AttrField, values: AttrField
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
        type = parts.types[buffer.name][0]
        if not isinstance(type, MemRefType):
            parser.raise_error(f"initial values need a memref, found {type}")
        tensor = tensor_of(type)
        parts.properties[value.mlir] = parse_elements(parser, tensor)


def print_initial_value(
    printer: Printer, op: Fielded, _buffer: ResultField, value: AttrField
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
    parts.properties[static.mlir] = cast(OnceParser, parser).read_once(
        PLAIN_NUMBERS, lambda: _index_list(parser, operands)
    )


def _index_list(parser: Parser, operands: list[UnresolvedOperand | SSAValue]) -> Attribute:
    def item() -> int:
        value = parser.parse_optional_unresolved_operand()
        if value is None:
            return parser.parse_integer(allow_boolean=False)
        operands.append(value)
        return DYNAMIC

    return DENSE_I64.store(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, item))


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
    printer: Printer, op: Fielded, dynamic: OperandField, static: AttrField
) -> None:
    numbers = getattr(op, static.name)
    if DYNAMIC not in numbers:
        print_number(printer, op, static)
        return
    start, stop = op.operand_range(dynamic)
    values = iter(op.operands[start:stop])
    with printer.in_square_brackets():
        for index, number in enumerate(numbers):
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


def print_reg_value(printer: Printer, op: Fielded, value: AttrField) -> None:
    stored = op.properties[value.mlir]
    if isinstance(stored, IntegerAttr):
        printer.print_string(str(stored.value.data))
    else:
        print_event(printer, cast(TraceEventAttr, stored).data)


def parse_dynamic_scalar(
    parser: Parser, parts: Parts, dynamic: OptionalScalarField, static: AttrField
) -> None:
    """`16` or `%n`: a number in the attribute, or a value in the operand."""
    value = parser.parse_optional_unresolved_operand()
    if value is not None:
        parts.operands[dynamic.name] = [value]
    else:
        parts.properties[static.mlir] = static.codec.parse(parser)


def print_dynamic_scalar(
    printer: Printer, op: Fielded, dynamic: OptionalScalarField, static: AttrField
) -> None:
    value = getattr(op, dynamic.name)
    if value is not None:
        printer.print_ssa_value(value)
    else:
        print_number(printer, op, static)


def print_number(printer: Printer, op: Fielded, static: AttrField) -> None:
    """A number, or a list of them."""
    text = op.number_text() if static.name == op.varies else ""
    if text and isinstance(printer, AttributePrinter):
        printer.print_varying(text)
    else:
        static.codec.print(printer, op.properties[static.mlir])


def parse_older_transfer(parser: Parser, parts: Parts, *fields: AttrField) -> None:
    """`, offset, len, [dimensions], [padding], pad_value = 0`, as before mlir-aie 1.4; each could
    be left out with all after it."""
    offset, length, sizes, strides, padding = fields
    for field in (offset, length, sizes, padding):
        if parser.parse_optional_punctuation(",") is None:
            return
        if field is sizes:
            _parse_dimensions(parser, parts, sizes, strides)
        else:
            parts.properties[field.mlir] = field.codec.parse(parser)
    if parser.parse_optional_punctuation(",") is not None:
        _parse_older_pad_value(parser)


def _parse_dimensions(parser: Parser, parts: Parts, sizes: AttrField, strides: AttrField) -> None:
    """`[<size = 4, stride = 1>, ...]`; none at all mean a linear transfer."""
    dims = cast(BDDimLayoutArrayAttr, DIMENSIONS.parse(parser))
    if len(dims):
        parts.properties[sizes.mlir] = sizes.codec.store([dim.size for dim in dims])
        parts.properties[strides.mlir] = strides.codec.store([dim.stride for dim in dims])


def _parse_older_pad_value(parser: Parser) -> None:
    position = parser.pos
    parser.parse_keyword("pad_value")
    parser.parse_punctuation("=")
    if parser.parse_integer():
        parser.raise_error(
            "a pad value belongs to the channel: write {pad_value = N : i32} behind its "
            "aie.dma_start",
            position,
            parser.pos,
        )


def parse_older_buffer_size(parser: Parser, _parts: Parts) -> None:
    """`buffer_size = N`: aie.trace.host_config has it now, one for all traces."""
    position = parser.pos
    if parser.parse_optional_keyword("buffer_size") is not None:
        parser.raise_error(
            "the host's buffer is one for all traces: write aie.trace.host_config "
            "{buffer_size = N : i32} in the runtime sequence",
            position,
            parser.pos,
        )


def parse_typed_operands(parser: Parser, parts: Parts, values: OperandField) -> None:
    """`%a, %b : index, index`, or nothing."""
    found = parser.parse_optional_undelimited_comma_separated_list(
        parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
    )
    parts.operands[values.name] = list(found or ())
    if found:
        parser.parse_punctuation(":")
        parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)


def print_typed_operands(printer: Printer, op: Fielded, values: OperandField) -> None:
    found = getattr(op, values.name)
    if found:
        printer.print_list(found, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list([value.type for value in found], printer.print_attribute)


# A directive without a printer belongs to an older form, and is not written any more.
DIRECTIVES: dict[str, tuple[Any, Any]] = {
    "BufferInitialValue": (parse_initial_value, print_initial_value),
    "DynamicScalar": (parse_dynamic_scalar, print_dynamic_scalar),
    "DynamicIndexList": (parse_index_list, print_index_list),
    "ObjectFifoConsumerElemType": (parse_consumer_type, print_consumer_type),
    "ObjectFifoConsumerTiles": (parse_consumers, print_consumers),
    "ObjectFifoInitValues": (parse_init_values, print_init_values),
    "ObjectFifoProducerTile": (parse_producer, print_producer),
    "OlderBufferSize": (parse_older_buffer_size, None),
    "OlderCoordinates": (parse_coordinates, None),
    "OlderTransfer": (parse_older_transfer, None),
    "Strides": (parse_strides, print_index_list),
    "TypedOperands": (parse_typed_operands, print_typed_operands),
    "TraceRegValue": (parse_reg_value, print_reg_value),
}


class Custom(Element):
    """Syntax that only code can tell; see above."""

    def __init__(self, name: str, arguments: list[Any]) -> None:
        self.directive = DIRECTIVES[name]
        self.arguments = arguments

    @override
    def parse(self, parser: Parser, parts: Parts) -> None:
        self.directive[0](parser, parts, *self.arguments)

    def present(self, op: Fielded) -> bool:
        return any(
            field.mlir in op.properties if isinstance(field, AttrField) else given(op, field)
            for field in self.arguments
        )

    @override
    def print(self, printer: Printer, op: Fielded, spacing: Spacing) -> None:
        if self.directive[1] is not None:
            spacing.before_element(printer)
            self.directive[1](printer, op, *self.arguments)
