"""The operations of an instruction stream in its two encodings, version 0.1 and compact 1.0.

Sources: mlir-aie, AIETargetNPU.cpp and AIEToConfiguration.cpp; aie-rt, xaiegbl.h (the structures
behind `XAie_TxnHeader`, those of version 1.0 with `_opt`), xaie_txn.h; aiebu, MergeSync.

An operation's size is what it says itself, where it says one; a size that means a layout which is
not known is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from softnpu.errors import FormatError
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    CreateScratchpad,
    Custom,
    LoadPdi,
    LoadProgram,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Nop,
    Operation,
    Preempt,
    Sync,
    UpdateRegister,
    UpdateScratchpad,
    UpdateState,
    Write,
)
from softnpu.formats.records import Bytes

Reader = Callable[[Bytes, int], tuple[Operation, int]]
Writer = Callable[[Operation], bytes]

WRITE, BLOCK_WRITE, BLOCK_SET, MASK_WRITE, MASK_POLL, NOP = range(6)
PREEMPT, MASK_POLL_BUSY, LOAD_PDI, LOAD_PROGRAM = 6, 7, 8, 9
CREATE_SCRATCHPAD, UPDATE_STATE, UPDATE_REGISTER, UPDATE_SCRATCHPAD = range(0x0A, 0x0E)
SYNC, ADDRESS_PATCH, READ_REGISTERS, RECORD_TIMER, MERGE_SYNC = range(0x80, 0x85)
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
    LOAD_PROGRAM: "LOAD_PM_START",
    CREATE_SCRATCHPAD: "CREATE_SCRATCHPAD",
    UPDATE_STATE: "UPDATE_STATE_TABLE",
    UPDATE_REGISTER: "UPDATE_REG",
    UPDATE_SCRATCHPAD: "UPDATE_SCRATCH",
    0x0E: "CONFIG_SHIMDMA_BD",
    0x0F: "CONFIG_SHIMDMA_DMABUF_BD",
    SYNC: "TCT",
    ADDRESS_PATCH: "DDR_PATCH",
    READ_REGISTERS: "READ_REGS",
    RECORD_TIMER: "RECORD_TIMER",
    MERGE_SYNC: "MERGE_SYNC",
}
"""Names of the operation codes (mlir-aie, AIETargetNPU.cpp, without `XAIE_IO_`)."""

_UNDERSTOOD = (SYNC, ADDRESS_PATCH, MERGE_SYNC)
"""Operations of the firmware that are more than a code and a payload here."""


def opcode_name(code: int) -> str:
    """What an operation is called, or that no published source names it."""
    return OPCODE_NAMES.get(code, "without a name")


def _shown(code: int) -> str:
    return f"{opcode_name(code)} ({code:#04x})"


def _sized(size: int, allowed: tuple[int, ...], code: int, at: int) -> int:
    if size not in allowed:
        raise FormatError(
            f"operation {_shown(code)} at byte {at:#x} says that it has {size} bytes; "
            f"it has {' or '.join(map(str, allowed))}"
        )
    return size


def _whole_words(size: int, head: int, code: int, at: int) -> int:
    if size < head or size % 4:
        raise FormatError(
            f"operation {_shown(code)} at byte {at:#x} says that it has {size} bytes; "
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
_LOAD_PROGRAM = struct.Struct("<II")
_SCRATCHPAD = struct.Struct("<BBxxIQ")
_STATE = struct.Struct("<BBBxI")
_REGISTER = struct.Struct("<BBBxII")
_SYNC = struct.Struct("<IIII")
_MERGE_SYNC = struct.Struct("<III")
_MERGE_SYNC_LONG = _MERGE_SYNC.size + 4
"""DynamicDispatch writes it as large as a TCT, with a second word that is 0."""
_PATCH = struct.Struct("<IIIIIIQQQ")
_PATCH_COMPACT = struct.Struct("<IIIIQ")


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
        return _read_custom(data, at, code)
    return _read_short(data, at, code)


def _masked(code: int, address: int, mask: int, value: int) -> Operation:
    if code == MASK_WRITE:
        return MaskWrite(address, mask, value)
    return MaskPoll(address, mask, value, busy=code == MASK_POLL_BUSY)


_SHORT: dict[int, tuple[struct.Struct, Callable[..., Operation]]] = {
    NOP: (_WORD, lambda _: Nop()),
    PREEMPT: (_WORD, lambda head: Preempt(head >> 8 & 0xFF)),
    LOAD_PDI: (_LOAD_PDI, lambda _, identity, size, location: LoadPdi(identity, size, location)),
    LOAD_PROGRAM: (_LOAD_PROGRAM, lambda head, identity: LoadProgram(identity, head >> 8)),
    CREATE_SCRATCHPAD: (
        _SCRATCHPAD,
        lambda _, usage, size, location: CreateScratchpad(size, usage, location),
    ),
    UPDATE_STATE: (_STATE, lambda _, *fields: UpdateState(*fields)),
    UPDATE_REGISTER: (_REGISTER, lambda _, *fields: UpdateRegister(fields[-1], *fields[:-1])),
    UPDATE_SCRATCHPAD: (_WORD, lambda _: UpdateScratchpad()),
}
"""The operations that look alike in both versions, as large as their layout."""


def _read_short(data: Bytes, at: int, code: int) -> tuple[Operation, int]:
    if code not in _SHORT:
        raise FormatError(
            f"operation {_shown(code)} at byte {at:#x} of the instruction stream is not supported"
        )
    layout, meant = _SHORT[code]
    return meant(*layout.unpack_from(data, at)), layout.size


def _read_custom(data: Bytes, at: int, code: int) -> tuple[Operation, int]:
    """An operation of the firmware: its second word is its size, in both versions."""
    _, size = _PAIR.unpack_from(data, at)
    if code == SYNC:
        _, _, tile, config = _SYNC.unpack_from(data, at)
        return _sync(tile, config), _sized(size, (_SYNC.size,), code, at)
    if code == ADDRESS_PATCH:
        _sized(size, (_PATCH_COMPACT.size, _PATCH.size), code, at)
        return _patch(data, at, size), size
    if code == MERGE_SYNC:
        _, _, counts = _MERGE_SYNC.unpack_from(data, at)
        merged = MergeSync(tokens=counts & 0xFF, columns=counts >> 8 & 0xFF)
        return merged, _sized(size, (_MERGE_SYNC.size, _MERGE_SYNC_LONG), code, at)
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


def _patch(data: Bytes, at: int, size: int) -> AddressPatch:
    """The size tells the layout: both versions have been seen with both."""
    if size == _PATCH_COMPACT.size:
        _, _, address, argument, offset = _PATCH_COMPACT.unpack_from(data, at)
        return AddressPatch(address, argument & 0xFF, offset)
    _, _, _, _, _, action, address, argument, offset = _PATCH.unpack_from(data, at)
    return AddressPatch(address, argument, offset, action)


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
        case UpdateScratchpad():
            return _WORD.pack(UPDATE_SCRATCHPAD)
        case LoadProgram(identity, operations):
            return _pack(_LOAD_PROGRAM, operation, LOAD_PROGRAM | operations << 8, identity)
        case CreateScratchpad(size, usage, location):
            return _pack(_SCRATCHPAD, operation, CREATE_SCRATCHPAD, usage, size, location)
        case UpdateState(index, function, argument):
            return _pack(_STATE, operation, UPDATE_STATE, index, function, argument)
        case UpdateRegister(address, index, function, argument):
            return _pack(_REGISTER, operation, UPDATE_REGISTER, index, function, argument, address)
        case Custom(code, payload) if _is_custom(code) and len(payload) % 4 == 0:
            return _PAIR.pack(code, _PAIR.size + len(payload)) + payload
    raise FormatError(f"an instruction stream cannot hold {operation}")


def _is_custom(code: int) -> bool:
    """Whether an operation is written as a code and a payload."""
    return CUSTOM_BEGIN <= code < 0x100 and code not in _UNDERSTOOD


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
        return _read_custom(data, at, code)
    return _read_short(data, at, code)


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
