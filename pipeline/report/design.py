"""All that the page says of one variant, gathered from its build folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline import build_warnings
from pipeline.checks import RUN_ON, results_file
from pipeline.designs import Variant
from pipeline.profiling import FLAME, PROFILE
from pipeline.report import OBSERVED, TIMELINE, faults, flame, plots, run, spans
from pipeline.report.faults import Fault
from pipeline.report.flame import CoreFlame
from pipeline.report.memory import TileMemory, tile_memories
from pipeline.report.run import RunPart
from pipeline.stages import warning_files
from pipeline.timings import Worked
from runner.report import median_seconds
from softnpu.errors import FormatError
from softnpu.formats import txn, xclbin
from softnpu.inspect import pdis, picture
from softnpu.inspect.array_report import describe_array
from softnpu.inspect.files import report
from softnpu.inspect.labels import Labels
from softnpu.inspect.report import to_text
from softnpu.warned import counted

FAIL, BUILD_FAILED, NOT_BUILT = "FAIL", "build failed", "not built"
NOT_OBSERVED = "it has not been run for the report: npuforge observe says why"
_STREAM_LINES = 160
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """What a check made of the artifact; `outcome` is `runner.judge.Outcome` as JSON."""

    run_on: str
    outcome: Json

    @property
    def failed(self) -> list[Json]:
        """The runs that failed."""
        return [run for run in self.outcome["runs"] if run["verdict"] == FAIL]

    @property
    def passed(self) -> int:
        """Runs that passed."""
        return sum(run["verdict"] == "PASS" for run in self.outcome["runs"])

    @property
    def median(self) -> float | None:
        """Median wall time of the runs that completed, in seconds."""
        return median_seconds(self.outcome["runs"])


@dataclass(frozen=True)
class Numerics:
    """One output of one run, with its plots if anything differs."""

    which: str
    vector: str
    output: Json
    histogram: Markup | None
    map: Markup | None


@dataclass(frozen=True)
class Picture:
    """An array, in words too, and the memories of its tiles.

    Attributes:
        caption: which PDI configures it, "" for the only one.
    """

    caption: str
    svg: Markup
    width: float
    words: str
    memories: tuple[TileMemory, ...]


@dataclass(frozen=True)
class DesignPart:
    """One variant's part of the page; what is missing is None or empty.

    Attributes:
        problem: why there is no more, e.g. that the design is not built.
        fault: what failed, if anything did: in its build, or else in its runs.
        pictures: of the array of each PDI; of the one, but for a file of several devices.
        warnings: of the build; alike ones counted.
        stages: plot of the build; `build_seconds` sums the stages up.
        run: the timeline of a run on the emulator.
        profile: where the cores' cycles went in it, as text; "" where nobody profiled it.
        flames: the same as flame graphs; `flames_left` cores more are not shown.
        stream: lines of the instruction stream; `stream_left` more are not shown.
    """

    label: str
    device: str
    folder: str
    problem: str = ""
    fault: Fault | None = None
    parameters: Json = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    files: tuple[tuple[str, int], ...] = ()
    tools: Json = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    stages: Markup | None = None
    build_seconds: float = 0.0
    run: RunPart | None = None
    profile: str = ""
    flames: Sequence[CoreFlame] = ()
    flames_left: int = 0
    error: str = ""
    runs: Sequence[Json] = ()
    numerics: tuple[Numerics, ...] = ()
    stream: str = ""
    stream_left: int = 0

    @property
    def verdict(self) -> str:
        """The worst of all checks; what an artifact did before its build failed is none."""
        if self.problem:
            return BUILD_FAILED if self.fault else NOT_BUILT
        found = [FAIL] * (self.fault is not None)
        found += [check.outcome["verdict"] for check in self.checks]
        for verdict in (FAIL, "PASS", "not judged", "SKIPPED"):
            if verdict in found:
                return verdict
        return "not run"


def gather(variant: Variant, timings: Mapping[str, Worked]) -> DesignPart:
    """Reads what a variant's build and runs have left; where the build fails now, nothing of what
    an earlier one left."""
    folder = variant.folder
    shown = _shown(folder, variant.design.root)
    build = spans.built(variant.label, timings)
    stages = Markup(plots.timeline(build, "ms")) if build else None
    fault = faults.of_build(variant.label, [k.stem for k in variant.kernels], timings)
    if fault or not (folder / "manifest.json").is_file():
        return DesignPart(
            variant.label,
            variant.device,
            shown,
            problem=BUILD_FAILED if fault else "it has not been built: npuforge build says why",
            fault=fault,
            warnings=_warnings(variant),
            stages=stages,
        )
    manifest = json.loads((folder / "manifest.json").read_text())
    observed = _json(folder / OBSERVED)
    checks = tuple(_checks(variant))
    lines, left = _stream(folder)
    flames, flames_left = flame.cores(_json(folder / FLAME))
    return DesignPart(
        variant.label,
        variant.device,
        shown,
        fault=_fault(variant.label, checks, timings),
        parameters=manifest["parameters"],
        checks=checks,
        files=tuple(_sizes(folder, manifest["artifacts"])),
        tools=manifest["tools"],
        warnings=_warnings(variant),
        pictures=tuple(pictures(folder)),
        stages=stages,
        build_seconds=sum(s.end - s.begin for s in build if s.track not in RUN_ON) / 1000,
        run=run.part(_json(folder / TIMELINE) or {"traceEvents": []}),
        profile=_text(folder / PROFILE),
        flames=flames,
        flames_left=flames_left,
        error=observed.get("error") or ("" if observed else NOT_OBSERVED),
        runs=observed.get("runs", ()),
        numerics=tuple(_numerics(observed.get("shown", {}))),
        stream="\n".join(lines),
        stream_left=left,
    )


def _fault(label: str, checks: Sequence[Check], timings: Mapping[str, Worked]) -> Fault | None:
    """What failed in a variant's checks: the first failed run of a check that could judge, or what
    a check said that could not."""
    judged = {check.run_on: check for check in checks}
    for check, run_on in RUN_ON.items():
        noted = faults.of_check(label, check, timings)
        failed = judged[run_on].failed if run_on in judged else []
        if failed:
            first, count = failed[0], len(judged[run_on].outcome["runs"])
            return Fault(
                label,
                check,
                f"run {first['vector']} on the {run_on}, {len(failed)} of {count} runs failed",
                "\n".join([first["summary"], *first["details"]]),
                noted.at if noted else 0.0,
            )
        if noted and run_on not in judged:
            return noted
    return None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _shown(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def _warnings(variant: Variant) -> tuple[str, ...]:
    found = build_warnings.read_files(warning_files(variant))
    return tuple(counted(text for stage in found for text in stage.texts))


def _sizes(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, int]]:
    return ((n, (folder / n).stat().st_size) for n in sorted(names) if (folder / n).is_file())


def _checks(variant: Variant) -> Iterator[Check]:
    for check, run_on in RUN_ON.items():
        outcome = _json(results_file(variant, check))
        if outcome:
            yield Check(run_on, outcome)


def pictures(folder: Path) -> Iterator[Picture]:
    """The array of each PDI of a built design; those that are not understood are left out."""
    path = folder / "final.xclbin"
    try:
        sequence = txn.parse((folder / "insts.bin").read_bytes()).operations
        found = pdis.of_xclbin(xclbin.parse(path.read_bytes()), sequence, beside=path)
    except FormatError:
        return
    for one in found.shown:
        with suppress(FormatError):
            yield _picture(folder, one, one.label if found.count > 1 else "")


def _picture(folder: Path, one: pdis.ConfiguredPdi, caption: str) -> Picture:
    maps = tile_memories(folder, one.array, Labels(one.array, one.names), one.device)
    return Picture(
        caption,
        Markup(picture.draw(one.array, one.names, styled=False)),
        picture.width(one.array),
        "\n".join(to_text(describe_array(one.array, one.names))),
        tuple(maps),
    )


def _numerics(shown: Mapping[str, Json]) -> Iterator[Numerics]:
    for which, shown_run in shown.items():
        for output in shown_run["outputs"]:
            bins, places = output.get("histogram"), output.get("map")
            yield Numerics(
                which,
                shown_run["vector"],
                output,
                Markup(plots.histogram(bins)) if bins else None,
                Markup(plots.error_map(places)) if places else None,
            )


def _stream(folder: Path) -> tuple[list[str], int]:
    """The first lines of the decoded instruction stream, and how many more there are."""
    try:
        lines = list(to_text(report(folder / "insts.bin")))[1:]
    except FormatError as error:
        return [str(error)], 0
    return lines[:_STREAM_LINES], max(0, len(lines) - _STREAM_LINES)
