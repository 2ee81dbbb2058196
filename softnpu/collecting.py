"""Python's search for garbage, put off where there is little among many objects that stay."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Python looks for no garbage in cycles; what nothing refers to goes as ever."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def collect_no_more() -> None:
    """Python looks for no garbage in this process any more, nor at its end: a short command's
    memory goes with it. The search passes over all that importing a compiler leaves, again and
    again, which takes a fifth of a small design's time."""
    gc.disable()
    atexit.register(gc.freeze)


def collect_again() -> None:
    """Python looks for garbage as ever: for a command that may run for long."""
    gc.enable()
