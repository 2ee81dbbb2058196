"""The C++ compiler of this machine, and what it makes of softnpu's own XRT: libxrt_coreutil.

The library stands between a host in C++ and the emulator (softnpu/xrt). It is compiled here, since
it must have the C++ library that the host has; once for each compiler, kept by content.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from softnpu import zig
from softnpu.errors import ToolError

XRT = Path(__file__).parents[2] / "xrt"
"""Headers (include) and sources (src) of softnpu's XRT, and what CMake finds it by (cmake)."""

CMAKE_CONFIG = "xrt-config.cmake"

LIBRARY = "libxrt_coreutil.so.2"
LINKS = ("libxrt_coreutil.so", "libxrt_core.so.2", "libxrt_core.so", "libxrt++.so.2", "libxrt++.so")
"""Other names for it: what -lxrt_coreutil looks for, and XRT's other libraries, whose part it has
as far as NPUs need them."""

FORWARDED: Mapping[str, str] = {
    **{f"xrt/experimental/xrt_{name}.h": f"xrt/xrt_{name}.h" for name in ("bo", "device", "graph")},
    **{f"xrt/experimental/xrt_{name}.h": f"xrt/xrt_{name}.h" for name in ("hw_context", "uuid")},
    **{
        f"experimental/xrt_{name}.h": f"xrt/experimental/xrt_{name}.h"
        for name in (
            *("aie", "bo", "device", "elf", "exception", "ext", "fence", "graph", "hw_context"),
            *("ini", "kernel", "message", "module", "system", "uuid", "version", "xclbin"),
        )
    },
    "xrt.h": "xrt/deprecated/xrt.h",
    "ert.h": "xrt/detail/ert.h",
    "xrt_mem.h": "xrt/detail/xrt_mem.h",
    "xclbin.h": "xrt/detail/xclbin.h",
}
"""XRT's other names for its headers, from when they lay elsewhere."""

_FLAGS = ("-std=c++17", "-O1", "-fPIC", "-Wno-deprecated-declarations")

_KNOWN = ("g++", "clang++", "c++")

NO_COMPILER = (
    "a host in C++ is compiled on this machine, and there is no C++ compiler: neither g++ nor "
    "clang++ is on PATH, and the Python package 'ziglang', which has one, is not installed. "
    "Install one (Debian, Ubuntu: apt install g++), or name it: --cxx COMPILER"
)


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Attributes:
        command: how it is called, e.g. ("g++",) or the wheel's ("…/zig", "c++").
        has_own_runtime: it puts the C++ library into whatever it links, so that an exception of one
            shared library's is unknown to another: hosts get the objects themselves.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    has_own_runtime: bool = False

    @cached_property
    def identity(self) -> str:
        """What tells it from others: its path and version."""
        return f"{shutil.which(self.command[0])} {self.command} {self.run('--version').messages}"

    @property
    def name(self) -> str:
        """How messages call it."""
        return " ".join((Path(self.command[0]).name, *self.command[1:]))

    def run(self, *arguments: str | Path) -> zig.Outcome:
        """Runs it; ToolError where it cannot be run at all."""
        try:
            done = subprocess.run(
                [*self.command, *map(str, arguments)],
                capture_output=True,
                text=True,
                errors="replace",
                env={**os.environ, **self.environment},
            )
        except OSError as error:
            raise ToolError(f"cannot run the C++ compiler {self.name}: {error.strerror}") from error
        return zig.Outcome(done.returncode == 0, (done.stdout + done.stderr).strip())


def compiler(wanted: str | None = None) -> Compiler:
    """The compiler that is named, that CXX names, the machine's, or the ziglang wheel's.

    Raises:
        ToolError: there is none, or not the one that is named.
    """
    named = wanted or os.environ.get("CXX")
    if named:
        command = tuple(shlex.split(named))
        if shutil.which(command[0]) is None:
            where = "--cxx" if wanted else "the environment's CXX"
            raise ToolError(f"{where} names the C++ compiler {command[0]}, which is not there")
        return Compiler(command)
    for known in _KNOWN:
        if shutil.which(known):
            return Compiler((known,))
    return _of_zig()


