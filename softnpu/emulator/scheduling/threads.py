"""Host threads for what does not hold Python's lock: native code."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

Job = Callable[[], bool]
"""Does a part of something; whether more remains to be done."""


class Threads:
    """The thread that calls and helpers beside it, which begin when they are needed.

    Args:
        count: threads in all; None for as many as this process may use.
    """

    def __init__(self, count: int | None = None) -> None:
        self._helpers = (count or available()) - 1
        self._pool: ThreadPoolExecutor | None = None

    def run(self, jobs: Sequence[Job]) -> None:
        """Does every job to its end, in any order; returns when all are done.

        A job that raises ends the call when those in progress are done; others may be left out.
        """
        waiting = deque(jobs)
        helping = [self._start(waiting) for _ in range(min(self._helpers, len(jobs) - 1))]
        try:
            _work(waiting)
        finally:
            waiting.clear()
            for helper in helping:
                if not helper.cancel():
                    helper.result()

    def _start(self, waiting: deque[Job]) -> Future[None]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._helpers, "softnpu")
        return self._pool.submit(_work, waiting)


def available() -> int:
    """Threads that this process may use at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work(waiting: deque[Job]) -> None:
    while waiting:
        try:
            job = waiting.popleft()
        except IndexError:  # another thread took the last one
            return
        if job():
            waiting.append(job)
