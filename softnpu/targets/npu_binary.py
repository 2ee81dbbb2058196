"""The instruction stream of a lowered runtime sequence: what `aie-npu-to-binary` writes.

Facts: mlir-aie, AIETargetNPU.cpp, `AIETranslateNpuToBinary`; the encoding is formats.txn's.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from xdsl.dialects.builtin import MemRefType, ModuleOp, UnrankedMemRefType
from xdsl.ir import Operation
from xdsl.traits import is_side_effect_free

from softnpu.dialects.aie import DeviceOp, EndOp, RuntimeSequenceOp
from softnpu.dialects.aiex import (
    NpuAddressPatchOp,
    NpuBlockWriteOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuPreemptOp,
    NpuSyncOp,
    NpuWrite32Op,
)
from softnpu.dialects.source import design_error
from softnpu.errors import DesignError
from softnpu.formats import operations as ops
from softnpu.formats.records import word_bytes
from softnpu.formats.txn import Txn, build
from softnpu.passes.block_data import block_words
from softnpu.passes.register_address import absolute_address
from softnpu.passes.sequence_ops import Symbols, devices, model_of, sequences

MAXIMUM_BUFFERS = 5
"""Host buffers of the kernel in an xclbin that mlir-aie makes (bo0 to bo4)."""


def emit(module: ModuleOp, device_name: str = "", sequence_name: str = "") -> bytes:
    """The bytes of `insts.bin` for one runtime sequence.

    Args:
        device_name: the device's symbol; "" for `main`, or for the only device.
        sequence_name: the sequence's symbol; "" for the device's first.

    Raises:
        DesignError: no such device or sequence, an op that the controller does not know, or
            more host buffers than a kernel has.
    """
    return build(stream(find_sequence(find_device(module, device_name), sequence_name)))


def stream(sequence: RuntimeSequenceOp) -> Txn:
    """The instruction stream of a lowered sequence."""
    device = sequence.parent_op()
    assert isinstance(device, DeviceOp)
    check_buffers(sequence)
    model = model_of(device)
    encode = _Encoder(Symbols(device)).encode
    steps = (op for block in sequence.body.blocks for op in block.ops)
    operations = [operation for op in steps for operation in encode(op)]
    return Txn(
        devgen=model.devgen,
        rows=model.rows,
        columns=model.columns,
        memory_rows=model.memory_tile_rows,
        operations=tuple(operations),
    )


def check_buffers(sequence: RuntimeSequenceOp) -> None:
    """Raise DesignError for a sequence with more host buffers than a kernel has arguments."""
    buffers = [
        argument
        for argument in sequence.body.blocks[0].args
        if isinstance(argument.type, (MemRefType, UnrankedMemRefType))
    ]
    if len(buffers) > MAXIMUM_BUFFERS:
        raise design_error(
            sequence,
            f"runtime sequence '@{sequence.sym_name}' takes {len(buffers)} host buffers; a kernel "
            f"has {MAXIMUM_BUFFERS}",
            "put several tensors into one buffer and give the transfers offsets",
        )


def find_device(module: ModuleOp, name: str = "") -> DeviceOp:
    """The device called `name`; DesignError with the nearest name if there is none."""
    found = {device.sym_name: device for device in devices(module)}
    wanted = name or "main"
    if wanted in found:
        return found[wanted]
    if not name and len(found) == 1:
        return next(iter(found.values()))
    raise DesignError(
        f"there is no device '@{wanted}' in this design", notes=_known(wanted, "devices", found)
    )


def find_sequence(device: DeviceOp, name: str = "") -> RuntimeSequenceOp:
    """The runtime sequence called `name`; DesignError with the nearest name if there is none."""
    found = {sequence.sym_name: sequence for sequence in sequences(device)}
    if name in found:
        return found[name]
    if not name and found:
        return next(iter(found.values()))
    what = f"runtime sequence '@{name}'" if name else "runtime sequence"
    raise design_error(
        device,
        f"device '@{device.sym_name}' has no {what}",
        *_known(name, "sequences", found),
    )


def _known(name: str, what: str, found: dict[str, Any]) -> tuple[str, ...]:
    close = get_close_matches(name, found, n=1, cutoff=0.5)
    hint = (f"did you mean '@{close[0]}'?",) if close else ()
    return (*hint, f"{what}: {', '.join(f'@{known}' for known in found) or 'none'}")


class _Encoder:
    """Ops of a lowered sequence as operations of the controller."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._table: dict[type[Operation], Callable[[Any], ops.Operation]] = {
            NpuWrite32Op: self._write,
            NpuMaskWrite32Op: self._mask_write,
            NpuBlockWriteOp: self._block_write,
            NpuSyncOp: _sync,
            NpuAddressPatchOp: _patch,
            NpuLoadPdiOp: _load_pdi,
            NpuPreemptOp: _preempt,
        }

    def encode(self, op: Operation) -> list[ops.Operation]:
        """One operation, or none for an op that only makes a value for others."""
        encode = self._table.get(type(op))
        if encode is not None:
            _check_ranges(op)
            return [encode(op)]
        if isinstance(op, EndOp) or is_side_effect_free(op):
            return []
        raise design_error(
            op,
            f"{op.name} is nothing that the NPU's controller can do",
            "in a runtime sequence it should have been lowered to aiex.npu operations",
        )

    def _write(self, op: NpuWrite32Op) -> ops.Operation:
        return ops.Write(absolute_address(op, self.symbols), op.value)

    def _mask_write(self, op: NpuMaskWrite32Op) -> ops.Operation:
        return ops.MaskWrite(absolute_address(op, self.symbols), op.mask, op.value)

    def _block_write(self, op: NpuBlockWriteOp) -> ops.Operation:
        named = op.column is not None and op.row is not None
        tile = (op.column or 0) & 0xFF | ((op.row or 0) & 0xFF) << 8 if named else 0
        words = block_words(op, self.symbols)
        return ops.BlockWrite(absolute_address(op, self.symbols), word_bytes(words), tile)


BYTE = (0, 0xFF)
RANGES: dict[type[Operation], dict[str, tuple[int, int]]] = {
    NpuSyncOp: dict.fromkeys(
        ("column", "row", "direction", "channel", "column_num", "row_num"), BYTE
    ),
    NpuAddressPatchOp: {"arg_idx": (0, MAXIMUM_BUFFERS - 1), "arg_plus": (0, 0x7FFFFFFF)},
    NpuLoadPdiOp: {"id": (0, 0xFFFF), "size": (0, 0x7FFFFFFF)},
}
"""What the stream can hold of the ops' signed attributes; a kernel has so many arguments."""


def _check_ranges(op: Operation) -> None:
    for name, (least, most) in RANGES.get(type(op), {}).items():
        value = getattr(op, name)
        if not least <= value <= most:
            raise design_error(op, f"{name} = {value} exceeds the range [{least}:{most}]")


def _sync(op: NpuSyncOp) -> ops.Operation:
    return ops.Sync(
        op.column, op.row, op.direction, op.channel, columns=op.column_num, rows=op.row_num
    )


def _patch(op: NpuAddressPatchOp) -> ops.Operation:
    return ops.AddressPatch(op.addr, op.arg_idx, op.arg_plus)


def _load_pdi(op: NpuLoadPdiOp) -> ops.Operation:
    return ops.LoadPdi(op.id, op.size, op.address)


def _preempt(op: NpuPreemptOp) -> ops.Operation:
    return ops.Preempt(op.level)
