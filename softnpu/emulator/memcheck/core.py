"""What the checks of all cores share, whatever code they run: the state that check.h works on."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import SOUTH_WINDOW, WINDOW_SIZE, WINDOWS
from softnpu.emulator.memcheck.holding import Held, Holding
from softnpu.emulator.memcheck.seen import TAG_SHIFT, TAGS, Program, Seen, plain
from softnpu.emulator.memcheck.surroundings import CheckedTile
from softnpu.emulator.memcheck.wording import Access, Kind, Wording
from softnpu.emulator.naming.names import Names

Accounts = Sequence["NDArray[np.uint8] | None"]
"""By window, where there is memory, which bytes of it were ever written."""


class Range(ctypes.Structure):
    """`npu_range` (check.h)."""

    _fields_ = [("begin", ctypes.c_uint32), ("end", ctypes.c_uint32)]


class State(ctypes.Structure):
    """`npu_check` (check.h)."""

    _fields_ = [
        ("core", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
        ("pc_register", ctypes.c_int),
        ("kind", ctypes.c_uint32),
        ("writes", ctypes.c_uint32),
        ("address", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("pc", ctypes.c_uint32),
        ("checked", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("closed", ctypes.c_void_p),
        ("owner", ctypes.c_void_p),
        ("stack_end", ctypes.c_uint32),
        ("highest_stack", ctypes.c_uint32),
        ("written", ctypes.c_void_p * len(WINDOWS)),
        ("begin", ctypes.c_uint32 * TAGS),
        ("end", ctypes.c_uint32 * TAGS),
        ("held", ctypes.c_uint8 * TAGS),
        ("known", ctypes.c_uint32 * TAGS),
        ("usable", Range * TAGS),
    ]


class CoreCheck:
    """The check of one core, from its start on.

    Args:
        program: what it executes, as the linker made it.
        buffers: what it sees.
        tile: its tile.
        names: of the array.
        accounts: of what it sees.
        limit: accesses after which it is checked no more; 0 for none.

    Attributes:
        holding: is told what locks it takes and gives back.
    """

    def __init__(
        self,
        program: Program,
        buffers: Iterable[Seen],
        tile: CheckedTile,
        names: Names,
        accounts: Accounts,
        limit: int,
    ) -> None:
        self._accounts = accounts
        self._limit = limit
        self._buffers = list(buffers)
        self._wording = Wording(self._buffers, program)
        self._closed = np.ones(len(WINDOWS) * WINDOW_SIZE, np.uint8)
        self._state = state = State(limit=limit, closed=self._closed.ctypes.data)
        for index, account in enumerate(accounts):
            state.written[index] = None if account is None else account.ctypes.data
        untagged = ((one.begin, one.end) for one in self._buffers if not one.tag)
        for begin, end in (*program.own(), *untagged):
            self._closed[begin - SOUTH_WINDOW : end - SOUTH_WINDOW] = 0
        for one in (one for one in self._buffers if one.tag):
            state.begin[one.tag], state.end[one.tag] = one.begin, one.end
            state.held[one.tag] = Held.NOW
        state.usable[0] = Range(*program.stack())
        locks = tile.core_locks()
        self.holding = Holding(names, self._buffers, locks, self._hold)

    def _hold(self, tag: int, held: Held) -> None:
        """What the core may do with an object from now on."""
        self._state.held[tag] = held
        if held is not Held.NOW:
            self._state.usable[tag] = Range(0, 0)

    def look_no_more(self) -> None:
        """What the code writes and takes from now on is not known."""
        self.holding.follow_no_more()
        for account in self._accounts:
            if account is not None:
                account[:] = 1

    def wrote(self, address: int, size: int) -> None:
        """The core's data memory was written by what is no store of its code."""
        window, inside = divmod(plain(address) - SOUTH_WINDOW, WINDOW_SIZE)
        account = self._accounts[window] if 0 <= window < len(self._accounts) else None
        if account is not None:
            account[inside : inside + size] = 1

    @property
    def checked(self) -> int:
        """How many accesses it has checked."""
        return int(self._state.checked)

    @property
    def spent(self) -> bool:
        """Whether it has checked as much as it was to."""
        return 0 < self._limit <= int(self._state.checked)

    @property
    def failed(self) -> bool:
        """Whether the code did what it must not."""
        return bool(self._state.kind)

    def told(self) -> str:
        """What it did, of a check that has failed."""
        state = self._state
        tag = state.address >> TAG_SHIFT
        released = state.held[tag] == Held.RELEASED
        access = Access(Kind(state.kind), bool(state.writes), state.address, state.size, released)
        return self._wording.told(access)
