"""clang and lld of the `ziglang` wheel.

`zig clang` and `zig ld.lld` are the LLVM programs themselves: unlike `zig cc` they keep no
cache, build no libc and no compiler-rt (5 s at the first link), and their messages are clang's
own.
"""

from __future__ import annotations

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

NATIVE_FLAGS = ("-std=c11", "-ffreestanding", "-fPIC", "-fno-asynchronous-unwind-tables")


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


def run(*command: str | Path, folder: Path | None = None) -> Outcome:
    """Run one of the wheel's programs.

    Args:
        folder: where it runs. What lld and ar write must lie there, under a plain name: they begin
            with a scratch file beside it, in whose path each % is a wildcard.
    """
    program = wheel() / ("zig.exe" if os.name == "nt" else "zig")
    try:
        done = subprocess.run(
            [str(program), *map(str, command)],
            capture_output=True,
            text=True,
            errors="replace",
            cwd=folder,
        )
    except OSError as error:
        raise ToolError(f"cannot run the stand-in compiler {program}: {error}") from error
    return Outcome(done.returncode == 0, (done.stdout + done.stderr).strip())


def link(*arguments: str | Path, output: Path) -> Outcome:
    """Links, wherever the output lies (see `run`)."""
    inputs = [a.absolute() if isinstance(a, Path) else a for a in arguments]
    return run("ld.lld", *inputs, "-o", output.name, folder=output.parent)


@cache
def release() -> str:
    """The wheel's version."""
    try:
        return version("ziglang")
    except PackageNotFoundError:
        return run("version").messages


def cache_folder() -> Path:
    """Where what is compiled once is kept: inside the virtual environment that the wheel is in,
    else in the temporary folder, so that nothing lands in the user's home."""
    if sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "var" / "softnpu"
    return Path(tempfile.gettempdir()) / f"softnpu-{os.getuid()}"


def shared_library(source: str, includes: Sequence[Path], flags: Sequence[str] = ()) -> Path:
    """A shared library of C for this machine, without a libc; made once by content.

    Args:
        source: C11.
        includes: folders of headers, whose content counts as well.

    Raises:
        ToolError: C that does not compile.
    """
    options = ["-O2", *NATIVE_FLAGS, *flags]
    digest = hashlib.sha256("\0".join((release(), processor(), *options, source)).encode())
    for folder in includes:
        for path in sorted(folder.glob("*.h")):
            digest.update(path.read_bytes())
    library = cache_folder() / "native" / f"{digest.hexdigest()[:24]}.so"
    if library.exists():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
        made = Path(scratch) / "made.so"
        _compile(source, includes, options, made)
        made.replace(library)
    return library


@cache
def processor() -> str:
    """What this processor can do, which native code may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _compile(source: str, includes: Sequence[Path], options: list[str], library: Path) -> None:
    text, compiled = library.with_suffix(".c"), library.with_suffix(".o")
    text.write_text(source)
    folders = [f"-I{folder}" for folder in includes]
    system: list[str | Path] = ["-nostdinc", "-isystem", wheel() / "lib" / "include"]
    target = ["-target", f"{os.uname().machine}-linux-musl"]
    outcome = run("clang", *target, *options, *system, *folders, "-c", text, "-o", compiled)
    if outcome.ok:
        outcome = link("-shared", compiled, output=library)
    if not outcome.ok:
        raise ToolError(f"cannot compile what was translated:\n{outcome.messages}")
