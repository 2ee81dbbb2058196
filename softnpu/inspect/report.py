"""A report: titles, facts and tables, printed as text or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from softnpu.errors import FormatError

Json = Any
"""str, int, bool, None, or a list or dict of such."""


@dataclass(frozen=True)
class Row:
    """One line of a table: what it says as text, and as data.

    Attributes:
        details: further lines of text.
        hidden: in the JSON only.
    """

    text: str
    data: Json
    details: tuple[str, ...] = ()
    hidden: bool = False


@dataclass
class Report:
    """One part of a report.

    Attributes:
        title: its headline.
        facts: (name, text, data) each a line.
        rows: a table's lines; `table` is its name in the JSON.
        indent: how far the details of rows stand in.
        nests: its parts stand in too, for they are reports of their own.
        troubles: what could not be read of it, and why.
    """

    title: str
    facts: list[tuple[str, str, Json]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    parts: list[Report] = field(default_factory=list)
    table: str = "rows"
    indent: int = 34
    nests: bool = False
    troubles: list[str] = field(default_factory=list)

    def fact(self, name: str, text: str, data: Json = None) -> None:
        """Adds a fact; its data is its text unless given."""
        self.facts.append((name, text, text if data is None else data))

    @contextmanager
    def noting_trouble(self, part: str = "") -> Iterator[None]:
        """A damaged part is told of, by its name, and what else there is, shown."""
        try:
            yield
        except FormatError as error:
            self.troubles.append(f"{part}: {error}" if part else str(error))

    @property
    def is_damaged(self) -> bool:
        """Whether it or one of its parts could not be read whole."""
        return bool(self.troubles) or any(part.is_damaged for part in self.parts)


_INDENT = "  "


def to_text(report: Report, level: int = 0) -> Iterator[str]:
    """The report as lines."""
    pad = _INDENT * level
    yield pad + report.title
    width = max((len(name) for name, _, _ in report.facts), default=0)
    for name, text, _ in report.facts:
        yield f"{pad}{_INDENT}{name + ':':<{width + 1}} {text}"
    for row in report.rows:
        if not row.hidden:
            yield pad + _INDENT + row.text
            yield from (pad + " " * report.indent + detail for detail in row.details)
    yield from (f"{pad}{_INDENT}damaged: {trouble}" for trouble in report.troubles)
    for part in report.parts:
        yield ""
        yield from to_text(part, level + report.nests)


def to_json(report: Report) -> Json:
    """The report as plain data."""
    data: dict[str, Json] = {"title": report.title}
    data.update({name.replace(" ", "_"): value for name, _, value in report.facts})
    if report.rows:
        data[report.table] = [row.data for row in report.rows]
    if report.troubles:
        data["damaged"] = report.troubles
    if report.parts:
        data["parts"] = [to_json(part) for part in report.parts]
    return data


def size(count: int) -> str:
    """A number of bytes, in words."""
    if count >= 1 << 20 and count % (1 << 10) == 0:
        return f"{count / (1 << 20):g} MiB"
    if count >= 1 << 10 and count % (1 << 10) == 0:
        return f"{count >> 10} KiB"
    return f"{count} byte{'' if count == 1 else 's'}"


def plural(count: int, noun: str) -> str:
    """ "1 operation", "2 operations"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
