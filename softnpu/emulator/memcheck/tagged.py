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
from softnpu.emulator.memcheck import seen
from softnpu.emulator.memcheck.core import Accounts, CoreCheck
from softnpu.emulator.memcheck.seen import TAG_SHIFT, StandinProgram
from softnpu.emulator.memcheck.surroundings import CheckedTile
from softnpu.emulator.naming.names import Names
from softnpu.zig import shared_library

_HERE = Path(__file__).parent


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
        from unicorn.unicorn_py3.unicorn import uclib

        uclib.uc_hook_del(uc._uch, self._hook)
        self._attached, self._ending = False, True
        self.look_no_more()

    def operand_check(self) -> tuple[int, int]:
        """The function that checks a vector operand, and its first argument: two addresses."""
        function = ctypes.cast(_library().npu_at_operand, ctypes.c_void_p).value
        return function or 0, ctypes.addressof(self._state)

    def fault(self) -> tuple[str, int] | None:
        """What the code did, and the address of the instruction; None if nothing."""
        return (self.told(), int(self._state.pc)) if self.failed else None


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(shared_library('#include "standin.h"\n', includes=(_HERE,))))
