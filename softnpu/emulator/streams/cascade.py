"""The cascade: 512-bit values handed from one core to the next.

AM020, chapter 4: "A small two-deep 512-bit wide FIFO on both the input and output streams allows
storing up to four values in the FIFOs between the AIE-MLs".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from softnpu.emulator.scheduling.scheduler import Actor

CASCADE_DEPTH = 4


class Cascade:
    """What lies between a core and the next one in its cascade direction.

    Attributes:
        values: (64 bytes, when they were there), oldest first.
        reader, writer: the cores that wait for it.
    """

    def __init__(self, wake: Callable[[Actor], None]) -> None:
        self._wake = wake
        self.values: deque[tuple[bytes, int]] = deque()
        self.reader: Actor | None = None
        self.writer: Actor | None = None
        self.clock = 0

    def put(self, value: bytes, actor: Actor) -> bool:
        """Appends a value; False leaves `actor` waiting for room."""
        if len(self.values) >= CASCADE_DEPTH:
            self.writer = actor
            return False
        actor.clock = max(actor.clock, self.clock) + 1
        self.values.append((value, actor.clock))
        reader, self.reader = self.reader, None
        if reader is not None:
            self._wake(reader)
        return True

    def get(self, actor: Actor) -> bytes | None:
        """Removes the oldest value; None leaves `actor` waiting for one."""
        if not self.values:
            self.reader = actor
            return None
        value, time = self.values.popleft()
        actor.clock = max(actor.clock, time) + 1
        self.clock = actor.clock
        writer, self.writer = self.writer, None
        if writer is not None:
            self._wake(writer)
        return value

    def clear(self) -> None:
        """Drops the values in it."""
        self.values.clear()
        self.reader = self.writer = None
