"""DMA programs: channels, buffer descriptors, and who may use the shim's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from xdsl.dialects.builtin import MemRefType, i1, i64
from xdsl.ir import Attribute, Block, OpResult, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, NoTerminator, SymbolOpInterface

from softnpu.dialects.aie.tiles import BufferOp, TileElement, TileOp
from softnpu.dialects.array_codecs import DENSE_I64
from softnpu.dialects.assembly import build, parse_function_body, print_function_body
from softnpu.dialects.attributes import (
    ITERATION,
    PACKET,
    PADDING,
    BDDimLayoutArrayAttr,
    BDIterationAttr,
    BDPadLayoutArrayAttr,
    PacketInfoAttr,
)
from softnpu.dialects.codecs import (
    BOOL,
    I32,
    I64,
    NATURAL,
    STR,
    SYMBOL,
    SYMBOL_NAME,
    UI8,
    EnumCodec,
)
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.opdef import (
    INDEX,
    DefinedOp,
    OptionalScalarField,
    attr,
    operand,
    operands,
    optional_scalar,
    region,
    regions,
    result,
    successor,
)
from softnpu.dialects.parts import Parts
from softnpu.dialects.scalars import mixed, number_of, numbers_of
from softnpu.dialects.sizes import element_bytes, element_count

DIRECTION = EnumCodec(DMAChannelDir, "DMA direction")


class _TileDMA(TileElement):
    """A DMA program in one tile."""

    name = ""
    body: Region = region()
    result: OpResult = result(INDEX)
    syntax = "`(` $tile `)` regions attr-dict"


class ShimDMAOp(_TileDMA):
    """The DMA program of a shim tile."""

    name = "aie.shim_dma"


class MemOp(_TileDMA):
    """The DMA program of a core tile."""

    name = "aie.mem"


def memory_dma(tile: TileOp) -> MemOp | None:
    """The DMA program of a core tile, if the design has one."""
    users = (use.operation for use in tile.result.uses)
    return next((user for user in users if isinstance(user, MemOp)), None)


class MemTileDMAOp(_TileDMA):
    """The DMA program of a memory tile."""

    name = "aie.memtile_dma"


class DMABDPACKETOp(DefinedOp):
    """The packet header of the descriptor in the same block."""

    name = "aie.dma_bd_packet"
    packet_type: int = attr(I32)
    packet_id: int = attr(I32)
    syntax = "`(` $packet_type `,` $packet_id `)` attr-dict"


@lru_cache(1 << 10)
def _layout(sizes: tuple[int, ...], strides: tuple[int, ...]) -> BDDimLayoutArrayAttr:
    return BDDimLayoutArrayAttr.of(zip(sizes, strides, strict=True))


class DMABDOp(DefinedOp):
    """A buffer descriptor; offset, length, sizes and strides count elements.

    `offset`, `len`, `dimensions` are the numbers that the descriptor says, or None where a value
    that only the run knows stands in their place (see `is_dynamic`).
    """

    name = "aie.dma_bd"
    varies = "static_offset"
    segmented = True
    buffer: SSAValue = operand()
    offset_value: OptionalScalarField = optional_scalar(default=None)
    len_value: OptionalScalarField = optional_scalar(default=None)
    sizes: tuple[SSAValue, ...] = operands(i64)
    strides: tuple[SSAValue, ...] = operands(i64)
    static_offset: int | None = attr(I32, default=None)
    static_len: int | None = attr(I32, default=None)
    static_sizes: tuple[int, ...] | None = attr(DENSE_I64, default=None)
    static_strides: tuple[int, ...] | None = attr(DENSE_I64, default=None)
    pad_dimensions: BDPadLayoutArrayAttr | None = attr(PADDING, default=None)
    bd_id: int | None = attr(I32, default=None)
    packet: PacketInfoAttr | None = attr(PACKET, default=None)
    burst_length: int = attr(I32, default=0)
    iteration: BDIterationAttr | None = attr(ITERATION, default=None)
    offset_parameter: str | None = attr(SYMBOL, default=None)
    offset_state_table_idx: int | None = attr(UI8, default=None)
    next_bd_id: int | None = attr(I32, default=None)
    syntax = (
        "`(` $buffer `:` type($buffer) "
        "( `offset` `=` custom<DynamicScalar>($offset_value, $static_offset)^ )? "
        "( `len` `=` custom<DynamicScalar>($len_value, $static_len)^ )? "
        "( `sizes` `=` custom<DynamicIndexList>($sizes, $static_sizes)^ )? "
        "( `strides` `=` custom<DynamicIndexList>($strides, $static_strides)^ )? "
        "( `pad` $pad_dimensions^ )? "
        "custom<OlderTransfer>($static_offset, $static_len, $static_sizes, $static_strides, "
        "$pad_dimensions) `)` attr-dict"
    )

    @classmethod
    def with_dimensions(
        cls, *, dimensions: BDDimLayoutArrayAttr | None = None, **values: Any
    ) -> DMABDOp:
        """A descriptor of numbers; no dimensions mean a linear transfer."""
        if dimensions is not None and len(dimensions):
            values["static_sizes"] = [dim.size for dim in dimensions]
            values["static_strides"] = [dim.stride for dim in dimensions]
        return cls(**values)

    @property
    def is_dynamic(self) -> bool:
        """Whether the run decides something of the transfer."""
        operands = [v for v in (self.offset_value, self.len_value) if v is not None]
        return any(number_of(v) is None for v in (*operands, *self.sizes, *self.strides))

    @property
    def offset(self) -> int | None:
        """Where the transfer starts, in elements."""
        if self.offset_value is not None:
            return number_of(self.offset_value)
        return self.static_offset or 0

    @property
    def len(self) -> int | None:
        """The length as written, in elements; None where none is written or the run decides."""
        if self.len_value is not None:
            return number_of(self.len_value)
        return self.static_len

    @property
    def mixed_sizes(self) -> list[int | SSAValue]:
        return mixed(self.static_sizes or (), lambda: self.sizes)

    @property
    def mixed_strides(self) -> list[int | SSAValue]:
        return mixed(self.static_strides or (), lambda: self.strides)

    @property
    def dimensions(self) -> BDDimLayoutArrayAttr | None:
        """Sizes and strides, outermost first; None for a linear transfer, or a dynamic one."""
        if len(self._operands) == 1:  # the buffer
            if not self.static_sizes:
                return None
            return _layout(self.static_sizes, self.static_strides or ())
        sizes = numbers_of(self.mixed_sizes)
        strides = numbers_of(self.mixed_strides)
        if not sizes or strides is None:
            return None
        return _layout(tuple(sizes), tuple(strides))

    @property
    def buffer_op(self) -> BufferOp | None:
        """The `aie.buffer` behind the operand, if it is one."""
        owner = self.buffer.owner
        return owner if isinstance(owner, BufferOp) else None

    @property
    def element_bytes(self) -> int:
        """Size of one element of the buffer in bytes."""
        return element_bytes(self.buffer.type)

    @property
    def length(self) -> int:
        """The transfer's length in elements: `len`, or the whole buffer."""
        if self.len is not None:
            return self.len
        return element_count(self.buffer.type) if isinstance(self.buffer.type, MemRefType) else 0

    @property
    def len_in_bytes(self) -> int:
        """The transfer's length in bytes."""
        return self.length * self.element_bytes

    @property
    def offset_in_bytes(self) -> int:
        """The offset into the buffer in bytes."""
        return (self.offset or 0) * self.element_bytes


