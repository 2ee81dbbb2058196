"""When each task last did its work, and how it failed if it did: for the report."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline import whole

FILE = Path("build/timings.json")


@dataclass(frozen=True)
class Worked:
    """A task's last work.

    Attributes:
        start: in seconds since 1970.
        failed: what it said when it failed; "" after it ended well.
    """

    start: float
    seconds: float
    failed: str = ""


class Stopwatch:
    """Notes when tasks start and end; several may be under way at a time."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._ended: dict[str, Worked] = {}

    def start(self, task: str) -> None:
        """A task begins its work."""
        self._begun[task] = time.time()

    def stop(self, task: str, failed: str = "") -> float | None:
        """A task has ended, well or not: its seconds; one that never began is not noted."""
        begun = self._begun.pop(task, None)
        if begun is None:
            return None
        self._ended[task] = Worked(begun, time.time() - begun, failed)
        return self._ended[task].seconds

    def save(self, path: Path = FILE) -> None:
        """Adds what was noted to the file, if it can be written and a task has worked."""
        if self._ended and path.parent.is_dir():
            noted = {task: asdict(worked) for task, worked in {**load(path), **self._ended}.items()}
            with suppress(OSError):
                whole.write(path, json.dumps(noted, indent=0))


def load(path: Path = FILE) -> dict[str, Worked]:
    """What was noted, by task; nothing if there is no such file."""
    try:
        noted = json.loads(path.read_text())
        return {
            task: Worked(float(one["start"]), float(one["seconds"]), str(one.get("failed", "")))
            for task, one in noted.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
