"""Where one core is to be stopped, whatever code it runs.

The processor asks nobody while it executes: what to look for stands in memory that native code
reads (debug.h). Once it has stopped, it calls `CoreStops.stopped` and goes on when that returns;
meanwhile nothing on the array has its turn.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softnpu.zig import shared_library

_HERE = Path(__file__).parent
_NOWHERE = (1 << 64) - 1

WATCHES = 16
"""That a core has at most (debug.h, NPU_WATCHES)."""


class Hit(IntEnum):
    """Why the code was stopped (debug.h)."""

    NOTHING = 0
    PLACE = 1
    VALUE = 2
    ACCESS = 3


class On(IntFlag):
    """Accesses that a watch stops at (debug.h)."""

    NOTHING = 0
    READ = 1
    WRITE = 2


class _Watch(ctypes.Structure):
    """`npu_watch`."""

    _fields_ = [
        ("memory", ctypes.c_void_p),
        ("before", ctypes.c_void_p),
        ("size", ctypes.c_uint64),
        ("begin", ctypes.c_uint64),
        ("end", ctypes.c_uint64),
        ("on", ctypes.c_uint64),
    ]


class _Debug(ctypes.Structure):
    """`npu_debug`."""

    _fields_ = [
        ("stop", ctypes.c_void_p),
        ("places", ctypes.c_void_p),
        ("program", ctypes.c_uint64),
        ("everywhere", ctypes.c_uint64),
        ("passing", ctypes.c_uint64),
        ("block_end", ctypes.c_uint64),
        ("executing", ctypes.c_uint64),
        ("hit", ctypes.c_uint64),
        ("which", ctypes.c_uint64),
        ("accessed", ctypes.c_uint64),
        ("watches", ctypes.c_uint64),
        ("watch", _Watch * WATCHES),
    ]


@dataclass(eq=False)
class Watched:
    """Bytes of a tile's memory that are watched.

    Attributes:
        memory: the bytes themselves.
        before: what they held when somebody looked last.
        window: where the core sees them, for accesses; 0 where it does not.
        on: accesses to stop at; none where only a change counts.
    """

    memory: NDArray[np.uint8]
    before: NDArray[np.uint8] = field(init=False)
    window: int = 0
    on: On = On.NOTHING

    def __post_init__(self) -> None:
        self.before = self.memory.copy()

    @property
    def changed(self) -> bool:
        """Whether they hold something else than before."""
        return bool((self.memory != self.before).any())


class CoreStops:
    """The stops of one core.

    Args:
        size: bytes of its program memory.
        stopped: is told of each stop: where, and why; returns when the core may go on.

    Attributes:
        places: by halfword of the program, 1 where to stop.
        everywhere: whether to stop at each instruction.
        watched: what is watched while this core runs.
    """

    def __init__(self, size: int, stopped: Callable[[int, Hit, Watched | None], None]) -> None:
        self.places: NDArray[np.uint8] = np.zeros(size // 2 + 1, np.uint8)
        self._stopped = stopped
        self._state = _Debug(
            places=self.places.ctypes.data, program=size, passing=_NOWHERE, block_end=0
        )
        self._handles: list[ctypes.c_size_t] = []
        self._watched: tuple[Watched, ...] = ()

    @property
    def everywhere(self) -> bool:
        """Whether to stop at each instruction."""
        return bool(self._state.everywhere)

    @everywhere.setter
    def everywhere(self, on: bool) -> None:
        self._state.everywhere = on

    def watch(self, watched: tuple[Watched, ...]) -> None:
        """Watches these from now on, and nothing else."""
        self._watched = watched
        for native, one in zip(self._state.watch, watched, strict=False):
            native.memory = 0 if one.on else one.memory.ctypes.data
            native.before, native.size = one.before.ctypes.data, len(one.memory)
            native.begin, native.end = one.window, one.window + len(one.memory)
            native.on = one.on
        self._state.watches = len(watched)

    @property
    def block_end(self) -> int:
        """Where the block of RV32 code ends that was begun last."""
        return int(self._state.block_end)

    @property
    def executed(self) -> int:
        """The address of what was executed last before a stop."""
        return int(self._state.executing)

    def attach(self, uc: Any) -> None:
        """From now on sees what Unicorn executes.

        After whoever else hooks blocks: it may stop before one.
        """
        from unicorn import UC_HOOK_BLOCK, UC_HOOK_CODE, UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE
        from unicorn.unicorn_py3.unicorn import uclib

        library = _library()
        self._state.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        for kind, function in (
            (UC_HOOK_BLOCK, library.npu_at_debugged_block),
            (UC_HOOK_CODE, library.npu_at_debugged_instruction),
            (UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, library.npu_at_debugged_access),
        ):
            handle = ctypes.c_size_t()
            status = uclib.uc_hook_add(
                uc._uch,
                ctypes.byref(handle),
                kind,
                ctypes.cast(function, ctypes.c_void_p),
                ctypes.byref(self._state),
                *(ctypes.c_uint64(1), ctypes.c_uint64(0)),  # everywhere
            )
            assert status == 0, status
            self._handles.append(handle)

    def take_hit(self) -> tuple[Hit, Watched | None] | None:
        """Why native code has stopped, and what was watched there; None if it has not. Once."""
        state = self._state
        hit, state.hit = Hit(state.hit), Hit.NOTHING
        if hit is Hit.NOTHING:
            return None
        return hit, self._watched[state.which] if hit in (Hit.VALUE, Hit.ACCESS) else None

    def looked_at(self, pc: int) -> tuple[Hit, Watched | None] | None:
        """As `take_hit`, for code that is executed one bundle at a time: whether to stop at `pc`.

        It is about to execute it; where it goes on after a stop, it is asked once more.
        """
        state = self._state
        passing, state.passing = state.passing, _NOWHERE
        for one in self._watched:
            if not one.on and one.changed:
                return Hit.VALUE, one
        inside = 0 <= pc < state.program
        if pc != passing and (state.everywhere or (inside and self.places[pc >> 1])):
            return Hit.PLACE, None
        state.executing = pc
        return None

    def stopped(self, pc: int, hit: Hit, watched: Watched | None) -> None:
        """Tells of the stop; the code goes on at `pc` when this returns."""
        try:
            self._stopped(pc, hit, watched)
        finally:
            self._state.passing = pc


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(shared_library('#include "debug.h"\n', includes=(_HERE,))))
