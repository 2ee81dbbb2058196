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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from softnpu.environment import made_anew
from softnpu.errors import ToolError

NATIVE_FLAGS = ("-O2", "-std=c11", "-ffreestanding", "-fPIC", "-fno-asynchronous-unwind-tables")


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
            f"for {sys.executable}: {made_anew()}"
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


def shared_library(
    *sources: str,
    includes: Sequence[Path],
    flags: Sequence[str] = (),
    objects: Sequence[Path] = (),
) -> Path:
    """A shared library of C for this machine, without a libc; made once by content.

    Args:
        sources: C11; they are compiled side by side.
        includes: folders of headers, whose content counts as well.
        objects: files of `object_file`, of which the library gets what it calls.

    Raises:
        ToolError: C that does not compile.
    """
    key = [*flags, *sources, *(made.name for made in objects)]
    library = _kept(".so", key, includes)
    if library.exists():
        return library
    with _scratch(library) as made, ThreadPoolExecutor() as compilers:
        names = [made.with_suffix(f".{number}.o") for number in range(len(sources))]
        compiling = zip(sources, names, strict=True)
        list(compilers.map(lambda one: _compile(one[0], includes, flags, one[1]), compiling))
        _check(link("-shared", "--gc-sections", *names, *objects, output=made))
    return library


def object_file(source: str, includes: Sequence[Path], flags: Sequence[str] = ()) -> Path:
    """C, compiled for several shared libraries; made once by content, as these are."""
    flags = ("-ffunction-sections", *flags)
    kept = _kept(".o", [*flags, source], includes)
    if not kept.exists():
        with _scratch(kept) as made:
            _compile(source, includes, flags, made)
    return kept


def precompiled_header(text: str, flags: Sequence[str] = ()) -> Path:
    """A header for several libraries of the same flags (`-include-pch`); made once by content.

    Args:
        text: C that includes nothing but clang's own headers.
    """
    # clang looks for the text again, where it was: a folder that was moved is another one.
    kept = _kept(".pch", [*flags, text, str(cache_folder())], ())
    if not kept.exists():
        header = kept.with_suffix(".h")
        with _scratch(header) as made:
            made.write_text(text)
        with _scratch(kept) as made:
            _clang(header, made, ("-x", "c-header", "-Xclang", "-fno-pch-timestamp", *flags))
    return kept


def _kept(ending: str, key: Sequence[str], includes: Sequence[Path]) -> Path:
    """Where what is made of `key` and the headers is kept."""
    digest = hashlib.sha256("\0".join((release(), processor(), *NATIVE_FLAGS, *key)).encode())
    for folder in includes:
        for path in sorted(folder.glob("*.h")):
            digest.update(path.read_bytes())
    return cache_folder() / "native" / f"{digest.hexdigest()[:24]}{ending}"


@contextmanager
def _scratch(kept: Path) -> Iterator[Path]:
    """A file that becomes `kept` once it is whole."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        made = Path(folder) / "made"
        yield made
        made.replace(kept)


@cache
def processor() -> str:
    """What this processor can do, which native code may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _compile(source: str, includes: Sequence[Path], flags: Sequence[str], compiled: Path) -> None:
    text = compiled.with_suffix(".c")
    text.write_text(source)
    _clang(text, compiled, (*flags, *(f"-I{folder}" for folder in includes), "-c"))


def _clang(source: Path, made: Path, flags: Sequence[str]) -> None:
    target = ("-target", f"{os.uname().machine}-linux-musl")
    system = ("-nostdinc", "-isystem", wheel() / "lib" / "include")
    _check(run("clang", *target, *NATIVE_FLAGS, *system, *flags, source, "-o", made))


def _check(outcome: Outcome) -> None:
    if not outcome.ok:
        raise ToolError(f"cannot compile what was translated:\n{outcome.messages}")
