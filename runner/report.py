"""Verdict lines and the table at the end, as text; rich adds colour on a terminal only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.table import Table

STYLES = {"PASS": "green", "FAIL": "bold red", "not judged": "yellow", "SKIPPED": "yellow"}


def verdict_lines(outcome: Mapping[str, Any]) -> list[str]:
    """One line a run, and the details of those that failed or that nothing judged.

    Args:
        outcome: as `Outcome.as_json` gives it.
    """
    lines = []
    for run in outcome["runs"]:
        milliseconds = run["seconds"] * 1000
        lines.append(
            f"{run['verdict']:<10} {outcome['label']:<28} {run['vector']:<10}"
            f" {milliseconds:8.1f} ms  {run['summary']}"
        )
        lines.extend(f"           {detail}" for detail in run["details"])
    lines.extend(f"warning    {outcome['label']:<28} {text}" for text in outcome["warnings"])
    return lines


def print_table(outcomes: Sequence[Mapping[str, Any]], stream: TextIO) -> None:
    """The table of all artifacts with their verdicts."""
    from rich.console import Console

    console = Console(file=stream, highlight=False, width=None if stream.isatty() else 120)
    console.print(_table(outcomes))
    for line in hints(outcomes):
        console.print(line, markup=False)


def _table(outcomes: Sequence[Mapping[str, Any]]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE)
    for name in ("design", "device", "run on", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in ("runs", "median ms"):
        table.add_column(name, justify="right")
    for outcome in outcomes:
        skipped = outcome["verdict"] == "SKIPPED"
        passed = sum(run["verdict"] == "PASS" for run in outcome["runs"])
        table.add_row(
            outcome["label"],
            outcome["device"],
            outcome["run_on"],
            Text(outcome["verdict"], style=STYLES[outcome["verdict"]]),
            "-" if skipped else f"{passed}/{len(outcome['runs'])}",
            "-" if skipped else f"{_median(run['seconds'] for run in outcome['runs']) * 1000:.1f}",
        )
    return table


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def hints(outcomes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to do about designs that nothing judges."""
    return [
        f"{outcome['label']} is not judged: give it buffers(p) and reference(p, ...) in"
        f" mlir_templates/{outcome['label'].split('/')[0]}.py"
        for outcome in outcomes
        if outcome["verdict"] == "not judged"
    ]
