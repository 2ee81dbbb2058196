"""clang and lld of the `ziglang` wheel, and the runtime that every stand-in core links.

`zig clang` and `zig ld.lld` are the LLVM programs themselves: unlike `zig cc` they keep no
cache, build no libc and no compiler-rt (5 s at the first link), and their messages are clang's
own. The little that RV32 needs of a runtime is compiled from `standin_runtime/source` once per
environment (0.4 s) and kept in the environment, so that nothing lands in the user's home and
every build directory shares it.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from softnpu.errors import ToolError

RUNTIME = Path(__file__).parent.parent / "standin_runtime"
KERNEL_INCLUDE = RUNTIME / "include"
"""The folder of `npu_core.h`, for stand-in cores and AIE cores alike."""
STANDIN_INCLUDE = RUNTIME / "standin"
CXX_INCLUDE = RUNTIME / "standin_cxx"
SOURCES = RUNTIME / "source"

TARGET_FLAGS = (
    "-target",
    "riscv32-unknown-elf",
    "-march=rv32imafdc_zicsr",
    "-mabi=ilp32d",
    # .sdata and .sbss are sections that an AIE linker script does not place
    "-msmall-data-limit=0",
)
CODE_FLAGS = (
    "-O2",
    "-g",
    "-gdwarf-4",
    "-fdebug-compilation-dir=.",
    "-ffunction-sections",
    "-fdata-sections",
    "-fstack-size-section",
    "-fno-asynchronous-unwind-tables",
)

CXX_SUFFIXES = frozenset({".cc", ".cpp", ".cxx", ".C"})


@dataclass(frozen=True)
class Outcome:
    """What a tool said, and whether it succeeded."""

    ok: bool
    messages: str


@cache
def wheel() -> Path:
    """The folder of the `ziglang` package; ToolError when it is not installed."""
    spec = find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise ToolError(
            "the stand-in compiler is missing: the Python package 'ziglang' is not installed "
            f"for {sys.executable}; run './doit', or 'pip install ziglang'"
        )
    return Path(spec.origin).parent


def run(*command: str | Path) -> Outcome:
    """Run one of the wheel's programs."""
    program = wheel() / ("zig.exe" if os.name == "nt" else "zig")
    try:
        done = subprocess.run(
            [str(program), *map(str, command)], capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        raise ToolError(f"cannot run the stand-in compiler {program}: {error}") from error
    return Outcome(done.returncode == 0, (done.stdout + done.stderr).strip())


def include_flags(*, cxx: bool) -> list[str]:
    """Headers: the stand-in's, clang's own, musl's (as Peano has its libc's)."""
    library = wheel() / "lib"
    folders = [KERNEL_INCLUDE, STANDIN_INCLUDE]
    if cxx:
        folders += [CXX_INCLUDE, library / "libcxx" / "include"]
    folders += [
        library / "include",
        library / "libc" / "include" / "riscv32-linux-musl",
        library / "libc" / "include" / "generic-musl",
    ]
    return ["-nostdinc", *(part for folder in folders for part in ("-isystem", str(folder)))]


def clang(source: Path, output: Path, flags: Sequence[str]) -> Outcome:
    """Compile one file to an object."""
    return run("clang", *TARGET_FLAGS, *CODE_FLAGS, *flags, "-c", source, "-o", output)


@cache
def runtime_digest() -> str:
    """Eight hex digits that change with anything in the runtime."""
    digest = hashlib.sha256(" ".join((*TARGET_FLAGS, *CODE_FLAGS)).encode())
    for path in sorted(p for p in RUNTIME.rglob("*") if p.is_file()):
        digest.update(path.relative_to(RUNTIME).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


@cache
def compiler_version() -> str:
    """One line that changes whenever the same source could give another object."""
    try:
        zig = version("ziglang")
    except PackageNotFoundError:
        zig = run("version").messages
    return f"zig clang {zig}, stand-in runtime {runtime_digest()}"


@dataclass(frozen=True)
class Runtime:
    """The compiled runtime: the start of every core, and what cores may call."""

    crt0: Path
    library: Path


@cache
def runtime() -> Runtime:
    """The runtime for this compiler, made when it is not there yet; safe in parallel."""
    folder = _cache_folder() / hashlib.sha256(compiler_version().encode()).hexdigest()[:16]
    made = Runtime(folder / "crt0.o", folder / "libstandin.a")
    if made.crt0.exists() and made.library.exists():
        return made
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        _build_runtime(Path(scratch))
        folder.mkdir(exist_ok=True)
        for path in (made.library, made.crt0):
            (Path(scratch) / path.name).replace(path)
    return made


def _build_runtime(folder: Path) -> None:
    objects = []
    for source in sorted(SOURCES.iterdir()):
        output = folder / f"{source.stem}.o"
        flags = ["-ffreestanding", "-ffp-contract=off", "-fwrapv", *include_flags(cxx=False)]
        outcome = clang(source, output, flags)
        if not outcome.ok:
            raise ToolError(f"cannot compile the stand-in runtime:\n{outcome.messages}")
        if source.stem != "crt0":
            objects.append(output)
    outcome = run("ar", "rcsD", folder / "libstandin.a", *objects)
    if not outcome.ok:
        raise ToolError(f"cannot archive the stand-in runtime:\n{outcome.messages}")


def _cache_folder() -> Path:
    """Inside the virtual environment that the wheel is in, else the temporary folder."""
    if sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "var" / "softnpu"
    return Path(tempfile.gettempdir()) / f"softnpu-{getpass.getuser()}"
