"""The operations of `softnpu/emulator/semantics` as functions that Python calls.

The headers are compiled once per content into a shared library in which every operation has
linkage. Registers go in and come out as bytes, as they lie in memory; scalars as integers.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

from softnpu import zig

HEADERS = Path(zig.__file__).parent / "emulator" / "semantics"
FLAGS = [
    *("-Wall", "-Wextra", "-Werror", "-DNPU_OP="),
    # what C leaves undefined ends the process
    *("-fsanitize=undefined", "-fsanitize-trap=undefined"),
]

REGISTERS = {
    size: type(f"Register{size}", (ctypes.Structure,), {"_fields_": [("u64", ctypes.c_uint64 * n)]})
    for size, n in ((16, 2), (32, 4), (64, 8), (128, 16))
}


class Control(ctypes.Structure):
    """`npu_control`: what a program sets; zeros after a reset."""

    _fields_ = [
        (name, ctypes.c_uint8)
        for name in (
            *("sat", "rnd", "srs_sign", "ups_sign", "pack_sign", "unpack_sign", "vadd_sign"),
            *("fp_mask", "f2i_mask", "f2f_mask"),
        )
    ]


class Status(ctypes.Structure):
    """`npu_status`: the flags that operations leave behind."""

    _fields_ = [
        (name, ctypes.c_uint8)
        for name in ("carry", "srs_of", "ups_of", "sparse_of", "fp", "f2i", "f2f")
    ]


@cache
def _library() -> ctypes.CDLL:
    source = "".join(f'#include "{path.name}"\n' for path in sorted(HEADERS.glob("*.h")))
    return ctypes.CDLL(str(zig.shared_library(source, includes=[HEADERS], flags=FLAGS)))


def call(name: str, result: int | None, *arguments: Any) -> Any:
    """What `npu_<name>` returns: `result` bytes of a register, or an integer if None.

    Arguments: bytes are registers, integers scalars; a ctypes object is passed by pointer,
    a `Control` by value.
    """
    function = getattr(_library(), f"npu_{name}")
    function.restype = ctypes.c_uint64 if result is None else REGISTERS[result]
    passed = []
    for argument in arguments:
        if isinstance(argument, (bytes, bytearray)):
            passed.append(REGISTERS[len(argument)].from_buffer_copy(argument))
        elif isinstance(argument, int):
            passed.append(ctypes.c_uint64(argument & (1 << 64) - 1))
        elif isinstance(argument, Control):
            passed.append(argument)
        else:
            passed.append(ctypes.byref(argument))
    value = function(*passed)
    return value if result is None else bytes(value)
