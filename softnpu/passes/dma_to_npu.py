"""`aie-dma-to-npu`: transfers, queue pushes and parameters as writes to registers.

After it a runtime sequence holds what the controller does: writes, masked writes, block writes,
address patches and syncs (mlir-aie, AIEDmaToNpu.cpp).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from softnpu.arch.dma import MAXIMUM_REPEAT, Direction
from softnpu.dialects.aie import BufferOp, DeviceOp, PacketInfoAttr
from softnpu.dialects.aiex import (
    NpuAddressPatchOp,
    NpuBlockWriteOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuMaskWrite32Op,
    NpuPushQueueOp,
    NpuSyncOp,
    NpuWrite32Op,
    NpuWriteBdOp,
    NpuWriteRTPOp,
)
from softnpu.dialects.kinds import Kind, OfKinds, kind_but_for, kind_of
from softnpu.dialects.making import Again, made
from softnpu.dialects.scalars import (
    loose_constant,
    loose_constants,
    number_of,
    scalar,
    with_constants,
)
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.passes.bd_words import bd_words, check_bd_id, check_tile, moved
from softnpu.passes.block_data import BlockData
from softnpu.passes.concerns import Concerns
from softnpu.passes.memcpy_descriptors import (
    address_patch,
    is_decided_by_run,
    memcpy_ops,
    runtime_memcpy_ops,
)
from softnpu.passes.register_address import absolute_address
from softnpu.passes.runtime_arithmetic import Arithmetic
from softnpu.passes.sequence_ops import (
    Symbols,
    devices,
    get_or_create_tile,
    model_of,
    put,
    sequences,
)
from softnpu.passes.table_offset import table_offset

CONTROLLER_ID = "controller_id"
"""The attribute of a tile that holds the packet header of its tokens."""
CONTROLLER_ID_LSB = 8
CONTROLLER_ID_MASK = 0x1F00
"""The packet id among the bits of a channel's control register."""

ADDRESS = NpuBlockWriteOp.attr_fields["address"]
PLACE = ("bd_id", "buffer_offset")
"""Where a descriptor is written, and where in its buffer it begins."""

QUEUE_REPEAT_LSB = 16
QUEUE_TOKEN = 1 << 31
NUMBERS, MEMORY_NUMBERS = 0xF, 0x3F
"""The bits of a first descriptor's number, and in a memory tile's queue."""


@dataclass(frozen=True)
class DmaToNpuPass(ModulePass):
    """Lower transfers and what goes with them to register operations."""

    name = "aie-dma-to-npu"
    makes: ClassVar[Concerns] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for sequence in sequences(device):
                lowering = _Lowering(device, BlockData(sequence))
                for step in all_ops(sequence):
                    lower = lowering.of(step)
                    if lower is not None:
                        put(step, lower(step))


@dataclass(frozen=True)
class _Command:
    """A write to the task queue behind a channel's control register, and where its token goes."""

    control: int
    header: PacketInfoAttr | None
    word: int


@dataclass(frozen=True)
class _Transfer:
    """What a transfer becomes before and behind the patch that says where it begins."""

    before: Again
    register: int
    behind: Again


def _but_for_start(op: NpuDmaMemcpyNdOp) -> Kind | None:
    """The kind of a transfer, its offsets left out; None if values of the sequence are in it."""
    return kind_but_for(op, "static_offsets") if len(op._operands) == 1 else None


def _queue_writes(command: _Command, op: Operation) -> list[Operation]:
    value = scalar(command.word)
    write = NpuWrite32Op(address=command.control + 4, value=value, location=op.location)
    route = _token_route(command.control, command.header, op)
    return [*route, cast(Operation, value.owner), write]


def _token_route(control: int, header: PacketInfoAttr | None, op: Operation) -> list[Operation]:
    if header is None:
        return []
    route = NpuMaskWrite32Op(
        address=control,
        value=header.pkt_id << CONTROLLER_ID_LSB,
        mask=CONTROLLER_ID_MASK,
        location=op.location,
    )
    return [route]


