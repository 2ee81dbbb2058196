"""Runs an artifact on its vectors, in one context, and gives each run a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np

from runner.artifact import Argument, Artifact
from runner.compare import Comparison, compare, statistics
from runner.dtypes import is_float
from runner.errors import RunnerError
from runner.expected import Expected
from runner.launch import Opened
from runner.objects import in_elements, output_objects
from runner.session import Runs
from runner.vectors import Vector
from runner.verdicts.degenerate import OTHER, kept_both, poisoned, untouched
from runner.verdicts.mismatch import Mismatch
from runner.verdicts.where import Unit
from softnpu.formats.trace import PACKET_BYTES

Array = np.ndarray[Any, Any]
Diagnosis = Callable[[Vector], str]
"""A vector on which a run hung -> what the emulator says about the same design on it."""


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
        printed: what cores have printed, a line each.
        trace: what trace units have written; empty without one.
    """

    vector: str
    verdict: Verdict
    seconds: float | None
    summary: str
    details: tuple[str, ...] = field(default=())
    mismatches: tuple[Mismatch, ...] = ()
    printed: tuple[str, ...] = ()
    trace: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """All runs of one artifact.

    Attributes:
        warnings: what the checks before launch, or XRT meanwhile, found doubtful.
        memory: what the emulator's memory check has checked; "" without it.
    """

    label: str
    device: str
    runs: tuple[RunResult, ...]
    warnings: tuple[str, ...] = ()
    memory: str = ""

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
        """Plain values for results.json: all but traces and the arrays behind a picture."""
        plain = asdict(self)
        for run, noted in zip(self.runs, plain["runs"], strict=True):
            noted["verdict"] = run.verdict.value
            del noted["trace"]
            for mismatch in noted["mismatches"]:
                del mismatch["cells"]
        return {**plain, "verdict": self.verdict.value, "trace_packets": self.trace_packets}

    @property
    def trace_packets(self) -> int:
        """Packets that trace units wrote in the first run."""
        data = next((run.trace for run in self.runs if run.trace), b"")
        packets = np.frombuffer(data[: len(data) // PACKET_BYTES * PACKET_BYTES], np.uint8)
        return int(packets.reshape(-1, PACKET_BYTES).any(axis=1).sum())


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
        runs, doubts = _runs(_Judged(artifact, expected), opened.session, vectors, diagnosis)
        warnings = (*opened.warnings, *opened.session.notes(), *doubts)
        memory = opened.session.memory_checked()
    finally:
        opened.session.close()
    return Outcome(artifact.label, artifact.device, tuple(runs), warnings, memory)


def skipped(artifact: Artifact, reason: str) -> Outcome:
    """The outcome of an artifact that cannot be run where it was asked for."""
    run = RunResult("all", Verdict.SKIPPED, None, reason)
    return Outcome(artifact.label, artifact.device, (run,))


@dataclass(frozen=True)
class _Judged:
    """An artifact, and what is expected of it."""

    artifact: Artifact
    expected: Expected

    @property
    def outputs(self) -> list[Argument]:
        """The arguments that the NPU writes."""
        return [argument for argument in self.artifact.arguments if argument.is_output]

    def trace(self, ran: _Ran) -> bytes:
        """What the run's trace units have written."""
        traces = (a.name for a in self.artifact.arguments if a.is_trace)
        return b"".join(ran.outputs[name].tobytes() for name in traces)

    def objects(self, output: Argument) -> Callable[[], list[Unit]]:
        """Gives the sizes of what the fifos carry to an output, in its elements."""
        index = self.artifact.arguments.index(output)
        return lambda: in_elements(output_objects(self.artifact, index), output.kind.itemsize)


@dataclass(frozen=True)
class _Ran:
    """A run that completed.

    Attributes:
        wanted: what the reference gives, None without one.
        written, printed: see `Runs`.
    """

    vector: Vector
    wanted: dict[str, Array] | None
    outputs: dict[str, Array]
    written: dict[str, Array] | None
    printed: tuple[str, ...]
    seconds: float


def _runs(
    judged: _Judged, session: Runs, vectors: Iterable[Vector], diagnosis: Diagnosis | None
) -> tuple[list[RunResult], list[str]]:
    """Runs all vectors, then judges: to tell what was written can take further runs, which come
    after those that count.

    Returns:
        The results, and what is doubtful about what they were judged by.
    """
    ran: list[_Ran] = []
    failures = []
    for vector in vectors:
        done = _run(judged, session, vector, diagnosis)
        if isinstance(done, RunResult):
            failures.append(done)
            break
        ran.append(done)
    unwritten = _Unwritten(session, judged.outputs, usable=not failures)
    judged_runs = (
        replace(_verdict(judged, one, unwritten), printed=one.printed, trace=judged.trace(one))
        for one in ran
    )
    return [*judged_runs, *failures], list(_doubts(ran))


def _doubts(ran: Iterable[_Ran]) -> Iterator[str]:
    """References that are no number anywhere: an output that is none either agrees with them."""
    vectors: dict[str, list[str]] = {}
    for one in ran:
        for output, wanted in (one.wanted or {}).items():
            if is_float(wanted.dtype) and np.isnan(wanted.astype(np.float64)).all():
                vectors.setdefault(output, []).append(one.vector.name)
    for output, names in vectors.items():
        yield f"the reference gives nothing but NaN for {output} on {', '.join(names)}"


def _run(
    judged: _Judged, session: Runs, vector: Vector, diagnosis: Diagnosis | None
) -> _Ran | RunResult:
    """One run; the result of one that cannot be judged, or does not complete."""
    try:
        wanted = judged.expected.answers(vector.inputs, judged.artifact.arguments)
    except RunnerError as error:
        return RunResult("reference", Verdict.FAIL, None, *_split(str(error)))
    try:
        outputs = session.run(vector.inputs)
    except RunnerError as error:
        message = str(error)
        if error.hang and diagnosis is not None:
            message += "\n" + diagnosis(vector)
        printed = session.printed()
        return RunResult(vector.name, Verdict.FAIL, None, *_split(message), printed=printed)
    return _Ran(vector, wanted, outputs, session.written(), session.printed(), session.seconds)


def _split(message: str) -> tuple[str, tuple[str, ...]]:
    first, *rest = message.splitlines()
    return first, tuple(rest)


class _Unwritten:
    """Tells which elements of outputs were not written.

    Where nobody has kept account of it, a run from another fill shows: what holds the fill of
    either run was not written. That run is made only for outputs that hold the fill where they
    should hold something else, and none is made any more after one that failed.

    Args:
        usable: whether the session can be used for that.
    """

    def __init__(self, session: Runs, outputs: Sequence[Argument], *, usable: bool) -> None:
        self._session, self._outputs, self._usable = session, outputs, usable

    def of(self, ran: _Ran) -> dict[str, Array]:
        """Flat booleans by output, of those where it is known. An inout output may keep what it
        held: there, elements that are right are none of them."""
        found = self._known(ran)
        for output in self._outputs:
            if output.is_input and output.name in found:
                found[output.name] &= _wrong(ran, output.name)
        return found

    def _known(self, ran: _Ran) -> dict[str, Array]:
        if ran.written is not None:
            return {
                output.name: untouched(ran.written[output.name], output.kind.itemsize)
                for output in self._outputs
            }
        filled = [output.name for output in self._outputs if not output.is_input]
        if not any((poisoned(ran.outputs[name]) & _wrong(ran, name)).any() for name in filled):
            return {}
        second = self._run_again(ran.vector)
        return {name: kept_both(ran.outputs[name], second[name]) for name in filled if second}

    def _run_again(self, vector: Vector) -> dict[str, Array]:
        """The outputs of a run from another fill; none if it cannot be made."""
        if not self._usable:
            return {}
        try:
            return self._session.run(vector.inputs, fill=OTHER)
        except RunnerError:
            self._usable = False
            return {}


def _wrong(ran: _Ran, output: str) -> Array:
    """Which elements are not the reference's, flat; all where there is none."""
    got = ran.outputs[output]
    if ran.wanted is None:
        return np.ones(got.size, np.bool_)
    return np.asarray(got != ran.wanted[output]).reshape(-1)


def _verdict(judged: _Judged, ran: _Ran, unwritten: _Unwritten) -> RunResult:
    untold = unwritten.of(ran)
    name, seconds = ran.vector.name, ran.seconds
    if ran.wanted is None:
        lines = tuple(
            f"{o.name}: {statistics(ran.outputs[o.name], untold.get(o.name))}"
            for o in judged.outputs
        )
        return RunResult(name, Verdict.NOT_JUDGED, seconds, "no reference", lines)
    comparisons = [
        compare(
            output.name,
            ran.outputs[output.name],
            ran.wanted[output.name],
            judged.expected.checks.get(output.name),
            judged.objects(output),
            untold.get(output.name),
        )
        for output in judged.outputs
    ]
    faults = [c for c in comparisons if c.fault]
    if faults:
        return RunResult(
            name,
            Verdict.FAIL,
            seconds,
            "; ".join(f"{c.output}: {c.fault}" for c in faults),
            tuple(line for c in faults for line in (*_exchanged(judged, ran, c), *_lines(c))),
            tuple(c.mismatch for c in faults if c.mismatch),
        )
    sizes = ", ".join(f"{output.name} {output.told}" for output in judged.outputs)
    return RunResult(name, Verdict.PASS, seconds, sizes)


def _exchanged(judged: _Judged, ran: _Ran, comparison: Comparison) -> Iterator[str]:
    """Says of a wrong output that it holds what another one should: a reference or a design that
    exchanges them, or gives one twice."""
    assert ran.wanted is not None
    got = ran.outputs[comparison.output]
    for name, wanted in ran.wanted.items():
        if name == comparison.output or (wanted.dtype, wanted.shape) != (got.dtype, got.shape):
            continue
        if compare(name, got, wanted, judged.expected.checks.get(name)).fault is None:
            yield f"{comparison.output}: holds what the reference gives for {name}"


def _lines(comparison: Comparison) -> list[str]:
    return [f"{comparison.output}: {line}" for line in comparison.details]
