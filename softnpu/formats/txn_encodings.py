"""The operations of an instruction stream in its two encodings, version 0.1 and compact 1.0.

Sources: mlir-aie, AIETargetNPU.cpp and AIEToConfiguration.cpp; aie-rt, xaiegbl.h (the structures
behind `XAie_TxnHeader`, those of version 1.0 with `_opt`); aiebu, MergeSync.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from softnpu.errors import FormatError
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    Custom,
    LoadPdi,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Nop,
    Operation,
    Preempt,
    Sync,
    Write,
)
from softnpu.formats.records import Bytes

Reader = Callable[[Bytes, int], tuple[Operation, int]]
Writer = Callable[[Operation], bytes]

WRITE, BLOCK_WRITE, BLOCK_SET, MASK_WRITE, MASK_POLL, NOP = range(6)
PREEMPT, MASK_POLL_BUSY, LOAD_PDI = 6, 7, 8
SYNC, ADDRESS_PATCH, MERGE_SYNC = 0x80, 0x81, 0x84
CUSTOM_BEGIN = 0x80

OPCODE_NAMES: dict[int, str] = {
    WRITE: "WRITE",
    BLOCK_WRITE: "BLOCKWRITE",
    BLOCK_SET: "BLOCKSET",
    MASK_WRITE: "MASKWRITE",
    MASK_POLL: "MASKPOLL",
    NOP: "NOOP",
    PREEMPT: "PREEMPT",
    MASK_POLL_BUSY: "MASKPOLL_BUSY",
    LOAD_PDI: "LOADPDI",
    0x09: "LOAD_PM_START",
    0x0A: "CREATE_SCRATCHPAD",
    0x0B: "UPDATE_STATE_TABLE",
    0x0C: "UPDATE_REG",
    0x0D: "UPDATE_SCRATCH",
    0x0E: "CONFIG_SHIMDMA_BD",
    0x0F: "CONFIG_SHIMDMA_DMABUF_BD",
    SYNC: "TCT",
    ADDRESS_PATCH: "DDR_PATCH",
    0x82: "READ_REGS",
    0x83: "RECORD_TIMER",
    MERGE_SYNC: "MERGE_SYNC",
}
"""Names of the operation codes (mlir-aie, AIETargetNPU.cpp, without `XAIE_IO_`)."""

_OBSERVING = range(0x82, 0x84)
"""Operations of the firmware whose payload is kept as it is."""


def _opcode_name(code: int) -> str:
    return f"{OPCODE_NAMES.get(code, 'unknown')} ({code:#04x})"


def _sized(size: int, allowed: tuple[int, ...], code: int, at: int) -> int:
    if size not in allowed:
        raise FormatError(
            f"operation {_opcode_name(code)} at byte {at:#x} says that it has {size} bytes; "
            f"it has {' or '.join(map(str, allowed))}"
        )
    return size


def _whole_words(size: int, head: int, code: int, at: int) -> int:
    if size < head or size % 4:
        raise FormatError(
            f"operation {_opcode_name(code)} at byte {at:#x} says that it has {size} bytes; "
            f"at least {head}, and whole words, are expected"
        )
    return size


# version 0.1

_WRITE = struct.Struct("<IIQII")
_MASKED = struct.Struct("<IIQIII")
_MASKED_PADDED = _MASKED.size + 4
"""aie-rt writes the C structure with its padding, mlir-aie without."""
_BLOCK = struct.Struct("<IIII")
_WORD = struct.Struct("<I")
_PAIR = struct.Struct("<II")
_LOAD_PDI = struct.Struct("<HHIQ")
_SYNC = struct.Struct("<IIII")
_MERGE_SYNC = struct.Struct("<III")
_PATCH = struct.Struct("<IIIIIIQQQ")


def read_v01(data: Bytes, at: int) -> tuple[Operation, int]:
    """The operation at byte `at`, and its size; struct.error if `data` ends within it."""
    code = data[at]
    if code == WRITE:
        _, _, address, value, size = _WRITE.unpack_from(data, at)
        return Write(address, value), _sized(size, (_WRITE.size,), code, at)
    if code == BLOCK_WRITE:
        _, tile, address, size = _BLOCK.unpack_from(data, at)
        _whole_words(size, _BLOCK.size, code, at)
        return BlockWrite(address, bytes(data[at + _BLOCK.size : at + size]), tile), size
    if code in (MASK_WRITE, MASK_POLL, MASK_POLL_BUSY):
        _, _, address, value, mask, size = _MASKED.unpack_from(data, at)
        _sized(size, (_MASKED.size, _MASKED_PADDED), code, at)
        return _masked(code, address, mask, value), size
    if code >= CUSTOM_BEGIN:
        return _read_custom(data, at, code, _patch_v01)
    return _read_short(data, at, code)


def _masked(code: int, address: int, mask: int, value: int) -> Operation:
    if code == MASK_WRITE:
        return MaskWrite(address, mask, value)
    return MaskPoll(address, mask, value, busy=code == MASK_POLL_BUSY)


def _read_short(data: Bytes, at: int, code: int) -> tuple[Operation, int]:
    """The operations that look alike in both versions."""
    if code == NOP:
        return Nop(), 4
    if code == PREEMPT:
        return Preempt(_WORD.unpack_from(data, at)[0] >> 8 & 0xFF), 4
    if code == LOAD_PDI:
        _, identity, size, location = _LOAD_PDI.unpack_from(data, at)
        return LoadPdi(identity, size, location), _LOAD_PDI.size
    raise FormatError(
        f"operation {_opcode_name(code)} at byte {at:#x} of the instruction stream is not supported"
    )


_PatchReader = Callable[[Bytes, int], tuple[Operation, int]]


def _read_custom(
    data: Bytes, at: int, code: int, read_patch: _PatchReader
) -> tuple[Operation, int]:
    if code == SYNC:
        _, size, tile, config = _SYNC.unpack_from(data, at)
        return _sync(tile, config), _sized(size, (_SYNC.size,), code, at)
    if code == ADDRESS_PATCH:
        return read_patch(data, at)
    if code == MERGE_SYNC:
        _, size, counts = _MERGE_SYNC.unpack_from(data, at)
        merged = MergeSync(tokens=counts & 0xFF, columns=counts >> 8 & 0xFF)
        return merged, _sized(size, (_MERGE_SYNC.size,), code, at)
    if code not in _OBSERVING:
        return _read_short(data, at, code)
    _, size = _PAIR.unpack_from(data, at)
    _whole_words(size, _PAIR.size, code, at)
    return Custom(code, bytes(data[at + _PAIR.size : at + size])), size


def _sync(tile: int, config: int) -> Sync:
    return Sync(
        column=tile >> 16 & 0xFF,
        row=tile >> 8 & 0xFF,
        direction=tile & 0xFF,
        channel=config >> 24,
        columns=config >> 16 & 0xFF,
        rows=config >> 8 & 0xFF,
    )


def _patch_v01(data: Bytes, at: int) -> tuple[Operation, int]:
    _, size, _, _, _, action, address, argument, offset = _PATCH.unpack_from(data, at)
    _sized(size, (_PATCH.size,), ADDRESS_PATCH, at)
    return AddressPatch(address, argument, offset, action), size


def write_v01(operation: Operation) -> bytes:
    """The operation as bytes; FormatError if the encoding cannot hold it."""
    match operation:
        case Write(address, value):
            return _pack(_WRITE, operation, WRITE, 0, address, value, _WRITE.size)
        case BlockWrite(address, data, tile):
            size = _BLOCK.size + len(data)
            return _pack(_BLOCK, operation, BLOCK_WRITE, tile, address, size) + _block(operation)
        case MaskWrite(address, mask, value):
            size = _MASKED.size
            return _pack(_MASKED, operation, MASK_WRITE, 0, address, value, mask, size)
        case MaskPoll(address, mask, value, _, busy):
            code = MASK_POLL_BUSY if busy else MASK_POLL
            return _pack(_MASKED, operation, code, 0, address, value, mask, _MASKED.size)
        case AddressPatch(address, argument, offset, action):
            size = _PATCH.size
            return _pack(
                _PATCH, operation, ADDRESS_PATCH, size, 0, 0, 0, action, address, argument, offset
            )
    return _write_short(operation)


def _write_short(operation: Operation) -> bytes:
    """The operations that look alike in both versions."""
    match operation:
        case Nop(0):
            return _WORD.pack(NOP)
        case Preempt(level):
            return _pack(_WORD, operation, PREEMPT | level << 8)
        case LoadPdi(identity, size, location):
            return _pack(_LOAD_PDI, operation, LOAD_PDI, identity, size, location)
        case Sync(column, row, direction, channel, columns, rows):
            tile = _bytes_word(operation, direction, row, column, 0)
            config = _bytes_word(operation, 0, rows, columns, channel)
            return _SYNC.pack(SYNC, _SYNC.size, tile, config)
        case MergeSync(tokens, columns):
            counts = _bytes_word(operation, tokens, columns, 0, 0)
            return _MERGE_SYNC.pack(MERGE_SYNC, _MERGE_SYNC.size, counts)
        case Custom(code, payload) if code in _OBSERVING:
            return _PAIR.pack(code, _PAIR.size + len(payload)) + payload
    raise FormatError(f"an instruction stream cannot hold {operation}")


def _bytes_word(operation: Operation, *values: int) -> int:
    try:
        return int.from_bytes(bytes(values), "little")
    except ValueError as error:
        raise FormatError(f"{operation}: {error}") from error


def _pack(layout: struct.Struct, operation: Operation, *values: int) -> bytes:
    try:
        return layout.pack(*values)
    except struct.error as error:
        raise FormatError(f"{operation}: {error}") from error


def _block(operation: BlockWrite) -> bytes:
    if len(operation.data) % 4:
        raise FormatError(
            f"block write to {operation.address:#x}: {len(operation.data)} bytes are no whole words"
        )
    return operation.data


# version 1.0

_WRITE_COMPACT = struct.Struct("<III")
_MASKED_COMPACT = struct.Struct("<IIII")
_BLOCK_COMPACT = struct.Struct("<III")
_PATCH_COMPACT = struct.Struct("<IIIIQ")


def read_compact(data: Bytes, at: int) -> tuple[Operation, int]:
    """The operation at byte `at`, and its size; struct.error if `data` ends within it."""
    code = data[at]
    if code == WRITE:
        _, address, value = _WRITE_COMPACT.unpack_from(data, at)
        return Write(address, value), _WRITE_COMPACT.size
    if code == BLOCK_WRITE:
        _, address, size = _BLOCK_COMPACT.unpack_from(data, at)
        _whole_words(size, _BLOCK_COMPACT.size, code, at)
        return BlockWrite(address, bytes(data[at + _BLOCK_COMPACT.size : at + size])), size
    if code in (MASK_WRITE, MASK_POLL, MASK_POLL_BUSY):
        _, address, value, mask = _MASKED_COMPACT.unpack_from(data, at)
        return _masked(code, address, mask, value), _MASKED_COMPACT.size
    if code >= CUSTOM_BEGIN:
        return _read_custom(data, at, code, _patch_compact)
    return _read_short(data, at, code)


def _patch_compact(data: Bytes, at: int) -> tuple[Operation, int]:
    _, size, address, argument, offset = _PATCH_COMPACT.unpack_from(data, at)
    _sized(size, (_PATCH_COMPACT.size,), ADDRESS_PATCH, at)
    return AddressPatch(address, argument & 0xFF, offset), size


def write_compact(operation: Operation) -> bytes:
    """The operation as bytes; FormatError if the encoding cannot hold it."""
    match operation:
        case Write(address, value):
            return _pack(_WRITE_COMPACT, operation, WRITE, address, value)
        case BlockWrite(address, data, 0):
            size = _BLOCK_COMPACT.size + len(data)
            return _pack(_BLOCK_COMPACT, operation, BLOCK_WRITE, address, size) + _block(operation)
        case MaskWrite(address, mask, value):
            return _pack(_MASKED_COMPACT, operation, MASK_WRITE, address, value, mask)
        case MaskPoll(address, mask, value, _, busy):
            code = MASK_POLL_BUSY if busy else MASK_POLL
            return _pack(_MASKED_COMPACT, operation, code, address, value, mask)
        case AddressPatch(address, argument, offset, 0) if argument < 0x100:
            size = _PATCH_COMPACT.size
            return _pack(_PATCH_COMPACT, operation, ADDRESS_PATCH, size, address, argument, offset)
    return _write_short(operation)
