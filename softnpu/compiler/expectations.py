"""`// expected-error {{...}}` comments of a design, and whether they come true.

As MLIR's -verify-diagnostics reads them: `@+1`, `@-2`, `@below`, `@above` or `@12` move a comment
to another line. The first error ends a case here, so others that are expected behind it count as
met when the first was.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from softnpu.errors import DesignError, ToolError

_EXPECTED = re.compile(
    r"expected-(error|warning|note|remark)(-re)?\s*"
    r"(?:@(\+\d+|-\d+|above|below|unknown|\d+))?\s*(\d+)?\s*\{\{(.*?)\}\}"
)
_PLACE = re.compile(r":(\d+):\d+: (error|warning): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Expectation:
    """A message that a design expects, and where; line None: anywhere."""

    kind: str
    line: int | None
    text: str
    pattern: bool


@dataclass(frozen=True)
class Message:
    """A message that came."""

    kind: str
    line: int | None
    text: str


def expectations(text: str, before: int = 0) -> list[Expectation]:
    """What a design expects; `before` lines of its file stand before it."""
    found: list[Expectation] = []
    lines = text.splitlines()
    for number, content in enumerate(lines, 1):
        for kind, pattern, place, _, quoted in _EXPECTED.findall(content):
            line = _line(place, number, lines)
            line = None if line is None else line + before
            found.append(Expectation(kind, line, quoted, bool(pattern)))
    return found


def _line(place: str, number: int, lines: Sequence[str]) -> int | None:
    if place == "unknown":
        return None
    if place in ("above", "below"):
        step = 1 if place == "below" else -1
        number += step
        while 0 < number <= len(lines) and "expected-" in lines[number - 1]:
            number += step
        return number
    if place.startswith(("+", "-")):
        return number + int(place)
    return int(place) if place else number


@dataclass
class Report:
    """The errors and warnings of one run."""

    messages: list[Message] = field(default_factory=list)

    def add_error(self, error: DesignError) -> None:
        """Note the error that ended the run."""
        line = None if error.location is None else error.location.line
        self.messages.append(Message("error", line, error.message))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take note of warnings while the block runs, instead of printing them."""
        handler = _Collector(self.messages)
        log = logging.getLogger("softnpu")
        propagates, log.propagate = log.propagate, False
        log.addHandler(handler)
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.propagate = propagates

    def compare(self, expected: Sequence[Expectation], *, exact: bool) -> None:
        """Raise ToolError if what came is not what was expected, in place and, `exact`, in words.

        Notes and remarks are not held against anything: ours are others.
        """
        wanted = [one for one in expected if one.kind in ("error", "warning")]
        unmet = [one for one in wanted if not any(_fits(one, m, exact) for m in self.messages)]
        errors = [m for m in self.messages if m.kind == "error"]
        surprising = [m for m in errors if not any(_fits(one, m, exact) for one in wanted)]
        if errors and not surprising:
            unmet = [one for one in unmet if one.kind != "error"]
        lines = [f"line {one.line}: expected {one.kind} '{one.text}' did not come" for one in unmet]
        lines += [f"line {m.line}: unexpected {m.kind}: {m.text}" for m in surprising]
        if lines:
            raise ToolError("\n".join(lines))


def _fits(expected: Expectation, message: Message, exact: bool) -> bool:
    if expected.kind != message.kind or expected.line not in (None, message.line):
        return False
    if not exact:
        return True
    if expected.pattern:
        pattern = re.sub(r"\{\{(.*?)\}\}", r"(?:\1)", expected.text)
        return re.search(pattern, message.text) is not None
    return expected.text in message.text


class _Collector(logging.Handler):
    def __init__(self, messages: list[Message]) -> None:
        super().__init__()
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        place = _PLACE.search(record.getMessage())
        if place is not None:
            line, kind, text = place.groups()
            self._messages.append(Message(kind, int(line), text))
