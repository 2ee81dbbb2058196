"""The check of a core with AIE2 code: where an address lies tells what it belongs to.

AIE2 addresses have 20 bits, and nothing above them for a tag. So an access is held against the
buffer, or the stack or the program's data, in which it lies, not against the one that its pointer
came from.
"""

from __future__ import annotations

import ctypes

import numpy as np

from softnpu.arch.device import SOUTH_WINDOW, WINDOW_SIZE, WINDOWS
from softnpu.emulator.memcheck import seen
from softnpu.emulator.memcheck.core import Accounts, CoreCheck
from softnpu.emulator.memcheck.seen import Program
from softnpu.emulator.memcheck.surroundings import CheckedTile
from softnpu.emulator.naming.names import Names

_HIGHEST = 0xFFFFFFFF


class OwnedCheck(CoreCheck):
    """Arguments as of `CoreCheck`.

    Attributes:
        address: of the state, for code that is translated with checks.
    """

    def __init__(
        self, program: Program, tile: CheckedTile, names: Names, accounts: Accounts, limit: int
    ) -> None:
        buffers = seen.buffers(names, tile.seen())
        super().__init__(program, buffers, tile, names, accounts, limit)
        self._owner = np.zeros(len(WINDOWS) * WINDOW_SIZE, np.uint16)
        for one in self._buffers:
            self._owner[one.begin - SOUTH_WINDOW : one.end - SOUTH_WINDOW] = one.tag
        end = program.stack_end
        self._state.stack_end, self._state.highest_stack = end or 0, end or _HIGHEST
        self._state.owner = self._owner.ctypes.data
        self.address = ctypes.addressof(self._state)
