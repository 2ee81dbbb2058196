"""Runtime sequences in terms of tasks: configure, start, await, free; and of whole devices."""

from __future__ import annotations

from xdsl.dialects.builtin import i32
from xdsl.ir import OpResult, Region, SSAValue
from xdsl.irdl import traits_def
from xdsl.traits import NoTerminator

from softnpu.dialects.aie.dma import BDChainOp, DMABDOp
from softnpu.dialects.aie.symbols import lookup, tables_around
from softnpu.dialects.aie.tiles import DeviceOp, LockOp, RuntimeSequenceOp, TileElement
from softnpu.dialects.attributes import PACKET, PacketInfoAttr
from softnpu.dialects.codecs import BOOL, I32, SYMBOL, EnumCodec
from softnpu.dialects.enums import DMAChannelDir, ExpandMode
from softnpu.dialects.opdef import (
    INDEX,
    DefinedOp,
    OptionalScalarField,
    ScalarField,
    attr,
    operand,
    operands,
    optional_scalar,
    region,
    result,
    scalar_operand,
)
from softnpu.dialects.walking import all_ops

DIRECTION = EnumCodec(DMAChannelDir, "DMA direction")


class DMAConfigureTaskOp(TileElement):
    """A task on a tile's DMA channel: its descriptors, in the region."""

    name = "aiex.dma_configure_task"
    direction: DMAChannelDir = attr(DIRECTION)
    channel: int = attr(I32)
    issue_token: bool = attr(BOOL, default=False)
    repeat_count: int = attr(I32, default=0)
    repeat_count_val: OptionalScalarField = optional_scalar(default=None)
    bd_id_val: OptionalScalarField = optional_scalar(default=None)
    packet: PacketInfoAttr | None = attr(PACKET, default=None)
    body: Region = region()
    result: OpResult = result(INDEX)
    segmented = True
    syntax = (
        "`(` $tile `,` $direction `,` $channel (`,` $packet^)? `)` "
        "(`repeat` $repeat_count_val^ `:` type($repeat_count_val))? "
        "(`bd_id` $bd_id_val^ `:` type($bd_id_val))? regions attr-dict"
    )

    @property
    def first_bd_id(self) -> int | None:
        """The id of the first descriptor, once assigned."""
        for op in all_ops(self)[1:]:
            if isinstance(op, DMABDOp):
                return op.bd_id
        return None


class DMAConfigureTaskForOp(DefinedOp):
    """The same, its channel named by a shim DMA allocation or an objectfifo."""

    name = "aiex.dma_configure_task_for"
    alloc: str = attr(SYMBOL)
    issue_token: bool = attr(BOOL, default=False)
    repeat_count: int = attr(I32, default=0)
    repeat_count_val: OptionalScalarField = optional_scalar(default=None)
    body: Region = region()
    result: OpResult = result(INDEX)
    syntax = "$alloc (`repeat` $repeat_count_val^ `:` type($repeat_count_val))? regions attr-dict"


class _TaskOp(DefinedOp):
    name = ""
    task: SSAValue = operand(INDEX)
    syntax = "`(` $task `)` attr-dict"

    @property
    def task_op(self) -> DMAConfigureTaskOp | None:
        """The task behind the operand, once it is a `dma_configure_task`."""
        owner = self.task.owner
        return owner if isinstance(owner, DMAConfigureTaskOp) else None


class DMAFreeTaskOp(_TaskOp):
    """The task's descriptor ids may be used again."""

    name = "aiex.dma_free_task"


class DMAStartTaskOp(_TaskOp):
    """Puts a configured task into its channel's queue."""

    name = "aiex.dma_start_task"


class DMAAwaitTaskOp(_TaskOp):
    """Waits until a started task is complete."""

    name = "aiex.dma_await_task"


class DMABdPoolPopOp(DefinedOp):
    """Takes a free descriptor id of a tile from the pool that the host keeps during the run."""

    name = "aiex.dma_bd_pool_pop"
    column: int = attr(I32)
    row: int = attr(I32)
    bd_id: OpResult = result(i32)
    syntax = "`(` $column `,` $row `)` attr-dict `:` type($bd_id)"


class DMABdPoolPushOp(DefinedOp):
    """Gives a descriptor id back to its tile's pool."""

    name = "aiex.dma_bd_pool_push"
    column: int = attr(I32)
    row: int = attr(I32)
    bd_id: ScalarField = scalar_operand()
    syntax = "`(` $column `,` $row `)` `bd_id` $bd_id attr-dict `:` type($bd_id)"


