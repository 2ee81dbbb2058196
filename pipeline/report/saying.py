"""What was said of a fault, as the page shows it: a line that is too long goes on below itself."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from softnpu.terminal import drawn


def said(text: str) -> Markup:
    """A message line by line: `--in` is a line's indentation, to which it comes back where it is
    too long; of class "drawn" are those that stand below each other as they are."""
    return Markup("").join(_lines(text.splitlines()))


def _lines(lines: list[str]) -> Iterator[Markup]:
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        indent = len(line) - len(line.lstrip())
        if drawn(line, below):
            yield Markup('<span class="drawn">{}\n</span>').format(line)
        else:
            yield Markup('<span style="--in:{}">{}\n</span>').format(indent, line)
