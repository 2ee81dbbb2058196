"""Files beside an artifact that hold all there is to say of its wrong outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.judge import RunResult

PREFIX = "mismatch_"


def write(outcome: dict[str, Any], runs: Iterable[RunResult], folder: Path) -> None:
    """Writes `mismatch_<vector>.txt` for each failed run and notes the path as its `file`.

    Those of earlier runs go.

    Args:
        outcome: as `Outcome.as_json` gives it, of the same runs.
    """
    for old in folder.glob(f"{PREFIX}*.txt"):
        old.unlink()
    for run, noted in zip(runs, outcome["runs"], strict=True):
        if run.mismatches:
            path = folder / f"{PREFIX}{re.sub(r'[^A-Za-z0-9._-]', '_', run.vector)}.txt"
            lines = [line for mismatch in run.mismatches for line in [*mismatch.full(), ""]]
            path.write_text("\n".join([f"{outcome['label']}, vector {run.vector}", "", *lines]))
            noted["file"] = str(path)
