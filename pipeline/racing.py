"""`doit races`: each artifact on the emulator in shuffled orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doit.exceptions import TaskFailed

from pipeline.checks import FOR_NPU, inputs, run_from
from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.keys import Key
from pipeline.stages import Task
from pipeline.toolchain import tool_key

if TYPE_CHECKING:
    from runner.launch import Opened

VECTORS = 3
"""Runs in each context: ping and pong take turns."""


def races(variant: Variant) -> Task:
    """Fails when an output depends on the order in which the array's actors have their turns."""
    return {
        "name": variant.label,
        "actions": [(_hunt, [variant])],
        "file_dep": run_from(variant),
        "uptodate": [Key({"tools": tool_key("test_emu")})],
    }


def _hunt(variant: Variant) -> TaskFailed | None:
    from runner import artifact, launch, races
    from runner.core_code import CoreCode, core_code_of
    from runner.errors import RunnerError
    from softnpu import pyxrt

    def opening(seed: int | None) -> Opened:
        pyxrt.configure(seed=seed)
        return launch.open_artifact(built, launch.EMULATOR)

    try:
        built = artifact.load(variant.folder)
        if core_code_of(built) is CoreCode.AIE:
            return TaskFailed(FOR_NPU)
        found = races.hunt(opening, inputs(variant, built.arguments)[:VECTORS])
    except (PipelineError, RunnerError) as error:
        return TaskFailed(str(error))
    finally:
        pyxrt.configure()
    return TaskFailed(found) if found else None
