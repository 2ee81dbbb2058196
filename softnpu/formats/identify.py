"""Tells by its content what a file is, whatever its name says."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from softnpu.errors import FormatError
from softnpu.formats import control_packets, dpu, trace, word_text
from softnpu.formats.records import Bytes, words


class FileKind(Enum):
    """What a file can be; the value is how messages call it."""

    XCLBIN = "an xclbin"
    PDI = "a PDI"
    BOOT_IMAGE = "a boot image of a Versal device (PDI), not of an NPU"
    CDO = "a CDO"
    CDO_TEXT = "a CDO written as text, of a Versal device"
    TXN = "an instruction stream (TXN)"
    DPU = "an instruction stream of before TXN (DPU)"
    CONTROL_PACKETS = "control packets"
    TRACE = "a trace"
    ELF = "an ELF file"
    LFS_POINTER = "a git-LFS pointer, not the file itself (run `git lfs pull`)"
    ZIP = "a zip archive"
    GZIP = "compressed by gzip"
    ARCHIVE = "an archive of object files"
    PROGRAM = "a program or library for Windows"
    NUMPY = "a numpy array"
    BITCODE = "LLVM bitcode"
    MLIR_BYTECODE = "MLIR bytecode"
    EMPTY = "empty"
    WORD_TEXT = "words written as hexadecimal text, of no known meaning"
    TEXT = "a text file"
    UNKNOWN = "of no known format"


PDI_MAGIC = bytes.fromhex("dd00000044332211 88776655ccbbaa99".replace(" ", ""))
CDO_MAGIC = b"CDO\0"
XCLBIN_MAGIC = b"xclbin2\0"
ELF_MAGIC = b"\x7fELF"
_LFS_START = b"version https://git-lfs"
_TXN_VERSIONS = ((0, 1), (1, 0))
_PROBE = 4096


def identify(data: Bytes) -> FileKind:
    """What `data` is, judged by its first bytes alone.

    Words written as text are what they are as bytes; `as_binary` gives them.
    """
    head = bytes(data[:_PROBE])
    cut = len(data) > _PROBE
    if not head:
        return FileKind.EMPTY
    for magic, at, kind in _MAGICS:
        if head[at : at + len(magic)] == magic:
            return kind
    written = _written(head, cut=cut)
    if written is not None:
        return _of_words(written, cut=cut) or FileKind.WORD_TEXT
    found = _of_words(head, cut=cut)
    if found is not None:
        return found
    return FileKind.TEXT if _is_text(head, cut=cut) else FileKind.UNKNOWN


def as_binary(data: Bytes) -> Bytes:
    """The bytes of words that are written as text; what is no such text, as it is.

    Raises:
        FormatError: a text that goes on as something else.
    """
    return word_text.parse(data) if is_word_text(data) else data


def is_word_text(data: Bytes) -> bool:
    """Whether `data`, as far as its first bytes tell, is words written as text."""
    return _written(bytes(data[:_PROBE]), cut=len(data) > _PROBE) is not None


def _written(head: bytes, *, cut: bool) -> bytes | None:
    try:
        return word_text.parse(head, cut=cut)
    except FormatError:
        return None


_MAGICS = (
    (XCLBIN_MAGIC, 0, FileKind.XCLBIN),
    (b"XNLX", 0x14, FileKind.BOOT_IMAGE),
    (PDI_MAGIC, 0, FileKind.PDI),
    (CDO_MAGIC, 4, FileKind.CDO),
    (b"Xilinx ASCII", 0, FileKind.CDO_TEXT),
    (ELF_MAGIC, 0, FileKind.ELF),
    (_LFS_START, 0, FileKind.LFS_POINTER),
    (b"PK\3\4", 0, FileKind.ZIP),
    (b"\x1f\x8b", 0, FileKind.GZIP),
    (b"!<arch>\n", 0, FileKind.ARCHIVE),
    (b"MZ\x90\0", 0, FileKind.PROGRAM),
    (b"\x93NUMPY", 0, FileKind.NUMPY),
    (b"BC\xc0\xde", 0, FileKind.BITCODE),
    (b"ML\xefR", 0, FileKind.MLIR_BYTECODE),
)


def _of_words(head: bytes, *, cut: bool) -> FileKind | None:
    """Which of the formats without a magic number it is, None if it is none of them."""
    if _is_txn(head):
        return FileKind.TXN
    if len(head) % 4 and not cut:
        return None
    stream = words(head[: len(head) // 4 * 4])
    for looks_like, kind in _WITHOUT_MAGIC:
        if looks_like(stream, cut=cut):
            return kind
    return None


class _LooksLike(Protocol):
    def __call__(self, stream: Sequence[int], *, cut: bool) -> bool: ...


_WITHOUT_MAGIC: tuple[tuple[_LooksLike, FileKind], ...] = (
    (trace.looks_like, FileKind.TRACE),
    (dpu.looks_like, FileKind.DPU),
    (control_packets.looks_like, FileKind.CONTROL_PACKETS),
)


def _is_txn(head: bytes) -> bool:
    """A TXN has no magic: its version, generation and shape must make sense together."""
    if len(head) < 16 or (head[0], head[1]) not in _TXN_VERSIONS:
        return False
    devgen, rows, columns, memory_rows = head[2:6]
    return 0 < devgen < 32 and 0 < rows < 32 and columns > 0 and memory_rows < rows


_TEXT_CONTROLS = b"\t\n\v\f\r\x1b"


def _is_text(head: bytes, *, cut: bool) -> bool:
    if any(c < 0x20 and c not in _TEXT_CONTROLS for c in head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=not cut)
    except UnicodeDecodeError:
        return False
    return True


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
