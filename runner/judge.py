"""Runs an artifact on its vectors, in one context, and gives each run a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from runner.artifact import Argument, Artifact
from runner.compare import Comparison, compare, statistics
from runner.errors import RunnerError
from runner.launch import Opened
from runner.objects import in_elements, output_objects
from runner.session import Runs
from runner.vectors import Vector
from runner.verdicts.criteria import Criterion
from runner.verdicts.mismatch import Mismatch
from runner.verdicts.where import Unit

Array = np.ndarray[Any, Any]
Reference = Callable[[dict[str, Array]], dict[str, Array]]
"""Inputs by name -> outputs by name."""
Diagnosis = Callable[[Vector], str]
"""A vector on which a run hung -> what the emulator says about the same design on it."""


@dataclass(frozen=True)
class Expected:
    """What the author says of the outputs.

    Attributes:
        reference: None for a design that nothing judges.
        checks: how close an output must be, by name; those without one are judged by dtype.
    """

    reference: Reference | None = None
    checks: Mapping[str, Criterion] = field(default_factory=dict)


class Verdict(str, Enum):
    """What a run came to."""

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_JUDGED = "not judged"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class RunResult:
    """One run of one vector.

    Attributes:
        seconds: of the run, without copies to and from the host's buffers; None if it did not
            complete.
        summary: a few words behind the verdict.
        details: lines about what went wrong.
        mismatches: what there is to say of each output that is wrong.
    """

    vector: str
    verdict: Verdict
    seconds: float | None
    summary: str
    details: tuple[str, ...] = field(default=())
    mismatches: tuple[Mismatch, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """All runs of one artifact.

    Attributes:
        warnings: what the checks before launch, or XRT meanwhile, found doubtful.
    """

    label: str
    device: str
    runs: tuple[RunResult, ...]
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """FAIL if any run failed or none was made; PASS if every run passed."""
        verdicts = {run.verdict for run in self.runs}
        if Verdict.FAIL in verdicts or not verdicts:
            return Verdict.FAIL
        for weaker in (Verdict.SKIPPED, Verdict.NOT_JUDGED):
            if weaker in verdicts:
                return weaker
        return Verdict.PASS

    def as_json(self) -> dict[str, Any]:
        """Plain values for results.json: all but the arrays behind a picture."""
        plain = asdict(self)
        for run, noted in zip(self.runs, plain["runs"], strict=True):
            noted["verdict"] = run.verdict.value
            for mismatch in noted["mismatches"]:
                del mismatch["cells"]
        return {**plain, "verdict": self.verdict.value}


def judge(
    artifact: Artifact,
    opening: Callable[[Artifact], Opened],
    vectors: Iterable[Vector],
    expected: Expected,
    diagnosis: Diagnosis | None = None,
) -> Outcome:
    """Runs every vector in one context; a run that cannot complete fails and ends the series.

    Args:
        opening: checks and loads the artifact where it shall run.
        diagnosis: asked when a run hangs.
    """
    try:
        opened = opening(artifact)
    except RunnerError as error:
        verdict = Verdict.SKIPPED if error.elsewhere else Verdict.FAIL
        failure = RunResult("load", verdict, None, *_split(str(error)))
        return Outcome(artifact.label, artifact.device, (failure,))
    try:
        judged = _Judged(artifact, expected, output_objects(artifact.xclbin.parent))
        runs = tuple(_runs(judged, opened.session, vectors, diagnosis))
        warnings = (*opened.warnings, *opened.session.notes())
    finally:
        opened.session.close()
    return Outcome(artifact.label, artifact.device, runs, warnings)


def skipped(artifact: Artifact, reason: str) -> Outcome:
    """The outcome of an artifact that cannot be run where it was asked for."""
    run = RunResult("all", Verdict.SKIPPED, None, reason)
    return Outcome(artifact.label, artifact.device, (run,))


@dataclass(frozen=True)
class _Judged:
    """An artifact, what is expected of it, and what its fifos carry, in bytes."""

    artifact: Artifact
    expected: Expected
    objects: tuple[Unit, ...]


def _runs(
    judged: _Judged,
    session: Runs,
    vectors: Iterable[Vector],
    diagnosis: Diagnosis | None,
) -> Iterator[RunResult]:
    for vector in vectors:
        try:
            outputs = session.run(vector.inputs)
        except RunnerError as error:
            message = str(error)
            if error.hang and diagnosis is not None:
                message += "\n" + diagnosis(vector)
            yield RunResult(vector.name, Verdict.FAIL, None, *_split(message))
            return
        yield _verdict(judged, vector, outputs, session.seconds)


def _split(message: str) -> tuple[str, tuple[str, ...]]:
    first, *rest = message.splitlines()
    return first, tuple(rest)


def _verdict(
    judged: _Judged, vector: Vector, outputs: dict[str, Array], seconds: float
) -> RunResult:
    if judged.expected.reference is None:
        lines = tuple(f"{name}: {statistics(values)}" for name, values in outputs.items())
        return RunResult(vector.name, Verdict.NOT_JUDGED, seconds, "no reference", lines)
    wanted = judged.expected.reference(vector.inputs)
    arguments = [a for a in judged.artifact.arguments if a.is_output]
    comparisons = [_compared(judged, a, outputs[a.name], wanted[a.name]) for a in arguments]
    faults = [c for c in comparisons if c.fault]
    if faults:
        return RunResult(
            vector.name,
            Verdict.FAIL,
            seconds,
            "; ".join(f"{c.output}: {c.fault}" for c in faults),
            tuple(line for c in faults for line in _lines(c)),
            tuple(c.mismatch for c in faults if c.mismatch),
        )
    sizes = ", ".join(f"{a.name} {a.dtype}{list(a.shape)}" for a in arguments)
    return RunResult(vector.name, Verdict.PASS, seconds, sizes)


def _compared(judged: _Judged, argument: Argument, got: Array, wanted: Array) -> Comparison:
    objects = in_elements(judged.objects, got.dtype.itemsize)
    criterion = judged.expected.checks.get(argument.name)
    return compare(argument.name, got, shaped(wanted, argument), criterion, objects)


def _lines(comparison: Comparison) -> list[str]:
    return [f"{comparison.output}: {line}" for line in comparison.details]


def shaped(values: Array, argument: Argument) -> Array:
    """The reference's array in the buffer's shape and dtype, if no value changes by that."""
    array = np.asarray(values)
    kind = argument.kind
    if array.dtype != kind and kind.kind in "iu":
        if array.dtype.kind not in "iu" or (array.size and not _fits(array, kind)):
            return array
        return array.astype(kind).reshape(argument.shape)
    if array.size != np.prod(argument.shape):
        return array
    return array.astype(kind).reshape(argument.shape)


def _fits(array: Array, kind: np.dtype[Any]) -> bool:
    limits = np.iinfo(kind)
    return bool(array.min() >= limits.min and array.max() <= limits.max)
