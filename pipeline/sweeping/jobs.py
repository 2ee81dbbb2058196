"""What a worker does with one setting: builds it, then runs it and judges what comes out.

A job carries the author's files, so that a worker needs npuforge and nothing of the project. Build
and run are two steps: an artifact is made once, by whoever is free, and goes to whoever has what
its run needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import TaskFailed

from pipeline import benching, build_warnings, checks, stages
from pipeline.designs import KERNELS, TEMPLATES, Parameters, Variant
from pipeline.discovery import design_of
from pipeline.errors import PipelineError
from pipeline.selection import Request, Toolchain, resolve
from pipeline.sweeping.results import IMPOSSIBLE, Row
from pipeline.sweeping.settings import Setting
from pipeline.toolchain import tool_key
from runner import artifact
from runner.bench.measure import Plan
from runner.errors import RunnerError
from runner.judge import Outcome, Verdict
from runner.launch import NPU
from softnpu.errors import SoftnpuError

if TYPE_CHECKING:
    from runner.artifact import Artifact

FLOOR = "floor"
"""Beside the settings' folders, the empty design."""
NPU_PLAN = Plan(warm_up=3, iterations=20, budget=5.0)
_HEADERS = (".h", ".hpp", ".inc")
_DESIGNS = (".j2", ".mlir", ".py", ".pyc")
_OF_A_RUN = (
    "final.xclbin",
    "insts.bin",
    "manifest.json",
    "names.json",
    "*.pdi",
    "*.elf",
    "*.ld.script",
)


@dataclass(frozen=True)
class Job:
    """One setting of one design, with all that building and running it takes.

    Attributes:
        files: the author's, by their path in the project.
        parameters: all of the design's.
        run_on: `runner.launch.EMULATOR` or `NPU`.
        asked: whose tools are to make which stage; found on the worker.
        key: the SHA-256 of all of that and of npuforge's own sources: what has the same is the
            same.
    """

    design: str
    files: Mapping[str, bytes]
    setting: Setting
    parameters: Mapping[str, Any]
    run_on: str
    asked: Request = field(default_factory=Request)
    key: str = ""


@dataclass(frozen=True)
class Built:
    """What came of building: an artifact's files, or why there is none.

    Attributes:
        impossible: the setting's own fault, in words.
        warnings: of all stages.
        seconds: that it took.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    impossible: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


def job(variant: Variant, setting: Setting, run_on: str, chain: Toolchain) -> Job:
    """The job for a setting of a variant's parameters."""
    parameters = {**variant.parameters, **setting}
    files = {
        path.relative_to(variant.design.root).as_posix(): path.read_bytes()
        for path in _files(variant)
    }
    made = Job(variant.design.name, files, dict(setting), parameters, run_on, chain.request)
    return replace(made, key=_key(made, chain))


def _files(variant: Variant) -> Iterable[Path]:
    """Templates, declarations, and of the kernels every source: a setting may choose another.

    And the data beside the designs: what a reference reads of it is known only when it runs.
    """
    design = variant.design
    sources = (path for path in (design.root / KERNELS).rglob("*") if path.is_file())
    kernels = (path for path in sources if path.suffix in (*_HEADERS, ".c", ".cc", ".cpp"))
    beside = (path for path in (design.root / TEMPLATES).rglob("*") if path.is_file())
    data = (path for path in beside if path.suffix not in _DESIGNS)
    every = (*variant.sources, *design.declarations, *sorted(kernels), *sorted(data))
    return dict.fromkeys(every)


def _key(made: Job, chain: Toolchain) -> str:
    found = hashlib.sha256()
    for name, content in sorted(made.files.items()):
        found.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    tools = {stage: chain.key(stage) for stage in stages.MADE}
    others = [made.design, sorted(made.parameters.items()), made.run_on, tools]
    found.update(json.dumps([*others, tool_key("test_emu")], default=repr).encode())
    return found.hexdigest()


