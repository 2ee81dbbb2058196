"""Attributes and types of the aie and aiex dialects (mlir-aie, AIEAttrs.td, AIETypes.td)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Data, OpaqueSyntaxAttribute, TypeAttribute
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.mlir_lexer import MLIRTokenKind

from softnpu.dialects.codecs import TypedCodec

_Short = TypeVar("_Short", bound=Data[Any])


def _parse_struct(parser: AttrParser, names: Sequence[str]) -> tuple[int, ...]:
    """`<a = 1, b = 2>`, the names in any order."""
    found: dict[str, int] = {}

    def entry() -> None:
        name = parser.expect(lambda: parser.parse_optional_keyword_in(names), _names_message(names))
        parser.parse_punctuation("=")
        found[name] = parser.parse_integer(allow_boolean=False, allow_negative=False)

    parser.parse_comma_separated_list(parser.Delimiter.ANGLE, entry)
    if missing := [name for name in names if name not in found]:
        parser.raise_error(f"'{missing[0]}' is missing: write {_struct_form(names)}")
    return tuple(found[name] for name in names)


def _names_message(names: Sequence[str]) -> str:
    return f"expected {_struct_form(names)}"


def _struct_form(names: Sequence[str]) -> str:
    return f"<{', '.join(f'{name} = N' for name in names)}>"


def _print_struct(printer: Printer, names: Sequence[str], values: Iterable[int]) -> None:
    pairs = zip(names, values, strict=True)
    printer.print_string(f"<{', '.join(f'{name} = {value}' for name, value in pairs)}>")


class _Part:
    """One of an attribute's numbers, by its place."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __get__(self, attribute: _Struct, owner: type | None = None) -> int:
        return attribute.data[self.place]


class _Struct(Data[tuple[int, ...]]):
    """An attribute of a few named numbers."""

    names: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[int, ...]:
        return _parse_struct(parser, cls.names)

    def print_parameter(self, printer: Printer) -> None:
        _print_struct(printer, self.names, self.data)


class BDDimLayoutAttr(_Struct):
    """One dimension of an n-dimensional access: how many steps, how far each (in elements)."""

    name = "aie.bd_dim_layout"
    names = ("size", "stride")

    @staticmethod
    def of(size: int, stride: int) -> BDDimLayoutAttr:
        return BDDimLayoutAttr((size, stride))

    size = _Part(0)
    stride = _Part(1)


class BDPadLayoutAttr(_Struct):
    """Zeros before and after one dimension (in elements)."""

    name = "aie.bd_pad_layout"
    names = ("const_pad_before", "const_pad_after")

    @staticmethod
    def of(before: int, after: int) -> BDPadLayoutAttr:
        return BDPadLayoutAttr((before, after))

    const_pad_before = _Part(0)
    const_pad_after = _Part(1)


class BDIterationAttr(_Struct):
    """How a descriptor moves on from execution to execution: `size` steps of `stride` elements
    before it begins anew, at step `current` the first time."""

    name = "aie.bd_iteration"
    names = ("size", "stride", "current")

    @staticmethod
    def of(size: int, stride: int, current: int = 0) -> BDIterationAttr:
        return BDIterationAttr((size, stride, current))

    size = _Part(0)
    stride = _Part(1)
    current = _Part(2)


class PacketInfoAttr(_Struct):
    """Type (3 bits) and id (5 bits) of a packet header."""

    name = "aie.packet_info"
    names = ("pkt_type", "pkt_id")

    @staticmethod
    def of(pkt_type: int, pkt_id: int) -> PacketInfoAttr:
        return PacketInfoAttr((pkt_type, pkt_id))

    pkt_type = _Part(0)
    pkt_id = _Part(1)


def _parse_list(parser: AttrParser, element: type[_Short]) -> tuple[_Short, ...]:
    """`[<...>, <...>]`; an element may also be written in full, as mlir-aie's Python does it."""

    return tuple(
        parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: parse_short(parser, element)
        )
    )


def parse_short(parser: AttrParser, cls: type[_Short]) -> _Short:
    """An attribute without its name, `<...>`, or with it, `#aie.name<...>`."""
    if parser._current_token.kind is not MLIRTokenKind.HASH_IDENT:
        return cls(cls.parse_parameter(parser))
    full = parser.parse_attribute()
    if not isinstance(full, cls):
        parser.raise_error(f"expected {cls.name}, found {full}")
    return full


class BDDimLayoutArrayAttr(Data[tuple[BDDimLayoutAttr, ...]], OpaqueSyntaxAttribute):
    """The dimensions of an access, outermost first."""

    name = "aie.bd_dim_layout_array"

    @staticmethod
    def of(dims: Iterable[tuple[int, int]]) -> BDDimLayoutArrayAttr:
        """From (size, stride) pairs."""
        return BDDimLayoutArrayAttr(tuple(BDDimLayoutAttr(tuple(dim)) for dim in dims))

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[BDDimLayoutAttr]:
        return iter(self.data)

    def __getitem__(self, index: int) -> BDDimLayoutAttr:
        return self.data[index]

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[BDDimLayoutAttr, ...]:
        return _parse_list(parser, BDDimLayoutAttr)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_square_brackets():
            printer.print_list(self.data, lambda dim: dim.print_parameter(printer))


