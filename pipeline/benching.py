"""Measures a variant's artifact: many runs on one context, the dispatch floor, the rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pipeline.checks import RUN_ON, expected, inputs
from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.floor import empty_design
from runner import artifact, judge, launch
from runner.artifact import Artifact
from runner.bench import machine
from runner.bench.history import Figure
from runner.bench.measure import Plan, Rates, Summary, measure, rates, summary
from runner.core_code import CoreCode, core_code_of
from runner.doctor import System
from runner.errors import RunnerError
from runner.expected import Expected
from runner.judge import Verdict
from runner.launch import EMULATOR, NPU, Opened
from runner.vectors import Vector
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.scheduling.clock import CYCLES_PER_MS

WORK = ("ops", "bytes")

JUDGED = 3
"""Runs whose outputs are judged before any is timed: ping and pong take turns."""


@dataclass(frozen=True)
class Place:
    """Where runs are measured, and how.

    Attributes:
        run_on: EMULATOR or NPU.
        conditions: machine, versions and, on the NPU, its mode; see `surroundings`.
    """

    run_on: str
    plan: Plan
    conditions: Mapping[str, str]


def surroundings(run_on: str, system: System | None = None) -> dict[str, str]:
    """What a figure depends on besides the artifact."""
    system = system or System()
    npu = machine.npu(system) if run_on == NPU else {}
    return {**machine.machine(system), **npu, **machine.sources(system, str(Path.cwd()))}


def bench(variant: Variant, place: Place) -> Figure:
    """Measures one artifact that has been built, and whose outputs are right.

    Raises:
        RunnerError: it cannot be run there, a run does not complete, or its outputs are wrong.
        PipelineError: the design's figures of its work are none.
    """
    built = artifact.load(variant.folder)
    if place.run_on == NPU and core_code_of(built) is CoreCode.STAND_IN:
        raise RunnerError(f"{built.label} has stand-in cores, which an NPU does not run")
    declared = work(variant)
    vectors = inputs(variant, built.arguments)[:JUDGED]
    _judge(built, vectors, expected(variant, built.arguments), place.run_on)
    timed = _timed(lambda: launch.open_artifact(built, place.run_on), vectors[0].inputs, place.plan)
    estimate = _estimated(built) if place.run_on == EMULATOR else None
    return Figure(
        label=variant.label,
        run_on=place.run_on,
        at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        commit=place.conditions.get("commit", ""),
        runs=timed.runs,
        first=timed.first,
        minimum=timed.minimum,
        median=timed.median,
        p95=timed.p95,
        mad=timed.mad,
        floor=_floor(variant, place),
        cycles=None if estimate is None else estimate.cycles,
        ops=declared.get("ops"),
        bytes=declared.get("bytes", float(sum(a.bytes for a in built.arguments))),
        conditions={**place.conditions, "device": variant.device},
        bank_wait=None if estimate is None else _bank_wait(estimate),
    )


def _judge(built: Artifact, vectors: Sequence[Vector], right: Expected, run_on: str) -> None:
    """What computes something else may well be fast."""
    outcome = judge.judge(built, lambda one: launch.open_artifact(one, run_on), vectors, right)
    for run in outcome.runs:
        if run.verdict in (Verdict.FAIL, Verdict.SKIPPED):
            if run.seconds is None:
                raise RunnerError("\n".join([run.summary, *run.details]))
            check = next(check for check, place in RUN_ON.items() if place == run_on)
            raise RunnerError(
                f"no times of what is wrong: {run.summary} on {run.vector}; npuforge {check}"
                f" {built.label} tells more"
            )


def _timed(opening: Callable[[], Opened], given: dict[str, Any], plan: Plan) -> Summary:
    session = opening().session

    def run() -> float:
        session.run(given)
        return session.seconds

    try:
        return summary(measure(run, plan))
    finally:
        session.close()


def _floor(variant: Variant, place: Place) -> float:
    device = variant.device
    xclbin, insts = empty_design(device, variant.design.root / "build")
    return _timed(
        lambda: launch.open_pair(xclbin, insts, [], place.run_on, device=device), {}, place.plan
    ).median


def estimated_floor(device: str, build: Path) -> RunReport:
    """A run of the empty design on the emulator; it is made in `build` where it is missing."""
    return _estimated(Artifact("empty", device, *empty_design(device, build), (), None, False))


def _estimated(built: Artifact) -> RunReport:
    from runner.estimate import steady_run

    return steady_run(built)


def _bank_wait(report: RunReport) -> int:
    return sum(core.bank_wait for core in report.statistics.cores.values())


def work(variant: Variant) -> dict[str, float]:
    """What a run does, by the design: `work = {"ops": ..., "bytes": ...}` or `work(p)`.

    Raises:
        PipelineError: for anything else.
    """
    declared = getattr(variant.design.module, "work", {})
    found = variant.design.call(declared, variant.parameters) if callable(declared) else declared
    if not isinstance(found, dict) or not all(
        name in WORK and isinstance(value, (int, float)) and value > 0
        for name, value in found.items()
    ):
        raise PipelineError(
            "work must be a dict of positive numbers, or a function work(p) that gives one:"
            ' {"ops": operations, "bytes": bytes} of one run',
            variant.design.python,
            variant.design.line_of("work"),
        )
    return {name: float(value) for name, value in found.items()}


def net(figure: Figure) -> float:
    """Seconds that a run takes above the dispatch floor."""
    return max(figure.median - (figure.floor or 0.0), 0.0)


def achieved(figure: Figure) -> Rates:
    """Rates of the NPU: as measured above the floor, or as the emulator estimates them."""
    seconds = net(figure) if figure.cycles is None else figure.cycles / CYCLES_PER_MS / 1e3
    declared = {"ops": figure.ops, "bytes": figure.bytes}
    return rates({name: value for name, value in declared.items() if value}, seconds)
