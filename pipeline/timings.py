"""When each task last did its work, for the report's timelines."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

from pipeline import whole

FILE = Path("build/timings.json")


class Stopwatch:
    """Notes when tasks start and end; several may be under way at a time."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._ended: dict[str, dict[str, float]] = {}

    def start(self, task: str) -> None:
        """A task begins its work."""
        self._begun[task] = time.time()

    def stop(self, task: str) -> float | None:
        """A task has ended, well or not: its seconds; one that never began is not noted."""
        begun = self._begun.pop(task, None)
        if begun is None:
            return None
        self._ended[task] = {"start": begun, "seconds": time.time() - begun}
        return self._ended[task]["seconds"]

    def save(self, path: Path = FILE) -> None:
        """Adds what was noted to the file, if it can be written and a task has worked."""
        if self._ended and path.parent.is_dir():
            with suppress(OSError):
                whole.write(path, json.dumps({**load(path), **self._ended}, indent=0))


def load(path: Path = FILE) -> dict[str, dict[str, float]]:
    """By task: `start` in seconds since 1970, and `seconds`; nothing if there is no such file."""
    try:
        noted = json.loads(path.read_text())
        return {
            task: {"start": float(times["start"]), "seconds": float(times["seconds"])}
            for task, times in noted.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
