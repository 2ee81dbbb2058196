"""The tasks that run what was built: test_emu and test_hw."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import TaskFailed
from doit.task import clean_targets

from pipeline import build_warnings, naming, reading, shared_cache, whole
from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.failing import in_words
from pipeline.keys import DATA, Key, Made
from pipeline.options import memcheck_all
from pipeline.shared_cache import FROM_CACHE, Entry, Step
from pipeline.stages import warning_files
from pipeline.staging import Task
from pipeline.toolchain import tool_key
from runner.artifact import STATE

if TYPE_CHECKING:
    from runner.artifact import Argument, Artifact
    from runner.expected import Expected, Reference
    from runner.judge import Diagnosis, Outcome
    from runner.vectors import Vector
    from runner.verdicts.criteria import Criterion

RUN_ON = {"test_emu": "emulator", "test_hw": "npu"}


def results_file(variant: Variant, check: str) -> Path:
    """Where a check leaves its verdicts."""
    return variant.folder / f"{check}.json"


def run_from(variant: Variant) -> list[str]:
    """The files that a run depends on: the artifact, and what its author says of it.

    Those that the author's code opens are known when it has run: see `data_read`.
    """
    built = (variant.folder / n for n in ("final.xclbin", "insts.bin", "manifest.json"))
    return [str(path) for path in (*built, *variant.design.declarations)]


def data_read(variant: Variant) -> dict[str, Any]:
    """The data that the author's code has opened in this process, for `keys.DATA`."""
    return reading.beside(variant.design.declarations, variant.design.root)


def test(variant: Variant, check: str) -> Task:
    """Runs a variant's artifact and judges it; on the emulator only when something has changed."""
    results = results_file(variant, check)
    checked = {"memory": {"checked": "all"}} if memcheck_all(os.environ) else {}
    again = [Key({"tools": tool_key("test_emu"), **checked}), Made([results]), DATA]
    return {
        "name": variant.label,
        "actions": [(_run, [variant, check])],
        "file_dep": run_from(variant),
        "meta": {build_warnings.BEHIND: warning_files(variant), naming.LONG: variant.is_long},
        "targets": [str(results)],
        "uptodate": again if check == "test_emu" else [False],
        "task_dep": ["_npu"] if check == "test_hw" else [],
        "clean": [clean_targets, (_forget, [variant])],
    }


LEFT_OUT = Path("build/.left-out")


def left_out(label: str, why: PipelineError, check: str) -> Task:
    """Tells of a variant that cannot be rendered here that it was skipped, and why."""
    results = LEFT_OUT / label / f"{check}.json"
    return {
        "name": label,
        "actions": [(_leave_out, [label, str(why), RUN_ON[check], results])],
        "targets": [str(results)],
        "uptodate": [False],
        "clean": True,
    }


@in_words
def _leave_out(label: str, why: str, run_on: str, results: Path) -> None:
    from runner.judge import Outcome, RunResult, Verdict

    summary, *details = why.removeprefix("error: ").splitlines()
    run = RunResult("all", Verdict.SKIPPED, None, summary, tuple(details))
    results.parent.mkdir(parents=True, exist_ok=True)
    outcome = {**Outcome(label, "", (run,)).as_json(), "run_on": run_on}
    whole.write(results, json.dumps(outcome, indent=1))


def npu() -> Task:
    """Fails, saying what is missing, where no NPU can be reached; before any artifact is run."""
    return {"actions": [_find_npu], "uptodate": [False]}


@in_words
def _find_npu() -> None:
    from runner.launch import find_npu

    find_npu()


@in_words
def _run(variant: Variant, check: str) -> TaskFailed | dict[str, Any]:
    from runner import mismatch_files as mismatches
    from runner.judge import Verdict

    target = results_file(variant, check)
    target.unlink(missing_ok=True)
    _forget(variant)
    cache = shared_cache.of(os.environ) if check == "test_emu" else None
    key = _step(variant).key() if cache else ""
    if cache and (entry := cache.fetch(key, variant.folder, _same_data)) is not None:
        known = json.loads(target.read_text(encoding="utf-8"))
        whole.write(target, json.dumps({**known, FROM_CACHE: True}, indent=1))
        return dict(entry.result or {})
    judged = outcome(variant, RUN_ON[check])
    told = {**judged.as_json(), "run_on": RUN_ON[check]}
    mismatches.write(told, judged.runs, variant.folder)
    _write_trace(judged, variant.folder)
    whole.write(target, json.dumps(told, indent=1))
    if judged.verdict is Verdict.FAIL:
        return TaskFailed(f"{variant.label}: {failed_runs(told)}")
    data = data_read(variant)
    if cache and judged.verdict in (Verdict.PASS, Verdict.NOT_JUDGED):
        cache.store(key, _step(variant).made(), Entry(data, ()))
    return data


def _same_data(entry: Entry) -> bool:
    """Whether the data that an entry's verdict depends on is what lies here."""
    return not DATA.changed(entry.result or {})


def _step(variant: Variant) -> Step:
    """What the shared cache may know an artifact's runs on the emulator by: runs of the same bytes
    on the same inputs, judged by the same reference, come out the same. What failed is run anew."""
    reads = [*map(Path, run_from(variant)), variant.folder / "names.json"]
    checked = {"memory": "all" if memcheck_all(os.environ) else MEMORY_CHECKED}
    subject = {"stage": "test_emu", "label": variant.label, **tool_key("test_emu"), **checked}
    return Step(subject, reads, variant.folder, ("test_emu.json", "trace.bin"))