class _Lowering:
    """What each op of a runtime sequence becomes."""

    def __init__(self, device: DeviceOp, data: BlockData) -> None:
        self.device = device
        self.model = model_of(device)
        self.symbols = Symbols(device)
        self.data = data
        self._transfers: OfKinds[_Transfer] = OfKinds()
        """Of transfers that differ in nothing but where they begin."""
        self._words: OfKinds[list[int]] = OfKinds()
        """Of descriptors that differ in nothing but their `PLACE`."""
        self._alike: OfKinds[Again] = OfKinds()
        """What other ops of a kind become; each gets ops of its own like these."""
        self._table: dict[type[Operation], Callable[[Any], list[Operation]]] = {
            NpuDmaMemcpyNdOp: self._memcpy,
            NpuDmaWaitOp: self._wait,
            NpuPushQueueOp: self._push,
            NpuWriteBdOp: self._write_bd,
            NpuWriteRTPOp: self._parameter,
            NpuWrite32Op: self._write,
            NpuMaskWrite32Op: self._mask_write,
            NpuBlockWriteOp: self._block_write,
        }

    def of(self, op: Operation) -> Callable[[Any], list[Operation]] | None:
        """How to lower `op`, None if it stays as it is."""
        if isinstance(op, (NpuWrite32Op, NpuMaskWrite32Op, NpuBlockWriteOp)) and not op.buffer:
            return None
        return self._table.get(type(op))

    def _memcpy(self, op: NpuDmaMemcpyNdOp) -> list[Operation]:
        if is_decided_by_run(op):
            return self._runtime_memcpy(op)
        kind = _but_for_start(op)
        found = None if kind is None else self._transfers.known.get(kind)
        if found is None:
            found = self._transfer(op)
            if kind is not None:
                self._transfers.learn(kind, op, found)
        return [
            *found.before.made(op.location),
            *with_constants(address_patch(op, found.register)),
            *found.behind.made(op.location),
        ]

    def _transfer(self, op: NpuDmaMemcpyNdOp) -> _Transfer:
        write, register, push = memcpy_ops(op, self.symbols, self.model)
        # The push's operands stay where it was, as in aie-opt.
        behind = with_constants(
            *table_offset(op, register, op.element_bits // 8),
            *(loose_constant(push.number(name)) for name in ("repeat_count", "bd_id")),
            *_queue_writes(self._command(push), op),
        )
        before = self._write_bd(write)
        return _Transfer(Again(before), register, Again(behind))

    def _like(
        self, op: Operation, lower: Callable[[], list[Operation]], *numbers: int
    ) -> list[Operation]:
        """What an op of its kind becomes, whose operands are these numbers, by `lower`."""
        kind = (*kind_of(op), *numbers)
        if kind not in self._alike.known:
            self._alike.learn(kind, op, Again(with_constants(*lower())))
        return self._alike.known[kind].made(op.location)

    def _runtime_memcpy(self, op: NpuDmaMemcpyNdOp) -> list[Operation]:
        (write, *words), push = runtime_memcpy_ops(op, self.symbols, self.model)
        assert isinstance(write, NpuWriteBdOp)
        patch = next(one for one in words if isinstance(one, NpuAddressPatchOp))
        return with_constants(
            *self._write_bd(write),
            *words,
            *table_offset(op, patch.addr, op.element_bits // 8),
            *(one for one in loose_constants(push) if one not in words),
            *self._push(push),
        )

    def _wait(self, op: NpuDmaWaitOp) -> list[Operation]:
        return self._like(op, lambda: [self._sync(op)])

    def _sync(self, op: NpuDmaWaitOp) -> NpuSyncOp:
        allocation = self.symbols.shim_allocation(op, op.symbol)
        return NpuSyncOp(
            column=allocation.tile_op.col,
            row=allocation.tile_op.row,
            direction=allocation.channel_dir.value,
            channel=allocation.channel_index,
            column_num=1,
            row_num=1,
            location=op.location,
        )

    def _push(self, op: NpuPushQueueOp) -> list[Operation]:
        """A write to the task queue; before it, where its token shall go.

        mlir-aie writes four bits of the first descriptor's number, though a memory tile's queue
        has six.
        """
        bd_id, repeats = number_of(op.bd_id), number_of(op.repeat_count)
        if bd_id is None or repeats is None:
            return with_constants(*self._runtime_push(op))
        return self._like(op, lambda: _queue_writes(self._command(op), op), bd_id, repeats)

    def _command(self, op: NpuPushQueueOp) -> _Command:
        """What a push of known numbers writes."""
        self._check_push(op)
        command = op.number("bd_id") | op.number("repeat_count") << QUEUE_REPEAT_LSB
        token = QUEUE_TOKEN if op.issue_token else 0
        return _Command(self._control(op), self._token_header(op), command | token)

    def _control(self, op: NpuPushQueueOp) -> int:
        direction = Direction(op.direction.value)
        return self.model.dma_control_address(op.column, op.row, op.channel, direction)

    def _runtime_push(self, op: NpuPushQueueOp) -> list[Operation]:
        """The writes of a number or repeats that only the run knows."""
        numbers = MEMORY_NUMBERS if self.model.is_memory_tile(op.column, op.row) else NUMBERS
        made, control = Arithmetic(op.location), self._control(op)
        command = made.constant(QUEUE_TOKEN if op.issue_token else 0)
        command = made.either(command, made.masked(made.value(op.bd_id), numbers))
        repeats = made.masked(op.repeat_count, MAXIMUM_REPEAT)
        command = made.either(command, made.shifted(repeats, QUEUE_REPEAT_LSB))
        write = NpuWrite32Op(address=control + 4, value=command, location=op.location)
        return [*_token_route(control, self._token_header(op), op), *made.made, write]

    def _check_push(self, op: NpuPushQueueOp) -> None:
        check_tile(op, self.model, op.column, op.row)
        engine = self.model.dma(op.column, op.row)
        bd_id, repeats = op.number("bd_id"), op.number("repeat_count")
        check_bd_id(op, engine, bd_id)
        if not engine.can_use(bd_id, op.channel):
            usable = [bd for bd in range(engine.bds) if engine.can_use(bd, op.channel)]
            raise design_error(
                op,
                f"channel {op.channel} of tile ({op.column}, {op.row}) cannot start BD {bd_id}, "
                f"only {usable[0]} to {usable[-1]}",
            )
        if not 0 <= repeats <= MAXIMUM_REPEAT:
            raise design_error(op, f"repeat count {repeats} exceeds the range [0:{MAXIMUM_REPEAT}]")
        if not 0 <= op.channel < engine.channels:
            raise design_error(
                op,
                f"channel {op.channel} does not exist: a {engine.kind.value} tile has "
                f"{engine.channels} {op.direction.name} channels",
            )

    def _token_header(self, op: NpuPushQueueOp) -> PacketInfoAttr | None:
        """The header that a token goes by, if there is one."""
        if not op.issue_token:
            return None
        tile = get_or_create_tile(self.device, op.column, op.row)
        header = tile.attributes.get(CONTROLLER_ID)
        return header if isinstance(header, PacketInfoAttr) else None

    def _write_bd(self, op: NpuWriteBdOp) -> list[Operation]:
        """Its words from a global. They are worked out once for all descriptors that differ in
        nothing but their number and where they begin."""
        kind = kind_but_for(op, *PLACE)
        words = self._words.known.get(kind)
        if words is None:
            words = bd_words(op, self.model)
            self._words.learn(kind, op, words)
        check_bd_id(op, self.model.dma(op.column, op.row), op.bd_id)
        read = self.data.read(moved(words, op, self.model), op.location)
        address = self.model.dma_bd_address(op.column, op.row, op.bd_id)
        properties = {ADDRESS.mlir: ADDRESS.codec.store(address)}
        write = made(NpuBlockWriteOp, read.results, (), properties, location=op.location)
        return [read, write]

    def _parameter(self, op: NpuWriteRTPOp) -> list[Operation]:
        buffer = self.symbols.get(op.buffer)
        if not isinstance(buffer, BufferOp):
            raise self.symbols.unknown(op, op.buffer, BufferOp, "buffer")
        if buffer.address is None:
            raise design_error(op, f"buffer '@{op.buffer}' has no address: assign addresses first")
        write = NpuWrite32Op(
            address=buffer.address + 4 * op.index,
            value=op.value,
            column=buffer.tile_op.col,
            row=buffer.tile_op.row,
            location=op.location,
        )
        return with_constants(write)

    def _write(self, op: NpuWrite32Op) -> list[Operation]:
        address = absolute_address(op, self.symbols)
        return with_constants(NpuWrite32Op(address=address, value=op.value, location=op.location))

    def _mask_write(self, op: NpuMaskWrite32Op) -> list[Operation]:
        address = absolute_address(op, self.symbols)
        write = NpuMaskWrite32Op(
            address=address, value=op.value, mask=op.mask, location=op.location
        )
        return with_constants(write)

    def _block_write(self, op: NpuBlockWriteOp) -> list[Operation]:
        address = absolute_address(op, self.symbols)
        return with_constants(NpuBlockWriteOp(address=address, data=op.data, location=op.location))
