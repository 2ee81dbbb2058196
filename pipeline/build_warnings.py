"""What the stages of a build warn of: kept beside the artifact until the stage does its work anew.

`logs/<stage>.warnings.json` is there only where there is something to say, `lower` and the others
by name, the kernels each as `kernels.<file>`. It is shown whenever the stage is asked for, be it up
to date, and again where a run of the artifact fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import whole
from pipeline.amd.running import LOGS

ENDING = ".warnings.json"

OWN, BEHIND = "warnings", "warnings behind it"
"""In a task's `meta`, lists of such files: its own, and those of what it runs."""


@dataclass(frozen=True)
class StageWarnings:
    """What one stage warns of: each text as it was said, with its source line and notes."""

    stage: str
    texts: tuple[str, ...]


def file(folder: Path, stage: str) -> Path:
    """Where a stage's warnings are kept within a variant's folder."""
    return folder / LOGS / f"{stage}{ENDING}"


def keep(path: Path, texts: Sequence[str]) -> None:
    """Keeps what a stage has just warned of, in place of what it warned of before."""
    if texts:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.write(path, json.dumps(list(texts), indent=1, ensure_ascii=False))
    else:
        path.unlink(missing_ok=True)


def read(task: Any, which: str) -> list[StageWarnings]:
    """The warnings in the files that a task's `meta` lists as OWN or BEHIND."""
    return read_files((task.meta or {}).get(which, ()))


def read_files(paths: Iterable[Path]) -> list[StageWarnings]:
    """The warnings that are kept in files, of those that are there; what is said twice once."""
    found = []
    told: set[str] = set()
    for path in paths:
        if path.is_file():
            texts = [
                text for text in json.loads(path.read_text(encoding="utf-8")) if text not in told
            ]
            told.update(texts)
            if texts:
                found.append(StageWarnings(path.name.removesuffix(ENDING), tuple(texts)))
    return found
