"""The tasks that run what was built: test_emu and test_hw."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import TaskFailed
from doit.task import clean_targets

from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.keys import Key
from pipeline.stages import Task
from pipeline.toolchain import tool_key

if TYPE_CHECKING:
    from runner.artifact import Argument, Artifact
    from runner.judge import Diagnosis, Expected, Outcome
    from runner.vectors import Vector

RUN_ON = {"test_emu": "emulator", "test_hw": "npu"}


def results_file(variant: Variant, check: str) -> Path:
    """Where a check leaves its verdicts."""
    return variant.folder / f"{check}.json"


def run_from(variant: Variant) -> list[str]:
    """The files that a run depends on: the artifact, and what its author says of it."""
    built = (variant.folder / n for n in ("final.xclbin", "insts.bin", "manifest.json"))
    return [str(path) for path in (*built, *variant.design.declarations)]


def test(variant: Variant, check: str) -> Task:
    """Runs a variant's artifact and judges it; on the emulator only when something has changed."""
    from runner.verdicts import files as mismatches

    again = [Key({"tools": tool_key("test_emu")})] if check == "test_emu" else [False]
    return {
        "name": variant.label,
        "actions": [(_run, [variant, check])],
        "file_dep": run_from(variant),
        "targets": [str(results_file(variant, check))],
        "uptodate": again,
        "task_dep": ["_npu"] if check == "test_hw" else [],
        "clean": [clean_targets, (mismatches.remove, [variant.folder])],
    }


def npu() -> Task:
    """Fails, saying what is missing, where no NPU can be reached; before any artifact is run."""
    return {"actions": [_find_npu], "uptodate": [False]}


def _find_npu() -> TaskFailed | None:
    from runner.errors import RunnerError
    from runner.launch import find_npu

    try:
        find_npu()
    except RunnerError as error:
        return TaskFailed(str(error))
    return None


def _run(variant: Variant, check: str) -> TaskFailed | None:
    from runner.errors import RunnerError
    from runner.judge import Verdict
    from runner.verdicts import files as mismatches

    target = results_file(variant, check)
    target.unlink(missing_ok=True)
    mismatches.remove(variant.folder)
    try:
        judged = _outcome(variant, RUN_ON[check])
    except (PipelineError, RunnerError) as error:
        return TaskFailed(str(error))
    outcome = {**judged.as_json(), "run_on": RUN_ON[check]}
    mismatches.write(outcome, judged.runs, variant.folder)
    target.write_text(json.dumps(outcome, indent=1))
    if outcome["verdict"] == Verdict.FAIL:
        return TaskFailed(f"{variant.label}: {failed_runs(outcome)}")
    return None


def failed_runs(outcome: dict[str, Any]) -> str:
    """How many runs of an outcome failed, in words."""
    failed = sum(run["verdict"] == "FAIL" for run in outcome["runs"])
    return f"{failed} of {len(outcome['runs'])} runs failed"


def _outcome(variant: Variant, target: str) -> Outcome:
    from runner import artifact

    built = artifact.load(variant.folder)
    if target == RUN_ON["test_hw"]:
        return _on_hardware(variant, built)
    return _on_emulator(variant, built)


def _on_emulator(variant: Variant, built: Artifact) -> Outcome:
    from runner import judge
    from runner.core_code import CoreCode, core_code_of

    if core_code_of(built) is CoreCode.AIE:
        return judge.skipped(built, FOR_NPU)
    return _judged(variant, built, RUN_ON["test_emu"])


def _on_hardware(variant: Variant, built: Artifact) -> Outcome:
    """One artifact at a time: what runs beside it on the NPU would change times and contexts."""
    from pipeline.emulated import diagnosis
    from runner import judge
    from runner.core_code import CoreCode, core_code_of

    if core_code_of(built) is CoreCode.STAND_IN:
        return judge.skipped(built, FOR_EMULATOR)
    on_hang = diagnosis(variant, built, expected(variant, built.arguments))
    with alone(variant.folder.parents[2]):
        return _judged(variant, built, RUN_ON["test_hw"], on_hang)


FOR_EMULATOR = "stand-in cores, for the emulator only; with Peano they are built for the NPU"
FOR_NPU = "AIE cores, for the NPU only; doit --cores embedded builds stand-ins for the emulator"


@contextmanager
def alone(build: Path) -> Iterator[None]:
    """Holds the NPU for this process among those of one build folder."""
    import fcntl

    with (build / "npu.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _judged(
    variant: Variant, built: Artifact, target: str, on_hang: Diagnosis | None = None
) -> Outcome:
    from runner import judge, launch

    return judge.judge(
        built,
        lambda artifact: launch.open_artifact(artifact, target),
        inputs(variant, built.arguments),
        expected(variant, built.arguments),
        on_hang,
    )


def inputs(variant: Variant, arguments: Sequence[Argument]) -> list[Vector]:
    """What an artifact is run on: the inputs that every design gets, and the author's own."""
    from runner import vectors

    return [*vectors.default_vectors(arguments), *_own_vectors(variant, arguments)]


def expected(variant: Variant, arguments: Iterable[Any]) -> Expected:
    """What the author says of the outputs."""
    from runner.judge import Expected

    return Expected(_reference(variant, arguments), _checks(variant, arguments))


def _own_vectors(variant: Variant, arguments: Iterable[Any]) -> Iterator[Any]:
    import numpy as np

    from runner.vectors import Vector

    function = variant.design.function("vectors")
    if function is None:
        return
    made = variant.design.call(function, variant.parameters, np.random.default_rng(0))
    inputs = [a for a in arguments if a.is_input]
    for name, values in made.items():
        yield Vector(name, {a.name: values[a.name] for a in inputs})


def _checks(variant: Variant, arguments: Iterable[Any]) -> dict[str, Any]:
    """The author's `checks`: how close each output must be that its type does not judge alone."""
    from runner.verdicts.criteria import Criterion

    declared = getattr(variant.design.module, "checks", {})
    outputs = [a.name for a in arguments if a.is_output]
    if (
        not isinstance(declared, dict)
        or not set(declared) <= set(outputs)
        or not all(isinstance(check, Criterion) for check in declared.values())
    ):
        raise PipelineError(
            f"checks must be a dict by output ({', '.join(outputs)}) of exact(), absolute(limit),"
            " relative(limit), ulp(units), correlation(least) or snr(least)",
            variant.design.python,
            variant.design.line_of("checks"),
        )
    return declared


def _reference(variant: Variant, arguments: Iterable[Any]) -> Any:
    """The author's reference(p, ...) as a function from inputs by name to outputs by name."""
    function = variant.design.function("reference")
    if function is None:
        return None
    inputs = [a.name for a in arguments if a.is_input]
    outputs = [a.name for a in arguments if a.is_output]

    def reference(inputs_by_name: dict[str, Any]) -> dict[str, Any]:
        given = variant.design.call(
            function, variant.parameters, *(inputs_by_name[name].copy() for name in inputs)
        )
        values = given if isinstance(given, tuple) else (given,)
        found = given if isinstance(given, dict) else dict(zip(outputs, values, strict=False))
        if set(found) != set(outputs):
            raise PipelineError(
                f"reference(p, ...) must return {', '.join(outputs)}",
                variant.design.python,
                variant.design.line_of("reference"),
            )
        return found

    return reference
