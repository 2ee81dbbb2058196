from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifact import Argument, Artifact
from runner.errors import RunnerError
from runner.expected import Expected
from runner.judge import Outcome, Verdict, judge, skipped
from runner.launch import Opened
from runner.report import verdict_lines
from runner.vectors import Vector
from runner.verdicts.degenerate import OTHER, POISON

ARTIFACT = Artifact(
    "double/small",
    "npu1_1col",
    Path("final.xclbin"),
    Path("insts.bin"),
    (Argument("x", "in", (4,), "int32"), Argument("y", "out", (4,), "int32")),
    None,
    judged=True,
)
VECTORS = [Vector(f"v{n}", {"x": np.arange(4, dtype=np.int32) + n}) for n in range(3)]
DOUBLE = Expected(lambda inputs: {"y": inputs["x"] * 2})


class Played:
    """A session that doubles, until its run number `fails` raises.

    Attributes:
        fills: what outputs held before each run.
    """

    def __init__(self, fails: int = -1, error: RunnerError | None = None) -> None:
        self.seconds = 0.5
        self.closed = False
        self.fills: list[int] = []
        self._fails, self._error = fails, error

    def run(
        self, inputs: Mapping[str, Any], timeout_ms: int = 0, fill: int = POISON
    ) -> dict[str, Any]:
        self.fills.append(fill)
        if self._error is not None and len(self.fills) > self._fails:
            raise self._error
        return self.doubled(inputs, fill)

    def doubled(self, inputs: Mapping[str, Any], fill: int) -> dict[str, Any]:
        return {"y": inputs["x"] * 2}

    def printed(self) -> tuple[str, ...]:
        return (f"core (0,2) at {len(self.fills)}.00 us: here",)

    def written(self) -> dict[str, Any] | None:
        return None

    def memory_checked(self) -> str:
        return ""

    def notes(self) -> list[str]:
        return ["XRT said something"]

    def close(self) -> None:
        self.closed = True


class Halting(Played):
    """Leaves the last two elements alone, and writes the fill's value into the first."""

    def doubled(self, inputs: Mapping[str, Any], fill: int) -> dict[str, Any]:
        y = inputs["x"] * 2
        y[0] = POISONED
        y[2:] = np.full(8, fill, np.uint8).view(np.int32)
        return {"y": y}


class Accounted(Halting):
    """As the emulator: what was written is known."""

    def written(self) -> dict[str, Any]:
        return {"y": np.arange(16) < 8}


POISONED = np.full(4, POISON, np.uint8).view(np.int32)[0]


def test_every_vector_is_judged_and_the_context_is_given_back() -> None:
    session = Played()
    outcome = judge(ARTIFACT, lambda _: Opened(session, ("a queue",)), VECTORS, DOUBLE)
    assert [run.verdict for run in outcome.runs] == [Verdict.PASS] * 3
    assert outcome.runs[0].seconds == 0.5
    assert outcome.warnings == ("a queue", "XRT said something")
    assert [run.printed for run in outcome.runs][2] == ("core (0,2) at 3.00 us: here",)
    assert session.closed


def test_a_hang_ends_the_series_and_is_diagnosed_on_the_same_vector() -> None:
    session = Played(1, RunnerError("ERT_CMD_STATE_TIMEOUT", hang=True))
    asked = []

    def diagnosis(vector: Vector) -> str:
        asked.append(vector.name)
        return "the emulator says: a lock"

    outcome = judge(ARTIFACT, lambda _: Opened(session, ()), VECTORS, DOUBLE, diagnosis)
    assert [run.verdict for run in outcome.runs] == [Verdict.PASS, Verdict.FAIL]
    assert outcome.runs[1].details == ("the emulator says: a lock",)
    assert [run.seconds for run in outcome.runs] == [0.5, None]
    assert asked == ["v1"]
    assert session.closed


def test_a_failure_that_is_no_hang_is_not_diagnosed() -> None:
    session = Played(0, RunnerError("ERT_CMD_STATE_ERROR"))
    outcome = judge(ARTIFACT, lambda _: Opened(session, ()), VECTORS, DOUBLE, lambda _: "never")
    assert outcome.runs[0].details == ()


def refusing(error: RunnerError) -> Any:
    def opening(_: Artifact) -> Opened:
        raise error

    return opening


def test_an_artifact_that_is_refused_fails() -> None:
    outcome = judge(ARTIFACT, refusing(RunnerError("refused\n- because")), VECTORS, DOUBLE)
    assert outcome.verdict is Verdict.FAIL
    assert outcome.runs[0].details == ("- because",)


def test_an_artifact_for_another_npu_is_skipped_and_never_passed() -> None:
    error = RunnerError("the artifact is for npu2", elsewhere=True)
    assert judge(ARTIFACT, refusing(error), VECTORS, DOUBLE).verdict is Verdict.SKIPPED


def lines(outcome: Outcome) -> list[str]:
    """What a user sees of an outcome that was written to disk."""
    return verdict_lines(json.loads(json.dumps(outcome.as_json())))


