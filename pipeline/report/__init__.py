"""`doit report`: one page that shows every artifact, its array, its memory, its runs.

The tasks are here; what they do is imported when they do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from doit.exceptions import TaskFailed

from pipeline.checks import results_file, run_from
from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.keys import Key
from pipeline.stages import Task
from pipeline.toolchain import source_version, tool_key

PAGE = Path("build/report/index.html")
OBSERVED, TIMELINE = "observed.json", "timeline.json"
SOURCES = ("pipeline/report", "pipeline/checks.py")


def observe(variant: Variant) -> Task:
    """Runs an artifact once more on the emulator, with a timeline, and compares all outputs."""
    observer = {"npuforge": source_version(*SOURCES)}
    return {
        "name": variant.label,
        "actions": [(_observe, [variant])],
        "file_dep": [*run_from(variant), str(variant.folder / "names.json")],
        "targets": [str(variant.folder / name) for name in (OBSERVED, TIMELINE)],
        "uptodate": [Key({"tools": tool_key("test_emu"), "observer": observer})],
        "clean": True,
    }


def _observe(variant: Variant) -> TaskFailed | None:
    from pipeline.report import observing

    try:
        observing.observe(variant, variant.folder / OBSERVED, variant.folder / TIMELINE)
    except PipelineError as error:
        return TaskFailed(str(error))
    return None


def page(variants: Iterable[Variant], broken: Mapping[str, PipelineError]) -> Task:
    """Writes the page from what has been built and run; what is missing is said there."""
    return {
        "actions": [(_page, [tuple(variants), dict(broken)])],
        "targets": [str(PAGE)],
        "uptodate": [False],
        "clean": True,
        "verbosity": 2,
    }


def _page(variants: tuple[Variant, ...], broken: Mapping[str, PipelineError]) -> None:
    import sys

    from pipeline.report import rendering

    size = rendering.write(variants, broken, PAGE)
    sys.stdout.write(f"report    {PAGE} ({size / 1e6:.1f} MB)\n")


__all__ = ["OBSERVED", "PAGE", "TIMELINE", "observe", "page", "results_file"]
