"""A host that is a program: started beside the emulator, which answers its calls to XRT."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from softnpu.emulator.hosts.cxx import Installed
from softnpu.emulator.xrt.remote import serve
from softnpu.errors import EmulatorError

CHANNEL = "SOFTNPU_XRT_CHANNEL"
"""The file descriptor of the host's end of the socket (softnpu/xrt/src/channel.cpp)."""

_MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}

_NOTHING = "this program takes nothing from XRT's libxrt_coreutil"


def run(program: Path, arguments: list[str], xrt: Installed) -> int:
    """Runs a program with softnpu's XRT in XRT's place; gives its exit code.

    A signal that ended it is told by name, and is 128 and its number, as in shells.
    """
    ours, theirs = socket.socketpair()
    paths = [str(xrt.library.parent), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": ":".join(filter(None, paths)),
        CHANNEL: str(theirs.fileno()),
    }
    sys.stdout.flush()
    try:
        host = subprocess.Popen(
            [str(program.absolute()), *arguments], pass_fds=[theirs.fileno()], env=environment
        )
    except OSError as error:
        raise EmulatorError(f"{program} cannot be started: {error.strerror}") from error
    theirs.close()
    try:
        serve(ours)
        code = host.wait()
    finally:
        ours.close()
        if host.poll() is None:
            host.kill()
            host.wait()
    return code if code >= 0 else _signalled(program, -code)


def _signalled(program: Path, number: int) -> int:
    name = signal.Signals(number).name
    sys.stderr.write(
        f"{program.name} was ended by {name} ({signal.strsignal(number)}), in its own code\n"
    )
    return 128 + number


@dataclass(frozen=True)
class Needs:
    """What a program takes from shared libraries.

    Attributes:
        libraries: their names.
        symbols: what it lacks itself, mangled.
    """

    libraries: tuple[str, ...]
    symbols: frozenset[str]


def check(program: Path, xrt: Installed) -> None:
    """Refuses what cannot be a host here; warns of calls that softnpu's XRT lacks.

    Of a script for a shell nothing is known: what it starts finds softnpu's XRT.

    Raises:
        EmulatorError: no program for this machine, or one of another C++ library.
    """
    if program.read_bytes()[:2] == b"#!":
        return
    needs = _needs(program)
    mine = _needs_of_library(xrt.library).libraries
    if "libstdc++.so.6" in needs.libraries and "libstdc++.so.6" not in mine:
        raise EmulatorError(
            f"{program} is linked with libstdc++, and softnpu's libxrt_coreutil was compiled with "
            "another C++ library, since there is no g++ here: install g++, or give run-host the "
            "source"
        )
    if not any(name.startswith(("libxrt_coreutil.", "libxrt++.")) for name in needs.libraries):
        sys.stderr.write(f"note: {_NOTHING} itself; what it starts may\n")
    missing = needs.symbols - _defined(xrt.library)
    lacking = sorted({name for name in map(_readable, missing) if name is not None})
    if lacking:
        sys.stderr.write(
            f"note: {program.name} uses what softnpu's XRT lacks, and gets no further than to its "
            f"call of: {', '.join(lacking)}\n"
        )


def _needs(program: Path) -> Needs:
    with program.open("rb") as file:
        try:
            read = ELFFile(file)
            machine, kind = read["e_machine"], read["e_type"]
            starts = read["e_entry"] != 0
        except ELFError as error:
            raise EmulatorError(f"{program} is a damaged ELF file: {error}") from error
        here = os.uname().machine
        if machine != _MACHINES.get(here, machine) or kind not in ("ET_EXEC", "ET_DYN"):
            raise EmulatorError(
                f"{program} is an ELF file ({kind.removeprefix('ET_').lower()}, {machine}), no "
                f"program for this machine ({here}); run-host takes a host program, its C++ source "
                "or a Python script"
            )
        if not starts:
            raise EmulatorError(f"{program} is a shared library, no program")
        return _read_needs(read)


def _needs_of_library(library: Path) -> Needs:
    with library.open("rb") as file:
        return _read_needs(ELFFile(file))


def _read_needs(read: ELFFile) -> Needs:
    libraries = tuple(
        str(tag.needed)  # type: ignore[attr-defined]
        for section in read.iter_sections("SHT_DYNAMIC")
        if isinstance(section, DynamicSection)
        for tag in section.iter_tags("DT_NEEDED")
    )
    return Needs(libraries, frozenset(_symbols(read, defined=False)))


def _defined(library: Path) -> frozenset[str]:
    with library.open("rb") as file:
        return frozenset(_symbols(ELFFile(file), defined=True))


def _symbols(read: ELFFile, *, defined: bool) -> Iterator[str]:
    table = read.get_section_by_name(".dynsym")
    if not isinstance(table, SymbolTableSection):
        return
    for symbol in table.iter_symbols():
        if (symbol["st_shndx"] != "SHN_UNDEF") is defined:
            yield symbol.name


def _readable(symbol: str) -> str | None:
    """XRT's function as its header calls it; None for what is not XRT's."""
    if re.match(r"xrt[A-Z]\w+$|xcl[A-Z]\w+$", symbol):
        return symbol
    nested = re.match(r"_ZN[KVrRO]*3xrt", symbol)
    if nested is None:
        return None
    names, at = ["xrt"], nested.end()
    while (length := re.match(r"\d+", symbol[at:])) is not None:
        at += length.end()
        names.append(symbol[at : at + int(length[0])])
        at += int(length[0])
    kind = symbol[at : at + 1]
    names += {"C": names[-1:], "D": [f"~{names[-1]}"]}.get(kind, [])
    return "::".join(names)
