"""Tells by its content what a file is, whatever its name says."""

from __future__ import annotations

from enum import Enum

from softnpu.errors import FormatError
from softnpu.formats.records import Bytes


class FileKind(Enum):
    """What a file can be; the value is how messages call it."""

    XCLBIN = "an xclbin"
    PDI = "a PDI"
    CDO = "a CDO"
    TXN = "an instruction stream (TXN)"
    TXN_TEXT = "an instruction stream written as hexadecimal text"
    ELF = "an ELF file"
    LFS_POINTER = "a git-LFS pointer, not the file itself (run `git lfs pull`)"
    EMPTY = "empty"
    TEXT = "a text file"
    UNKNOWN = "of no known format"


PDI_MAGIC = bytes.fromhex("dd00000044332211 88776655ccbbaa99".replace(" ", ""))
CDO_MAGIC = b"CDO\0"
XCLBIN_MAGIC = b"xclbin2\0"
ELF_MAGIC = b"\x7fELF"
_LFS_START = b"version https://git-lfs"
_TXN_VERSIONS = ((0, 1), (1, 0))
_HEX_WORD = 8
_PROBE = 4096


def identify(data: Bytes) -> FileKind:
    """What `data` is, judged by its first bytes alone."""
    head = bytes(data[:_PROBE])
    if not head:
        return FileKind.EMPTY
    for magic, at, kind in _MAGICS:
        if head[at : at + len(magic)] == magic:
            return kind
    if _is_txn(head):
        return FileKind.TXN
    if _is_hex_text(head):
        return FileKind.TXN_TEXT
    return FileKind.TEXT if _is_text(head) else FileKind.UNKNOWN


_MAGICS = (
    (XCLBIN_MAGIC, 0, FileKind.XCLBIN),
    (PDI_MAGIC, 0, FileKind.PDI),
    (CDO_MAGIC, 4, FileKind.CDO),
    (ELF_MAGIC, 0, FileKind.ELF),
    (_LFS_START, 0, FileKind.LFS_POINTER),
)


def _is_txn(head: bytes) -> bool:
    """A TXN has no magic: its version, generation and shape must make sense together."""
    if len(head) < 16 or (head[0], head[1]) not in _TXN_VERSIONS:
        return False
    devgen, rows, columns, memory_rows = head[2:6]
    return 0 < devgen < 32 and 0 < rows < 32 and columns > 0 and memory_rows < rows


def _is_hex_text(head: bytes) -> bool:
    lines = head.split()
    whole = lines[:-1] if len(head) == _PROBE else lines
    return bool(whole) and all(len(line) == _HEX_WORD and _is_hex(line) for line in whole)


def _is_hex(word: bytes) -> bool:
    return all(c in b"0123456789abcdefABCDEF" for c in word)


def _is_text(head: bytes) -> bool:
    return all(c >= 0x20 or c in b"\t\n\r\f" for c in head) and head.isascii()


def wrong_kind(data: Bytes, expected: FileKind) -> FormatError:
    """The error for a file that should have been `expected` and is something else."""
    found = identify(data)
    if found is expected:
        return FormatError(f"expected {expected.value}, found a damaged one")
    if found is FileKind.EMPTY:
        return FormatError(f"expected {expected.value}: found an empty file")
    start = bytes(data[:8]).hex(" ")
    return FormatError(
        f"expected {expected.value}: this is {found.value} ({len(data)} bytes, starting {start})"
    )
