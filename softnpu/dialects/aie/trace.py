"""Trace configuration as an author writes it, and as the passes resolve it."""

from __future__ import annotations

from typing import TypeVar

from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import SymbolOpInterface

from softnpu.dialects.assembly import build, print_attr_dict
from softnpu.dialects.attributes import TRACE_EVENT, TraceEventAttr
from softnpu.dialects.codecs import ANY, BOOL, I32, STR, SYMBOL, SYMBOL_NAME, EnumCodec, IntCodec
from softnpu.dialects.enums import (
    ComboLogic,
    DMAChannelDir,
    EdgeTrigger,
    TraceMode,
    TracePacketType,
    TraceShimRouting,
    WireBundle,
)
from softnpu.dialects.opdef import INDEX, DefinedOp, attr, operand, region
from softnpu.dialects.parts import Parts

BUNDLE = EnumCodec(WireBundle, "bundle of ports")
DIRECTION = EnumCodec(DMAChannelDir, "DMA direction")
PACKET_TYPE = EnumCodec(TracePacketType, "trace packet type")


class TraceOp(DefinedOp):
    """What one tile's trace unit is to record; `aie.trace.start_config` applies it."""

    name = "aie.trace"
    implicit_end = True
    tile: SSAValue = operand(INDEX)
    sym_name: str = attr(SYMBOL_NAME)
    body: Region = region()
    traits = traits_def(SymbolOpInterface())
    syntax = "$sym_name `(` $tile `)` custom<OlderBufferSize>() $body attr-dict"


class TraceModeOp(DefinedOp):
    """Event and time, event and program counter, or execution."""

    name = "aie.trace.mode"
    mode: TraceMode = attr(EnumCodec(TraceMode))
    syntax = "$mode attr-dict"


class TraceEventOp(DefinedOp):
    """One of up to eight events to record."""

    name = "aie.trace.event"
    event: TraceEventAttr = attr(TRACE_EVENT)
    label: str | None = attr(STR, default=None)
    syntax = "$event (`label` `=` $label^)? attr-dict"


class TracePacketOp(DefinedOp):
    """The packet id and type of the trace stream."""

    name = "aie.trace.packet"
    id: int | None = attr(IntCodec(I32.type, low=1, high=31), default=None)
    type: TracePacketType = attr(PACKET_TYPE)
    syntax = "(`id` `=` $id^)? `type` `=` $type attr-dict"


class TracePortOp(DefinedOp):
    """A stream-switch port that one of eight port events watches."""

    name = "aie.trace.port"
    slot: int = attr(IntCodec(I32.type, low=0, high=7))
    port: WireBundle = attr(BUNDLE)
    channel: int = attr(I32)
    direction: DMAChannelDir = attr(DIRECTION)
    syntax = (
        "`<` $slot `>` `port` `=` $port `channel` `=` $channel `direction` `=` $direction attr-dict"
    )


class _TraceLimitOp(DefinedOp):
    """An event, or a broadcast channel that brings one."""

    name = ""
    broadcast: int | None = attr(I32, default=None)
    event: TraceEventAttr | None = attr(TRACE_EVENT, default=None)

    @classmethod
    def parse(cls: type[Limit], parser: Parser) -> Limit:
        parts = Parts()
        for keyword in ("broadcast", "event"):
            if parser.parse_optional_keyword(keyword) is not None:
                parser.parse_punctuation("=")
                parts.properties[keyword] = cls.attr_fields[keyword].codec.parse(parser)
        parts.attributes = parser.parse_optional_attr_dict()
        return build(cls, parser, parts)

    def print(self, printer: Printer) -> None:
        if self.broadcast is not None:
            printer.print_string(f" broadcast = {self.broadcast}")
        if self.event is not None:
            printer.print_string(" event = ")
            self.event.print_parameter(printer)
        print_attr_dict(printer, self, {"broadcast", "event"})


Limit = TypeVar("Limit", bound=_TraceLimitOp)


class TraceStartEventOp(_TraceLimitOp):
    """The event that starts recording."""

    name = "aie.trace.start"


class TraceStopEventOp(_TraceLimitOp):
    """The event that ends recording."""

    name = "aie.trace.stop"


class TraceConfigOp(DefinedOp):
    """A trace configuration as register fields."""

    name = "aie.trace.config"
    implicit_end = True
    tile: SSAValue = operand(INDEX)
    sym_name: str = attr(SYMBOL_NAME)
    packet_type: TracePacketType | None = attr(PACKET_TYPE, default=None)
    body: Region = region()
    traits = traits_def(SymbolOpInterface())
    syntax = "$sym_name `(` $tile `)` (`packet_type` `=` $packet_type^)? $body attr-dict"


class TraceRegOp(DefinedOp):
    """A value for a register, or for one field of it."""

    name = "aie.trace.reg"
    reg_name: str = attr(STR)
    field: str | None = attr(STR, default=None)
    value: Attribute = attr(ANY)
    mask: int | None = attr(I32, default=None)
    comment: str | None = attr(STR, default=None)
    syntax = (
        "`register` `=` $reg_name (`field` `=` $field^)? "
        "`value` `=` custom<TraceRegValue>($value) "
        "(`mask` `=` $mask^)? (`comment` `=` $comment^)? attr-dict"
    )


class TraceComboEventOp(DefinedOp):
    """Two events joined into one."""

    name = "aie.trace.combo_event"
    slot: int = attr(I32)
    event_a: TraceEventAttr = attr(TRACE_EVENT, mlir="eventA")
    logic: ComboLogic = attr(EnumCodec(ComboLogic))
    event_b: TraceEventAttr = attr(TRACE_EVENT, mlir="eventB")
    syntax = "`<` $slot `>` $eventA $logic $eventB attr-dict"


class TraceEdgeEventOp(DefinedOp):
    """The rising or falling edge of an event."""

    name = "aie.trace.edge_event"
    slot: int = attr(I32)
    event: TraceEventAttr = attr(TRACE_EVENT)
    trigger: EdgeTrigger = attr(EnumCodec(EdgeTrigger))

    @classmethod
    def parse(cls, parser: Parser) -> TraceEdgeEventOp:
        parts = Parts()
        with parser.in_angle_brackets():
            parts.properties["slot"] = I32.parse(parser)
        for keyword in ("event", "trigger"):
            parser.parse_keyword(keyword)
            parser.parse_punctuation("=")
            parts.properties[keyword] = cls.attr_fields[keyword].codec.parse(parser)
        parts.attributes = parser.parse_optional_attr_dict()
        return build(cls, parser, parts)

    def print(self, printer: Printer) -> None:
        printer.print_string(f"<{self.slot}> event = ")
        self.event.print_parameter(printer)
        printer.print_string(f" trigger = {self.trigger.name}")
        print_attr_dict(printer, self, {"slot", "event", "trigger"})


class TraceHostConfigOp(DefinedOp):
    """In the runtime sequence: the host buffer for all traces, of `buffer_size` bytes."""

    name = "aie.trace.host_config"
    buffer_size: int = attr(I32)
    reuse_output_buffer: bool = attr(BOOL, default=False)
    routing: TraceShimRouting = attr(EnumCodec(TraceShimRouting), default=TraceShimRouting.Single)
    egress_shim_col: int = attr(I32, default=0)
    syntax = "attr-dict"


class TraceStartConfigOp(DefinedOp):
    """In the runtime sequence: apply a trace configuration."""

    name = "aie.trace.start_config"
    trace_config: str = attr(SYMBOL)
    syntax = "$trace_config attr-dict"
