"""What kind of host a file is, refused in words if it is none."""

from __future__ import annotations

import os
from enum import Enum, auto
from pathlib import Path

from softnpu.emulator.hosts.cxx_host import SOURCES
from softnpu.errors import EmulatorError
from softnpu.formats.identify import FileKind, identify

WANTED = (
    "a Python script that imports pyxrt, a C++ source for XRT, or a program linked with XRT's "
    "libxrt_coreutil"
)
WITHOUT_HOST = "a pair without a host runs with npuforge exec --xclbin F --insts F --arg ..."

_HEADERS = (".h", ".hpp", ".hh", ".hxx")


class Kind(Enum):
    """What a host can be."""

    SCRIPT = auto()
    SOURCE = auto()
    PROGRAM = auto()


def kind_of(host: Path) -> Kind:
    """What a host is.

    Raises:
        EmulatorError: it is none; saying what it is instead, and what runs that.
    """
    if host.is_dir():
        raise EmulatorError(f"{host} is a folder; run-host takes {WANTED}")
    if not host.exists():
        raise EmulatorError(f"{host}: No such file or directory")
    suffix, data = host.suffix.lower(), host.read_bytes()
    if suffix in SOURCES:
        return Kind.SOURCE
    if suffix == ".py":
        if b"\0" in data:
            raise EmulatorError(f"{host} is no text in UTF-8, as Python reads it (UTF-16?)")
        return Kind.SCRIPT
    return _by_content(host, data)


def _by_content(host: Path, data: bytes) -> Kind:
    kind = identify(data)
    if kind is FileKind.ELF:
        if not os.access(host, os.X_OK):
            raise EmulatorError(
                f"{host} is an ELF file that may not be executed; if it is a host program, "
                f"chmod +x {host}"
            )
        return Kind.PROGRAM
    if host.suffix.lower() in _HEADERS or data.lstrip().startswith(b"#include"):
        raise EmulatorError(
            f"{host} is C or C++ under a name that no source has (as {', '.join(SOURCES)}); "
            "rename it"
        )
    if kind not in (FileKind.TEXT, FileKind.EMPTY):
        raise EmulatorError(f"{host} is {kind.value}; run-host takes {WANTED}; {WITHOUT_HOST}")
    return Kind.SCRIPT
