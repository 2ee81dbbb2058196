"""The vector unit of a stand-in core: C that executes its commands inside Unicorn's stores."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softnpu import arch
from softnpu.arch.standin import VECTOR_MEMORY, VECTOR_MEMORY_SIZE, VECTOR_UNIT
from softnpu.errors import EmulatorError
from softnpu.zig import shared_library

_HERE = Path(__file__).parent
_INCLUDES = (_HERE, _HERE.parent / "semantics", Path(arch.__file__).parent)
_FLAGS = ("-march=native", "-fno-math-errno", "-ffp-contract=off", "-fno-unroll-loops", "-w")
_PAGE = 0x1000
_WINDOWS = 32
_WINDOW_SHIFT = 16
_NO_MEMORY = 1


class _Unit(ctypes.Structure):
    """`npu_vector_unit` (elements.h), up to what the C code keeps for itself."""

    _fields_ = [
        ("address", ctypes.c_uint64 * _WINDOWS),
        ("size", ctypes.c_uint32 * _WINDOWS),
        ("stop", ctypes.c_uint64),
        ("core", ctypes.c_uint64),
        ("check", ctypes.c_uint64),
        ("checked_by", ctypes.c_uint64),
        ("fault", ctypes.c_uint32),
        ("where", ctypes.c_uint32),
        ("kept", ctypes.c_uint8 * 64),
    ]


class VectorUnit:
    """The unit of one core.

    Args:
        uc: the `unicorn.Uc` that executes the core's program.
        windows: address -> memory that commands may work on.
        check: a function that is told of each operand's address, bytes, and whether it is written,
            and its first argument, as addresses.

    Attributes:
        stack: the vector memory.

    Raises:
        ToolError: there is no compiler.
        EmulatorError: something else is where it belongs.
    """

    def __init__(
        self,
        uc: Any,
        windows: Mapping[int, NDArray[np.uint8]],
        check: tuple[int, int] | None = None,
    ) -> None:
        from unicorn.unicorn_py3.unicorn import uclib

        self.stack = np.zeros(VECTOR_MEMORY_SIZE, np.uint8)
        self._unit = _Unit()
        for address, memory in {**windows, VECTOR_MEMORY: self.stack}.items():
            self._unit.address[address >> _WINDOW_SHIFT] = memory.ctypes.data
            self._unit.size[address >> _WINDOW_SHIFT] = memory.nbytes
        self._unit.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value or 0
        self._unit.core = uc._uch.value
        self._unit.check, self._unit.checked_by = check or (0, 0)
        read_write = uclib_protection()
        uc.mem_map_ptr(VECTOR_MEMORY, VECTOR_MEMORY_SIZE, read_write, self.stack.ctypes.data)
        status = uclib.uc_mmio_map(
            uc._uch,
            ctypes.c_uint64(VECTOR_UNIT),
            ctypes.c_size_t(_PAGE),
            None,
            None,
            ctypes.cast(_library().npu_vector_store, ctypes.c_void_p),
            ctypes.byref(self._unit),
        )
        if status:
            why = uclib.uc_strerror(status).decode()
            raise EmulatorError(f"Unicorn maps no vector unit to {VECTOR_UNIT:#x}: {why}")

    def fault(self) -> str | None:
        """What a command did that it cannot, since this was asked for last."""
        fault, where = self._unit.fault, self._unit.where
        self._unit.fault = 0
        if not fault:
            return None
        if fault == _NO_MEMORY:
            return f"gives a vector operation the address {where:#x}, where there is no memory"
        return f"asks its vector unit for an operation that it has not: {where:#x}"


def in_reach(address: int) -> bool:
    """Is the address one that vector code uses beside the tiles' memories?"""
    return VECTOR_UNIT <= address < VECTOR_MEMORY + VECTOR_MEMORY_SIZE


def uclib_protection() -> int:
    """Unicorn's constant for memory to read and write."""
    from unicorn import UC_PROT_READ, UC_PROT_WRITE

    return int(UC_PROT_READ | UC_PROT_WRITE)


@cache
def _library() -> ctypes.CDLL:
    source = (_HERE / "unit.c").read_text(encoding="utf-8")
    library = ctypes.CDLL(str(shared_library(source, includes=_INCLUDES, flags=_FLAGS)))
    library.npu_vector_unit_size.restype = ctypes.c_uint64
    assert library.npu_vector_unit_size() <= ctypes.sizeof(_Unit)
    return library
