"""A report on each kind of file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from softnpu.errors import FormatError
from softnpu.formats.identify import FileKind, identify
from softnpu.inspect.containers import describe_xclbin
from softnpu.inspect.images import describe_cdo, describe_pdi, describe_txn
from softnpu.inspect.programs import describe_elf
from softnpu.inspect.report import Report, size

LARGEST = 256 << 20
"""Bytes that are read of a file: the largest xclbins have a few MiB."""


def report(path: Path) -> Report:
    """What the file at `path` holds.

    Raises:
        FormatError: a file of no known format, or a damaged one.
        OSError: a file that cannot be read.
    """
    data = read(path)
    kind = identify(data)
    try:
        found = describe(data)
    except FormatError as error:
        raise FormatError(f"{path}{' ' if kind not in _READERS else ': '}{error}") from error
    found.title = f"{path}: {found.title}, {size(len(data))}"
    promised = _SUFFIXES.get(path.suffix.lower(), kind)
    if promised is not kind:
        found.fact("note", f"by its name this should be {promised.value}")
    return found


def read(path: Path) -> bytes:
    """The file's bytes; FormatError if there are more than anything here has (`LARGEST`)."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FormatError(f"{path} is larger than {size(LARGEST)}: no file of an NPU is")
    return data


def describe(data: bytes) -> Report:
    """What the bytes of a file hold; FormatError if they are of no known format or damaged."""
    kind = identify(data)
    reader = _READERS.get(kind)
    if reader is None:
        raise FormatError(f"is {kind.value}; {_EXPECTED}")
    return reader(data)


_SUFFIXES: dict[str, FileKind] = {
    ".xclbin": FileKind.XCLBIN,
    ".pdi": FileKind.PDI,
    ".elf": FileKind.ELF,
    ".txt": FileKind.TXN_TEXT,
}
"""What names promise; what is in the file decides."""

_READERS: dict[FileKind, Callable[[bytes], Report]] = {
    FileKind.XCLBIN: describe_xclbin,
    FileKind.PDI: describe_pdi,
    FileKind.CDO: describe_cdo,
    FileKind.TXN: describe_txn,
    FileKind.TXN_TEXT: describe_txn,
    FileKind.ELF: describe_elf,
}
_EXPECTED = "an xclbin, PDI, CDO, instruction stream (insts.bin) or ELF file is expected"
