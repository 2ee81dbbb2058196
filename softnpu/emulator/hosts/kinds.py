"""What kind of host a file is, refused in words if it is none."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
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


_PYTHON = re.compile(r"python(\d(\.\d+)?)?")


def resolved(host: Path, arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """What a command line as Makefiles have it calls, and that one's arguments.

    `python3 host.py` is the script; a name without a folder is looked for where shells do, if no
    file here has it.
    """
    if _PYTHON.fullmatch(host.name) and arguments and arguments[0].endswith(".py"):
        return Path(arguments[0]), list(arguments[1:])
    if host.name == str(host) and not host.exists() and (found := shutil.which(host.name)):
        return Path(found), list(arguments)
    return host, list(arguments)


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
    if data.startswith(b"#!") and b"python" not in data.partition(b"\n")[0]:
        return Kind.PROGRAM
    if kind not in (FileKind.TEXT, FileKind.EMPTY):
        raise EmulatorError(f"{host} is {kind.value}; run-host takes {WANTED}; {WITHOUT_HOST}")
    return Kind.SCRIPT
