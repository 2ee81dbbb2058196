"""`npuforge races`: each artifact on the emulator in shuffled orders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import TaskFailed

from pipeline import build_warnings
from pipeline.checks import data_read, inputs, run_from
from pipeline.designs import Variant
from pipeline.failing import in_words
from pipeline.keys import DATA, Key, Made
from pipeline.reporter import TOLD_IN
from pipeline.stages import warning_files
from pipeline.staging import Task
from pipeline.toolchain import tool_key

if TYPE_CHECKING:
    from runner.launch import Opened

RESULT = "races.txt"
"""In a variant's folder, what was found where nothing is amiss."""

VECTORS = 3
"""Runs in each context: ping and pong take turns."""


def races(variant: Variant) -> Task:
    """Fails when an output depends on the order in which the array's actors have their turns."""
    result = variant.folder / RESULT
    return {
        "name": variant.label,
        "actions": [(_hunt, [variant, result])],
        "file_dep": run_from(variant),
        "targets": [str(result)],
        "meta": {build_warnings.BEHIND: warning_files(variant), TOLD_IN: result},
        "uptodate": [Key({"tools": tool_key("test_emu")}), Made([result]), DATA],
        "clean": True,
    }


@in_words
def _hunt(variant: Variant, result: Path) -> TaskFailed | dict[str, Any]:
    from runner import artifact, launch, races
    from runner.core_code import for_npu_alone
    from softnpu import pyxrt

    def opening(seed: int | None) -> Opened:
        pyxrt.configure(seed=seed)
        return launch.open_artifact(built, launch.EMULATOR)

    try:
        built = artifact.load(variant.folder)
        why = for_npu_alone(built)
        if why:
            return TaskFailed(why)
        found = races.hunt(opening, inputs(variant, built.arguments)[:VECTORS])
    finally:
        pyxrt.configure()
    if found.difference:
        return TaskFailed(found.difference)
    result.write_text(f"{found.clean()}\n", encoding="utf-8")
    return data_read(variant)
