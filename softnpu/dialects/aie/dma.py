"""DMA programs: channels, buffer descriptors, and who may use the shim's."""

from __future__ import annotations

from xdsl.dialects.builtin import MemRefType, i1
from xdsl.ir import Attribute, Block, OpResult, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, NoTerminator, SymbolOpInterface

from softnpu.dialects.aie.tiles import BufferOp, TileElement, TileOp
from softnpu.dialects.assembly import (
    Parts,
    build,
    parse_function_body,
    print_attr_dict,
    print_function_body,
)
from softnpu.dialects.attributes import (
    DIMENSIONS,
    PACKET,
    PADDING,
    BDDimLayoutArrayAttr,
    BDPadLayoutArrayAttr,
    PacketInfoAttr,
)
from softnpu.dialects.codecs import BOOL, I32, I64, NATURAL, STR, SYMBOL_NAME, EnumCodec
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.opdef import (
    INDEX,
    DefinedOp,
    attr,
    operand,
    region,
    regions,
    result,
    successor,
)
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


class MemTileDMAOp(_TileDMA):
    """The DMA program of a memory tile."""

    name = "aie.memtile_dma"


class DMABDPACKETOp(DefinedOp):
    """The packet header of the descriptor in the same block."""

    name = "aie.dma_bd_packet"
    packet_type: int = attr(I32)
    packet_id: int = attr(I32)
    syntax = "`(` $packet_type `,` $packet_id `)` attr-dict"


BD_POSITIONS = ("offset", "len", "dimensions", "pad_dimensions")
"""What follows the buffer in a descriptor, in order; each may be left out with all after it."""


def _parse_transfer(cls: type[DefinedOp], parser: Parser, parts: Parts) -> None:
    """`, offset, len, [dimensions], [padding], pad_value = N`"""
    for name in BD_POSITIONS:
        if parser.parse_optional_punctuation(",") is None:
            return
        parts.properties[name] = cls.attr_fields[name].codec.parse(parser)
    if parser.parse_optional_punctuation(",") is not None:
        parser.parse_keyword("pad_value")
        parser.parse_punctuation("=")
        parts.properties["pad_value"] = I32.parse(parser)


class DMABDOp(DefinedOp):
    """A buffer descriptor; offset, length, sizes and strides count elements."""

    name = "aie.dma_bd"
    buffer: SSAValue = operand()
    offset: int = attr(I32, default=0)
    len: int | None = attr(I32, default=None)
    dimensions: BDDimLayoutArrayAttr | None = attr(DIMENSIONS, default=None)
    pad_dimensions: BDPadLayoutArrayAttr | None = attr(PADDING, default=None)
    pad_value: int = attr(I32, default=0)
    bd_id: int | None = attr(I32, default=None)
    packet: PacketInfoAttr | None = attr(PACKET, default=None)
    burst_length: int | None = attr(I32, default=None)
    next_bd_id: int | None = attr(I32, default=None)

    @classmethod
    def parse(cls, parser: Parser) -> DMABDOp:
        parts = Parts()
        with parser.in_parens():
            parts.operands["buffer"] = [parser.parse_unresolved_operand()]
            parser.parse_punctuation(":")
            parts.types["buffer"] = [parser.parse_type()]
            _parse_transfer(cls, parser, parts)
        parts.attributes = parser.parse_optional_attr_dict()
        return build(cls, parser, parts)

    def print(self, printer: Printer) -> None:
        printer.print_string("(")
        printer.print_ssa_value(self.buffer)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)
        if self.offset or self.len is not None:
            printer.print_string(f", {self.offset}")
        if self.len is not None:
            printer.print_string(f", {self.len}")
        for layout in (self.dimensions, self.pad_dimensions):
            if layout is not None:
                printer.print_string(", ")
                layout.print_parameter(printer)
        if self.pad_value:
            printer.print_string(f", pad_value = {self.pad_value}")
        printer.print_string(")")
        print_attr_dict(printer, self, {*BD_POSITIONS, "pad_value"})

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
        return self.offset * self.element_bytes


class DMAStartOp(DefinedOp):
    """Starts a channel at the descriptor in `dest`; the program goes on in `chain`."""

    name = "aie.dma_start"
    channel_dir: DMAChannelDir = attr(DIRECTION)
    channel_index: int = attr(NATURAL)
    repeat_count: int = attr(I32, default=0)
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


class ShimDMAAllocationOp(DefinedOp):
    """The shim DMA channel that a symbol stands for in the runtime sequence."""

    name = "aie.shim_dma_allocation"
    sym_name: str = attr(SYMBOL_NAME)
    tile: SSAValue = operand(INDEX)
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

    @property
    def tile_op(self) -> TileOp:
        """The `aie.tile` behind the operand."""
        owner = self.tile.owner
        assert isinstance(owner, TileOp)
        return owner


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
        parts.regions = [parse_function_body(parser)]
        return build(cls, parser, parts)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name)
        print_function_body(printer, self.body)
