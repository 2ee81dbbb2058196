"""`npuforge history`: how the times of artifacts went from commit to commit."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.cmd_base import Command

from pipeline.naming import HELP
from pipeline.options import PlainErrors, json_option, options_first
from runner import labels

if TYPE_CHECKING:
    from rich.table import Table

    from runner.bench.history import Figure
    from runner.bench.trend import Point

CYCLES_PER_MS = 1_000_000
"""Of the emulator's estimate, which is for 1 GHz."""

PLOT_WIDTH, PLOT_HEIGHT = 78, 14


class History(PlainErrors, Command):  # type: ignore[misc]
    """Shows what `npuforge bench` kept; a slowdown beyond noise is flagged at its commit."""

    name = "history"
    doc_purpose = "show how fast artifacts ran over time, and what became slower"
    doc_usage = "[NAME ...]"
    doc_description = f"""
With a name, shows each commit's figures and a plot; without, one line for each artifact. The exit
code is 1 when the latest commit of one of them is slower than the one before.
{HELP}"""
    cmd_options = (json_option("write all figures as JSON"),)

    def parse_execute(self, in_args: list[str]) -> Any:
        """Takes options behind names as well as before them."""
        return super().parse_execute(options_first(in_args, self.cmd_options))

    def execute(self, opt_values: Mapping[str, Any], pos_args: list[str]) -> int:
        """Returns 1 when something has become slower."""
        from runner.bench.history import FILE, load
        from runner.bench.trend import course, groups

        figures = _of(load(FILE), pos_args)
        if opt_values["json"]:
            sys.stdout.write(f"{json.dumps([asdict(f) for f in figures], indent=1)}\n")
            return 0
        if not figures:
            names = " ".join(pos_args)
            told = f"nothing of {names}" if names else "nothing"
            sys.stdout.write(f"{told} in {FILE}; npuforge bench {names}".rstrip() + " measures\n")
            return 0
        courses = {key: course(found) for key, found in groups(figures).items()}
        if pos_args:
            for (label, run_on), points in courses.items():
                _print(commits(points), f"{label} on {run_on}")
                sys.stdout.write(plot(points))
        else:
            _print(overview(courses), "")
        return int(any(points[-1].slower for points in courses.values()))


def _of(figures: Sequence[Figure], names: Sequence[str]) -> Sequence[Figure]:
    """The figures of what names stand for: designs that there are, and those that there were.

    Raises:
        UnknownNameError: one of them stands for nothing.
    """
    from pipeline.discovery import discover

    if not names:
        return figures
    found = discover(Path())
    known = [*(v.label for v in found.variants), *found.broken, *(f.label for f in figures)]
    meant = labels.chosen(names, dict.fromkeys(known))
    return [figure for figure in figures if figure.label in meant]


def _print(table: Table, title: str) -> None:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=None if terminal else 120)
    if title:
        console.print(title, style="bold")
    console.print(table)


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for column in columns:
        right = column.endswith("ms") or column in ("cycles", "runs")
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    return table


def commits(points: Sequence[Point]) -> Table:
    """A row for each commit of one artifact."""
    table = _table("when", "commit", "runs", "median ms", "MAD ms", "cycles", "")
    for point in points:
        f = point.figure
        cycles = "-" if f.cycles is None else f"{f.cycles:,}"
        times = (f"{f.median * 1e3:.3f}", f"{f.mad * 1e3:.3f}")
        table.add_row(
            f.at[:16].replace("T", " "), f.commit, str(f.runs), *times, cycles, _flag(point)
        )
    return table


def overview(courses: Mapping[tuple[str, str], Sequence[Point]]) -> Table:
    """A row for each artifact: its first and its latest commit, and the course between.

    Times on the emulator are its estimate for the NPU.
    """
    table = _table("design", "run on", "first ms", "latest ms", "course", "")
    for (label, run_on), points in courses.items():
        times = [milliseconds(point.figure) for point in points]
        shown = [f"{time:.3f}" for time in (times[0], times[-1])]
        slower = next((p for p in reversed(points) if p.slower), None)
        flag = _flag(slower) + f" at {slower.figure.commit}" if slower else ""
        table.add_row(label, run_on, *shown, sparkline(times), flag)
    return table


def milliseconds(figure: Figure) -> float:
    """A run's time on the NPU: measured there, or as the emulator estimates it."""
    return figure.median * 1e3 if figure.cycles is None else figure.cycles / CYCLES_PER_MS


def _flag(point: Point) -> str:
    return f"SLOWER: {point.slower}" if point.slower else ""


BARS = "▁▂▃▄▅▆▇█"
POINTS = 32


def sparkline(values: Sequence[float]) -> str:
    """The latest values as bars from the smallest to the largest."""
    latest = values[-POINTS:]
    low, high = min(latest), max(latest)
    span = (high - low) or 1.0
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] for value in latest)


def plot(points: Sequence[Point]) -> str:
    """Medians by commit, the slower ones marked; "" for a single commit."""
    if len(points) < 2:
        return ""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(PLOT_WIDTH, PLOT_HEIGHT)
    places = list(range(len(points)))
    times = [milliseconds(point.figure) for point in points]
    plotext.plot(places, times, marker="braille")
    if slower := [i for i, point in enumerate(points) if point.slower]:
        plotext.scatter(slower, [times[i] for i in slower], marker="x")
    plotext.ylim(0, max(times) * 1.1)
    plotext.xticks(places, [point.figure.commit[:7] for point in points])
    what = "estimated ms on the NPU" if points[-1].figure.cycles else "median ms"
    plotext.title(f"{what} by commit" + (", x: slower beyond noise" if slower else ""))
    return f"{plotext.uncolorize(plotext.build())}\n"