def _write_trace(judged: Outcome, folder: Path) -> None:
    """Leaves the first run's trace beside the artifact, for `npuforge trace`."""
    from runner.trace import TRACE

    (folder / TRACE).unlink(missing_ok=True)
    written = next((run.trace for run in judged.runs if run.trace), b"")
    if written:
        (folder / TRACE).write_bytes(written)


def _forget(variant: Variant) -> None:
    """Removes what runs that failed have left beside the results."""
    from runner import mismatch_files as mismatches

    mismatches.remove(variant.folder)
    (variant.folder / STATE).unlink(missing_ok=True)


def failed_runs(outcome: dict[str, Any]) -> str:
    """How many runs of an outcome failed, in words."""
    failed = sum(run["verdict"] == "FAIL" for run in outcome["runs"])
    return f"{failed} of {len(outcome['runs'])} runs failed"


def outcome(variant: Variant, target: str) -> Outcome:
    """Runs a built artifact on all of its vectors and judges what comes out.

    Args:
        target: `runner.launch.EMULATOR` or `NPU`.

    Raises:
        PipelineError, RunnerError: what its author declares, or what was built, is no such thing.
    """
    from runner import artifact

    built = artifact.load(variant.folder)
    if target == RUN_ON["test_hw"]:
        return _on_hardware(variant, built)
    return _on_emulator(variant, built)


def _on_emulator(variant: Variant, built: Artifact) -> Outcome:
    from runner import judge
    from runner.core_code import for_npu_alone

    why = for_npu_alone(built)
    if why:
        return judge.skipped(built, why)
    with memory_checked():
        return _judged(variant, built, RUN_ON["test_emu"])


MEMORY_CHECKED = 1_000_000
"""Of an artifact's accesses; some nanoseconds each."""


@contextmanager
def memory_checked() -> Iterator[None]:
    """What is opened on the emulator holds accesses against what they may touch."""
    from softnpu import pyxrt

    pyxrt.configure(memcheck=0 if memcheck_all(os.environ) else MEMORY_CHECKED)
    try:
        yield
    finally:
        pyxrt.configure()


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
        lambda artifact: launch.open_artifact(artifact, target, variant.folder / STATE),
        inputs(variant, built.arguments),
        expected(variant, built.arguments),
        on_hang,
    )


def inputs(variant: Variant, arguments: Sequence[Argument]) -> list[Vector]:
    """What an artifact is run on: the inputs that every design gets, and the author's own."""
    from runner import vectors

    return [*vectors.default_vectors(arguments), *_own_vectors(variant, arguments)]


def expected(variant: Variant, arguments: Sequence[Argument]) -> Expected:
    """What the author says of the outputs."""
    from runner.expected import Expected

    place = variant.design.place_of("reference")
    return Expected(_reference(variant, arguments), _checks(variant, arguments), place)


def _own_vectors(variant: Variant, arguments: Sequence[Argument]) -> Iterator[Vector]:
    import numpy as np

    function = variant.design.function("vectors")
    if function is None:
        return
    made = variant.design.call(function, variant.parameters, np.random.default_rng(0))
    if not isinstance(made, dict) or not all(isinstance(one, dict) for one in made.values()):
        raise _wrong_vectors(variant, "it must return a dict by name of dicts of arrays by input")
    for name, values in made.items():
        yield _vector(variant, str(name), values, [a for a in arguments if a.is_input])


def _vector(
    variant: Variant, name: str, values: Mapping[str, Any], inputs: Sequence[Argument]
) -> Vector:
    from runner.errors import RunnerError
    from runner.fitting import fitted
    from runner.vectors import Vector

    names = [argument.name for argument in inputs]
    if set(values) != set(names):
        given = ", ".join(map(str, values)) or "nothing"
        raise _wrong_vectors(
            variant, f"vector {name!r} must hold {', '.join(names) or 'nothing'}, it holds {given}"
        )
    try:
        return Vector(name, {a.name: fitted(values[a.name], a) for a in inputs})
    except RunnerError as error:
        raise _wrong_vectors(variant, f"vector {name!r}: {error}") from error


def _wrong_vectors(variant: Variant, problem: str) -> PipelineError:
    design = variant.design
    return PipelineError(f"vectors(p, rng): {problem}", design.python, design.line_of("vectors"))


def _checks(variant: Variant, arguments: Iterable[Argument]) -> dict[str, Criterion]:
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


def _reference(variant: Variant, arguments: Iterable[Argument]) -> Reference | None:
    """The author's reference(p, ...) as a function from inputs by name to outputs by name."""
    from runner.errors import RunnerError

    function = variant.design.function("reference")
    if function is None:
        return None
    inputs = [a.name for a in arguments if a.is_input]
    outputs = [a.name for a in arguments if a.is_output]

    def reference(inputs_by_name: dict[str, Any]) -> Mapping[str, Any]:
        try:
            given = variant.design.call(
                function, variant.parameters, *(inputs_by_name[name] for name in inputs)
            )
            return _by_name(variant, given, outputs)
        except PipelineError as error:
            raise RunnerError(str(error)) from error

    return reference


def _by_name(variant: Variant, given: Any, outputs: Sequence[str]) -> Mapping[str, Any]:
    """What a reference gives, by output: a dict, an array for each output, or the only one's."""
    if isinstance(given, dict):
        return given
    several = isinstance(given, tuple) or (isinstance(given, list) and len(outputs) > 1)
    arrays = given if several else (given,)
    if len(arrays) != len(outputs):
        found = "None: is a return missing?" if given is None else f"{len(arrays)}"
        raise PipelineError(
            f"reference(p, ...) must return {len(outputs)} arrays ({', '.join(outputs)}), in their"
            f" order or in a dict; it returns {found}",
            variant.design.python,
            variant.design.line_of("reference"),
        )
    return dict(zip(outputs, arrays, strict=True))
