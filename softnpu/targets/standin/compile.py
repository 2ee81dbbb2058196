"""Kernels: one C or C++ file to one RV32 object."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from softnpu.errors import ToolError
from softnpu.targets.linking.symbols import LIBM
from softnpu.targets.standin.toolchain import CXX_SUFFIXES, clang, include_flags

C_SUFFIXES = frozenset({".c"})
C_FLAGS = ("-x", "c", "-std=c11")
CXX_FLAGS = (
    "-x",
    "c++",
    "-std=c++20",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
    "-include",
    "libcxx_config.h",
)
DIAGNOSTIC_FLAGS = (
    "-Wall",
    "-Werror=implicit-function-declaration",
    "-Werror=implicit-int",
    "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
    "-Werror=return-type",
    "-Werror=uninitialized",
    "-Werror=array-bounds",
    "-Werror=shift-count-overflow",
    "-Werror=division-by-zero",
    "-Wno-unknown-pragmas",
    "-Wno-unused-function",
    "-ferror-limit=5",
)
KERNEL_FLAGS = ("-fno-common", *(f"-fno-builtin-{name}" for name in LIBM))

HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"in namespace '(?:::)?aie'|undeclared identifier 'aie'|'aie_api/(?!aie\.hpp)"),
        "aie_api is AMD's vector library for AIE cores. Without Peano a kernel is compiled for a "
        "stand-in core, from portable C or C++: loops over arrays of standard types.",
    ),
    (
        re.compile(
            r"(?:unknown type name|undeclared identifier|unknown builtin|undeclared function) "
            r"'(?:v\d+\w+|__builtin_aie\w*|undef_v\w+|aie\w+)'"
        ),
        "AIE vector intrinsics exist on AIE cores only. Write the loop in portable C, or keep "
        "the intrinsics behind '#ifdef __AIENGINE__' with a portable branch beside them.",
    ),
    (
        re.compile(r"\bchess_\w+"),
        "This is for AMD's closed compiler (chess); neither Peano nor the stand-in knows it.",
    ),
    (
        re.compile(r"'(?:adf|aie_stream|lut_based_ops|aie_core)[\w./]*' file not found"),
        "This header belongs to AMD's tools; the stand-in compiles portable C and C++.",
    ),
    (
        re.compile(r"expected identifier or '\('\n.*extern \"C\"", re.MULTILINE),
        "This is C++; name the file .cc.",
    ),
)


def compile_kernel(
    source: Path,
    output: Path,
    *,
    defines: Mapping[str, str] | None = None,
    include_dirs: Sequence[Path] = (),
    depfile: Path | None = None,
    flags: Sequence[str] = (),
) -> str:
    """Compile `source` (.c, or .cc/.cpp/.cxx for C++) to the object `output`.

    Args:
        defines: macros, each name with its value.
        include_dirs: searched after the source's own folder.
        depfile: where to list the files that were read, as a Makefile rule.
        flags: further flags for clang, last.

    Returns:
        The compiler's warnings, "" if there are none.

    Raises:
        ToolError: with the compiler's own messages, and what they mean for a kernel.
    """
    if not source.is_file():
        raise ToolError(f"{source}: no such kernel source")
    cxx = source.suffix in CXX_SUFFIXES
    if not cxx and source.suffix not in C_SUFFIXES:
        suffixes = ", ".join(sorted(C_SUFFIXES | CXX_SUFFIXES))
        raise ToolError(f"{source}: a kernel is C or C++, in a file that ends in {suffixes}")
    arguments = [
        *(CXX_FLAGS if cxx else C_FLAGS),
        *DIAGNOSTIC_FLAGS,
        *KERNEL_FLAGS,
        "-include",
        "aie_intrinsics.h",
        *(f"-D{name}={value}" for name, value in (defines or {}).items()),
        *(part for folder in include_dirs for part in ("-I", str(folder))),
        *include_flags(cxx=cxx),
        *(("-MD", "-MF", str(depfile), "-MT", str(output)) if depfile else ()),
        *flags,
    ]
    output.parent.mkdir(parents=True, exist_ok=True)
    outcome = clang(source, output, arguments)
    messages = tidy(outcome.messages)
    if not outcome.ok:
        raise ToolError("\n".join((messages, *(f"  note: {hint}" for hint in hints(messages)))))
    return messages


def tidy(messages: str) -> str:
    """clang's messages without the counts at their end."""
    lines = messages.splitlines()
    counted = re.compile(r"\d+ (?:error|warning)s?(?: and \d+ errors?)? generated\.")
    return "\n".join(line for line in lines if not counted.fullmatch(line)).strip()


def hints(messages: str) -> list[str]:
    """What an author should know beyond the compiler's words."""
    return [hint for pattern, hint in HINTS if pattern.search(messages)]
