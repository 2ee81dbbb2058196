"""Objectfifos: circular buffers between tiles, as the author writes them."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, MemRefType
from xdsl.ir import Attribute, OpResult, SSAValue
from xdsl.irdl import traits_def
from xdsl.traits import SymbolOpInterface

from softnpu.dialects.aie.tiles import TileElement, TileOp, tile_behind
from softnpu.dialects.array_codecs import DENSE_I32, I64_ARRAY, SYMBOLS
from softnpu.dialects.attributes import (
    DIMENSIONS,
    DIMENSIONS_PER_CONSUMER,
    FIFO_TYPE,
    PADDING,
    AIEObjectFifoSubviewType,
    AIEObjectFifoType,
    BDDimLayoutArrayArrayAttr,
    BDDimLayoutArrayAttr,
    BDPadLayoutArrayAttr,
)
from softnpu.dialects.codecs import (
    ANY,
    BOOL,
    I32,
    NATURAL,
    POSITIVE,
    SYMBOL,
    SYMBOL_NAME,
    EnumCodec,
    IntCodec,
)
from softnpu.dialects.enums import ObjectFifoPort
from softnpu.dialects.opdef import INDEX, DefinedOp, attr, operand, operands, result, result_type

PORT = EnumCodec(ObjectFifoPort, "objectfifo port")


class ObjectFifoCreateOp(DefinedOp):
    """A circular buffer from one producer tile to one or more consumer tiles."""

    name = "aie.objectfifo"
    sym_name: str = attr(SYMBOL_NAME)
    producer_tile: SSAValue = operand(INDEX)
    consumer_tiles: tuple[SSAValue, ...] = operands(INDEX)
    elem_number: Attribute = attr(ANY, mlir="elemNumber")
    elem_type: AIEObjectFifoType = attr(FIFO_TYPE, mlir="elemType")
    consumer_elem_type: AIEObjectFifoType | None = attr(
        FIFO_TYPE, default=None, mlir="consumerElemType"
    )
    dimensions_to_stream: BDDimLayoutArrayAttr = attr(
        DIMENSIONS, default=BDDimLayoutArrayAttr(()), mlir="dimensionsToStream"
    )
    dimensions_from_stream_per_consumer: BDDimLayoutArrayArrayAttr = attr(
        DIMENSIONS_PER_CONSUMER,
        default=BDDimLayoutArrayArrayAttr(()),
        mlir="dimensionsFromStreamPerConsumer",
    )
    via_dma: bool = attr(BOOL, default=False, mlir="via_DMA")
    plio: bool = attr(BOOL, default=False)
    disable_synchronization: bool = attr(BOOL, default=False)
    repeat_count: int | None = attr(POSITIVE, default=None)
    aie_stream: int | None = attr(IntCodec(I32.type, low=0, high=2), default=None)
    aie_stream_port: int | None = attr(IntCodec(I32.type, low=0, high=1), default=None)
    prod_dma_channel: int | None = attr(NATURAL, default=None)
    cons_dma_channels: tuple[int, ...] | None = attr(DENSE_I32, default=None)
    init_values: ArrayAttr[Attribute] | None = attr(ANY, default=None, mlir="initValues")
    pad_dimensions: BDPadLayoutArrayAttr | None = attr(PADDING, default=None, mlir="padDimensions")
    pad_value: int = attr(I32, default=0, mlir="padValue")
    iter_count: int | None = attr(I32, default=None)
    traits = traits_def(SymbolOpInterface())
    syntax = (
        "$sym_name `(` custom<ObjectFifoProducerTile>($producerTile, $dimensionsToStream) `,` "
        "`{` custom<ObjectFifoConsumerTiles>($consumerTiles, $dimensionsFromStreamPerConsumer) "
        "`}` `,` $elemNumber `)` attr-dict `:` $elemType "
        "custom<ObjectFifoConsumerElemType>($consumerElemType) "
        "custom<ObjectFifoInitValues>(ref($elemNumber), ref($elemType), $initValues)"
    )

    @property
    def depths(self) -> tuple[int, ...]:
        """The depths as written: one for all, or one for the producer and each consumer."""
        depth = self.elem_number
        if isinstance(depth, ArrayAttr):
            return tuple(item.value.data for item in depth if isinstance(item, IntegerAttr))
        return (depth.value.data,) if isinstance(depth, IntegerAttr) else ()

    def size(self, index: int = 0) -> int:
        """The depth at the producer (0) or a consumer (1, 2, ...)."""
        depths = self.depths
        return depths[index] if isinstance(self.elem_number, ArrayAttr) else depths[0]

    @property
    def producer_tile_op(self) -> TileOp:
        return tile_behind(self.producer_tile)

    @property
    def consumer_tile_ops(self) -> tuple[TileOp, ...]:
        return tuple(map(tile_behind, self.consumer_tiles))

    @property
    def element_type(self) -> MemRefType:
        """The type of one object, at the producer."""
        return self.elem_type.memref

    @property
    def consumer_element_type(self) -> MemRefType:
        """The type of one object at the consumers, who may take a producer's in parts."""
        return (self.consumer_elem_type or self.elem_type).memref

    def dimensions_from_stream(self, consumer: SSAValue) -> BDDimLayoutArrayAttr:
        """The access pattern of one consumer; empty if none is given."""
        dims = self.dimensions_from_stream_per_consumer
        index = self.consumer_tiles.index(consumer)
        return dims[index] if index < len(dims) else BDDimLayoutArrayAttr(())


