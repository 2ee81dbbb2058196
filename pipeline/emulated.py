"""Why a design hangs on the NPU: the emulator's verdict on the very artifact, or, where only an NPU
executes its cores (AIE2P), on a stand-in build of the same design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import kernels
from pipeline.designs import KERNELS, Variant
from runner.artifact import INSTS, STATE, XCLBIN, Artifact
from runner.core_code import for_npu_alone
from runner.errors import RunnerError
from softnpu.errors import SoftnpuError
from softnpu.warned import collected, counted

if TYPE_CHECKING:
    from runner.expected import Expected
    from runner.judge import Diagnosis, Outcome
    from runner.vectors import Vector

FOLDER = "standin"
"""Within a variant's folder."""


def diagnosis(variant: Variant, built: Artifact, expected: Expected) -> Diagnosis:
    """What tells, after a hang on the NPU, how the emulator fares on the same inputs."""

    def diagnose(vector: Vector) -> str:
        try:
            with collected() as warned:
                artifact = stand_in(variant, built) if for_npu_alone(built) else built
                if artifact is built:
                    _lower(variant)
        except (SoftnpuError, RunnerError, OSError) as error:
            return f"the emulator cannot tell why: no stand-in build of this design: {error}"
        outcome = _emulate(artifact, vector, expected)
        return "\n".join([_told(outcome, artifact is built), *_warnings(warned)])

    return diagnose


def _lower(variant: Variant) -> None:
    """Lets npuforge's own stages say what they warn of, as far as they take the design."""
    from softnpu.compiler import driver

    folder = variant.folder / FOLDER
    folder.mkdir(exist_ok=True)
    with suppress(SoftnpuError):
        driver.lower(variant.folder / "design.mlir", folder)


def stand_in(
    variant: Variant, built: Artifact, beside: str = FOLDER, flags: Sequence[str] = ()
) -> Artifact:
    """Builds the variant's rendered design with the embedded tools, beside the artifact.

    Args:
        beside: a folder within the variant's own.
        flags: further ones for the compiler of kernels.

    Raises:
        SoftnpuError: the embedded tools refuse it.
    """
    from softnpu.arch.standin import STANDIN_ISA
    from softnpu.compiler import driver, names

    folder = variant.folder / beside
    folder.mkdir(exist_ok=True)
    driver.lower(variant.folder / "design.mlir", folder)
    array = folder / driver.ARRAY
    driver.cores(array, folder, _objects(variant, folder, flags))
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


def _objects(variant: Variant, folder: Path, flags: Sequence[str]) -> dict[str, Path]:
    from softnpu.arch.device import device
    from softnpu.targets import standin

    made = {}
    for source in variant.kernels:
        output = folder / f"{source.stem}.o"
        standin.compile_kernel(
            source,
            output,
            defines=kernels.defines(source, variant.parameters),
            include_dirs=[variant.design.root / KERNELS],
            flags=flags,
            generation=device(variant.device).generation,
        )
        made[output.name] = output
    return made


def _emulate(artifact: Artifact, vector: Vector, expected: Expected) -> Outcome:
    from runner import judge, launch

    return judge.judge(
        artifact,
        lambda it: launch.open_artifact(it, launch.EMULATOR, it.xclbin.parent / STATE),
        [vector],
        expected,
    )


def _warnings(texts: Sequence[str]) -> Iterator[str]:
    """What npuforge's own stages warn of in the design, if AMD's have built the artifact."""
    if texts:
        yield "of the design npuforge warns, which may be why:"
    for text in counted(texts):
        yield from (f"  {line}" for line in text.splitlines())


def _told(outcome: Outcome, same: bool) -> str:
    from runner.judge import Verdict

    run = outcome.runs[0]
    what = "the same artifact" if same else "the same design with stand-in cores"
    lines = [run.summary, *run.details, *outcome.warnings]
    if run.verdict is Verdict.FAIL:
        head = f"the emulator, on {what} and inputs, says:"
        return "\n".join([head, *(f"  {line}" for line in lines)])
    differs = "timing, driver and firmware" + ("" if same else ", the cores' own code")
    return "\n".join(
        [
            f"the emulator completes {what} on the same inputs: {run.verdict.value}, {run.summary}",
            f"  so look for what differs on the NPU: {differs}",
            *(f"  note: {line}" for line in outcome.warnings),
        ]
    )
