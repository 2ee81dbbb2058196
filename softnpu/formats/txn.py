"""The instruction stream (`insts.bin`): what a runtime sequence makes the array do.

Two encodings are in use: version 0.1, which mlir-aie writes, and the compact 1.0 of aie-rt. Both
are read and written here. Older tools wrote the words as hexadecimal text; that is read too.
Bits that both tools leave without meaning are not kept.

Sources: mlir-aie, AIETargetNPU.cpp and AIEToConfiguration.cpp; aie-rt, xaiegbl.h
(`XAie_TxnHeader` and what follows).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate

from softnpu.errors import FormatError
from softnpu.formats.identify import FileKind, as_binary, identify, wrong_kind
from softnpu.formats.operations import Operation
from softnpu.formats.records import Bytes, Record, u8, u16, u32
from softnpu.formats.txn_encodings import (
    OPCODE_NAMES,
    Reader,
    Writer,
    read_compact,
    read_v01,
    write_compact,
    write_v01,
)

__all__ = ["COMPACT_VERSION", "OPCODE_NAMES", "VERSION", "Txn", "build", "parse", "places"]

VERSION = (0, 1)
COMPACT_VERSION = (1, 0)


@dataclass(frozen=True)
class Txn:
    """One instruction stream.

    Attributes:
        devgen: 3 for npu1, 4 for npu2.
        rows, columns, memory_rows: the shape of the partition that it was made for.
        operations: in the order of execution.
    """

    devgen: int
    rows: int
    columns: int
    memory_rows: int
    operations: tuple[Operation, ...]
    version: tuple[int, int] = VERSION


@dataclass(frozen=True)
class _Header(Record):
    """The instruction stream's header: 16 bytes."""

    major: int = u8()
    minor: int = u8()
    devgen: int = u8()
    rows: int = u8()
    columns: int = u8()
    memory_rows: int = u8()
    padding: int = u16()
    count: int = u32()
    size: int = u32()


def parse(data: Bytes) -> Txn:
    """The instruction stream in `data`, binary or hexadecimal text.

    Raises:
        FormatError: not an instruction stream, cut off, or with an operation that is unknown.
    """
    if identify(data) is not FileKind.TXN:
        raise wrong_kind(data, FileKind.TXN)
    data = as_binary(data)
    header = _Header.read(data)
    version = (header.major, header.minor)
    if version not in _READERS:
        raise FormatError(
            f"instruction stream of version {header.major}.{header.minor}; 0.1 and 1.0 are known"
        )
    _check_size(header, len(data))
    return Txn(
        header.devgen,
        header.rows,
        header.columns,
        header.memory_rows,
        tuple(_read_operations(data, header, _READERS[version])),
        version,
    )


def build(txn: Txn) -> bytes:
    """The bytes of `txn`; FormatError for an operation that the encoding cannot hold."""
    body = b"".join(_written(txn))
    major, minor = txn.version
    header = _Header(
        major,
        minor,
        txn.devgen,
        txn.rows,
        txn.columns,
        txn.memory_rows,
        count=len(txn.operations),
        size=_Header.byte_size() + len(body),
    )
    return header.write() + body


def places(txn: Txn) -> list[tuple[int, int]]:
    """Where each operation lies in what `build` makes: first byte, and bytes."""
    sizes = [len(data) for data in _written(txn)]
    starts = accumulate(sizes, initial=_Header.byte_size())
    return list(zip(starts, sizes, strict=False))


def _written(txn: Txn) -> list[bytes]:
    writer = _WRITERS.get(txn.version)
    if writer is None:
        raise FormatError(f"cannot write an instruction stream of version {txn.version}")
    return [writer(operation) for operation in txn.operations]


def _check_size(header: _Header, found: int) -> None:
    if header.size != found:
        state = "cut off" if found < header.size else "followed by something else"
        raise FormatError(
            f"the instruction stream's header says {header.size} bytes, the file has {found}: "
            f"it is {state}"
        )


def _read_operations(data: Bytes, header: _Header, read: Reader) -> list[Operation]:
    operations: list[Operation] = []
    at, end = _Header.byte_size(), len(data)
    while at < end:
        try:
            operation, size = read(data, at)
        except struct.error as error:
            raise FormatError(f"operation {len(operations)} at byte {at:#x} is cut off") from error
        if at + size > end:
            raise FormatError(
                f"operation {len(operations)} at byte {at:#x} takes {size} bytes, "
                f"but only {end - at} are left"
            )
        operations.append(operation)
        at += size
    if len(operations) != header.count:
        raise FormatError(
            f"the instruction stream's header says {header.count} operations, "
            f"it holds {len(operations)}"
        )
    return operations


_READERS: dict[tuple[int, int], Reader] = {VERSION: read_v01, COMPACT_VERSION: read_compact}
_WRITERS: dict[tuple[int, int], Writer] = {VERSION: write_v01, COMPACT_VERSION: write_compact}
