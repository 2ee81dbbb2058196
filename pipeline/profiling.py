"""`npuforge profile`: where the cycles of each artifact go, on the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from pipeline import build_warnings, whole
from pipeline.checks import data_read, inputs, run_from
from pipeline.designs import Variant
from pipeline.failing import in_words
from pipeline.keys import DATA, Key, Made
from pipeline.reporter import TOLD_IN
from pipeline.stages import warning_files
from pipeline.staging import Task
from pipeline.toolchain import tool_key

PROFILE, FLAME = "profile.txt", "flame.json"
"""In a variant's folder, the profile as text and as a flame graph."""


def profile(variant: Variant) -> Task:
    """Tells cycles by function and line, and waits by cause, of a run on the first vector."""
    made = [variant.folder / name for name in (PROFILE, FLAME)]
    return {
        "name": variant.label,
        "actions": [(_profile, [variant, *made])],
        "file_dep": [*run_from(variant), str(variant.folder / "names.json")],
        "targets": [str(path) for path in made],
        "meta": {build_warnings.BEHIND: warning_files(variant), TOLD_IN: made[0]},
        "uptodate": [Key({"tools": tool_key("test_emu")}), Made(made), DATA],
        "clean": True,
    }


@in_words
def _profile(variant: Variant, told: Path, flame_file: Path) -> TaskFailed | dict[str, Any]:
    from runner import artifact, estimate
    from runner.core_code import for_npu_alone
    from softnpu.emulator.profiling.text import flame, text

    built = artifact.load(variant.folder)
    if why := for_npu_alone(built):
        return TaskFailed(why)
    found = estimate.profiled(built, inputs(variant, built.arguments)[0].inputs)
    whole.write(told, f"{text(found)}\n")
    whole.write(flame_file, json.dumps(flame(found)))
    return data_read(variant)
