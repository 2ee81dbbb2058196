"""Streams in the large: multicast, broadcast of packets; and the herd ops, which nobody lowers."""

from __future__ import annotations

from xdsl.ir import OpResult, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.traits import SymbolOpInterface

from softnpu.dialects.codecs import I8, I32, SYMBOL, SYMBOL_NAME, EnumCodec
from softnpu.dialects.enums import LockAction, WireBundle
from softnpu.dialects.opdef import INDEX, DefinedOp, attr, operand, region, result

BUNDLE = EnumCodec(WireBundle, "bundle of ports")
UNLOWERED = "read only: mlir-aie has no lowering for NPUs either"


class GetTileOp(DefinedOp):
    """A tile by computed coordinates."""

    name = "aiex.getTile"
    status = UNLOWERED
    col: SSAValue = operand(INDEX)
    row: SSAValue = operand(INDEX)
    result: OpResult = result(INDEX)
    syntax = "`(` $col `,` $row `)` attr-dict"


class ConnectionOp(DefinedOp):
    """A logical connection between cores."""

    name = "aiex.connection"
    status = UNLOWERED
    source: SSAValue = operand(INDEX)
    source_bundle: WireBundle = attr(BUNDLE, mlir="sourceBundle")
    source_channel: int = attr(I32, mlir="sourceChannel")
    dest: SSAValue = operand(INDEX)
    dest_bundle: WireBundle = attr(BUNDLE, mlir="destBundle")
    dest_channel: int = attr(I32, mlir="destChannel")
    syntax = (
        "`(` $source `,` $sourceBundle `:` $sourceChannel `,` "
        "$dest `,` $destBundle `:` $destChannel `)` attr-dict"
    )


class _PortOp(DefinedOp):
    name = ""
    tile: SSAValue = operand(INDEX)
    bundle: WireBundle = attr(BUNDLE)
    channel: int = attr(I32)

    @property
    def port(self) -> tuple[WireBundle, int]:
        return self.bundle, self.channel


class MulticastOp(_PortOp):
    """One source, several destinations; becomes flows."""

    name = "aiex.multicast"
    implicit_end = True
    ports: Region = region()
    syntax = "`(` $tile `,` $bundle `:` $channel `)` regions attr-dict"


class MultiDestOp(_PortOp):
    """A destination of a multicast."""

    name = "aiex.multi_dest"
    syntax = "`<` $tile `,` $bundle `:` $channel `>` attr-dict"


class BroadcastPacketOp(_PortOp):
    """One source, several packet ids, each with its destinations; becomes packet flows."""

    name = "aiex.broadcast_packet"
    implicit_end = True
    ports: Region = region()
    syntax = "`(` $tile `,` $bundle `:` $channel `)` regions attr-dict"


class BPIDOp(DefinedOp):
    """The destinations of one packet id of a broadcast."""

    name = "aiex.bp_id"
    implicit_end = True
    id: int = attr(I8, mlir="ID")
    ports: Region = region()
    syntax = "`(` $ID `)` regions attr-dict"


class BPDestOp(_PortOp):
    """A destination of one packet id."""

    name = "aiex.bp_dest"
    syntax = "`<` $tile `,` $bundle `:` $channel `>` attr-dict"


class TokenOp(DefinedOp):
    """A logical lock."""

    name = "aiex.token"
    sym_name: str | None = attr(SYMBOL_NAME, default=None)
    value: int = attr(I32)
    traits = traits_def(SymbolOpInterface())
    syntax = "`(` $value `)` attr-dict"


class UseTokenOp(DefinedOp):
    """Acquires or releases a logical lock."""

    name = "aiex.useToken"
    token_name: str = attr(SYMBOL, mlir="tokenName")
    value: int = attr(I32)
    action: LockAction = attr(EnumCodec(LockAction))
    syntax = "$tokenName `(` $action `,` $value `)` attr-dict"


class MemcpyOp(DefinedOp):
    """A copy between two tiles' buffers."""

    name = "aiex.memcpy"
    token_name: str = attr(SYMBOL, mlir="tokenName")
    acq_value: int = attr(I32, mlir="acqValue")
    rel_value: int = attr(I32, mlir="relValue")
    src_tile: SSAValue = operand(INDEX)
    src_buf: SSAValue = operand()
    src_offset: int = attr(I32, mlir="srcOffset")
    src_len: int = attr(I32, mlir="srcLen")
    dst_tile: SSAValue = operand(INDEX)
    dst_buf: SSAValue = operand()
    dst_offset: int = attr(I32, mlir="dstOffset")
    dst_len: int = attr(I32, mlir="dstLen")
    syntax = (
        "$tokenName `(` $acqValue `,` $relValue `)` `(` "
        "$srcTile `:` `<` $srcBuf `,` $srcOffset `,` $srcLen `>` `,` "
        "$dstTile `:` `<` $dstBuf `,` $dstOffset `,` $dstLen `>` `)` "
        "attr-dict `:` `(` type($srcBuf) `,` type($dstBuf) `)`"
    )


class HerdOp(DefinedOp):
    """A rectangle of tiles."""

    name = "aiex.herd"
    status = UNLOWERED
    width: int = attr(I32)
    height: int = attr(I32)
    result: OpResult = result(INDEX)
    syntax = "`[` $width `]` `[` $height `]` attr-dict"


class PlaceOp(DefinedOp):
    """Where one herd lies relative to another."""

    name = "aiex.place"
    status = UNLOWERED
    source_herd: SSAValue = operand(INDEX)
    dest_herd: SSAValue = operand(INDEX)
    dist_x: int = attr(I32, mlir="distX")
    dist_y: int = attr(I32, mlir="distY")
    syntax = "`(` $sourceHerd `,` $destHerd `,` $distX `,` $distY `)` attr-dict"


class RouteOp(DefinedOp):
    """Streams between two herds."""

    name = "aiex.route"
    status = UNLOWERED
    source_herds: SSAValue = operand(INDEX)
    source_bundle: WireBundle = attr(BUNDLE, mlir="sourceBundle")
    source_channel: int = attr(I32, mlir="sourceChannel")
    dest_herds: SSAValue = operand(INDEX)
    dest_bundle: WireBundle = attr(BUNDLE, mlir="destBundle")
    dest_channel: int = attr(I32, mlir="destChannel")
    syntax = (
        "`(` `<` $sourceHerds `,` $sourceBundle `:` $sourceChannel `>` `,` "
        "`<` $destHerds `,` $destBundle `:` $destChannel `>` `)` attr-dict"
    )


class IterOp(DefinedOp):
    """A range of indices into a herd."""

    name = "aiex.iter"
    status = UNLOWERED
    start: int = attr(I32)
    end: int = attr(I32)
    stride: int = attr(I32)
    result: OpResult = result(INDEX)
    syntax = "`(` $start `,` $end `,` $stride `)` attr-dict"


class SelectOp(DefinedOp):
    """Part of a herd."""

    name = "aiex.select"
    status = UNLOWERED
    start_herd: SSAValue = operand(INDEX)
    iter_x: SSAValue = operand(INDEX)
    iter_y: SSAValue = operand(INDEX)
    result: OpResult = result(INDEX)
    syntax = "`(` $startHerd `,` $iterX `,` $iterY `)` attr-dict"
