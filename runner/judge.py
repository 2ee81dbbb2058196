"""Runs an artifact on its vectors, in one context, and gives each run a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from runner.artifact import Argument, Artifact
from runner.compare import Comparison, compare, statistics
from runner.dtypes import dtype
from runner.errors import RunnerError
from runner.session import Session
from runner.tolerance import Tolerance
from runner.vectors import Vector

Array = np.ndarray[Any, Any]
Reference = Callable[[dict[str, Array]], dict[str, Array]]
"""Inputs by name -> outputs by name."""

NONE_DECLARED: Mapping[str, Tolerance] = {}


class Verdict(str, Enum):
    """What a run came to."""

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class RunResult:
    """One run of one vector.

    Attributes:
        seconds: wall time of the run, transfers included.
        summary: a few words behind the verdict.
        details: lines about what went wrong.
    """

    vector: str
    verdict: Verdict
    seconds: float
    summary: str
    details: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Outcome:
    """All runs of one artifact."""

    label: str
    device: str
    runs: tuple[RunResult, ...]

    @property
    def verdict(self) -> Verdict:
        """FAIL if any run failed or none was made; PASS if every run passed."""
        verdicts = {run.verdict for run in self.runs}
        if Verdict.FAIL in verdicts or not verdicts:
            return Verdict.FAIL
        return Verdict.NOT_JUDGED if Verdict.NOT_JUDGED in verdicts else Verdict.PASS

    def as_json(self) -> dict[str, Any]:
        """Plain values for results.json."""
        return {**asdict(self), "verdict": self.verdict.value}


def judge(
    artifact: Artifact,
    xrt: Any,
    vectors: Iterable[Vector],
    reference: Reference | None,
    tolerances: Mapping[str, Tolerance] = NONE_DECLARED,
) -> Outcome:
    """Runs every vector in one context; a run that cannot complete fails and ends the series.

    Args:
        tolerances: by output, for those that are not judged by their type alone.
    """
    runs: list[RunResult] = []
    try:
        session = Session(xrt, artifact.xclbin, artifact.insts.read_bytes(), artifact.arguments)
    except RunnerError as error:
        failure = RunResult("load", Verdict.FAIL, 0.0, *_split(str(error)))
        return Outcome(artifact.label, artifact.device, (failure,))
    for vector in vectors:
        start = time.perf_counter()
        try:
            outputs = session.run(vector.inputs)
        except RunnerError as error:
            seconds = time.perf_counter() - start
            runs.append(RunResult(vector.name, Verdict.FAIL, seconds, *_split(str(error))))
            break
        seconds = time.perf_counter() - start
        runs.append(_verdict(artifact, vector, outputs, reference, tolerances, seconds))
    return Outcome(artifact.label, artifact.device, tuple(runs))


def _split(message: str) -> tuple[str, tuple[str, ...]]:
    first, *rest = message.splitlines()
    return first, tuple(rest)


def _verdict(
    artifact: Artifact,
    vector: Vector,
    outputs: dict[str, Array],
    reference: Reference | None,
    tolerances: Mapping[str, Tolerance],
    seconds: float,
) -> RunResult:
    if reference is None:
        lines = tuple(f"{name}: {statistics(values)}" for name, values in outputs.items())
        return RunResult(vector.name, Verdict.NOT_JUDGED, seconds, "no reference", lines)
    expected = reference(vector.inputs)
    by_name = {a.name: a for a in artifact.arguments if a.is_output}
    comparisons = [
        compare(name, outputs[name], _shaped(expected[name], by_name[name]), tolerances.get(name))
        for name in outputs
    ]
    faults = [c for c in comparisons if c.fault]
    if faults:
        return RunResult(
            vector.name,
            Verdict.FAIL,
            seconds,
            "; ".join(f"{c.output}: {c.fault}" for c in faults),
            tuple(line for c in faults for line in _lines(c)),
        )
    sizes = ", ".join(f"{name} {a.dtype}{list(a.shape)}" for name, a in by_name.items())
    return RunResult(vector.name, Verdict.PASS, seconds, sizes)


def _lines(comparison: Comparison) -> list[str]:
    return [f"{comparison.output}: {line}" for line in comparison.details]


def _shaped(values: Array, argument: Argument) -> Array:
    """The reference's array in the buffer's shape and dtype, if no value changes by that."""
    array = np.asarray(values)
    kind = dtype(argument.dtype)
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
