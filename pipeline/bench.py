"""`doit bench`: how fast artifacts run, on the emulator or on the NPU."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.cmd_base import Command
from doit.exceptions import InvalidCommand

from pipeline.errors import PipelineError
from pipeline.options import (
    TOOLCHAIN_OPTIONS,
    PlainErrors,
    json_option,
    options_first,
    take_options,
)

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.benching import Place
    from pipeline.designs import Variant
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
    doc_usage = "[DESIGN | DESIGN/VARIANT ...]"
    doc_description = """
Without a name, measures every variant. The figures go into .npuforge/history.sqlite, which
`doit history` shows. Times are the host's, of a run without copies to and from its buffers; on
the emulator a run's cycles on the NPU are estimated, and rates are of these.
"""
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
        json_option("write the figures as JSON"),
        *TOOLCHAIN_OPTIONS,
    )

    def parse_execute(self, in_args: list[str]) -> Any:
        """Takes options behind names as well as before them."""
        return super().parse_execute(options_first(in_args, self.cmd_options))

    def execute(self, opt_values: Mapping[str, Any], pos_args: list[str]) -> int:
        """Returns 0 when everything was measured."""
        from pipeline.designs import discover
        from runner.bench.history import FILE

        names = take_options(opt_values, pos_args)
        variants = chosen(discover(Path()).variants, names)
        if code := _build(variants, quiet=opt_values["json"]):
            return code
        with _alone_on(opt_values["on"]):
            figures = _measure(variants, _place(opt_values), FILE)
        if opt_values["json"]:
            sys.stdout.write(f"{json.dumps([asdict(f) for f in figures], indent=1)}\n")
        elif figures:
            _show(figures, FILE)
        return 0 if len(figures) == len(variants) else 1


def chosen(variants: Iterable[Variant], names: Sequence[str]) -> list[Variant]:
    """The variants of those names: `<design>` for all of its own, or `<design>/<variant>`.

    Raises:
        InvalidCommand: nothing is called so.
    """
    from difflib import get_close_matches

    known = list(variants)
    if not names:
        return known
    found: dict[str, Variant] = {}
    for name in names:
        matching = {v.label: v for v in known if name in (v.label, v.design.name)}
        if not matching:
            near = get_close_matches(name, [n for v in known for n in (v.label, v.design.name)], 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InvalidCommand(f"there is no design or variant {name!r}{hint}")
        found.update(matching)
    return list(found.values())


def _build(variants: Iterable[Variant], *, quiet: bool) -> int:
    """Builds first: nothing else may run while times are taken."""
    tasks = [f"manifest:{variant.label}" for variant in variants]
    out = sys.stderr if quiet else None
    return subprocess.run(
        [sys.executable, "-m", "doit", *tasks], check=False, stdout=out
    ).returncode


def _alone_on(place: str) -> Any:
    from pipeline.checks import alone

    return alone(Path("build")) if place == "npu" else nullcontext()


def _place(options: Mapping[str, Any]) -> Place:
    from pipeline.benching import Place, surroundings
    from runner.bench.measure import Plan

    plan = Plan(options["warm-up"], max(options["iterations"], 1), options["seconds"])
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
    console.print(f"kept in {history}; doit history shows the course", markup=False)


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
    if missing := [f.label for f in figures if f.ops is None]:
        lines.append(
            f'no GOP/s without `work = {{"ops": ...}}` or work(p) in the design:'
            f" {', '.join(missing)}"
        )
    return lines