class DMAStartOp(DefinedOp):
    """Starts a channel at the descriptor in `dest`; the program goes on in `chain`."""

    name = "aie.dma_start"
    channel_dir: DMAChannelDir = attr(DIRECTION)
    channel_index: int = attr(NATURAL)
    repeat_count: int = attr(I32, default=0)
    pad_value: int = attr(I32, default=0)
    dest: Block = successor()
    chain: Block = successor()
    valid: OpResult = result(i1)
    traits = traits_def(IsTerminator())
    syntax = (
        "`(` $channel_dir `,` $channel_index `,` $dest `,` $chain "
        "(`,` `repeat_count` `=` $repeat_count^)? `)` attr-dict"
    )


class DMAOp(DefinedOp):
    """A channel with its descriptors as regions, one each."""

    name = "aie.dma"
    channel_dir: DMAChannelDir = attr(DIRECTION)
    channel_index: int = attr(NATURAL)
    loop: bool = attr(BOOL, default=True)
    repeat_count: int = attr(I32, default=0)
    sym_name: str | None = attr(STR, default=None)
    pad_value: int = attr(I32, default=0)
    bds: tuple[Region, ...] = regions()
    valid: OpResult = result(i1)
    traits = traits_def(NoTerminator())
    syntax = "`(` $channel_dir `,` $channel_index `)` attr-dict ` ` `[` regions `]`"


class NextBDOp(DefinedOp):
    """The descriptor that follows."""

    name = "aie.next_bd"
    dest: Block = successor()
    traits = traits_def(IsTerminator())
    syntax = "$dest attr-dict"


class ShimDMAAllocationOp(TileElement):
    """The shim DMA channel that a symbol stands for in the runtime sequence."""

    name = "aie.shim_dma_allocation"
    sym_name: str = attr(SYMBOL_NAME)
    channel_dir: DMAChannelDir = attr(DIRECTION)
    channel_index: int = attr(I64)
    plio: bool = attr(BOOL, default=False)
    packet: PacketInfoAttr | None = attr(PACKET, default=None)
    traits = traits_def(SymbolOpInterface())
    syntax = "$sym_name `(` $tile `,` $channel_dir `,` $channel_index (`,` $packet^)? `)` attr-dict"

    @classmethod
    def parse(cls, parser: Parser) -> ShimDMAAllocationOp:
        """As `syntax` says, or in the older form, `@name(MM2S, channel, column)`."""
        properties: dict[str, Attribute] = {"sym_name": parser.parse_symbol_name()}
        with parser.in_parens():
            tile = parser.parse_optional_unresolved_operand()
            if tile is not None:
                parser.parse_punctuation(",")
            properties["channel_dir"] = DIRECTION.parse(parser)
            parser.parse_punctuation(",")
            properties["channel_index"] = I64.parse(parser)
            if tile is None:
                parser.parse_punctuation(",")
                # A stand-in for the tile, which `older.settle` replaces.
                value: SSAValue = TileOp(col=parser.parse_integer(), row=0).result
            else:
                value = parser.resolve_operand(tile, INDEX)
            if parser.parse_optional_punctuation(",") is not None:
                properties["packet"] = PACKET.parse(parser)
        attributes = parser.parse_optional_attr_dict()
        return cls.create(operands=[value], properties=properties, attributes=attributes)


class BDChainOp(DefinedOp):
    """A chain of descriptors whose buffers and locks are parameters."""

    name = "aie.bd_chain"
    sym_name: str = attr(SYMBOL_NAME)
    body: Region = region()
    traits = traits_def(SymbolOpInterface())

    @classmethod
    def parse(cls, parser: Parser) -> BDChainOp:
        parts = Parts()
        parts.properties["sym_name"] = parser.parse_symbol_name()
        parse_function_body(parser, parts)
        return build(cls, parser, parts)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name)
        print_function_body(printer, self, {"sym_name"})
