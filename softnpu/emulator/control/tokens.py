"""Where task-complete tokens leave the array."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from softnpu.emulator.array.control_port import token_source
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.streams.streams import Link
from softnpu.errors import EmulatorError

TokenKey = tuple[tuple[int, int], int, int]
"""Whose token: (col, row), direction, channel."""

TOKEN_PORT = 0
"""The shim's South port behind which the controller collects tokens (mlir-aie,
AIEGenerateColumnControlOverlay.cpp)."""


class TokenPort:
    """A column's: the target behind the shim's South 0 port.

    Args:
        receive: takes whose token has come, and when.
    """

    clock = 0

    def __init__(self, receive: Callable[[TokenKey, int], None], column: int) -> None:
        self._receive = receive
        self.column = column
        self.place = f"token port of column {column}"

    def attach(self, link: Link) -> None:
        """Tokens are taken at once, so the link need not be known."""

    def room(self) -> int:
        """As many as come."""
        return 1 << 30

    def offer(self, words: Words, last: bool, time: int) -> int:
        """Takes tokens: packets of one word."""
        if len(words) != 1 or not last:
            raise EmulatorError(
                f"a packet of {len(words)} words reached the {self.place} "
                f"({np.array2string(words[:4])}); only task-complete tokens are understood there"
            )
        self.clock = max(self.clock, time)
        self._receive(token_source(int(words[0])), self.clock)
        return 1
