"""What a sweep has found out, kept so that the next one goes on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

IMPOSSIBLE, ERROR = "impossible", "ERROR"
"""Verdicts beside those of a run: the setting cannot be built or run; something of ours failed."""


@dataclass(frozen=True)
class Row:
    """What came of one setting.

    Attributes:
        setting: the parameters that vary.
        verdict: of `runner.judge.Verdict`, or IMPOSSIBLE, or ERROR.
        reason: why, where it is none that passed.
        milliseconds: of a run: the median on the NPU, the emulator's estimate at 1 GHz otherwise.
        floor: milliseconds of these that an empty design takes.
        operations: of a run, where the design declares them.
        core_memory: bytes of data memory taken in the core's tile that has most.
        program: bytes of the largest core program.
        warnings: of build and runs.
        seconds: that building and running took.
        worker: who did it.
    """

    setting: Mapping[str, Any]
    verdict: str
    reason: str = ""
    milliseconds: float | None = None
    floor: float | None = None
    operations: float | None = None
    core_memory: int | None = None
    program: int | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    worker: str = field(default="", compare=False)

    @property
    def net(self) -> float | None:
        """Milliseconds above the dispatch floor."""
        if self.milliseconds is None:
            return None
        return max(self.milliseconds - (self.floor or 0.0), 0.0)

    @property
    def gops(self) -> float | None:
        """10^9 operations a second, the dispatch floor left out."""
        return self.operations / self.net / 1e6 if self.operations and self.net else None


class Kept:
    """Rows by the content that they came from, in a file that only grows."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._rows: dict[str, Row] = {}
        for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
            key, row = _read(line)
            if row is not None:
                self._rows[key] = row

    def get(self, key: str) -> Row | None:
        """The row of a content, None if nobody has worked on it yet."""
        return self._rows.get(key)

    def add(self, key: str, row: Row) -> None:
        """Keeps a row at once, but for what our own error kept from being known."""
        self._rows[key] = row
        if row.verdict == ERROR:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"key": key, **asdict(row)}) + "\n")


def _read(line: str) -> tuple[str, Row | None]:
    """A line; one that was cut off when the machine went down is nothing known."""
    try:
        found = json.loads(line)
        key = str(found.pop("key"))
        return key, Row(**{**found, "warnings": tuple(found["warnings"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", None