def build(made: Job, folder: Path) -> Built:
    """Makes a setting's artifact below `folder`."""
    began = time.perf_counter()
    try:
        variant = _variant(made, folder)
        _make(variant, resolve(made.asked, os.environ))
    except (PipelineError, SoftnpuError) as error:
        return Built(impossible=_first_line(error), seconds=time.perf_counter() - began)
    files = {
        path.name: path.read_bytes()
        for pattern in _OF_A_RUN
        for path in sorted(variant.folder.glob(pattern))
    }
    told = build_warnings.read_files(stages.warning_files(variant))
    warnings = tuple(text for one in told for text in one.texts)
    return Built(files, warnings=warnings, seconds=time.perf_counter() - began)


def _variant(made: Job, folder: Path) -> Variant:
    """The author's files in a folder of their own, and the setting as a variant there."""
    root = folder / made.key[:16]
    for name, content in made.files.items():
        path = root / name
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    (root / TEMPLATES).mkdir(parents=True, exist_ok=True)
    design = design_of(root, made.design)
    return Variant(design, f"s{made.key[:8]}", Parameters(made.parameters))


def _make(variant: Variant, chain: Toolchain) -> None:
    """Every stage, as the tasks of a build do it.

    Raises:
        PipelineError: with what a task says that failed.
    """
    if problems := chain.problems():
        raise PipelineError("\n".join(problems))
    tasks = [stages.render(variant, chain), *stages.kernels(variant, chain)]
    tasks += [make(variant, chain) for make in stages.BEHIND_KERNELS]
    for task in tasks:
        for action, arguments in task["actions"]:
            failed = action(*arguments)
            if isinstance(failed, TaskFailed):
                raise PipelineError(failed.message)


def run(made: Job, built: Built, folder: Path, worker: str = "") -> Row:
    """Runs an artifact on all vectors of its design, and measures it where that went well."""
    row = Row(
        made.setting,
        IMPOSSIBLE,
        built.impossible,
        warnings=built.warnings,
        seconds=built.seconds,
        worker=worker,
    )
    if built.impossible:
        return row
    began = time.perf_counter()
    try:
        variant = _variant(made, folder)
        variant.folder.mkdir(parents=True, exist_ok=True)
        for name, content in built.files.items():
            (variant.folder / name).write_bytes(content)
        row = _measured(variant, made.run_on, row)
    except (PipelineError, SoftnpuError, RunnerError) as error:
        row = replace(row, reason=_first_line(error))
    return replace(row, seconds=row.seconds + time.perf_counter() - began)


def _measured(variant: Variant, run_on: str, row: Row) -> Row:
    from pipeline.report.memory import core_footprint

    outcome = checks.outcome(variant, run_on)
    data, program = core_footprint(variant.folder)
    row = replace(
        row,
        verdict=outcome.verdict.value,
        reason=_why(outcome),
        warnings=(*row.warnings, *outcome.warnings),
        operations=benching.work(variant).get("ops"),
        core_memory=data,
        program=program,
    )
    if outcome.verdict in (Verdict.FAIL, Verdict.SKIPPED):
        return row
    measure = _on_npu if run_on == NPU else _on_emulator
    taken, floor = measure(variant, artifact.load(variant.folder))
    return replace(row, milliseconds=taken, floor=floor)


def _on_emulator(variant: Variant, built: Artifact) -> tuple[float, float]:
    from runner.estimate import milliseconds, steady_run

    floor = _floor(variant.device, variant.design.root.parent / FLOOR)
    return milliseconds(steady_run(built)), floor


@cache
def _floor(device: str, folder: Path) -> float:
    """The empty design's time, once for all settings of a worker."""
    from runner.estimate import milliseconds

    return milliseconds(benching.estimated_floor(device, folder))


def _on_npu(variant: Variant, built: Artifact) -> tuple[float, float]:
    del built
    figure = benching.bench(variant, benching.Place(NPU, NPU_PLAN, {}))
    return figure.median * 1e3, (figure.floor or 0.0) * 1e3


def _why(outcome: Outcome) -> str:
    wrong = next((r for r in outcome.runs if r.verdict in (Verdict.FAIL, Verdict.SKIPPED)), None)
    return f"{wrong.summary} (on {wrong.vector})" if wrong else ""


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).removeprefix("error: ")
