"""The stand-in compiler: clang for RV32, and the runtime that every stand-in core links.

The little that RV32 needs of a runtime is compiled from `standin_runtime/source` once per
environment (0.4 s) and kept in the environment, so that nothing lands in the user's home and
every build directory shares it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from softnpu import arch, zig
from softnpu.errors import ToolError
from softnpu.targets.standin_runtime import (
    CXX_INCLUDE,
    KERNEL_INCLUDE,
    RUNTIME,
    SOURCES,
    STANDIN_INCLUDE,
)

ARCH_INCLUDE = Path(arch.__file__).parent
"""The folder of `vector_unit.h`, which the emulator reads as well."""

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
    # a function that cannot go on (NULL, a missing return) ends there, not in what lies behind it
    *("-mllvm", "-trap-unreachable"),
)

CXX_SUFFIXES = frozenset({".cc", ".cpp", ".cxx", ".C"})


def include_flags(*, cxx: bool) -> list[str]:
    """Headers: the stand-in's, clang's own, musl's (as Peano has its libc's)."""
    library = zig.wheel() / "lib"
    folders = [KERNEL_INCLUDE, STANDIN_INCLUDE, ARCH_INCLUDE]
    if cxx:
        folders += [CXX_INCLUDE, library / "libcxx" / "include"]
    folders += [
        library / "include",
        library / "libc" / "include" / "riscv32-linux-musl",
        library / "libc" / "include" / "generic-musl",
    ]
    return ["-nostdinc", *(part for folder in folders for part in ("-isystem", str(folder)))]


def clang(source: Path, output: Path, flags: Sequence[str]) -> zig.Outcome:
    """Compile one file to an object."""
    return zig.run("clang", *TARGET_FLAGS, *CODE_FLAGS, *flags, "-c", source, "-o", output)


@cache
def runtime_digest() -> str:
    """Eight hex digits that change with anything in the runtime."""
    digest = hashlib.sha256(" ".join((*TARGET_FLAGS, *CODE_FLAGS)).encode())
    files = (path for path in RUNTIME.rglob("*") if ".py" not in path.suffix and path.is_file())
    runtime = sorted(files)
    for path in (*runtime, *sorted(ARCH_INCLUDE.glob("*.h"))):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


@cache
def compiler_version() -> str:
    """One line that changes whenever the same source could give another object."""
    return f"zig clang {zig.release()}, stand-in runtime {runtime_digest()}"


@dataclass(frozen=True)
class Runtime:
    """The compiled runtime: the start of every core, and what cores may call."""

    crt0: Path
    library: Path


@cache
def runtime() -> Runtime:
    """The runtime for this compiler, made when it is not there yet; safe in parallel."""
    folder = zig.cache_folder() / hashlib.sha256(compiler_version().encode()).hexdigest()[:16]
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
    outcome = zig.run("ar", "rcsD", "libstandin.a", *(o.name for o in objects), folder=folder)
    if not outcome.ok:
        raise ToolError(f"cannot archive the stand-in runtime:\n{outcome.messages}")
