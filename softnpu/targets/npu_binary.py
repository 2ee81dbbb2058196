"""The instruction stream of a lowered runtime sequence: what `aie-npu-to-binary` writes.

Facts: mlir-aie, AIETargetNPU.cpp, `AIETranslateNpuToBinary`; the encoding is formats.txn's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from xdsl.dialects import scf
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.memref import GetGlobalOp
from xdsl.ir import Operation
from xdsl.traits import is_side_effect_free

from softnpu.dialects.aie import DeviceOp, EndOp, RuntimeSequenceOp, TraceHostConfigOp
from softnpu.dialects.aiex import (
    DMABdPoolPopOp,
    DMABdPoolPushOp,
    NpuAddressPatchOp,
    NpuBlockWriteOp,
    NpuCreateScratchpadOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuPreemptOp,
    NpuSyncOp,
    NpuUpdateFromScratchpadOp,
    NpuWrite32Op,
)
from softnpu.dialects.kinds import OfKinds, constants_of, said_by
from softnpu.dialects.opdef import DefinedOp
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import ops_in
from softnpu.formats import operations as ops
from softnpu.formats.records import word_bytes
from softnpu.formats.txn import Txn, build
from softnpu.passes.block_data import block_words
from softnpu.passes.register_address import absolute_address
from softnpu.passes.sequence_ops import Symbols, find_device, find_sequence, model_of

IN_THE_RUN = (
    "an instruction stream is a list without branches: make loop bounds and conditions constants, "
    "or let the host write the stream with the C++ function that npuforge compile --npu-cpp, or "
    "npuforge translate --aie-npu-to-cpp, makes of the sequence (aie-translate's "
    "--aie-npu-to-binary leaves out what is in it and says nothing)",
)

OFTEN_THE_SAME = (NpuSyncOp, NpuMaskWrite32Op)
"""Ops of which a long sequence has few that differ."""

MAXIMUM_BUFFERS = 16
"""Host buffers that a kernel can take: what mlir-aie has tried on NPUs (aiecc, SidecarFiles.h,
kMaxHostBOs)."""


def emit(
    module: ModuleOp, device_name: str = "", sequence_name: str = "", *, translate: bool = True
) -> bytes:
    """The bytes of `insts.bin` for one runtime sequence.

    Args:
        device_name: the device's symbol; "" for `main`, or for the only device.
        sequence_name: the sequence's symbol; "" for the device's first.
        translate: as for `stream`.

    Raises:
        DesignError: no such device or sequence, an op that the controller does not know, a
            value that only the run knows, or more host buffers than a kernel can take.
    """
    found = find_sequence(find_device(module, device_name), sequence_name)
    return build(stream(found, translate=translate))


def stream(sequence: RuntimeSequenceOp, *, translate: bool = True) -> Txn:
    """The instruction stream of a lowered sequence.

    Args:
        translate: translate the addresses of the sixth buffer and further ones, which the firmware
            does not (`AddressPatch.translated`). False for a host that has translated all of them.
    """
    check_buffers(sequence)
    model = model_of(_device_of(sequence))
    operations = [operation for _, operation in encoded(sequence, translate=translate)]
    return Txn(
        devgen=model.devgen,
        rows=model.rows,
        columns=model.columns,
        memory_rows=model.memory_tile_rows,
        operations=tuple(operations),
    )


def encoded(
    sequence: RuntimeSequenceOp, *, translate: bool = True
) -> Iterator[tuple[Operation, ops.Operation]]:
    """The ops of a lowered sequence that the controller does something for, with what it does.

    Args:
        translate: as for `stream`.
    """
    encode = _Encoder(Symbols(_device_of(sequence)), translate=translate).encode
    for block in sequence.body.blocks:
        for op in ops_in(block):
            if type(op) is not ConstantOp and (operation := encode(op)) is not None:
                yield op, operation


def _device_of(sequence: RuntimeSequenceOp) -> DeviceOp:
    device = sequence.parent_op()
    assert isinstance(device, DeviceOp)
    return device


def check_buffers(sequence: RuntimeSequenceOp) -> int:
    """How many host buffers a sequence takes; DesignError for more than a kernel can take."""
    buffers = len(sequence.body.blocks[0].args)
    if buffers > MAXIMUM_BUFFERS:
        raise design_error(
            sequence,
            f"runtime sequence '@{sequence.sym_name}' takes {buffers} host buffers; a kernel can "
            f"take {MAXIMUM_BUFFERS}",
            "put several tensors into one buffer and give the transfers offsets",
        )
    return buffers


class _Encoder:
    """Ops of a lowered sequence as operations of the controller."""

    def __init__(self, symbols: Symbols, *, translate: bool) -> None:
        self.symbols = symbols
        self._translate = translate
        self._known: OfKinds[ops.Operation | None] = OfKinds()
        """What is done for those that are often the same, by what they say."""
        self._data: dict[str, bytes] = {}
        """The bytes of the globals that block writes have named."""
        self._table: dict[type[Operation], Callable[[Any], ops.Operation]] = {
            NpuWrite32Op: self._write,
            NpuMaskWrite32Op: self._mask_write,
            NpuBlockWriteOp: self._block_write,
            NpuSyncOp: _sync,
            NpuAddressPatchOp: self._patch,
            NpuLoadPdiOp: _load_pdi,
            NpuPreemptOp: _preempt,
            NpuCreateScratchpadOp: _create_scratchpad,
            NpuUpdateFromScratchpadOp: self._update,
        }

    def encode(self, op: Operation) -> ops.Operation | None:
        """What the controller does; None for an op that only makes a value for others."""
        encode = self._table.get(type(op))
        if encode is not None:
            said = said_by(op) if isinstance(op, OFTEN_THE_SAME) else None
            if (known := self._known.known.get(said)) is not None:
                return known
            _check_ranges(op)
            operation = encode(op)
            if said is not None:
                self._known.learn(said, op, operation, *constants_of(op))
            return operation
        if isinstance(op, EndOp | TraceHostConfigOp) or _only_makes_a_value(op):
            # A sequence may have a place for traces though nothing is traced.
            return None
        if isinstance(op, scf.ForOp | scf.WhileOp | scf.IfOp):
            raise design_error(
                op, f"this {op.name} depends on a value that only the run knows", *IN_THE_RUN
            )
        if isinstance(op, DMABdPoolPopOp | DMABdPoolPushOp):
            raise design_error(
                op, "which descriptor this task has is known at run time only", *IN_THE_RUN
            )
        raise design_error(
            op,
            f"{op.name} is nothing that the NPU's controller can do",
            "in a runtime sequence it should have been lowered to aiex.npu operations",
        )

    def _write(self, op: NpuWrite32Op) -> ops.Operation:
        return ops.Write(absolute_address(op, self.symbols), op.word("value"))

    def _mask_write(self, op: NpuMaskWrite32Op) -> ops.Operation:
        address = absolute_address(op, self.symbols)
        return ops.MaskWrite(address, op.word("mask"), op.word("value"))

    def _block_write(self, op: NpuBlockWriteOp) -> ops.Operation:
        named = op.column is not None and op.row is not None
        tile = (op.column or 0) & 0xFF | ((op.row or 0) & 0xFF) << 8 if named else 0
        return ops.BlockWrite(absolute_address(op, self.symbols), self._bytes(op), tile)

    def _bytes(self, op: NpuBlockWriteOp) -> bytes:
        source = op.data.owner
        name = source.name_.root_reference.data if isinstance(source, GetGlobalOp) else ""
        data = self._data.get(name)
        if data is None:
            data = self._data[name] = word_bytes(block_words(op, self.symbols))
        return data

    def _patch(self, op: NpuAddressPatchOp) -> ops.Operation:
        if op.addr_val is not None:
            raise design_error(
                op,
                "the descriptor that this patch is for is chosen during the run",
                "an instruction stream that is made beforehand needs descriptors of its own",
            )
        offset = op.word("arg_plus")
        make = ops.AddressPatch.translated if self._translate else ops.AddressPatch
        return make(op.addr, op.arg_idx, offset)

    def _update(self, op: NpuUpdateFromScratchpadOp) -> ops.Operation:
        return ops.UpdateRegister(
            address=absolute_address(op, self.symbols),
            index=op.state_table_idx,
            function=op.func.value,
            argument=op.func_arg,
        )


def _only_makes_a_value(op: Operation) -> bool:
    """Not all that is free of side effects says so: `arith.extsi` does not."""
    return op.name.startswith("arith.") or is_side_effect_free(op)


BYTE = (0, 0xFF)
SYNC_OPERANDS = ("column", "row", "direction", "channel", "column_num", "row_num")
RANGES: dict[type[Operation], dict[str, tuple[int, int]]] = {
    NpuSyncOp: dict.fromkeys(SYNC_OPERANDS, BYTE),
    NpuAddressPatchOp: {"arg_idx": (0, MAXIMUM_BUFFERS - 1), "arg_plus": (0, 0x7FFFFFFF)},
    NpuLoadPdiOp: {"id": (0, 0xFFFF), "size": (0, 0x7FFFFFFF)},
}
"""What the stream can hold of the ops' signed values."""


def _check_ranges(op: Operation) -> None:
    for name, (least, most) in RANGES.get(type(op), {}).items():
        value = number_at(op, name)
        if not least <= value <= most:
            raise design_error(op, f"{name} = {value} exceeds the range [{least}:{most}]")


def number_at(op: Operation, name: str) -> int:
    """The value of an attribute or of a scalar operand."""
    found = getattr(op, name)
    return found if isinstance(found, int) else cast(DefinedOp, op).number(name)


def _sync(op: NpuSyncOp) -> ops.Operation:
    column, row, direction, channel, columns, rows = map(op.number, SYNC_OPERANDS)
    return ops.Sync(column, row, direction, channel, columns=columns, rows=rows)


def _create_scratchpad(op: NpuCreateScratchpadOp) -> ops.Operation:
    return ops.CreateScratchpad(op.size, op.usage_type)


def _load_pdi(op: NpuLoadPdiOp) -> ops.Operation:
    return ops.LoadPdi(op.id, op.size, op.address)


def _preempt(op: NpuPreemptOp) -> ops.Operation:
    return ops.Preempt(op.level)
