"""The device, its tiles, and what a tile holds: core, buffers, locks."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, Block, Operation, OpResult, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    IsTerminator,
    NoTerminator,
    Pure,
    SymbolOpInterface,
    SymbolTable,
)

from softnpu.dialects.array_codecs import STRINGS
from softnpu.dialects.assembly import (
    build,
    parse_function_body,
    print_attr_dict,
    print_function_body,
)
from softnpu.dialects.codecs import (
    ANY,
    BOOL,
    I32,
    I64,
    NATURAL,
    POSITIVE,
    STR,
    SYMBOL_NAME,
    EnumCodec,
    IntCodec,
)
from softnpu.dialects.enums import AIEDevice, AIETileType, LockAction, LockBlocking
from softnpu.dialects.locations import place_of
from softnpu.dialects.opdef import (
    INDEX,
    DefinedOp,
    ScalarField,
    attr,
    operand,
    region,
    result,
    result_type,
    scalar_operand,
)
from softnpu.dialects.parts import Parts
from softnpu.dialects.scalars import scalar
from softnpu.errors import DesignError

OLDER_DEVICES = {"npu": "npu1", "npu1_4col": "npu1", "npu2_8col": "npu2"}
"""Names of whole devices that are not in use any more, and what they are called."""


class DeviceOp(DefinedOp):
    """A design for one device; `sym_name` tells several in a file apart."""

    name = "aie.device"
    implicit_end = True
    device: AIEDevice = attr(EnumCodec(AIEDevice, "device", "npu", OLDER_DEVICES))
    sym_name: str = attr(SYMBOL_NAME, default="main")
    body_region: Region = region()
    traits = traits_def(SymbolOpInterface(), SymbolTable(), IsolatedFromAbove())
    syntax = "`(` $device `)` ($sym_name^)? regions attr-dict"

    @property
    def body(self) -> Block:
        """The block of the device."""
        return self.body_region.block


class EndOp(DefinedOp):
    """The terminator of most regions of the dialect."""

    name = "aie.end"
    traits = traits_def(IsTerminator())
    syntax = "attr-dict"


class LogicalTileOp(DefinedOp):
    """A tile that `aie-place-tiles` has yet to choose; coordinates that are given bind it."""

    name = "aie.logical_tile"
    tile_type: AIETileType = attr(EnumCodec(AIETileType, "tile type"))
    col: int | None = attr(NATURAL, default=None)
    row: int | None = attr(NATURAL, default=None)
    allocation_scheme: str | None = attr(STR, default=None)
    result: OpResult = result(INDEX)
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> LogicalTileOp:
        parts = Parts()
        with parser.in_angle_brackets():
            parts.properties["tile_type"] = cls.attr_fields["tile_type"].codec.parse(parser)
        with parser.in_parens():
            _parse_coordinate(parser, parts, "col")
            parser.parse_punctuation(",")
            _parse_coordinate(parser, parts, "row")
        parts.attributes = parser.parse_optional_attr_dict()
        return build(cls, parser, parts)

    def print(self, printer: Printer) -> None:
        col, row = ("?" if number is None else number for number in (self.col, self.row))
        printer.print_string(f"<{self.tile_type.name}>({col}, {row})")
        print_attr_dict(printer, self, {"tile_type", "col", "row"})


def _parse_coordinate(parser: Parser, parts: Parts, name: str) -> None:
    """A number, or `?` for one that is left open."""
    if parser.parse_optional_punctuation("?") is None:
        parts.properties[name] = NATURAL.parse(parser)


class TileOp(DefinedOp):
    """One tile of the array, by column and row."""

    name = "aie.tile"
    col: int = attr(NATURAL)
    row: int = attr(NATURAL)
    allocation_scheme: str | None = attr(STR, default=None)
    result: OpResult = result(INDEX)
    traits = traits_def(Pure())
    syntax = "`(` $col `,` $row `)` attr-dict"

    @property
    def position(self) -> tuple[int, int]:
        """(column, row)."""
        return self.col, self.row

    @property
    def core_op(self) -> CoreOp | None:
        """The core of this tile, if the design gives it one."""
        return next((use.operation for use in self.result.uses if is_core(use.operation)), None)


def is_core(op: Operation) -> Any:
    return isinstance(op, CoreOp)


class NotPlacedError(DesignError):
    """A position was asked for of a tile that has none yet."""


def tile_behind(value: SSAValue) -> TileOp:
    """The `aie.tile` that a value stands for.

    Raises:
        NotPlacedError: it is an `aie.logical_tile`, which is nowhere yet.
    """
    owner = value.owner
    if isinstance(owner, LogicalTileOp):
        raise NotPlacedError(
            "this aie.logical_tile has no place in the array yet",
            place_of(owner.location),
            ("run aie-place-tiles first, as `npuforge compile` does",),
        )
    assert isinstance(owner, TileOp)
    return owner


class TileElement(DefinedOp):
    """An op that lives in a tile, named by its operand `tile`."""

    name = ""
    tile: SSAValue = operand(INDEX)

    @property
    def tile_op(self) -> TileOp:
        """The `aie.tile` behind the operand."""
        return tile_behind(self.tile)

    @property
    def position(self) -> tuple[int, int]:
        """(column, row) of the tile."""
        return self.tile_op.position


class CoreOp(TileElement):
    """The program of a core: a body in MLIR, or a finished ELF."""

    name = "aie.core"
    stack_size: int = attr(POSITIVE, default=0x400)
    link_with: str | None = attr(STR, default=None)
    link_files: tuple[str, ...] | None = attr(STRINGS, default=None)
    link_merge_files: tuple[str, ...] | None = attr(STRINGS, default=None)
    elf_file: str | None = attr(STR, default=None)
    dynamic_objfifo_lowering: bool | None = attr(BOOL, default=None)
    emit_parameter_sync_preamble: bool | None = attr(BOOL, default=None)
    body: Region = region()
    result: OpResult = result(INDEX)
    syntax = "`(` $tile `)` regions attr-dict"


class DebugOp(DefinedOp):
    """A value to be shown by a simulator."""

    name = "aie.debug"
    arg: SSAValue = operand()
    syntax = "`(` $arg `:` type($arg) `)` attr-dict"


class PLIOOp(DefinedOp):
    """An interface to programmable logic (no NPU has one)."""

    name = "aie.plio"
    status = "read only: no NPU has programmable logic"
    col: int = attr(I32)
    result: OpResult = result(INDEX)
    syntax = "`(` $col `)` attr-dict"


class LockOp(TileElement):
    """A lock of a tile, its number perhaps yet to be assigned."""

    name = "aie.lock"
    lock_id: int | None = attr(NATURAL, default=None, mlir="lockID")
    init: int | None = attr(I32, default=None)
    sym_name: str | None = attr(STR, default=None)
    result: OpResult = result(INDEX)
    syntax = "`(` $tile (`,` $lockID^ )? `)` attr-dict"


class UseLockOp(DefinedOp):
    """Acquire or release a lock, from a core or a buffer descriptor."""

    name = "aie.use_lock"
    lock: SSAValue = operand(INDEX)
    action: LockAction = attr(EnumCodec(LockAction, "lock action"))
    value: ScalarField = scalar_operand()
    blocking: LockBlocking | None = attr(EnumCodec(LockBlocking), default=None)
    acq_en: bool = attr(BOOL, default=True)
    syntax = "`(` $lock `,` $action (`,` $value^)? (`,` $blocking^)? `)` attr-dict"

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        """Older designs leave out a value of 1."""
        parts.operands.setdefault("value", [scalar(1)])

    @property
    def lock_op(self) -> LockOp:
        """The `aie.lock` behind the operand."""
        owner = self.lock.owner
        assert isinstance(owner, LockOp)
        return owner

    @property
    def lock_value(self) -> int:
        """The value, which all but a core's program has to know. Raises DesignError."""
        return self.number("value")

    @property
    def acquire(self) -> bool:
        return self.action is LockAction.Acquire

    @property
    def acquire_ge(self) -> bool:
        return self.action is LockAction.AcquireGreaterEqual

    @property
    def release(self) -> bool:
        return self.action is LockAction.Release


