"""The check of a core with stand-in code: addresses with tags, which Unicorn leads through C."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import WINDOW_SIZE
from softnpu.emulator import observing
from softnpu.emulator.memcheck import seen
from softnpu.emulator.memcheck.core import Accounts, CoreCheck, Range
from softnpu.emulator.memcheck.seen import TAG_SHIFT, StandinProgram
from softnpu.emulator.memcheck.surroundings import CheckedTile
from softnpu.emulator.naming.names import Names
from softnpu.zig import shared_library

_HERE = Path(__file__).parent

_NOWHERE, _FULL = 0xFFFFFFFF, 0xFFFFFFFE
_OWN_RANGES = 8
_PAGES = 32
_PLAN_BYTES, _PLAN_ALIGNMENT = 1 << 20, 8


class _Blocks(ctypes.Structure):
    """`npu_blocks` (standin.h)."""

    _fields_ = [
        ("check", ctypes.c_void_p),
        ("meter", ctypes.c_void_p),
        ("recording", ctypes.c_void_p),
        ("registers", ctypes.c_void_p),
        ("first_register", ctypes.c_uint32),
        ("code", ctypes.c_void_p),
        ("splits", ctypes.c_void_p),
        ("plans", ctypes.c_void_p * 2),
        ("kept", ctypes.c_void_p),
        ("used", ctypes.c_uint32),
        ("room", ctypes.c_uint32),
        ("block_end", ctypes.c_uint32),
        ("split", ctypes.c_uint32),
        ("within", ctypes.c_uint32),
        ("last", ctypes.c_uint32),
        ("rounds", ctypes.c_uint32),
        ("accesses", ctypes.c_uint32),
        ("own_ranges", ctypes.c_uint32),
        ("own", Range * _OWN_RANGES),
        ("page", ctypes.c_uint64 * _PAGES),
        ("page_size", ctypes.c_uint32 * _PAGES),
    ]


class TaggedCheck(CoreCheck):
    """Arguments as of `CoreCheck`.

    Attributes:
        code: program memory as it is to be executed.
    """

    def __init__(
        self,
        program: StandinProgram,
        tile: CheckedTile,
        names: Names,
        accounts: Accounts,
        limit: int,
    ) -> None:
        super().__init__(program, seen.buffers(names, tile.seen()), tile, names, accounts, limit)
        self._program = program
        self._tile = tile
        self.code = program.tagged(tile.program, tile.memory, self._buffers)
        self._splits = np.zeros(len(self.code) // 2 + 1, np.uint8)
        self._plans = np.zeros((2, len(self.code) // 2 + 1), np.uint32)
        self._kept = np.zeros(_PLAN_BYTES, np.uint8)
        self._blocks = blocks = _Blocks(
            check=ctypes.addressof(self._state),
            code=self.code.ctypes.data,
            splits=self._splits.ctypes.data,
            kept=self._kept.ctypes.data,
            room=len(self._kept),
            split=_NOWHERE,
        )
        for index, plans in enumerate(self._plans):
            blocks.plans[index] = plans.ctypes.data
        self._forget_plans()
        for one, (begin, end) in zip(blocks.own, program.own(), strict=False):
            one.begin, one.end = begin, end
            blocks.own_ranges += 1
        self._hooks: dict[int, ctypes.c_size_t] = {}

    def reload(self) -> None:
        """Program memory has changed."""
        loaded = self._tile.program
        if self._program.is_loaded(loaded):
            self.code[:] = self._program.tagged(loaded, self._tile.memory, self._buffers)
        else:
            self.code[:] = loaded
        self._forget_plans()

    def _forget_plans(self) -> None:
        """What blocks access is worked out anew; where there is none, it is at 0."""
        self._plans[:] = 0
        self._blocks.used = _PLAN_ALIGNMENT

    def windows(self, plain: Mapping[int, NDArray[np.uint8]]) -> dict[int, NDArray[np.uint8]]:
        """Where tagged addresses lead: to the windows that they would lead to without tags."""
        return {
            one.tag << TAG_SHIFT | window: memory
            for one in self._buffers
            if one.tag
            for window, memory in plain.items()
            if window <= one.begin < window + WINDOW_SIZE
        }

    def attach(
        self, uc: Any, registers: int | None, memory: Mapping[int, NDArray[np.uint8]]
    ) -> None:
        """Is told how to check what Unicorn executes.

        Args:
            registers: the address of the core's registers, if it is known.
            memory: what the code sees, by its address.
        """
        from unicorn.riscv_const import UC_RISCV_REG_PC, UC_RISCV_REG_X0
        from unicorn.unicorn_py3.unicorn import uclib

        state = self._state
        state.core, state.pc_register = uc._uch.value, UC_RISCV_REG_PC
        state.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        state.read_register = ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value
        self._blocks.registers, self._blocks.first_register = registers or 0, UC_RISCV_REG_X0
        for address, array in memory.items():
            self.see(address, array)

    def see(self, address: int, memory: NDArray[np.uint8]) -> None:
        """Is told of memory that the code sees, at most 64 KB."""
        page = address // WINDOW_SIZE
        self._blocks.page[page], self._blocks.page_size[page] = memory.ctypes.data, len(memory)

    def block_hook(self, meter: int, recording: int) -> tuple[int, int]:
        """The function that Unicorn calls at a block, and its data: two addresses.

        Args:
            meter: address of what counts instructions (`npu_meter`).
            recording: address of what records blocks (`npu_block`), 0 for none.
        """
        self._blocks.meter, self._blocks.recording = meter, recording
        return _function("npu_at_checked_block"), ctypes.addressof(self._blocks)

    def begin_anew(self) -> None:
        """Somebody may have changed what the code works on."""
        self._blocks.rounds = 0

    def goes_on(self, uc: Any) -> bool:
        """Whether the check has stopped the code for something that is done when this returns."""
        split: int = self._blocks.split
        if split == _NOWHERE:
            return False
        self._blocks.split = _NOWHERE
        if split == _FULL:
            self._forget_plans()
        else:
            self._split(uc, split)
        return True

    @property
    def stopped_within(self) -> int | None:
        """Where the block ends that the check has stopped the code in; None if not in one."""
        return int(self._blocks.block_end) if self._blocks.within else None

    def _split(self, uc: Any, pc: int) -> None:
        """Has Unicorn call at an instruction, too."""
        from unicorn import UC_HOOK_CODE
        from unicorn.unicorn_py3.unicorn import uclib

        assert pc not in self._hooks, hex(pc)
        self._hooks[pc] = hook = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            uc._uch,
            ctypes.byref(hook),
            UC_HOOK_CODE,
            ctypes.c_void_p(_function("npu_at_split")),
            ctypes.byref(self._blocks),
            *(ctypes.c_uint64(pc), ctypes.c_uint64(pc)),
        )
        assert status == 0, status
        self._splits[pc >> 1] = 1
        self._forget_plans()
        uc.ctl_flush_tb()

    def detach(self, uc: Any) -> None:
        """Looks no more at what Unicorn executes: code goes on with addresses that have tags."""
        from unicorn.unicorn_py3.unicorn import uclib

        self.look_no_more()
        for hook in self._hooks.values():
            uclib.uc_hook_del(uc._uch, hook)

    def operand_check(self) -> tuple[int, int]:
        """The function that checks a vector operand, and its first argument: two addresses."""
        return _function("npu_at_operand"), ctypes.addressof(self._blocks)

    def fault(self) -> tuple[str, int] | None:
        """What the code did, and the address of the instruction; None if nothing."""
        return (self.told(), int(self._state.pc)) if self.failed else None


def _function(name: str) -> int:
    address = ctypes.cast(_library()[name], ctypes.c_void_p).value
    assert address is not None
    return address


@cache
def _library() -> ctypes.CDLL:
    includes = (_HERE, Path(observing.__file__).parent)
    return ctypes.CDLL(str(shared_library('#include "standin.h"\n', includes=includes)))
