"""What goes by at a port of a stream switch, for the PORT_ events."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str, int, int], None]
"""Takes what is on (RUNNING, STALLED, TLAST), from when, until when."""


class PortMonitor:
    """Watches one port. Words are seen where they enter the stretch of stream that leads through
    it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.stalled: int | None = None
        """Since when a word waits."""
        self._free = 0

    def passed(self, begin: int, words: int, last: bool, waits: bool) -> None:
        """Words go by, one a cycle.

        Args:
            last: the last of them carries TLAST.
            waits: there are more, which cannot go on.
        """
        begin = max(begin, self._free)
        if words:
            if self.stalled is not None and begin > self.stalled:
                self._tell("STALLED", self.stalled, begin)
            self.stalled = None
            self._free = end = begin + words
            self._tell("RUNNING", begin, end)
            if last:
                self._tell("TLAST", end - 1, end)
        if waits and self.stalled is None:
            self.stalled = max(begin, self._free)
