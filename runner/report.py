"""Verdict lines and the table at the end, as text; rich adds colour on a terminal only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from softnpu.warned import counted

if TYPE_CHECKING:
    from rich.table import Table

STYLES = {"PASS": "green", "FAIL": "bold red", "not judged": "yellow", "SKIPPED": "yellow"}


def verdict_lines(outcome: Mapping[str, Any]) -> list[str]:
    """One line for all runs that passed, one for each that did not, with details.

    Of several outputs that are wrong in the same way the first is told in full; the others with
    their first difference, and all with the file that holds the rest.

    Args:
        outcome: as `Outcome.as_json` gives it.
    """
    lines = []
    told = False
    for run in outcome["runs"]:
        if run["verdict"] != "PASS":
            seconds = run["seconds"]
            time = f"{seconds * 1000:8.1f} ms" if seconds is not None else ""
            line = f"{run['vector']:<10} {time:11}  {run['summary']}"
            lines.append(f"{run['verdict']:<10} {outcome['label']:<28} {line}")
            lines.extend(f"{_INDENT}{detail}" for detail in _details(run, brief=told))
            told = told or bool(run.get("mismatches"))
    if passed := [run for run in outcome["runs"] if run["verdict"] == "PASS"]:
        lines.append(f"{'PASS':<10} {outcome['label']:<28} {_passed(passed)}")
    lines.extend(_printed(outcome))
    if packets := outcome.get("trace_packets"):
        label = outcome["label"]
        lines.append(f"trace      {label:<28} {packets:,} packets: npuforge trace {label}")
    for text in counted(outcome["warnings"]):
        first, *rest = text.splitlines()
        lines.append(f"warning    {outcome['label']:<28} {first}")
        lines.extend(f"{_INDENT}{line}" for line in rest)
    return lines


_INDENT = " " * 11


LINES = 12
"""So many of what the cores print in a run are shown; the results hold all."""


def _printed(outcome: Mapping[str, Any]) -> Iterator[str]:
    """What cores have printed: in the first run that they did, and in those that did not pass."""
    printing = [run for run in outcome["runs"] if run.get("printed")]
    told = [run for run in printing if run is printing[0] or run["verdict"] != "PASS"]
    for run in told:
        lines = run["printed"]
        yield f"printed    {outcome['label']:<28} {run['vector']}"
        yield from (f"{_INDENT}{line}" for line in lines[:LINES])
        if (more := len(lines) - LINES) > 0:
            yield f"{_INDENT}… and {more} more, which its results (JSON) hold"
    if more := len(printing) - len(told):
        yield f"{_INDENT}… and in {more} other run{'s' * (more > 1)} that passed"


def _passed(runs: Sequence[Mapping[str, Any]]) -> str:
    vectors = "1 vector" if len(runs) == 1 else f"{len(runs)} vectors"
    return f"{vectors}, median {_median_ms(runs)} ms  {runs[0]['summary']}"


def _details(run: Mapping[str, Any], *, brief: bool) -> list[str]:
    mismatches = run.get("mismatches") or ()
    lines = [_first(m) for m in mismatches if m["differences"]] if brief and mismatches else []
    lines = lines or list(run["details"])
    images = list(_images(mismatches))
    if not run.get("file"):
        return lines
    if brief:
        return ["; ".join([*lines, f"see {run['file']}"]), *images]
    return [*lines, f"all of it: {run['file']}", *images]


def _images(mismatches: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for mismatch in mismatches:
        if "image" in mismatch:
            yield f"{mismatch['output']} as a picture: {mismatch['image']}"
        elif "image_error" in mismatch:
            yield f"{mismatch['output']} could not be drawn: {mismatch['image_error']}"


def _first(mismatch: Mapping[str, Any]) -> str:
    found = mismatch["differences"][0]
    index = ", ".join(map(str, found["index"]))
    return (
        f"{mismatch['output']}: first at {index}: expected {found['expected']}, got {found['got']}"
    )


def print_table(outcomes: Sequence[Mapping[str, Any]], stream: TextIO) -> None:
    """The table of all artifacts with their verdicts; on a terminal, what its screen can hold."""
    from rich.console import Console

    on_terminal = stream.isatty()
    console = Console(file=stream, highlight=False, width=None if on_terminal else 120)
    fits = not on_terminal or len(outcomes) + _OTHER_LINES <= console.height
    shown = [o for o in outcomes if fits or o["verdict"] != "PASS"]
    if shown:
        console.print(_table(shown, places=console.width >= _WIDE))
    if len(shown) < len(outcomes):
        console.print(f"{len(outcomes)} artifacts: {_counted(outcomes)}", markup=False)
    for line in hints(outcomes):
        console.print(line, markup=False)


_OTHER_LINES = 6
"""Around the table's rows: its head, what doit counts, the prompt."""


def _counted(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """E.g. "30 PASS, 1 FAIL"."""
    counts = Counter(outcome["verdict"] for outcome in outcomes)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in STYLES if counts[verdict])


_WIDE = 76
"""Columns of a terminal that has room for where each artifact ran."""


def _table(outcomes: Sequence[Mapping[str, Any]], *, places: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE)
    for name in ("design", *(("device", "run on") if places else ()), "verdict"):
        table.add_column(name, no_wrap=True)
    for name in ("runs", "median ms"):
        table.add_column(name, justify="right")
    for outcome in outcomes:
        skipped = outcome["verdict"] == "SKIPPED"
        passed = sum(run["verdict"] == "PASS" for run in outcome["runs"])
        table.add_row(
            outcome["label"],
            *((outcome["device"], outcome["run_on"]) if places else ()),
            Text(outcome["verdict"], style=STYLES[outcome["verdict"]]),
            "-" if skipped else f"{passed}/{len(outcome['runs'])}",
            _median_ms(outcome["runs"]),
        )
    return table


def _median_ms(runs: Iterable[Mapping[str, Any]]) -> str:
    median = median_seconds(runs)
    return "-" if median is None else f"{median * 1000:.1f}"


def median_seconds(runs: Iterable[Mapping[str, Any]]) -> float | None:
    """The median of the runs that completed, in seconds; None if none did."""
    times = sorted(run["seconds"] for run in runs if run["seconds"] is not None)
    return times[len(times) // 2] if times else None


def hints(outcomes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to do about designs that nothing judges."""
    return [
        f"{outcome['label']} is not judged: give it buffers(p) and reference(p, ...) in"
        f" mlir_templates/{outcome['label'].split('/')[0]}.py"
        for outcome in outcomes
        if outcome["verdict"] == "not judged"
    ]
