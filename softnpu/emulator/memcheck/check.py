"""The memory check of an array, and of each core that is checked."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import SOUTH_WINDOW, WINDOW_SIZE, WINDOWS
from softnpu.emulator.memcheck import seen
from softnpu.emulator.memcheck.holding import Held, Holding
from softnpu.emulator.memcheck.seen import PLAIN, TAG_SHIFT, TAGS, Program
from softnpu.emulator.memcheck.wording import Access, Kind, Wording
from softnpu.emulator.names import Names, Place
from softnpu.zig import shared_library

if TYPE_CHECKING:
    from softnpu.emulator.core_tile import CoreTile

_HERE = Path(__file__).parent


class _Check(ctypes.Structure):
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
        ("written", ctypes.c_void_p * len(WINDOWS)),
        ("begin", ctypes.c_uint32 * TAGS),
        ("end", ctypes.c_uint32 * TAGS),
        ("held", ctypes.c_uint8 * TAGS),
    ]


class CoreCheck:
    """The check of one core, from its start on.

    Args:
        program: what it executes, as the linker made it.
        tile: its tile.
        names: of the array.
        accounts: by window, where there is memory, which bytes of it were ever written.
        limit: accesses after which it is checked no more; 0 for none.

    Attributes:
        code: program memory as it is to be executed.
        holding: is told what locks it takes and gives back.
    """

    def __init__(
        self,
        program: Program,
        tile: CoreTile,
        names: Names,
        accounts: Sequence[NDArray[np.uint8] | None],
        limit: int,
    ) -> None:
        self._program = program
        self._accounts = accounts
        self._tile = tile
        self._buffers = buffers = seen.buffers(names, tile.seen())
        self.code = program.tagged(tile.program, tile.memory, buffers)
        self._wording = Wording(buffers, program)
        self._closed = np.ones(len(WINDOWS) * WINDOW_SIZE, np.uint8)
        self._state = state = _Check(limit=limit, closed=self._closed.ctypes.data)
        untagged = ((one.begin, one.end) for one in buffers if not one.tag)
        for begin, end in (*program.own(), *untagged):
            self._closed[begin - SOUTH_WINDOW : end - SOUTH_WINDOW] = 0
        for one in (one for one in buffers if one.tag):
            state.begin[one.tag], state.end[one.tag] = one.begin, one.end
            state.held[one.tag] = Held.NOW
        self.holding = Holding(names, buffers, tile.core_locks(), state.held.__setitem__)
        self._hook = ctypes.c_size_t()
        self._attached = self._ending = False

    def reload(self) -> None:
        """Program memory has changed."""
        loaded = self._tile.program
        if self._program.is_loaded(loaded):
            self.code[:] = self._program.tagged(loaded, self._tile.memory, self._buffers)
        else:
            self.code[:] = loaded

    def windows(self, plain: Mapping[int, NDArray[np.uint8]]) -> dict[int, NDArray[np.uint8]]:
        """Where tagged addresses lead: to the windows that they would lead to without tags."""
        return {
            one.tag << TAG_SHIFT | window: memory
            for one in self._buffers
            if one.tag
            for window, memory in plain.items()
            if window <= one.begin < window + WINDOW_SIZE
        }

    def attach(self, uc: Any) -> None:
        """From now on checks what Unicorn executes."""
        from unicorn import UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE
        from unicorn.riscv_const import UC_RISCV_REG_PC
        from unicorn.unicorn_py3.unicorn import uclib

        state = self._state
        state.core, state.pc_register = uc._uch.value, UC_RISCV_REG_PC
        state.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        for index, account in enumerate(self._accounts):
            state.written[index] = None if account is None else account.ctypes.data
        state.read_register = ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value
        everywhere = (ctypes.c_uint64(1), ctypes.c_uint64(0))
        status = uclib.uc_hook_add(
            uc._uch,
            ctypes.byref(self._hook),
            UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
            ctypes.cast(_library().npu_at_access, ctypes.c_void_p),
            ctypes.byref(state),
            *everywhere,
        )
        assert status == 0, status
        self._attached = True

    def begin_turn(self, uc: Any) -> None:
        """Ends the check once it has had its share: then it costs nothing.

        Unicorn drops a hook when it runs next, and goes by it in what it had translated before:
        that is forgotten a turn later.
        """
        if self._ending:
            uc.ctl_flush_tb()
            self._ending = False
        elif self._attached and self.spent:
            self._detach(uc)

    def _detach(self, uc: Any) -> None:
        """Looks no more: what the code writes from now on is not known."""
        from unicorn.unicorn_py3.unicorn import uclib

        uclib.uc_hook_del(uc._uch, self._hook)
        self._attached, self._ending = False, True
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
        return 0 < int(self._state.limit) <= int(self._state.checked)

    def operand_check(self) -> tuple[int, int]:
        """The function that checks a vector operand, and its first argument: two addresses."""
        function = ctypes.cast(_library().npu_at_operand, ctypes.c_void_p).value
        return function or 0, ctypes.addressof(self._state)

    @property
    def failed(self) -> bool:
        """Whether the code did what it must not."""
        return bool(self._state.kind)

    def fault(self) -> tuple[str, int] | None:
        """What it did, and the address behind the instruction; None if nothing."""
        state = self._state
        if not state.kind:
            return None
        tag = state.address >> TAG_SHIFT
        released = state.held[tag] == Held.RELEASED
        access = Access(Kind(state.kind), bool(state.writes), state.address, state.size, released)
        size = 4 if self.code[state.pc] & 3 == 3 else 2  # RISC-V: the lowest bits tell
        return self._wording.told(access), state.pc + size


class MemoryCheck:
    """The memory check of an array.

    Args:
        names: what the array's design calls what.
        limit: accesses of all cores together that are checked, of each the same share and the first
            ones; 0 for all.

    Attributes:
        unchecked: what it has not checked, and why, in the order of occurrence.
    """

    def __init__(self, names: Names, limit: int = 0) -> None:
        self._names = names
        self._limit = limit
        self.unchecked: dict[str, None] = {}
        self._cores: list[CoreCheck] = []
        self._written: dict[Place, NDArray[np.uint8]] = {}

    def of_core(
        self,
        tile: CoreTile,
    ) -> CoreCheck | None:
        """The check of a tile's core that starts; None where its program is not known."""
        names = self._names.of(tile.array.pdi)
        program = seen.read(names, tile.place)
        if program is None or not program.keeps_relocations or not program.is_loaded(tile.program):
            self.unchecked.setdefault(
                f"{tile.core.place} is not checked: there is no file of its program that tells"
                " where it names which buffer"
            )
            for place in tile.reach():
                self.written(place)[:] = 1
            return None
        seen_there = tile.seen()
        accounts = [
            self.written(seen_there[window]) if window in seen_there else None
            for window in sorted(WINDOWS.values())
        ]
        share = -(-self._limit // max(len(names.programs), 1))
        self._cores.append(CoreCheck(program, tile, names, accounts, share))
        return self._cores[-1]

    def written(self, tile: Place) -> NDArray[np.uint8]:
        """By byte of a core tile's data memory: 1 where it was ever written, or may have been."""
        if tile not in self._written:
            self._written[tile] = np.zeros(WINDOW_SIZE, np.uint8)
        return self._written[tile]

    def summary(self) -> str:
        """What was checked, in a line; "" if nothing was."""
        checked = sum(core.checked for core in self._cores)
        ended = sum(core.spent for core in self._cores)
        if not self._cores:
            return "; ".join(self.unchecked)
        told = f"{checked:,} accesses of {len(self._cores)} cores' code held"
        early = f", the first ones of {ended} cores alone" if ended else ""
        return "; ".join([told + early, *self.unchecked])


def plain(address: int) -> int:
    """An address as the core's memory has it."""
    return address & PLAIN if address < 1 << 31 else address


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(shared_library('#include "check.h"\n', includes=(_HERE,))))
