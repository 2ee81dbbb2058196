"""A program's native code, kept by content: what was translated once starts at once."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from softnpu import isa
from softnpu.emulator.aie2.flights import InFlight, Key
from softnpu.emulator.aie2.program import Program, translate
from softnpu.zig import cache_folder, object_file, processor, release, shared_library

_HERE = Path(__file__).parent
_SEMANTICS = _HERE.parent / "semantics"
_INCLUDES = (_HERE, _SEMANTICS, _HERE.parent / "profiling")
_FLAGS = ("-Wno-everything", "-march=native", "-fvisibility=hidden")
_REGIONS = (
    *("-fno-slp-vectorize", "-fno-strict-aliasing"),
    *("-Xclang", "-disable-lifetime-markers"),
)
"""Without what takes clang long and makes nothing of regions."""
_SOURCES = (*_INCLUDES, Path(isa.__file__).parent)
"""What a translation depends on."""
_TRANSLATING = threading.Lock()
"""Cores in several threads may come upon the same new code at once; one translates it."""


@dataclass(frozen=True)
class Native:
    """A program's code in this process.

    Attributes:
        run: runs the state at an address from a region on.
        run_recorded: the same, for a state with a recorder.
        size: bytes of the state, as the code has it.
        regions: number by region.
        flights: what is in flight, by number.
    """

    run: Callable[[int, int], None]
    run_recorded: Callable[[int, int], None]
    size: int
    regions: dict[Key, int]
    flights: tuple[tuple[InFlight, ...], ...]


def native(program: Program, entries: Sequence[Key]) -> Native:
    """The native code of a program, translated where it is not kept.

    Raises:
        ToolError: there is no compiler.
    """
    made_of = (program.instructions.name, program.base, entries, _version())
    digest = hashlib.sha256(program.code + repr(made_of).encode())
    kept = cache_folder() / "native" / f"{digest.hexdigest()[:24]}.json"
    with _TRANSLATING:
        found = _read(kept)
        if found is None:
            found = _translated(program, entries)
            partial = kept.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(found))
            partial.replace(kept)
    library = ctypes.CDLL(found["library"])
    library.npu_size.restype = ctypes.c_uint64
    runs = (library.npu_run, library.npu_run_recorded)
    for function in runs:
        function.argtypes = [ctypes.c_void_p, ctypes.c_int32]
        function.restype = None
    regions = {
        Key(address, _flight(flight), granted): number
        for number, (address, flight, granted) in enumerate(found["regions"])
    }
    flights = tuple(map(_flight, found["flights"]))
    return Native(*runs, int(library.npu_size()), regions, flights)


def _flight(numbers: Sequence[Sequence[int]]) -> tuple[InFlight, ...]:
    return tuple((address, slot, age) for address, slot, age in numbers)


def _read(kept: Path) -> dict[str, Any] | None:
    """What is kept; None where the library is gone, or the file is not whole."""
    try:
        found: dict[str, Any] = json.loads(kept.read_text())
    except (OSError, ValueError):
        return None
    return found if Path(found["library"]).exists() else None


def _translated(program: Program, entries: Sequence[Key]) -> dict[str, Any]:
    made = translate(program, entries)
    return {
        "library": str(
            shared_library(
                *made.sources,
                includes=_INCLUDES,
                flags=(*_FLAGS, *_REGIONS),
                objects=(_large_operations(),),
            )
        ),
        "regions": [(key.address, key.flight, key.granted) for key in made.regions],
        "flights": list(made.flights),
    }


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
