"""A report on each kind of file."""

from __future__ import annotations

import io
import os
import select
import stat
from collections.abc import Callable
from pathlib import Path

from softnpu.errors import FormatError
from softnpu.formats.identify import FileKind, identify
from softnpu.inspect.containers import describe_xclbin
from softnpu.inspect.images import (
    describe_boot_image,
    describe_cdo,
    describe_cdo_text,
    describe_pdi,
)
from softnpu.inspect.programs import describe_elf
from softnpu.inspect.report import Report, size
from softnpu.inspect.sequences import (
    describe_control_packets,
    describe_dpu,
    describe_trace,
    describe_txn,
)

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
    promised = _SUFFIXES.get(path.suffix.lower(), (kind,))
    if kind not in promised:
        found.fact("note", f"by its name this should be {promised[0].value}")
    return found


def read(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        FormatError: more bytes than anything here has (`LARGEST`), or a pipe that nobody writes to.
        OSError: a file that cannot be read.
    """
    if stat.S_ISFIFO(path.stat().st_mode):
        data = _read_pipe(path)
    else:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FormatError(f"{path} is larger than {size(LARGEST)}: no file of an NPU is")
    return data


PATIENCE = 2.0
"""Seconds that the writer of a pipe may be late."""
_FIRST = 1 << 16


def _read_pipe(path: Path) -> bytes:
    """All that comes out of a pipe; without a writer it would be waited for forever."""
    with io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK)) as pipe:
        events = select.poll()
        events.register(pipe, select.POLLIN)
        came = events.poll(1000 * PATIENCE)
        first = pipe.read(_FIRST)
        if not came and first == b"":
            raise FormatError(f"{path} is a pipe that nobody writes to")
        os.set_blocking(pipe.fileno(), True)
        with io.BufferedReader(pipe) as rest:
            return (first or b"") + rest.read(LARGEST + 1 - len(first or b""))


def describe(data: bytes) -> Report:
    """What the bytes of a file hold; FormatError if they are of no known format or damaged."""
    kind = identify(data)
    reader = _READERS.get(kind)
    if reader is None:
        start = f" (it starts with {data[:8].hex(' ')})" if kind is FileKind.UNKNOWN else ""
        raise FormatError(f"is {kind.value}{start}; {_EXPECTED}")
    return reader(data)


_SUFFIXES: dict[str, tuple[FileKind, ...]] = {
    ".xclbin": (FileKind.XCLBIN,),
    ".pdi": (FileKind.PDI, FileKind.BOOT_IMAGE),
    ".elf": (FileKind.ELF,),
}
"""What names promise; what is in the file decides."""

_READERS: dict[FileKind, Callable[[bytes], Report]] = {
    FileKind.XCLBIN: describe_xclbin,
    FileKind.PDI: describe_pdi,
    FileKind.BOOT_IMAGE: describe_boot_image,
    FileKind.CDO: describe_cdo,
    FileKind.CDO_TEXT: describe_cdo_text,
    FileKind.TXN: describe_txn,
    FileKind.DPU: describe_dpu,
    FileKind.CONTROL_PACKETS: describe_control_packets,
    FileKind.TRACE: describe_trace,
    FileKind.ELF: describe_elf,
}
_EXPECTED = (
    "an xclbin, PDI, CDO, instruction stream (insts.bin), control packets, trace or ELF file is"
    " expected"
)
