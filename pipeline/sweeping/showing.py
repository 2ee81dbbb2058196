"""A sweep's rows as a table, as CSV, and as a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.sweeping.results import Row
from pipeline.sweeping.settings import told
from runner.launch import NPU

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = ("verdict", "ms", "floor_ms", "net_ms", "gops", "core_memory", "program", "reason")


def record(row: Row) -> dict[str, Any]:
    """A row by names of columns: parameters first, then COLUMNS."""
    found = (row.milliseconds, row.floor, row.net, row.gops, row.core_memory, row.program)
    return {**row.setting, **dict(zip(COLUMNS, (row.verdict, *found, row.reason), strict=True))}


def as_csv(rows: Sequence[Row]) -> str:
    """All rows, with a heading; what is not known is empty."""
    out = io.StringIO()
    names = [*(rows[0].setting if rows else ()), *COLUMNS]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(record, rows))
    return out.getvalue()


def line(row: Row) -> str:
    """A row in a line: "n=128 tile=16  PASS  0.412 ms"."""
    what = row.reason if row.milliseconds is None else f"{row.milliseconds:.3f} ms"
    return f"{told(row.setting)}  {row.verdict}  {what}".rstrip()


def table(rows: Sequence[Row], run_on: str) -> Table:
    """All rows, the fastest marked; why a setting is impossible stands in the last column."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE)
    for name in rows[0].setting:
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("verdict", no_wrap=True)
    for name in ("ms" if run_on == NPU else "NPU est. ms", "floor", "net", "GOP/s"):
        shown.add_column(name, justify="right", no_wrap=True)
    for name in ("core bytes", "program"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("why", overflow="fold")
    best = fastest(rows)
    for row in rows:
        numbers = (row.milliseconds, row.floor, row.net, row.gops)
        shown.add_row(
            *(str(value) for value in row.setting.values()),
            Text(row.verdict, style=_STYLES.get(row.verdict, "")),
            *("" if number is None else f"{number:.3f}" for number in numbers),
            *("" if size is None else f"{size:,}" for size in (row.core_memory, row.program)),
            Text(row.reason or ("fastest" if row is best else "")),
            style="bold" if row is best else "",
        )
    return shown


_STYLES = {"PASS": "green", "FAIL": "red", "ERROR": "red", "impossible": "dim"}


def fastest(rows: Iterable[Row]) -> Row | None:
    """The row of the least time above the dispatch floor, of those that passed."""
    passed = [row for row in rows if row.net is not None]
    return min(passed, key=lambda row: row.net or 0.0) if passed else None


def plot(rows: Sequence[Row], values: Mapping[str, Sequence[Any]], title: str) -> str:
    """The net time by the first parameter that varies, a line for each value of the second and a
    panel for each of the third, as SVG; "" where nothing has a time."""
    from pipeline.report.plots import standing_alone

    varying = [name for name, several in values.items() if len(several) > 1] or list(values)
    found = [record(row) for row in rows if row.net is not None]
    if not found:
        return ""
    first, *others = varying
    numeric = all(isinstance(one[first], (int, float)) for one in found)
    encoding: dict[str, Any] = {
        "x": {"field": first, "type": "quantitative" if numeric else "nominal"},
        "y": {"field": "net_ms", "type": "quantitative", "title": "ms above the floor"},
    }
    for name, channel in zip(others, ("color", "row", "column"), strict=False):
        encoding[channel] = {"field": name, "type": "nominal"}
    return standing_alone(
        {
            "title": title,
            "width": 480,
            "data": {"values": found},
            "mark": {"type": "line", "point": True} if numeric else "point",
            "encoding": encoding,
        }
    )
