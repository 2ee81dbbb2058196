"""Peano's clang and the wrapper of xchesscc: kernels to objects for stand-in cores.

What a Makefile says of optimisation and warnings is left out where it is about AMD's compilers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from softnpu.errors import ToolError
from softnpu.warned import collected

HELP = """\
usage: clang++ --target=aie2-none-unknown-elf [-D NAME[=VALUE]] [-I DIR] -c KERNEL.cc -o KERNEL.o

npuforge's own, in Peano's place: compiles one kernel for a stand-in core of the emulator.
"""

_GENERATIONS = {"aie2": "aie2", "aie2p": "aie2p", "aie2ps": "aie2p"}
_WITH_VALUE = ("-o", "-x", "-D", "-I", "-U", "-include", "-isystem", "-P", "-p", "-MF", "-MT")
_PASSED = ("-D", "-U", "-include", "-isystem")
_DEPENDENCIES = ("-MD", "-MMD", "-MF", "-MT")


def main(given: Sequence[str]) -> int:
    """Compiles one source; SoftnpuError for whatever is wrong."""
    from softnpu.targets import standin

    if "--help" in given or not given:
        sys.stdout.write(HELP)
        return 0
    if "--version" in given:
        sys.stdout.write(f"npuforge's clang for stand-in cores ({standin.compiler_version()})\n")
        return 0
    generation, output = "aie2", ""
    sources: list[Path] = []
    folders: list[Path] = []
    flags: list[str] = []
    for word, value in _words(given):
        if word == "-o":
            output = value
        elif word == "-x" and value not in ("c", "c++"):
            raise ToolError(
                f"-x {value}: C and C++ are compiled here, to objects and to LLVM IR as text; name "
                "the file of an ExternalFunction that is to be inlined .ll, not .bc"
            )
        elif word.startswith("--target="):
            generation = _generation(word.removeprefix("--target="))
        elif word in _GENERATIONS:  # xchesscc_wrapper names it so
            generation = _GENERATIONS[word]
        elif word == "-I":
            folders.append(Path(value))
        elif word in (*_PASSED, *_DEPENDENCIES):
            flags += [word, value] if value else [word]
        elif word.startswith("-std="):
            flags.append(word)
        elif not word.startswith("-"):
            sources.append(Path(word))
    ir = "-S" in given and "-emit-llvm" in given
    if not (ir or "-c" in given) or len(sources) != 1:
        raise ToolError(
            "one kernel is compiled at a time, to an object (-c KERNEL.cc -o KERNEL.o) or to LLVM "
            "IR (-S -emit-llvm KERNEL.cc -o KERNEL.ll)"
        )
    flags += ["-S", "-emit-llvm", "-Wno-unused-command-line-argument"] if ir else []
    source = sources[0]
    with collected() as warned:
        try:
            made = Path(output or source.stem + (".ll" if ir else ".o"))
            standin.compile_kernel(
                source, made, include_dirs=folders, flags=flags, generation=generation
            )
        finally:
            sys.stderr.writelines(f"{text}\n" for text in warned)
    return 0


def _words(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values, which may stand right behind them; other words alone."""
    waiting = iter(given)
    for word in waiting:
        if word in _WITH_VALUE:
            yield word, next(waiting, "")
        elif short := next((w for w in ("-D", "-I", "-U", "-o") if word.startswith(w)), ""):
            yield short, word.removeprefix(short)
        else:
            yield word, ""


def _generation(triple: str) -> str:
    found = _GENERATIONS.get(triple.partition("-")[0])
    if found is None:
        raise ToolError(f"--target={triple}: cores are aie2 or aie2p")
    return found