class BDDimLayoutArrayArrayAttr(Data[tuple[BDDimLayoutArrayAttr, ...]], OpaqueSyntaxAttribute):
    """The dimensions of an access, for each consumer."""

    name = "aie.bd_dim_layout_array_array"

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[BDDimLayoutArrayAttr]:
        return iter(self.data)

    def __getitem__(self, index: int) -> BDDimLayoutArrayAttr:
        return self.data[index]

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[BDDimLayoutArrayAttr, ...]:
        return _parse_list(parser, BDDimLayoutArrayAttr)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_square_brackets():
            printer.print_list(self.data, lambda dims: dims.print_parameter(printer))


class BDPadLayoutArrayAttr(Data[tuple[BDPadLayoutAttr, ...]], OpaqueSyntaxAttribute):
    """The padding of an access, outermost dimension first."""

    name = "aie.bd_pad_layout_array"

    @staticmethod
    def of(pads: Iterable[tuple[int, int]]) -> BDPadLayoutArrayAttr:
        """From (before, after) pairs."""
        return BDPadLayoutArrayAttr(tuple(BDPadLayoutAttr(tuple(pad)) for pad in pads))

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[BDPadLayoutAttr]:
        return iter(self.data)

    def __getitem__(self, index: int) -> BDPadLayoutAttr:
        return self.data[index]

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[BDPadLayoutAttr, ...]:
        return _parse_list(parser, BDPadLayoutAttr)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_square_brackets():
            printer.print_list(self.data, lambda pad: pad.print_parameter(printer))


class TraceEventAttr(Data[str]):
    """A trace event by name: `"INSTR_EVENT_0"`, or `CoreEventAIE2::INSTR_EVENT_0`."""

    name = "aie.trace_event"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        with parser.in_angle_brackets():
            return parse_event(parser)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            print_event(printer, self.data)


def parse_event(parser: AttrParser) -> str:
    """`"NAME"` or `Enumeration::NAME`."""
    name = parser.parse_optional_str_literal()
    if name is not None:
        return name
    enum = parser.parse_identifier()
    for _ in "::":
        parser.parse_punctuation(":")
    return f"{enum}::{parser.parse_identifier()}"


def print_event(printer: Printer, event: str) -> None:
    """As `parse_event` reads it."""
    if "::" in event:
        printer.print_string(event)
    else:
        printer.print_string_literal(event)


class _FifoType(Data[MemRefType], TypeAttribute):
    """A type around the memref of one object."""

    @property
    def memref(self) -> MemRefType:
        """The type of one object."""
        return self.data

    @property
    def element_type(self) -> MemRefType:
        """The type of one object, under the name that the C++ class has for it."""
        return self.data

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> MemRefType:
        with parser.in_angle_brackets():
            memref = parser.parse_type()
        if not isinstance(memref, MemRefType):
            parser.raise_error(f"an objectfifo carries memrefs, found {memref}")
        return memref

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_attribute(self.data)


class AIEObjectFifoType(_FifoType):
    """`!aie.objectfifo<memref<...>>`."""

    name = "aie.objectfifo"


class AIEObjectFifoSubviewType(_FifoType):
    """`!aie.objectfifosubview<memref<...>>`: what an acquire gives."""

    name = "aie.objectfifosubview"


class BlockFloatType(Data[str], TypeAttribute):
    """`!aiex.bfp<"v8bfp16ebs8">`: a block of floats that share an exponent."""

    name = "aiex.bfp"

    @property
    def block_type(self) -> str:
        return self.data

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        with parser.in_angle_brackets():
            return parser.parse_str_literal()

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.data)


PACKET = TypedCodec[PacketInfoAttr](PacketInfoAttr, "a packet_info")
DIMENSIONS = TypedCodec[BDDimLayoutArrayAttr](BDDimLayoutArrayAttr, "a list of dimensions")
DIMENSIONS_PER_CONSUMER = TypedCodec[BDDimLayoutArrayArrayAttr](
    BDDimLayoutArrayArrayAttr, "a list of dimensions for each consumer"
)
ITERATION = TypedCodec[BDIterationAttr](BDIterationAttr, "a bd_iteration", short=False)
PADDING = TypedCodec[BDPadLayoutArrayAttr](BDPadLayoutArrayAttr, "a list of paddings")
TRACE_EVENT = TypedCodec[TraceEventAttr](TraceEventAttr, "a trace event")
FIFO_TYPE = TypedCodec[AIEObjectFifoType](AIEObjectFifoType, "an !aie.objectfifo type", short=False)
