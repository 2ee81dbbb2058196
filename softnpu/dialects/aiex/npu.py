"""Runtime sequences in terms of transfers and of the controller's own operations."""

from __future__ import annotations

from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from softnpu.dialects.array_codecs import DENSE_I32, DENSE_I64
from softnpu.dialects.attributes import PACKET, PacketInfoAttr
from softnpu.dialects.codecs import (
    BOOL,
    I32,
    I64,
    SYMBOL,
    UI8,
    UI32,
    UI64,
    UNIT,
    EnumCodec,
)
from softnpu.dialects.enums import DMAChannelDir, ExpandMode, StateTableFunc
from softnpu.dialects.opdef import (
    DefinedOp,
    OptionalScalarField,
    ScalarField,
    attr,
    operand,
    operands,
    optional_scalar,
    scalar_operand,
)
from softnpu.dialects.scalars import mixed
from softnpu.dialects.sizes import element_bits

DIRECTION = EnumCodec(DMAChannelDir, "DMA direction")


class NpuDmaMemcpyNdOp(DefinedOp):
    """A transfer between a host buffer and a shim DMA; lists run from dimension 3 to 0."""

    name = "aiex.npu.dma_memcpy_nd"
    varies = "static_offsets"
    segmented = True
    memref: SSAValue = operand()
    offsets: tuple[SSAValue, ...] = operands(i64)
    sizes: tuple[SSAValue, ...] = operands(i64)
    strides: tuple[SSAValue, ...] = operands(i64)
    static_offsets: tuple[int, ...] = attr(DENSE_I64)
    static_sizes: tuple[int, ...] = attr(DENSE_I64)
    static_strides: tuple[int, ...] = attr(DENSE_I64)
    packet: PacketInfoAttr | None = attr(PACKET, default=None)
    metadata: str = attr(SYMBOL)
    id: int = attr(I64)
    issue_token: bool = attr(BOOL, default=False)
    d0_zero_before: int = attr(I64, default=0)
    d1_zero_before: int = attr(I64, default=0)
    d2_zero_before: int = attr(I64, default=0)
    d0_zero_after: int = attr(I64, default=0)
    d1_zero_after: int = attr(I64, default=0)
    d2_zero_after: int = attr(I64, default=0)
    burst_length: int = attr(I64, default=0)
    offset_parameter: str | None = attr(SYMBOL, default=None)
    offset_state_table_idx: int | None = attr(UI8, default=None)
    syntax = (
        "`(` custom<OlderCoordinates>() $memref `` "
        "custom<DynamicIndexList>($offsets, $static_offsets) `` "
        "custom<DynamicIndexList>($sizes, $static_sizes) `` "
        "custom<Strides>($strides, $static_strides) `` "
        "(`,` `packet` `=` $packet^)? `)` attr-dict `:` type($memref)"
    )

    @property
    def mixed_offsets(self) -> list[int | SSAValue]:
        return mixed(self.static_offsets, lambda: self.offsets)

    @property
    def mixed_sizes(self) -> list[int | SSAValue]:
        return mixed(self.static_sizes, lambda: self.sizes)

    @property
    def mixed_strides(self) -> list[int | SSAValue]:
        return mixed(self.static_strides, lambda: self.strides)

    @property
    def element_bits(self) -> int:
        """Width of an element of the buffer in bits."""
        return element_bits(self.memref.type)


class NpuDmaWaitOp(DefinedOp):
    """Waits for the completion token of a shim DMA channel, named by its symbol."""

    name = "aiex.npu.dma_wait"
    symbol: str = attr(SYMBOL)
    syntax = "attr-dict"


class NpuWriteRTPOp(DefinedOp):
    """Writes one 32-bit word of a buffer: a run-time parameter."""

    name = "aiex.npu.rtp_write"
    buffer: str = attr(SYMBOL)
    index: int = attr(UI32)
    value: ScalarField = scalar_operand()
    syntax = "`(` $buffer `,` $index `,` $value `)` attr-dict (`:` type($value)^)?"


class NpuPushQueueOp(DefinedOp):
    """Puts a descriptor into a channel's task queue."""

    name = "aiex.npu.push_queue"
    column: int = attr(I32)
    row: int = attr(I32)
    direction: DMAChannelDir = attr(DIRECTION)
    channel: int = attr(I32)
    issue_token: bool = attr(BOOL)
    repeat_count: ScalarField = scalar_operand()
    bd_id: ScalarField = scalar_operand()
    syntax = (
        "`(` $column `,` $row `,` $direction `:` $channel `)` "
        "(`bd_id` $bd_id^ `repeat` $repeat_count)? attr-dict "
        "(`:` type($bd_id)^ `,` type($repeat_count))?"
    )


class _Addressed(DefinedOp):
    """A register by full address, by offset in a tile, or by offset in a buffer."""

    name = ""
    buffer: str | None = attr(SYMBOL, default=None)
    column: int | None = attr(I32, default=None)
    row: int | None = attr(I32, default=None)


class NpuWrite32Op(_Addressed):
    """Writes a 32-bit word."""

    name = "aiex.npu.write32"
    address: ScalarField = scalar_operand()
    value: ScalarField = scalar_operand()
    syntax = "(`(` $address^ `,` $value `)`)? attr-dict (`:` type($address)^ `,` type($value))?"


class NpuMaskWrite32Op(_Addressed):
    """Writes the bits of a 32-bit word that the mask has."""

    name = "aiex.npu.maskwrite32"
    address: ScalarField = scalar_operand()
    value: ScalarField = scalar_operand()
    mask: ScalarField = scalar_operand()
    syntax = (
        "(`(` $address^ `,` $value `,` $mask `)`)? attr-dict "
        "(`:` type($address)^ `,` type($value) `,` type($mask))?"
    )


