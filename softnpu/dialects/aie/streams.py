"""Streams: flows to be routed, and the switches that carry them."""

from __future__ import annotations

from xdsl.ir import Attribute, OpResult, Region, SSAValue

from softnpu.dialects.aie.tiles import TileElement, TileOp, tile_behind
from softnpu.dialects.codecs import BOOL, I8, I32, NATURAL, UNIT, EnumCodec, IntCodec
from softnpu.dialects.enums import CascadeDir, WireBundle
from softnpu.dialects.opdef import (
    INDEX,
    DefinedOp,
    attr,
    operand,
    operands,
    region,
    result,
    result_type,
)

BUNDLE = EnumCodec(WireBundle, "bundle of ports")
Port = tuple[WireBundle, int]


class _Switch(DefinedOp):
    """What makes connections, which stand in its region."""

    name = ""
    implicit_end = True
    connections: Region = region()
    result: OpResult = result(INDEX)


class _SourcePort(DefinedOp):
    """An op with the port that a stream comes from."""

    name = ""
    source_bundle: WireBundle = attr(BUNDLE)
    source_channel: int = attr(NATURAL)

    @property
    def source_port(self) -> Port:
        return self.source_bundle, self.source_channel


class _DestPort(DefinedOp):
    """An op with the port that a stream goes to."""

    name = ""
    dest_bundle: WireBundle = attr(BUNDLE)
    dest_channel: int = attr(NATURAL)

    @property
    def dest_port(self) -> Port:
        return self.dest_bundle, self.dest_channel


class SwitchboxOp(_Switch, TileElement):
    """The stream switch of a tile."""

    name = "aie.switchbox"
    syntax = "`(` $tile `)` regions attr-dict"


class ShimSwitchboxOp(_Switch):
    """The stream switch of a shim tile, named by its column (old form)."""

    name = "aie.shim_switchbox"
    col: int = attr(I32)
    syntax = "`(` $col `)` regions attr-dict"


class ShimMuxOp(_Switch, TileElement):
    """The multiplexer between a shim tile's DMA and the south ports of its switch."""

    name = "aie.shim_mux"
    syntax = "`(` $tile `)` regions attr-dict"


class ConnectOp(_DestPort, _SourcePort):
    """A circuit-switched connection inside a switch."""

    name = "aie.connect"
    syntax = (
        "`<` $source_bundle `:` $source_channel `,` $dest_bundle `:` $dest_channel `>` attr-dict"
    )


class FlowOp(_DestPort, _SourcePort):
    """A circuit-switched stream between two tiles."""

    name = "aie.flow"
    source: SSAValue = operand(INDEX)
    dest: SSAValue = operand(INDEX)
    syntax = (
        "`(` $source `,` $source_bundle `:` $source_channel `,` "
        "$dest `,` $dest_bundle `:` $dest_channel `)` attr-dict"
    )


class AMSelOp(DefinedOp):
    """An arbiter of a switch together with a master select."""

    name = "aie.amsel"
    arbiter_id: int = attr(IntCodec(I8.type, low=0, high=5), mlir="arbiterID")
    msel: int = attr(IntCodec(I8.type, low=0, high=3))
    result: OpResult = result(INDEX)
    syntax = "`<` $arbiterID `>` `(` $msel `)` attr-dict"


class MasterSetOp(_DestPort):
    """A master port of a switch, and the selects that it takes packets from."""

    name = "aie.masterset"
    amsels: tuple[SSAValue, ...] = operands(INDEX)
    keep_pkt_header: bool | None = attr(BOOL, default=None)
    is_ctrl_pkt_overlay: bool = attr(UNIT, default=False)
    result: OpResult = result(INDEX)
    syntax = "`(` $dest_bundle `:` $dest_channel `,` $amsels `)` attr-dict"


class WireOp(DefinedOp):
    """The wires between two switches, or a switch and its tile."""

    name = "aie.wire"
    source: SSAValue = operand(INDEX)
    source_bundle: WireBundle = attr(BUNDLE)
    dest: SSAValue = operand(INDEX)
    dest_bundle: WireBundle = attr(BUNDLE)
    syntax = "`(` $source `:` $source_bundle `,` $dest `:` $dest_bundle `)` attr-dict"


