"""A program's native code, kept by content: what was translated once starts at once."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from softnpu import isa
from softnpu.emulator.aie2.flights import InFlight, Key
from softnpu.emulator.aie2.layout import fields
from softnpu.emulator.aie2.program import Program, translate
from softnpu.zig import (
    cache_folder,
    object_file,
    precompiled_header,
    processor,
    release,
    shared_library,
)

_HERE = Path(__file__).parent
_SEMANTICS = _HERE.parent / "semantics"
_INCLUDES = (_HERE, _SEMANTICS, _HERE.parent / "observing", _HERE.parent / "memcheck")
_FLAGS = ("-Wno-everything", "-march=native", "-fvisibility=hidden")
_REGIONS = (
    *("-fno-slp-vectorize", "-fno-strict-aliasing"),
    *("-Xclang", "-disable-lifetime-markers"),
    *("-mllvm", "-enable-misched=false", "-mllvm", "-disable-post-ra"),
)
"""Without what takes clang long and makes nothing of regions: this machine's processors order
instructions themselves."""
_SOURCES = (*_INCLUDES, Path(isa.__file__).parent)
"""What a translation depends on."""
_TRANSLATING = threading.Lock()
"""Cores in several threads may come upon the same new code at once; one translates it."""


class _Tables(ctypes.Structure):
    """`npu_code`."""

    _fields_ = [(name, ctypes.c_void_p) for name in ("regions", "shapes", "find")]


class _Shape(ctypes.Structure):
    """`npu_shape`."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("begin", "end", "call", "kind")]


@dataclass(frozen=True)
class Native:
    """A program's code in this process.

    Attributes:
        run: runs the state at an address from a region on.
        run_recorded: the same, for a state with a recorder.
        size: bytes of the state, as the code has it.
        regions: number by region.
        flights: what is in flight, by number.
        tables: what the state's `code` points at.
        held: the arrays that the tables point at.
        digest: of what it was made of.
    """

    run: Callable[[int, int], None]
    run_recorded: Callable[[int, int], None]
    size: int
    regions: dict[Key, int]
    flights: tuple[tuple[InFlight, ...], ...]
    tables: _Tables
    held: tuple[ctypes.Array[Any], ctypes.Array[Any]]
    digest: str


def native(
    program: Program, entries: Sequence[Key], known: Native | None = None, *, watched: bool = False
) -> Native:
    """The native code of a program, translated where it is not kept.

    Args:
        entries: regions that it is entered at.
        known: what there is of it already: what is reached besides comes to that.
        watched: whether accesses are held against what `npu_core`'s `check` tells.

    Raises:
        ToolError: there is no compiler.
    """
    beside = known.digest if known else ""
    made_of = (
        *(program.instructions.name, program.base, program.longest),
        *(entries, beside, watched, _version()),
    )
    digest = hashlib.sha256(program.code + repr(made_of).encode()).hexdigest()
    kept = cache_folder() / "native" / f"{digest[:24]}.json"
    with _TRANSLATING:
        found = _read(kept)
        if found is None:
            found = _translated(program, entries, known, watched)
            partial = kept.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(found))
            partial.replace(kept)
    return _loaded(found, digest, known)


def _loaded(found: dict[str, Any], digest: str, known: Native | None) -> Native:
    library = ctypes.CDLL(found["library"])
    library.npu_size.restype = ctypes.c_uint64
    runs = (library.npu_run, library.npu_run_recorded)
    for function in runs:
        function.argtypes = [ctypes.c_void_p, ctypes.c_int32]
        function.restype = None
    regions = dict(known.regions) if known else {}
    for address, flight, granted in found["regions"]:
        regions[Key(address, _flight(flight), granted)] = len(regions)
    new = len(found["regions"])
    functions, shapes = known.held if known else ((), ())
    held = (
        (ctypes.c_void_p * len(regions))(
            *functions, *(ctypes.c_void_p * new).in_dll(library, "npu_regions")
        ),
        (_Shape * len(regions))(*shapes, *(_Shape * new).in_dll(library, "npu_shapes")),
    )
    find = ctypes.cast(library.npu_find, ctypes.c_void_p).value
    tables = _Tables(ctypes.addressof(held[0]), ctypes.addressof(held[1]), find)
    flights = tuple(map(_flight, found["flights"]))
    return Native(*runs, int(library.npu_size()), regions, flights, tables, held, digest)


def _flight(numbers: Sequence[Sequence[int]]) -> tuple[InFlight, ...]:
    return tuple((address, slot, age) for address, slot, age in numbers)


def _read(kept: Path) -> dict[str, Any] | None:
    """What is kept; None where the library is gone, or the file is not whole."""
    try:
        found: dict[str, Any] = json.loads(kept.read_text())
    except (OSError, ValueError):
        return None
    return found if Path(found["library"]).exists() else None


def _translated(
    program: Program, entries: Sequence[Key], known: Native | None, watched: bool
) -> dict[str, Any]:
    made = translate(program, entries, *((known.regions, known.flights) if known else ()))
    flags = (*_FLAGS, *_REGIONS, *(("-DNPU_WATCHED",) if watched else ()))
    registers = f"#define NPU_REGISTERS {fields(program.instructions)}\n"
    header = precompiled_header(registers + _text("runtime.h", set()), flags)
    library = shared_library(
        *made.sources,
        includes=_INCLUDES,
        flags=(*flags, "-include-pch", str(header)),
        objects=(_large_operations(),),
    )
    return {
        "library": str(library),
        "regions": [(key.address, key.flight, key.granted) for key in made.regions],
        "flights": made.flights,
    }


def _text(name: str, seen: set[str]) -> str:
    """A header of ours, and what it includes of ours in its place."""
    seen.add(name)
    path = next(folder / name for folder in _INCLUDES if (folder / name).exists())

    def included(line: re.Match[str]) -> str:
        return "" if line[1] in seen else _text(line[1], seen)

    return re.sub(r'^#include "(.+)"$', included, path.read_text(), flags=re.M)


def _large_operations() -> Path:
    """What programs call instead of compiling it each."""
    headers = sorted(path.name for path in _SEMANTICS.glob("*.h"))
    source = "#define NPU_LARGE_OP\n" + "".join(f'#include "{name}"\n' for name in headers)
    return object_file(source, (_SEMANTICS,), _FLAGS)


@cache
def _version() -> str:
    """Changes with whatever decides on a translation."""
    digest = hashlib.sha256((release() + processor()).encode())
    for folder in _SOURCES:
        for path in sorted(folder.iterdir()):
            if path.is_file():
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
