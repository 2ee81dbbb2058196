"""One exception class a layer, each a part of the interface.

A message says what was expected, what was found, where, and what to do.
Anything else that escapes from softnpu is a bug of softnpu.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class SoftnpuError(Exception):
    """Base of every error that softnpu raises on purpose."""


@dataclass(frozen=True)
class SourceLocation:
    """A place in a text file; line and column count from 1."""

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SourceError(SoftnpuError):
    """A source that cannot be compiled as it stands.

    Attributes:
        message: one sentence in the author's own names.
        location: where in the source, if known.
        notes: further facts and the remedy, one string a line.
    """

    def __init__(
        self,
        message: str,
        location: SourceLocation | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.notes = notes

    def __str__(self) -> str:
        return diagnostic("error", self.message, self.location, self.notes)


class DesignError(SourceError):
    """An MLIR design that cannot be compiled."""


class AssemblyError(SourceError):
    """Assembly text that cannot be assembled."""


class FormatError(SoftnpuError):
    """Bytes that are not what their format asks for; the message names the offset."""


class ToolError(SoftnpuError):
    """A program that softnpu runs (the stand-in compiler) failed; its output is in the message."""


class EmulatorError(SoftnpuError):
    """The array was asked for something that it refuses, does not model, or cannot finish."""


MALFORMED_JSON = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)
"""What comes of reading a JSON file that says something else than was expected, or is none."""


def in_short(error: Exception) -> str:
    """An exception's class and message; `repr` shows all of a text that cannot be decoded."""
    return f"{type(error).__name__}: {error}"


def of_the_system(error: OSError) -> str:
    """What went wrong with which file; not every error of Python's own library has both."""
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename else what


def diagnostic(
    severity: str, message: str, location: SourceLocation | None, notes: tuple[str, ...] = ()
) -> str:
    """A message with its place, the source line with a caret, and notes: one string."""
    where = f"{location}: " if location else ""
    lines = [f"{where}{severity}: {message}"]
    if location and (caret := _caret(location)):
        lines.append(caret)
    lines.extend(f"  note: {note}" for note in notes)
    return "\n".join(lines)


def _caret(location: SourceLocation) -> str | None:
    """The source line with a caret below the column, or None when the file is gone."""
    try:
        line = location.file.read_text().splitlines()[location.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return None
    marker = "".join("\t" if c == "\t" else " " for c in line[: location.column - 1])
    return f"  {line}\n  {marker}^"