def _of_zig() -> Compiler:
    try:
        program = zig.wheel() / "zig"
    except ToolError:
        raise ToolError(NO_COMPILER) from None
    kept = zig.cache_folder() / "zig"
    places = {"ZIG_GLOBAL_CACHE_DIR": str(kept), "ZIG_LOCAL_CACHE_DIR": str(kept)}
    return Compiler((str(program), "c++"), places, has_own_runtime=True)


@dataclass(frozen=True)
class Installed:
    """softnpu's XRT as hosts find it.

    Attributes:
        folder: with include and lib, as XRT's own.
    """

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def headers(self) -> Path:
        """The folder of headers."""
        return self.folder / "include"

    @property
    def library(self) -> Path:
        """The shared library."""
        return self.folder / "lib" / LIBRARY

    @property
    def linked(self) -> tuple[str, ...]:
        """What links a host with it."""
        objects = sorted((self.folder / "lib").glob("*.o"))
        return tuple(map(str, objects)) or (f"-L{self.library.parent}", "-lxrt_coreutil")


def installed(by: Compiler) -> Installed:
    """softnpu's XRT, compiled by a compiler; made once by content.

    Raises:
        ToolError: it does not compile.
    """
    sources = sorted((XRT / "src").glob("*.cpp"))
    read = [*sources, *sorted(XRT.rglob("*.h")), XRT / "cmake" / CMAKE_CONFIG]
    how = repr((sorted(FORWARDED.items()), _FLAGS, by.has_own_runtime))
    key = hashed([by.identity, how, *(path.read_text() for path in read)])
    kept = Installed(zig.cache_folder() / "xrt" / key)
    if not kept.library.exists():
        sys.stderr.write(f"compiling softnpu's libxrt_coreutil with {by.name} (once) …\n")
        kept.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.folder.parent) as folder:
            made = Path(folder) / "made"
            _build(by, sources, made)
            place(made, kept.folder)
    return kept


def place(made: Path, kept: Path) -> None:
    """Moves a folder to where it is kept, unless another process was faster."""
    try:
        made.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise


def _build(by: Compiler, sources: Sequence[Path], folder: Path) -> None:
    shutil.copytree(XRT / "include", folder / "include")
    shutil.copytree(XRT / "cmake", folder / "share" / "cmake" / "XRT")
    for name, target in FORWARDED.items():
        header = folder / "include" / name
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(f'#pragma once\n#include "{target}"\n')
    library = folder / "lib" / LIBRARY
    library.parent.mkdir(parents=True)
    for name in LINKS:
        (library.parent / name).symlink_to(LIBRARY)
    flags = (*_FLAGS, f"-I{XRT / 'include'}")
    objects = [library.parent / f"{source.stem}.o" for source in sources]

    def compiled(source: Path, made: Path) -> zig.Outcome:
        return by.run(*flags, "-c", source, "-o", made)

    with ThreadPoolExecutor(os.cpu_count()) as compilers:
        outcomes = list(compilers.map(compiled, sources, objects))
    outcomes.append(
        by.run("-shared", f"-Wl,-soname,{LIBRARY}", "-pthread", *objects, "-o", library)
        if all(outcome.ok for outcome in outcomes)
        else zig.Outcome(True, "")
    )
    for outcome in outcomes:
        if not outcome.ok:
            raise ToolError(
                f"{by.name} cannot compile softnpu's libxrt_coreutil, which takes C++17; name "
                f"another compiler with --cxx:\n{outcome.messages}"
            )
    for made in () if by.has_own_runtime else objects:
        made.unlink()


def hashed(parts: Iterable[str]) -> str:
    """A digest of texts, for the name of what is made of them."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