class NpuBlockWriteOp(_Addressed):
    """Writes the words of a global to consecutive addresses."""

    name = "aiex.npu.blockwrite"
    address: int = attr(UI32)
    data: SSAValue = operand()
    syntax = "`(` $data `)` attr-dict `:` type($data)"


class NpuSyncOp(DefinedOp):
    """Waits for a task-complete token; direction 0 is S2MM, 1 is MM2S."""

    name = "aiex.npu.sync"
    column: ScalarField = scalar_operand()
    row: ScalarField = scalar_operand()
    direction: ScalarField = scalar_operand()
    channel: ScalarField = scalar_operand()
    column_num: ScalarField = scalar_operand()
    row_num: ScalarField = scalar_operand()
    syntax = (
        "(`(` $column^ `,` $row `,` $direction `,` $channel `,` $column_num `,` $row_num `)`)? "
        "attr-dict (`:` type($column)^ `,` type($row) `,` type($direction) `,` type($channel) "
        "`,` type($column_num) `,` type($row_num))?"
    )


class NpuAssertBdFieldOp(DefinedOp):
    """Has the host check that a value of the run fits in a descriptor's field."""

    name = "aiex.npu.assert_bd_field"
    value: ScalarField = scalar_operand()
    max: int = attr(I32)
    syntax = "`(` $value `)` attr-dict `:` type($value)"


class NpuAssertBdDivisibleOp(DefinedOp):
    """Has the host check that a value of the run is a multiple of `divisor`, or perhaps 1."""

    name = "aiex.npu.assert_bd_divisible"
    value: ScalarField = scalar_operand()
    divisor: int = attr(I32)
    allow_unit: bool = attr(UNIT, default=False)
    syntax = "`(` $value `)` attr-dict `:` type($value)"


class NpuAddressPatchOp(DefinedOp):
    """Has the controller write a host buffer's address (plus an offset) into a descriptor."""

    name = "aiex.npu.address_patch"
    addr: int = attr(UI32)
    addr_val: OptionalScalarField = optional_scalar(default=None)
    arg_idx: int = attr(I32)
    arg_plus: ScalarField = scalar_operand()
    syntax = (
        "(`(` $arg_plus^ `:` type($arg_plus) `)`)? (`addr` $addr_val^ `:` type($addr_val))? "
        "attr-dict"
    )


class NpuCreateScratchpadOp(DefinedOp):
    """Has the controller make room for run-time parameters, `size` bytes of them."""

    name = "aiex.npu.create_scratchpad"
    size: int = attr(UI32)
    usage_type: int = attr(UI8, default=0)
    syntax = "attr-dict"


class NpuUpdateFromScratchpadOp(_Addressed):
    """Joins a scratchpad value with what two registers hold: a run-time parameter arrives."""

    name = "aiex.npu.update_from_scratchpad"
    state_table_idx: int = attr(UI8)
    func: StateTableFunc = attr(EnumCodec(StateTableFunc), default=StateTableFunc.Incr)
    func_arg: int = attr(UI32, default=0)
    address: int = attr(UI32)
    syntax = "(`<` $func^ `>`)? attr-dict"


class NpuPreemptOp(DefinedOp):
    """A point at which the controller may switch to another task."""

    name = "aiex.npu.preempt"
    level: int = attr(UI8)
    syntax = "attr-dict"


class NpuControlPacketOp(DefinedOp):
    """A control packet: header and payload."""

    name = "aiex.control_packet"
    address: int = attr(UI32)
    length: int | None = attr(I32, default=None)
    opcode: int = attr(I32)
    stream_id: int = attr(I32)
    data: tuple[int, ...] | None = attr(DENSE_I32, default=None)
    syntax = "attr-dict"


class NpuWriteBdOp(DefinedOp):
    """Writes a whole buffer descriptor; all values as the register fields want them."""

    name = "aiex.npu.writebd"
    column: int = attr(I32)
    bd_id: int = attr(I32)
    buffer_length: int = attr(I32)
    buffer_offset: int = attr(I32)
    enable_packet: int = attr(I32)
    out_of_order_id: int = attr(I32)
    packet_id: int = attr(I32)
    packet_type: int = attr(I32)
    d0_size: int = attr(I32)
    d0_stride: int = attr(I32)
    d1_size: int = attr(I32)
    d1_stride: int = attr(I32)
    d2_size: int = attr(I32)
    d2_stride: int = attr(I32)
    iteration_current: int = attr(I32)
    iteration_size: int = attr(I32)
    iteration_stride: int = attr(I32)
    next_bd: int = attr(I32)
    row: int = attr(I32)
    use_next_bd: int = attr(I32)
    valid_bd: int = attr(I32)
    lock_rel_val: int = attr(I32)
    lock_rel_id: int = attr(I32)
    lock_acq_enable: int = attr(I32)
    lock_acq_val: int = attr(I32)
    lock_acq_id: int = attr(I32)
    d0_zero_before: int = attr(I32)
    d1_zero_before: int = attr(I32)
    d2_zero_before: int = attr(I32)
    d0_zero_after: int = attr(I32)
    d1_zero_after: int = attr(I32)
    d2_zero_after: int = attr(I32)
    burst_length: int = attr(I32, default=0)
    syntax = "attr-dict"


class NpuLoadPdiOp(DefinedOp):
    """Has the controller load a device image, named by its device or by id."""

    name = "aiex.npu.load_pdi"
    device_ref: str | None = attr(SYMBOL, default=None)
    id: int = attr(I32, default=0)
    size: int = attr(I32, default=0)
    address: int = attr(UI64, default=0)
    expand_mode: ExpandMode | None = attr(EnumCodec(ExpandMode), default=None)
    syntax = "attr-dict"