class _FifoReference(DefinedOp):
    """An op that names an objectfifo."""

    name = ""
    obj_fifo_name: str = attr(SYMBOL, mlir="objFifo_name")

    @property
    def object_fifo(self) -> ObjectFifoCreateOp | None:
        """The objectfifo of that name in the enclosing device."""
        from softnpu.dialects.aie.symbols import lookup

        found = lookup(self, self.obj_fifo_name)
        return found if isinstance(found, ObjectFifoCreateOp) else None


class ObjectFifoAllocateOp(_FifoReference):
    """Puts an objectfifo's buffers into a tile that both ends can reach."""

    name = "aie.objectfifo.allocate"
    delegate_tile: SSAValue = operand(INDEX)
    syntax = "$objFifo_name `(` $delegateTile `)` attr-dict"

    @property
    def delegate_tile_op(self) -> TileOp:
        return tile_behind(self.delegate_tile)


class ObjectFifoRearmBindingOp(DefinedOp):
    """The channels and locks of an objectfifo, for `aiex.dma_channel_reset_for` to arm anew.

    Each channel has a tile, a direction and an index, and once ids are assigned, the descriptor
    that it begins with and its repeat count; each lock the value that it starts from.
    """

    name = "aie.objectfifo_rearm_binding"
    segmented = True
    sym_name: str = attr(SYMBOL_NAME)
    channel_tiles: tuple[SSAValue, ...] = operands(INDEX)
    locks: tuple[SSAValue, ...] = operands(INDEX)
    channel_dirs: tuple[int, ...] = attr(DENSE_I32)
    channel_indices: tuple[int, ...] = attr(DENSE_I32)
    lock_inits: tuple[int, ...] = attr(DENSE_I32)
    head_bd_ids: tuple[int, ...] | None = attr(DENSE_I32, default=None)
    repeat_counts: tuple[int, ...] | None = attr(DENSE_I32, default=None)
    traits = traits_def(SymbolOpInterface())
    syntax = (
        "$sym_name `channels` `(` custom<TypedOperands>($channel_tiles) `)` "
        "`locks` `(` custom<TypedOperands>($locks) `)` attr-dict"
    )