class PacketRulesOp(_SourcePort):
    """Where packets that enter a switch by one port go: up to four rules."""

    name = "aie.packet_rules"
    implicit_end = True
    is_ctrl_pkt_overlay: bool = attr(UNIT, default=False)
    rules: Region = region()
    syntax = "`(` $source_bundle `:` $source_channel `)` regions attr-dict"


class PacketRuleOp(DefinedOp):
    """Packets with `id & mask == value` go to an arbiter and select."""

    name = "aie.rule"
    mask: int = attr(I8)
    value: int = attr(I8)
    amsel: SSAValue = operand(INDEX)
    syntax = "`(` $mask `,` $value `,` $amsel `)` attr-dict"

    @property
    def amsel_op(self) -> AMSelOp:
        """The `aie.amsel` behind the operand."""
        owner = self.amsel.owner
        assert isinstance(owner, AMSelOp)
        return owner


class PacketFlowOp(DefinedOp):
    """A packet-switched stream with one id, from its sources to its destinations."""

    name = "aie.packet_flow"
    implicit_end = True
    id: int = attr(I8, mlir="ID")
    keep_pkt_header: bool | None = attr(BOOL, default=None)
    priority_route: bool | None = attr(BOOL, default=None)
    ports: Region = region()
    syntax = "`(` $ID `)` regions attr-dict"


class _PacketEnd(TileElement):
    name = ""
    bundle: WireBundle = attr(BUNDLE)
    channel: int = attr(NATURAL)
    syntax = "`<` $tile `,` $bundle `:` $channel `>` attr-dict"

    @property
    def port(self) -> Port:
        return self.bundle, self.channel


class PacketSourceOp(_PacketEnd):
    """A source of a packet flow."""

    name = "aie.packet_source"


class PacketDestOp(_PacketEnd):
    """A destination of a packet flow."""

    name = "aie.packet_dest"


class GetStreamOp(DefinedOp):
    """A core reads a word from a stream."""

    name = "aie.get_stream"
    channel: SSAValue = operand()
    stream_value_type: Attribute = result_type()
    stream_value: OpResult = result()
    syntax = "`(` $channel `:` type($channel) `)` attr-dict `:` type($stream_value)"


class PutStreamOp(DefinedOp):
    """A core writes a word to a stream."""

    name = "aie.put_stream"
    channel: SSAValue = operand()
    stream_value: SSAValue = operand()
    syntax = (
        "`(` $channel `:` type($channel) `,` $stream_value `:` type($stream_value) `)` attr-dict"
    )


class CascadeFlowOp(DefinedOp):
    """A cascade from one core to its neighbour."""

    name = "aie.cascade_flow"
    source_tile: SSAValue = operand(INDEX)
    dest_tile: SSAValue = operand(INDEX)
    syntax = "`(` $source_tile `,` $dest_tile `)` attr-dict"

    @property
    def source_tile_op(self) -> TileOp:
        return tile_behind(self.source_tile)

    @property
    def dest_tile_op(self) -> TileOp:
        return tile_behind(self.dest_tile)


CASCADE_DIR = EnumCodec(CascadeDir, "cascade direction")


class ConfigureCascadeOp(TileElement):
    """The directions of a tile's cascade input and output."""

    name = "aie.configure_cascade"
    input_dir: CascadeDir = attr(CASCADE_DIR, mlir="inputDir")
    output_dir: CascadeDir = attr(CASCADE_DIR, mlir="outputDir")
    syntax = "`(` $tile `,` $inputDir `,` $outputDir `)` attr-dict"


class GetCascadeOp(DefinedOp):
    """A core reads its cascade input (512 bits)."""

    name = "aie.get_cascade"
    cascade_value_type: Attribute = result_type()
    cascade_value: OpResult = result()
    syntax = "`(` `)` attr-dict `:` type($cascade_value)"


class PutCascadeOp(DefinedOp):
    """A core writes its cascade output (512 bits)."""

    name = "aie.put_cascade"
    cascade_value: SSAValue = operand()
    syntax = "`(` $cascade_value `:` type($cascade_value) `)` attr-dict"