def test_skipped_and_warned_of_are_lines_of_their_own() -> None:
    (line,) = lines(skipped(ARTIFACT, "stand-in cores"))
    assert line.startswith("SKIPPED") and "stand-in cores" in line
    warned = judge(ARTIFACT, lambda _: Opened(Played(), ("a queue",)), VECTORS[:1], DOUBLE)
    assert any(line.startswith("warning") and "a queue" in line for line in lines(warned))


def test_without_an_account_a_run_from_another_fill_tells_what_was_not_written() -> None:
    session = Halting()
    outcome = judge(ARTIFACT, lambda _: Opened(session, ()), VECTORS, DOUBLE)
    assert session.fills == [POISON] * 3 + [OTHER] * 3, "after those that count"
    for run in outcome.runs:
        assert run.summary == "y: 2 of 4 elements were never written"
        assert (
            "y: 2 elements were never written, the first at 2 (8 bytes, from byte 8)" in run.details
        )


def test_no_further_run_is_made_where_what_was_written_is_known() -> None:
    session = Accounted()
    outcome = judge(ARTIFACT, lambda _: Opened(session, ()), VECTORS[:1], DOUBLE)
    assert session.fills == [POISON]
    assert outcome.runs[0].summary == "y: 2 of 4 elements were never written"


def test_no_further_run_is_made_of_outputs_that_are_right() -> None:
    session = Played()
    judge(ARTIFACT, lambda _: Opened(session, ()), VECTORS, DOUBLE)
    assert session.fills == [POISON] * 3


def test_where_no_further_run_can_be_made_nothing_is_claimed() -> None:
    session = Halting(3, RunnerError("ERT_CMD_STATE_TIMEOUT", hang=True))
    outcome = judge(ARTIFACT, lambda _: Opened(session, ()), VECTORS, DOUBLE)
    assert session.fills == [POISON] * 3 + [OTHER], "and is not tried again"
    assert outcome.runs[0].summary == "y: 3 of 4 elements differ"
    assert any("hold what was there before" in line for line in outcome.runs[0].details)


def test_an_inout_output_may_keep_what_it_held() -> None:
    arguments = (Argument("x", "inout", (4,), "int32"),)
    artifact = replace(ARTIFACT, arguments=arguments)

    class Half(Played):
        def doubled(self, inputs: Mapping[str, Any], fill: int) -> dict[str, Any]:
            return {"x": np.concatenate([inputs["x"][:2] * 2, inputs["x"][2:]])}

        def written(self) -> dict[str, Any]:
            return {"x": np.arange(16) < 8}

    half = Expected(lambda i: {"x": np.concatenate([i["x"][:2] * 2, i["x"][2:]])})
    outcome = judge(artifact, lambda _: Opened(Half(), ()), VECTORS, half)
    assert outcome.verdict is Verdict.PASS
    outcome = judge(artifact, lambda _: Opened(Half(), ()), VECTORS[1:2], EVERY_X_DOUBLE)
    assert outcome.runs[0].summary == "x: 2 of 4 elements were never written"


EVERY_X_DOUBLE = Expected(lambda inputs: {"x": inputs["x"] * 2})


def test_a_reference_that_does_not_fit_is_told_once() -> None:
    expected = Expected(lambda inputs: {"y": inputs["x"][:2]}, place="double.py:3")
    session = Played()
    outcome = judge(ARTIFACT, lambda _: Opened(session, ()), VECTORS, expected)
    (run,) = outcome.runs
    assert (run.vector, run.verdict) == ("reference", Verdict.FAIL)
    assert run.summary.startswith("double.py:3: error: ")
    assert run.details == ("- y must be int32[4], and int32[2] was given: 2 elements, not 4",)
    assert session.fills == [], "nothing needs to run for that"


def test_outputs_that_are_exchanged_are_told() -> None:
    arguments = (*ARTIFACT.arguments, Argument("z", "out", (4,), "int32"))
    artifact = replace(ARTIFACT, arguments=arguments)

    class Two(Played):
        def doubled(self, inputs: Mapping[str, Any], fill: int) -> dict[str, Any]:
            return {"y": inputs["x"] * 2, "z": inputs["x"] + 7}

    expected = Expected(lambda inputs: {"y": inputs["x"] + 7, "z": inputs["x"] * 2})
    outcome = judge(artifact, lambda _: Opened(Two(), ()), VECTORS[:1], expected)
    assert any(
        line.startswith("y: holds what the reference gives for z")
        for line in outcome.runs[0].details
    )


def test_a_reference_that_is_no_number_anywhere_is_doubted() -> None:
    arguments = (ARTIFACT.arguments[0], Argument("y", "out", (4,), "float32"))

    class Nan(Played):
        def doubled(self, inputs: Mapping[str, Any], fill: int) -> dict[str, Any]:
            return {"y": np.full(4, np.nan, np.float32)}

    outcome = judge(
        replace(ARTIFACT, arguments=arguments),
        lambda _: Opened(Nan(), ()),
        VECTORS[:2],
        Expected(lambda _: {"y": np.full(4, np.nan)}),
    )
    assert outcome.verdict is Verdict.PASS
    assert "the reference gives nothing but NaN for y on v0, v1" in outcome.warnings
