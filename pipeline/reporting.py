"""`npuforge report`: one page that shows every artifact, its array, its memory, its runs.

The tasks are here; what they do is imported when they do it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline import naming
from pipeline.checks import data_read, run_from
from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.extras import need
from pipeline.failing import in_words
from pipeline.keys import DATA, Key
from pipeline.report import OBSERVED, PAGE, TIMELINE
from pipeline.selection import Toolchain
from pipeline.staging import Task
from pipeline.toolchain import source_version, tool_key

SOURCES = ("pipeline/report", "pipeline/checks.py")


def observe(variant: Variant) -> Task:
    """Runs an artifact once more on the emulator, with a timeline, and compares all outputs."""
    observer = {"npuforge": source_version(*SOURCES)}
    return {
        "name": variant.label,
        "actions": [(_observe, [variant])],
        "file_dep": [*run_from(variant), str(variant.folder / "names.json")],
        "targets": [str(variant.folder / name) for name in (OBSERVED, TIMELINE)],
        "uptodate": [Key({"tools": tool_key("test_emu"), "observer": observer}), DATA],
        "clean": True,
    }


@in_words
def _observe(variant: Variant) -> dict[str, Any]:
    from pipeline.report import observing

    observing.observe(variant, variant.folder / OBSERVED, variant.folder / TIMELINE)
    return data_read(variant)


def page(
    variants: Iterable[Variant], broken: Mapping[str, PipelineError], chain: Toolchain
) -> Task:
    """Writes the page from what has been built and run; what is missing is said there."""
    return {
        "actions": [(_page, [tuple(variants), dict(broken), chain])],
        "pos_arg": naming.NAMES,
        "targets": [str(PAGE)],
        "uptodate": [False],
        "clean": True,
        "verbosity": 2,
    }


@in_words
def _page(
    variants: Sequence[Variant],
    broken: Mapping[str, PipelineError],
    chain: Toolchain,
    names: Sequence[str],
) -> None:
    from pipeline.report import rendering

    need("report")
    if names:
        variants = [variant for variant in variants if variant.label in names]
        broken = {design: error for design, error in broken.items() if design in names}
    size = rendering.write(variants, broken, chain, PAGE)
    sys.stdout.write(f"report    {PAGE} ({size / 1e6:.1f} MB)\n")
