"""Streams in the large: multicast, broadcast of packets; and the herd ops, which nobody lowers."""

from __future__ import annotations

from typing import Any

from xdsl.ir import Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.traits import SymbolOpInterface

from softnpu.dialects.codecs import I8, I32, SYMBOL, SYMBOL_NAME, EnumCodec
from softnpu.dialects.enums import LockAction, WireBundle
from softnpu.dialects.opdef import INDEX, DefinedOp, attr, operand, region, result

BUNDLE = EnumCodec(WireBundle, "bundle of ports")


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


def _unlowered(name: str, doc: str, syntax: str, **fields: Any) -> type[DefinedOp]:
    status = "read only: mlir-aie has no lowering for NPUs either"
    members = {"name": name, "__doc__": doc, "status": status, "syntax": syntax, **fields}
    return type(f"{name.removeprefix('aiex.').capitalize()}Op", (DefinedOp,), members)


def _channels() -> dict[str, Any]:
    return {
        "source_bundle": attr(BUNDLE, mlir="sourceBundle"),
        "source_channel": attr(I32, mlir="sourceChannel"),
        "dest_bundle": attr(BUNDLE, mlir="destBundle"),
        "dest_channel": attr(I32, mlir="destChannel"),
    }


UNLOWERED = (
    _unlowered(
        "aiex.getTile",
        "A tile by computed coordinates.",
        "`(` $col `,` $row `)` attr-dict",
        col=operand(INDEX),
        row=operand(INDEX),
        result=result(INDEX),
    ),
    _unlowered(
        "aiex.connection",
        "A logical connection between cores.",
        "`(` $source `,` $sourceBundle `:` $sourceChannel `,` "
        "$dest `,` $destBundle `:` $destChannel `)` attr-dict",
        source=operand(INDEX),
        dest=operand(INDEX),
        **_channels(),
    ),
    _unlowered(
        "aiex.herd",
        "A rectangle of tiles.",
        "`[` $width `]` `[` $height `]` attr-dict",
        width=attr(I32),
        height=attr(I32),
        result=result(INDEX),
    ),
    _unlowered(
        "aiex.place",
        "Where one herd lies relative to another.",
        "`(` $sourceHerd `,` $destHerd `,` $distX `,` $distY `)` attr-dict",
        source_herd=operand(INDEX),
        dest_herd=operand(INDEX),
        dist_x=attr(I32, mlir="distX"),
        dist_y=attr(I32, mlir="distY"),
    ),
    _unlowered(
        "aiex.route",
        "Streams between two herds.",
        "`(` `<` $sourceHerds `,` $sourceBundle `:` $sourceChannel `>` `,` "
        "`<` $destHerds `,` $destBundle `:` $destChannel `>` `)` attr-dict",
        source_herds=operand(INDEX),
        dest_herds=operand(INDEX),
        **_channels(),
    ),
    _unlowered(
        "aiex.iter",
        "A range of indices into a herd.",
        "`(` $start `,` $end `,` $stride `)` attr-dict",
        start=attr(I32),
        end=attr(I32),
        stride=attr(I32),
        result=result(INDEX),
    ),
    _unlowered(
        "aiex.select",
        "Part of a herd.",
        "`(` $startHerd `,` $iterX `,` $iterY `)` attr-dict",
        start_herd=operand(INDEX),
        iter_x=operand(INDEX),
        iter_y=operand(INDEX),
        result=result(INDEX),
    ),
)
"""Ops that are read and printed, of which nothing asks for a part: a row each."""