class ObjectFifoLinkOp(DefinedOp):
    """Passes objects on from objectfifos to others in the tile that they share."""

    name = "aie.objectfifo.link"
    fifo_ins: tuple[str, ...] = attr(SYMBOLS, mlir="fifoIns")
    fifo_outs: tuple[str, ...] = attr(SYMBOLS, mlir="fifoOuts")
    src_offsets: tuple[int, ...] = attr(I64_ARRAY)
    dst_offsets: tuple[int, ...] = attr(I64_ARRAY)
    syntax = "$fifoIns `->` $fifoOuts `(` $src_offsets $dst_offsets `)` attr-dict"

    @property
    def is_join(self) -> bool:
        return len(self.fifo_ins) > 1

    @property
    def is_distribute(self) -> bool:
        return len(self.fifo_outs) > 1

    @property
    def input_object_fifos(self) -> list[ObjectFifoCreateOp]:
        return self._fifos(self.fifo_ins)

    @property
    def output_object_fifos(self) -> list[ObjectFifoCreateOp]:
        return self._fifos(self.fifo_outs)

    def _fifos(self, names: tuple[str, ...]) -> list[ObjectFifoCreateOp]:
        from softnpu.dialects.aie.symbols import defined_in

        block = self.parent
        found = {} if block is None else defined_in(block, names, ObjectFifoCreateOp)
        return [found[name] for name in names if name in found]

    @property
    def shared_tile(self) -> SSAValue | None:
        """The tile in which the link lies, or None when there is no such one."""
        ins, outs = self.input_object_fifos, self.output_object_fifos
        if not ins or not outs:
            return None
        if self.is_join:
            tile = outs[0].producer_tile
            return tile if all(tile in fifo.consumer_tiles for fifo in ins) else None
        if self.is_distribute:
            tile = ins[0].consumer_tiles[0]
            return tile if all(tile is fifo.producer_tile for fifo in outs) else None
        tile = outs[0].producer_tile
        return tile if tile in ins[0].consumer_tiles else None


class ObjectFifoRegisterExternalBuffersOp(_FifoReference, TileElement):
    """Gives an objectfifo's shim tile the buffers outside the array that it is to use."""

    name = "aie.objectfifo.register_external_buffers"
    external_buffers: tuple[SSAValue, ...] = operands()
    syntax = (
        "attr-dict $objFifo_name `(` $tile `,` `{` $externalBuffers `}` `)` "
        "`:` `(` type($externalBuffers) `)`"
    )


class ObjectFifoAcquireOp(_FifoReference):
    """Waits for a number of objects and gives a view of them."""

    name = "aie.objectfifo.acquire"
    port: ObjectFifoPort = attr(PORT)
    size: int = attr(POSITIVE)
    subview_type: AIEObjectFifoSubviewType = result_type(
        AIEObjectFifoSubviewType, "an !aie.objectfifosubview<...>"
    )
    subview: OpResult = result()
    syntax = "attr-dict $objFifo_name `(` $port `,` $size `)` `:` qualified(type($subview))"

    @property
    def acq_number(self) -> int:
        return self.size


class ObjectFifoReleaseOp(_FifoReference):
    """Gives a number of objects back."""

    name = "aie.objectfifo.release"
    port: ObjectFifoPort = attr(PORT)
    size: int = attr(POSITIVE)
    syntax = "attr-dict $objFifo_name `(` $port `,` $size `)`"

    @property
    def rel_number(self) -> int:
        return self.size


class ObjectFifoSubviewAccessOp(DefinedOp):
    """One object of an acquired view."""

    name = "aie.objectfifo.subview.access"
    subview: SSAValue = operand()
    index: int = attr(NATURAL)
    output_type: MemRefType = result_type(MemRefType, "a memref")
    output: OpResult = result()
    syntax = (
        "$subview `[` $index `]` attr-dict `:` "
        "qualified(type($subview)) `->` qualified(type($output))"
    )

    @property
    def acquire_op(self) -> ObjectFifoAcquireOp:
        """The acquire behind the operand."""
        owner = self.subview.owner
        assert isinstance(owner, ObjectFifoAcquireOp)
        return owner


class ObjectFifoRegisterProcessOp(_FifoReference):
    """Has a core's loop of acquire, call and release generated."""

    name = "aie.objectfifo.register_process"
    port: ObjectFifoPort = attr(PORT)
    acquire_pattern_tensor: SSAValue = operand()
    release_pattern_tensor: SSAValue = operand()
    callee: str = attr(SYMBOL)
    length: SSAValue = operand(INDEX)
    syntax = (
        "attr-dict $objFifo_name `(` $port `,` "
        "$acquirePatternTensor `:` type($acquirePatternTensor) `,` "
        "$releasePatternTensor `:` type($releasePatternTensor) `,` $callee `,` $length `)`"
    )
