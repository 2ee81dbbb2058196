from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifact import Argument, Artifact
from runner.errors import RunnerError
from runner.judge import Expected, Outcome, Verdict, judge, skipped
from runner.launch import Opened
from runner.report import verdict_lines
from runner.vectors import Vector

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
    """A session that doubles, until its run number `fails` raises."""

    def __init__(self, fails: int = -1, error: RunnerError | None = None) -> None:
        self.seconds = 0.5
        self.closed = False
        self._runs = 0
        self._fails, self._error = fails, error

    def run(self, inputs: Mapping[str, Any], timeout_ms: int = 0) -> dict[str, Any]:
        self._runs += 1
        if self._error is not None and self._runs > self._fails:
            raise self._error
        return {"y": inputs["x"] * 2}

    def notes(self) -> list[str]:
        return ["XRT said something"]

    def close(self) -> None:
        self.closed = True


def test_every_vector_is_judged_and_the_context_is_given_back() -> None:
    session = Played()
    outcome = judge(ARTIFACT, lambda _: Opened(session, ("a queue",)), VECTORS, DOUBLE)
    assert [run.verdict for run in outcome.runs] == [Verdict.PASS] * 3
    assert outcome.runs[0].seconds == 0.5
    assert outcome.warnings == ("a queue", "XRT said something")
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
