"""Files beside an artifact that hold all there is to say of its wrong outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.judge import RunResult
    from runner.verdicts.mismatch import Mismatch

PREFIX = "mismatch_"
TEXT, IMAGE = ".txt", ".png"


def write(outcome: dict[str, Any], runs: Iterable[RunResult], folder: Path) -> None:
    """Writes `mismatch_<vector>.txt` for each failed run and notes the path as its `file`.

    Of each output with two dimensions or more, the first run that it is wrong in gets a picture,
    `mismatch_<vector>_<output>.png`; its path is noted as the mismatch's `image`, or as
    `image_error` why there is none. Files of earlier runs go.

    Args:
        outcome: as `Outcome.as_json` gives it, of the same runs.
    """
    remove(folder)
    drawn: set[str] = set()
    for run, noted in zip(runs, outcome["runs"], strict=True):
        if run.mismatches:
            path = _path(folder, run.vector, ending=TEXT)
            lines = [line for mismatch in run.mismatches for line in [*mismatch.full(), ""]]
            path.write_text("\n".join([f"{outcome['label']}, vector {run.vector}", "", *lines]))
            noted["file"] = str(path)
        for mismatch, told in zip(run.mismatches, noted["mismatches"], strict=True):
            if mismatch.cells and mismatch.output not in drawn:
                drawn.add(mismatch.output)
                path = _path(folder, run.vector, mismatch.output, ending=IMAGE)
                told |= _image(mismatch, f"{outcome['label']}, vector {run.vector}", path)


def remove(folder: Path) -> None:
    """Removes what `write` has left there."""
    for ending in (TEXT, IMAGE):
        for old in folder.glob(f"{PREFIX}*{ending}"):
            old.unlink()


def _path(folder: Path, *names: str, ending: str) -> Path:
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", "_".join(names))
    return folder / f"{PREFIX}{safe}{ending}"


def _image(mismatch: Mismatch, source: str, path: Path) -> dict[str, str]:
    """Draws it and says where, or why not: the verdict must be told all the same."""
    from runner.verdicts import plot

    try:
        plot.draw(mismatch, source, path)
    except Exception as error:  # noqa: BLE001 (whatever a drawing library may raise)
        path.unlink(missing_ok=True)
        return {"image_error": f"{type(error).__name__}: {error}".splitlines()[0]}
    return {"image": str(path)}
