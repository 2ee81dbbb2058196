"""What the compiler says of a line that was rendered, said of the line that the author wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.designs import RENDERED, Variant
from pipeline.errors import shown

_HEAD = re.compile(r"(?P<file>[^\n]+?):(?P<line>\d+):(?P<column>\d+): (?P<said>[^\n]*)")

_BARE = rf"(?<![\w/.-]){re.escape(RENDERED)}"


@dataclass(frozen=True)
class _Place:
    """A place in the rendered design, and the author's."""

    rendered: str
    written: str
    line: int
    column: int

    def caret(self) -> list[str]:
        """The author's line, marked where it and the rendered one begin alike."""
        marker = "".join("\t" if c == "\t" else " " for c in self.written[: self.column - 1])
        return [f"  {self.written}", f"  {marker}^"]


def in_authors_file(variant: Variant, text: str) -> str:
    """An error or a warning (`file:line:column: ...`) with the place in the author's own file.

    The place in the rendered design follows as a note; what names no place there stays as it is.
    """
    head = _HEAD.match(text)
    if head is None or Path(head["file"]).name != RENDERED or variant.design.program is not None:
        return text
    place = _place(variant, int(head["line"]), int(head["column"]))
    source, file = shown(variant.design.source), Path(head["file"])
    rest = text[head.end() :].split("\n")[1:]
    if len(rest) > 1 and rest[1].strip() == "^":
        rest[:2] = place.caret()
    lines = [
        f"{source}:{place.line}:{place.column}: {head['said']}",
        *rest,
        f"  note: rendered as {shown(file)}:{head['line']}:{head['column']}: {place.rendered}",
    ]
    others = re.compile(rf"(?P<path>{re.escape(str(file))}|{_BARE}):(?P<line>\d+)(:\d+)?\b")

    def authors(found: re.Match[str]) -> str:
        name = source.name if found["path"] == RENDERED else source
        return f"{name}:{variant.rendered.template_line(int(found['line']))}"

    return "\n".join([others.sub(authors, "\n".join(lines[:-1])), lines[-1]])


def _place(variant: Variant, line: int, column: int) -> _Place:
    rendered = _line(variant.rendered.text, line)
    number = variant.rendered.template_line(line)
    written = _line(variant.design.source.read_text(encoding="utf-8"), number)
    if written[:column] != rendered[:column]:
        column = len(written) - len(written.lstrip()) + 1
    return _Place(rendered.strip(), written, number, column)


def _line(text: str, number: int) -> str:
    """A line of a text, counted from 1; none is empty."""
    lines = text.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""
