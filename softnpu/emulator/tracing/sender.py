"""The way out of a trace unit: packets into the stream switch, as long as it takes them.

An NPU's unit loses what it cannot send. Here packets wait for room until the run is over, and what
has not been sent by then is lost.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.streams.streams import Link


class Sender:
    """Puts the packets of one unit into its port of the switch.

    Attributes:
        link: the stream.
        sent: packets that have begun.
    """

    def __init__(self, link: Link, place: str) -> None:
        self.link = link
        self.place = place
        self.sent = 0
        self._queue: deque[tuple[Words, int]] = deque()
        self._begun = False

    def send(self, header: int, payload: bytes, time: int) -> None:
        """Sends a packet of eight words, or lets it wait behind others."""
        words = np.array([header, *np.frombuffer(payload, ">u4").tolist()], np.uint32)
        self._queue.append((words, time))
        self.resume()

    def resume(self) -> None:
        """The stream has room."""
        while self._queue:
            words, time = self._queue[0]
            taken = self.link.offer(words, True, time, self)
            self.sent += bool(taken) and not self._begun
            if taken < len(words):
                self._begun = self._begun or bool(taken)
                self._queue[0] = (words[taken:], time)
                return
            self._begun = False
            self._queue.popleft()

    def drop(self) -> int:
        """Gives up the packets that have not begun; how many."""
        kept = [self._queue[0]] if self._begun else []
        lost = len(self._queue) - len(kept)
        self._queue = deque(kept)
        return lost

    def clear(self) -> None:
        """As after a reset."""
        self._queue.clear()
        self._begun = False
