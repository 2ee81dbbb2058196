"""The tasks behind `npuforge parity`: one a variant, and the report over all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from doit.exceptions import TaskFailed

from pipeline import naming
from pipeline.designs import Variant
from pipeline.failing import in_words
from pipeline.selection import Request, resolve
from pipeline.staging import Task

FOLDER = Path("build/.parity")
"""What `npuforge parity` makes, apart from the builds."""

REPORT = "parity.json"


def rows_file(variant: Variant) -> Path:
    """Where a variant's rows are kept."""
    return FOLDER / variant.device / variant.design.name / variant.name / REPORT


def compare(variant: Variant) -> Task:
    """Compares one variant, whatever has changed since."""
    return {
        "name": variant.label,
        "actions": [(_compare, [variant])],
        "file_dep": [str(p) for p in (variant.design.source, *variant.kernels)],
        "uptodate": [False],
    }


@in_words
def _compare(variant: Variant) -> None:
    """By every tool on the machine: which of them builds is asked for, what is compared is not."""
    from pipeline import parity

    chain = resolve(Request(), os.environ)
    parity.save(parity.compare(variant, chain, FOLDER), rows_file(variant))


def report(variants: Sequence[Variant]) -> Task:
    """Prints what came of it; fails when a file differs, or when nothing could be compared."""
    return {
        "actions": [(_report, [variants])],
        "pos_arg": naming.NAMES,
        "task_dep": ["compare"],
        "uptodate": [False],
        "verbosity": 2,
    }


@in_words
def _report(variants: Sequence[Variant], names: Sequence[str]) -> TaskFailed | None:
    from pipeline import parity

    files = [rows_file(v) for v in variants if not names or v.label in names]
    rows = [row for file in files if file.is_file() for row in parity.load(file)]
    sys.stdout.write("".join(f"{line}\n" for line in parity.lines(rows)))
    sys.stdout.flush()
    problem = parity.problem(rows)
    return TaskFailed(problem) if problem else None