class BufferOp(TileElement):
    """Memory of a tile; `address` in bytes from the start of the tile's data memory."""

    name = "aie.buffer"
    sym_name: str | None = attr(STR, default=None)
    address: int | None = attr(I32, default=None)
    initial_value: Attribute | None = attr(ANY, default=None)
    mem_bank: int | None = attr(I32, default=None)
    aligned: bool = attr(BOOL, default=True)
    buffer_type: MemRefType = result_type(MemRefType, "a memref")
    buffer: OpResult = result()
    syntax = (
        "`(` $tile `)` attr-dict `:` type($buffer) "
        "custom<BufferInitialValue>(ref(type($buffer)), $initial_value)"
    )


class ExternalBufferOp(DefinedOp):
    """Memory outside the array."""

    name = "aie.external_buffer"
    sym_name: str | None = attr(STR, default=None)
    address: int | None = attr(I64, default=None)
    buffer_type: MemRefType = result_type(MemRefType, "a memref")
    buffer: OpResult = result()
    syntax = "attr-dict `:` type($buffer)"


class EventOp(DefinedOp):
    """The core's event instruction."""

    name = "aie.event"
    val: int = attr(IntCodec(I32.type, low=0, high=1))
    syntax = "`(` $val `)` attr-dict"


class RuntimeSequenceOp(DefinedOp):
    """What the host has the NPU's controller do, in order; block arguments are host buffers."""

    name = "aie.runtime_sequence"
    sym_name: str = attr(SYMBOL_NAME, default="sequence")
    emit_parameter_sync_preamble: bool | None = attr(BOOL, default=None)
    body: Region = region()
    traits = traits_def(SymbolOpInterface(), NoTerminator())

    @classmethod
    def parse(cls, parser: Parser) -> RuntimeSequenceOp:
        parts = Parts()
        if (name := parser.parse_optional_symbol_name()) is not None:
            parts.properties["sym_name"] = name
        parse_function_body(parser, parts)
        return build(cls, parser, parts)

    def print(self, printer: Printer) -> None:
        if self.sym_name != self.attr_fields["sym_name"].default:
            printer.print_string(" ")
            printer.print_symbol_name(self.sym_name)
        print_function_body(printer, self, {"sym_name"})
