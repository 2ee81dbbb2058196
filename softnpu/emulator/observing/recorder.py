"""What a core's code has executed, where it was held up, and what it waited for."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.standin import Service

HELD_UP = 1 << 31
"""Marks a step that tells of a bundle that a memory bank held up (recorder.h)."""
_STEPS = 1 << 21
"""Room for the steps of one turn of a core, each of a cycle at least."""
PATHS = 256
"""Paths of calls that are told apart (recorder.h, NPU_PATHS)."""
_BEHIND = 0x80
"""Bytes behind the program: where a function that was called from outside returns to."""

Calls = tuple[tuple[int, int], ...]
"""(where a call was made, where it went), outermost first."""
Cause = tuple[Service, int]
"""What a core waited in, and the number of the lock."""


class _Path(ctypes.Structure):
    _fields_ = [("parent", ctypes.c_uint32), ("site", ctypes.c_uint32), ("entry", ctypes.c_uint32)]


class _State(ctypes.Structure):
    """`npu_recorder`."""

    _fields_ = [
        ("halfwords", ctypes.c_uint32),
        ("path", ctypes.c_uint32),
        ("paths", ctypes.c_uint32),
        ("deeper", ctypes.c_uint32),
        ("known", _Path * PATHS),
        ("runs", ctypes.c_void_p),
        ("stalls", ctypes.c_void_p),
        ("steps", ctypes.c_void_p),
        ("room", ctypes.c_uint32),
        ("taken", ctypes.c_uint32),
    ]


@dataclass(frozen=True)
class Executed:
    """One instruction or bundle on one path of calls.

    Attributes:
        calls: the path to it.
        address: of the instruction.
        times: how often it was executed, a cycle each.
        stalls: cycles in which memory banks held it up.
    """

    calls: Calls
    address: int
    times: int
    stalls: int


@dataclass(frozen=True)
class Waited:
    """What was waited for at one place; cycles."""

    calls: Calls
    address: int
    cause: Cause
    cycles: int


class Recorder:
    """Records one program of one core, from address 0 on.

    Attributes:
        code: the program.
        entry: where it begins.
        state: `npu_recorder`, which native code writes.
    """

    def __init__(self, code: bytes, entry: int = 0) -> None:
        self.code = code
        self.entry = entry
        halfwords = (len(code) + _BEHIND) // 2
        self._runs = np.zeros((PATHS, halfwords + 1), np.int64)
        self._stalls = np.zeros((PATHS, halfwords + 1), np.int64)
        self.state = _State(
            halfwords=halfwords,
            paths=1,
            runs=self._runs.ctypes.data,
            stalls=self._stalls.ctypes.data,
        )
        self._waits: Counter[tuple[int, int, Cause]] = Counter()

    def follow(self) -> None:
        """Keeps the steps in their order, too; see `steps`."""
        self._steps = np.zeros(_STEPS, np.uint64)
        self.state.steps, self.state.room = self._steps.ctypes.data, _STEPS

    def steps(self) -> NDArray[np.uint64]:
        """Takes what has happened since the last time, each of two numbers of 32 bits: begin and
        end of what was executed; address | HELD_UP and cycles of a bundle in the run before that
        was held up."""
        taken: NDArray[np.uint64] = self._steps[: self.state.taken].copy()
        self.state.taken = 0
        return taken

    @property
    def follows(self) -> bool:
        """Whether it keeps steps."""
        return bool(self.state.room)

    def begin(self) -> None:
        """The program begins anew."""
        self.state.path = self.state.deeper = 0

    def stopped_within(self, pc: int, end: int) -> None:
        """What ran last, up to `end`, was stopped in front of `pc`, and runs on from there."""
        row = self._runs[self.state.path]
        row[end >> 1] += 1
        row[pc >> 1] -= 1
        if self.follows and self.state.taken:
            last = self.state.taken - 1
            begin = int(self._steps[last]) >> 32
            self._steps[last] = begin << 32 | pc
            self.state.taken -= begin == pc

    def wait(self, address: int, cause: Cause, cycles: int) -> None:
        """The instruction at `address` has waited."""
        self._waits[self.state.path, address, cause] += cycles

    def executed(self, size: Callable[[bytes, int], int]) -> list[Executed]:
        """What was executed, in the order of paths and addresses.

        Args:
            size: bytes of the instruction at an address of the program.
        """
        found = []
        for path in range(self.state.paths):
            times = np.cumsum(self._runs[path])
            calls = self._calls(path)
            behind = 0
            for halfword in np.flatnonzero(times).tolist():
                address = 2 * halfword
                if not behind <= address < len(self.code):
                    continue
                count, stalls = int(times[halfword]), int(self._stalls[path, halfword])
                found.append(Executed(calls, address, count, stalls))
                behind = address + size(self.code, address)
        return found

    def waited(self) -> list[Waited]:
        """What was waited for."""
        return [
            Waited(self._calls(path), address, cause, cycles)
            for (path, address, cause), cycles in sorted(self._waits.items())
        ]

    def _calls(self, path: int) -> Calls:
        calls = []
        while path:
            known = self.state.known[path]
            calls.append((known.site, known.entry))
            path = known.parent
        return tuple(reversed(calls))