class _StartBdChain(DefinedOp):
    name = ""
    symbol: str = attr(SYMBOL)
    args: tuple[SSAValue, ...] = operands()
    issue_token: bool = attr(BOOL, default=False)
    repeat_count: int = attr(I32, default=0)
    result: OpResult = result(INDEX)

    @property
    def bd_chain_op(self) -> BDChainOp | None:
        found = lookup(self, self.symbol)
        return found if isinstance(found, BDChainOp) else None


class DMAStartBdChainOp(_StartBdChain, TileElement):
    """Configures and starts a task from an `aie.bd_chain` and its arguments."""

    name = "aiex.dma_start_bd_chain"
    args: tuple[SSAValue, ...] = operands()
    tile: SSAValue = operand(INDEX)
    direction: DMAChannelDir = attr(DIRECTION)
    channel: int = attr(I32)
    syntax = (
        "$symbol `(` $args `)` `:` `(` type($args) `)` ` ` `on` ` ` "
        "`(` $tile `,` $direction `,` $channel `)` attr-dict"
    )


class DMAStartBdChainForOp(_StartBdChain):
    """The same, its channel named by a shim DMA allocation or an objectfifo."""

    name = "aiex.dma_start_bd_chain_for"
    alloc: str = attr(SYMBOL)
    syntax = "$symbol `(` $args `)` `:` `(` type($args) `)` ` ` `for` ` ` $alloc attr-dict"


class SetLockOp(DefinedOp):
    """Sets a lock's value from the runtime sequence."""

    name = "aiex.set_lock"
    lock: SSAValue = operand(INDEX)
    value: int = attr(I32)
    syntax = "`(` $lock `,` $value `)` attr-dict"

    @property
    def lock_op(self) -> LockOp:
        owner = self.lock.owner
        assert isinstance(owner, LockOp)
        return owner


class DmaChannelResetOp(TileElement):
    """Resets a DMA channel of a core or memory tile from the runtime sequence."""

    name = "aiex.dma_channel_reset"
    direction: DMAChannelDir = attr(DIRECTION)
    channel: int = attr(I32)
    syntax = "`(` $tile `,` $direction `,` $channel `)` attr-dict"


class CoreResetOp(TileElement):
    """Resets a core from the runtime sequence; its memory, locks and DMA stay as they are."""

    name = "aiex.core_reset"
    syntax = "`(` $tile `)` attr-dict"


class DmaChannelResetForOp(DefinedOp):
    """Resets and arms anew the channels of an objectfifo in core and memory tiles."""

    name = "aiex.dma_channel_reset_for"
    objfifo: str = attr(SYMBOL)
    syntax = "`(` $objfifo `)` attr-dict"


class ConfigureOp(DefinedOp):
    """Loads a device's configuration; `aiex.run` in the region then runs its sequences."""

    name = "aiex.configure"
    symbol: str = attr(SYMBOL)
    expand_mode: ExpandMode | None = attr(EnumCodec(ExpandMode), default=None)
    body: Region = region()
    traits = traits_def(NoTerminator())
    syntax = "$symbol regions attr-dict"

    @property
    def referenced_device_op(self) -> DeviceOp | None:
        """The device of that name in the module."""
        *_, outermost = tables_around(self)
        found = lookup(outermost, self.symbol)
        return found if isinstance(found, DeviceOp) else None


class RunOp(DefinedOp):
    """Runs a sequence of the device that the enclosing `aiex.configure` loaded."""

    name = "aiex.run"
    runtime_sequence_symbol: str = attr(SYMBOL)
    args: tuple[SSAValue, ...] = operands()
    syntax = "$runtime_sequence_symbol `(` $args `)` `:` `(` type($args) `)` attr-dict"

    @property
    def callee_device_op(self) -> DeviceOp | None:
        parent = self.parent_op()
        return parent.referenced_device_op if isinstance(parent, ConfigureOp) else None

    @property
    def callee_runtime_sequence_op(self) -> RuntimeSequenceOp | None:
        from softnpu.dialects.aie.symbols import lookup_in

        device = self.callee_device_op
        found = lookup_in(device, self.runtime_sequence_symbol) if device else None
        return found if isinstance(found, RuntimeSequenceOp) else None
