"""`npuforge bench`: how fast artifacts run, on the emulator or on the NPU."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.cmd_base import Command

from pipeline.checkout import WAIT, alone
from pipeline.ending import doit
from pipeline.errors import PipelineError
from pipeline.naming import HELP
from pipeline.options import (
    FAILED,
    TOOLCHAIN_OPTIONS,
    PlainErrors,
    json_option,
    options_first,
    take_options,
)
from runner import labels

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.benching import Place
    from pipeline.designs import Variant
    from pipeline.discovery import Discovery
    from runner.bench.history import Figure

PLACES = ("emulator", "npu")


def _number(name: str, default: float, help_: str) -> dict[str, Any]:
    return {
        "name": name,
        "long": name,
        "type": type(default),
        "default": default,
        "help": f"{help_} (default: {default:g})",
    }


class Bench(PlainErrors, Command):  # type: ignore[misc]
    """Builds what is asked for, then runs one artifact at a time and keeps the figures."""

    name = "bench"
    doc_purpose = "measure how fast artifacts run"
    doc_usage = "[NAME ...]"
    doc_description = f"""
Without a name, measures every variant. The figures go into .npuforge/history.sqlite, which
`npuforge history` shows. Times are the host's, of a run without copies to and from its buffers; on
the emulator a run's cycles on the NPU are estimated, and rates are of these.
{HELP}"""
    cmd_options = (
        {
            "name": "on",
            "long": "on",
            "type": str,
            "default": PLACES[0],
            "choices": [(place, "") for place in PLACES],
            "help": "where to run: emulator or npu",
        },
        _number("iterations", 50, "runs that count"),
        _number("warm-up", 3, "runs before them, after the first"),
        _number("seconds", 10.0, "of counted runs an artifact, after which no further one begins"),
        WAIT,
        json_option("write the figures as JSON"),
        *TOOLCHAIN_OPTIONS,
    )

    def parse_execute(self, in_args: list[str]) -> Any:
        """Takes options behind names as well as before them."""
        return super().parse_execute(options_first(in_args, self.cmd_options))

    def execute(self, opt_values: Mapping[str, Any], pos_args: list[str]) -> int:
        """Returns 0 when everything was measured."""
        from pipeline.discovery import discover
        from runner.bench.history import FILE

        names = take_options(opt_values, pos_args)
        variants, broken = chosen(discover(Path()), names)
        for error in broken:
            sys.stderr.write(f"{error}\n")
        if code := _build(variants, wait=opt_values["wait"], quiet=opt_values["json"]):
            return code
        with alone(opt_values["wait"]), _alone_on(opt_values["on"]):
            figures = _measure(variants, _place(opt_values), FILE)
        if opt_values["json"]:
            sys.stdout.write(f"{json.dumps([asdict(f) for f in figures], indent=1)}\n")
        elif figures:
            _show(figures, FILE)
        return 0 if len(figures) == len(variants) and not broken else FAILED


def chosen(found: Discovery, names: Sequence[str]) -> tuple[list[Variant], list[PipelineError]]:
    """The variants that names stand for, all without one, and what is wrong with broken designs.

    Raises:
        UnknownNameError: one of them stands for nothing.
    """
    variants = {variant.label: variant for variant in found.variants}
    broken = {**found.broken, **(found.skipped if names else {})}
    meant = labels.chosen(names or ["*"], [*variants, *broken])
    return (
        [variants[label] for label in meant if label in variants],
        list(dict.fromkeys(broken[label] for label in meant if label in broken)),
    )


def _build(variants: Iterable[Variant], *, wait: float, quiet: bool) -> int:
    """Builds first: nothing else may run while times are taken."""
    tasks = [f"manifest:{variant.label}" for variant in variants]
    out = sys.stderr if quiet else None
    return doit([*tasks, f"--wait={wait}"], stdout=out) if tasks else 0


def _alone_on(place: str) -> Any:
    from pipeline.checks import alone

    return alone(Path("build")) if place == "npu" else nullcontext()


def _place(options: Mapping[str, Any]) -> Place:
    from pipeline.benching import Place, surroundings
    from runner.bench.measure import Plan

    plan = Plan(options["warm-up"], options["iterations"], options["seconds"])
    return Place(options["on"], plan, surroundings(options["on"]))


def _measure(variants: Iterable[Variant], place: Place, history: Path) -> list[Figure]:
    """Measures one artifact after the other; one that cannot run hides no other."""
    from pipeline.benching import bench
    from runner.bench.history import append
    from runner.errors import RunnerError

    figures = []
    for variant in variants:
        try:
            figure = bench(variant, place)
            append(history, figure)
        except (RunnerError, PipelineError) as error:
            sys.stderr.write(f"FAILED    {variant.label}: {error}\n")
        else:
            figures.append(figure)
    return figures


def _show(figures: Sequence[Figure], history: Path) -> None:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=None if terminal else 120)
    console.print(table(figures))
    for line in remarks(figures):
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"kept in {history}; npuforge history shows the course", markup=False)


def table(figures: Sequence[Figure]) -> Table:
    """A row for each figure; times in milliseconds."""
    from rich import box
    from rich.table import Table

    from pipeline.benching import achieved, net

    estimated = figures[0].cycles is not None
    shown = Table(box=box.SIMPLE, title="milliseconds", title_justify="left", title_style="dim")
    shown.add_column("design", no_wrap=True)
    for name in ("first", "min", "median", "p95", "MAD", "floor", "net"):
        shown.add_column(name, justify="right", no_wrap=True)
    if estimated:
        shown.add_column("NPU est.", justify="right", no_wrap=True)
    for name in ("GOP/s", "GB/s"):
        shown.add_column(name, justify="right", no_wrap=True)
    for figure in figures:
        times = (figure.first, figure.minimum, figure.median, figure.p95, figure.mad)
        rates = achieved(figure)
        shown.add_row(
            figure.label,
            *(_digits(seconds * 1e3) for seconds in (*times, figure.floor or 0.0, net(figure))),
            *([_digits((figure.cycles or 0) / 1e6)] if estimated else []),
            *("-" if rate is None else f"{rate:.3f}" for rate in (rates.gops, rates.gbps)),
        )
    return shown


def _digits(milliseconds: float) -> str:
    """Microseconds below a tenth of a second, above it what still counts."""
    return f"{milliseconds:.3f}" if milliseconds < 100 else f"{milliseconds:.0f}"


def remarks(figures: Sequence[Figure]) -> list[str]:
    """What the table's columns mean, and what the figures were measured on."""
    conditions = figures[0].conditions
    fewest, most = min(f.runs for f in figures), max(f.runs for f in figures)
    runs = f"{most}" if fewest == most else f"{fewest} to {most}"
    lines = [
        f"{figures[0].run_on}, {runs} runs each; floor: an empty design; net: median - floor",
        ", ".join(f"{name} {value}" for name, value in conditions.items() if name != "device"),
    ]
    if figures[0].cycles is not None:
        lines.append("NPU est. and the rates are the emulator's estimate for an NPU at 1 GHz")
    lines += [
        f"{f.label}: memory banks held cores up for {f.bank_wait:,} cycles, all cores together"
        for f in figures
        if f.bank_wait
    ]
    if missing := [f.label for f in figures if f.ops is None]:
        lines.append(
            f'no GOP/s without `work = {{"ops": ...}}` or work(p) in the design:'
            f" {', '.join(missing)}"
        )
    return lines
