"""Why a design hangs on the NPU: the emulator's verdict on a stand-in build of the same design."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import kernels
from pipeline.designs import KERNELS, Variant
from runner.artifact import INSTS, XCLBIN, Artifact
from runner.core_code import CoreCode, core_code_of
from runner.errors import RunnerError
from softnpu.errors import SoftnpuError

if TYPE_CHECKING:
    from runner.judge import Diagnosis, Expected, Outcome
    from runner.vectors import Vector

FOLDER = "standin"
"""Within a variant's folder."""


def diagnosis(variant: Variant, built: Artifact, expected: Expected) -> Diagnosis:
    """What tells, after a hang on the NPU, how the emulator fares on the same inputs."""

    def diagnose(vector: Vector) -> str:
        try:
            artifact = _for_emulator(variant, built)
        except (SoftnpuError, RunnerError, OSError) as error:
            return f"the emulator cannot tell why: no stand-in build of this design: {error}"
        return _told(_emulate(artifact, vector, expected))

    return diagnose


def _for_emulator(variant: Variant, built: Artifact) -> Artifact:
    """The artifact itself if it has no core code, else one with stand-in cores."""
    return built if core_code_of(built) is CoreCode.NONE else stand_in(variant, built)


def stand_in(variant: Variant, built: Artifact) -> Artifact:
    """Builds the variant's rendered design with the embedded tools, beside the artifact.

    Raises:
        SoftnpuError: the embedded tools refuse it.
    """
    from softnpu.arch.standin import STANDIN_ISA
    from softnpu.compiler import driver, names

    folder = variant.folder / FOLDER
    folder.mkdir(exist_ok=True)
    driver.lower(variant.folder / "design.mlir", folder)
    array = folder / driver.ARRAY
    driver.cores(array, folder, _objects(variant, folder))
    driver.insts(folder / driver.PHYSICAL, folder / INSTS)
    driver.cdo(array, folder, folder)
    driver.pdi(array, folder)
    driver.xclbin(array, folder)
    names.write(
        folder / driver.PHYSICAL,
        array,
        [a.name for a in built.arguments],
        folder / names.NAMES,
        variant.told,
    )
    return replace(built, xclbin=folder / XCLBIN, insts=folder / INSTS, core_isa=STANDIN_ISA)


def _objects(variant: Variant, folder: Path) -> dict[str, Path]:
    from softnpu.targets import standin

    made = {}
    for source in variant.kernels:
        output = folder / f"{source.stem}.o"
        standin.compile_kernel(
            source,
            output,
            defines=kernels.defines(source, variant.parameters),
            include_dirs=[variant.design.root / KERNELS],
        )
        made[output.name] = output
    return made


def _emulate(artifact: Artifact, vector: Vector, expected: Expected) -> Outcome:
    from runner import judge, launch

    return judge.judge(
        artifact,
        lambda it: launch.open_artifact(it, launch.EMULATOR),
        [vector],
        expected,
    )


def _told(outcome: Outcome) -> str:
    from runner.judge import Verdict

    run = outcome.runs[0]
    lines = [run.summary, *run.details, *outcome.warnings]
    if run.verdict is Verdict.FAIL:
        head = "the emulator, on the same design and inputs (stand-in cores), says:"
        return "\n".join([head, *(f"  {line}" for line in lines)])
    return "\n".join(
        [
            "the emulator completes the same design on the same inputs (stand-in cores):"
            f" {run.verdict.value}, {run.summary}",
            "  so look for what differs on the NPU: the cores' own code (stack, alignment,"
            " intrinsics), timing, driver and firmware",
            *(f"  note: {line}" for line in outcome.warnings),
        ]
    )
