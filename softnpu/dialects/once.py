"""A parser that reads texts which mean the same wherever they stand once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from xdsl.parser import Parser

T = TypeVar("T")

PLAIN_TYPE = re.compile(r"(?:i[0-9]+|index)(?![\w$.])|memref<[0-9x]*(?:i[0-9]+|bf16|f32)>")
"""Types that need no alias, and end where they end in any text."""

PLAIN_DICTIONARY = re.compile(r"\{[^{}\"#!/]*\}")
"""Attributes without strings, aliases, and others inside."""

PLAIN_NUMBERS = re.compile(r"\[ *-?[0-9]+ *(?:, *-?[0-9]+ *)*\]")
"""A list of numbers."""


PLAIN_SYMBOL = re.compile(r"@[A-Za-z_][\w$]*(?![\w$.:-])", re.ASCII)
"""A symbol that is named from where it stands in, whose name ends where it ends in any text."""


class OnceParser(Parser):
    """xDSL's parser with a memory of what texts were read as."""

    _read: dict[tuple[re.Pattern[str], str], Any]

    def read_once(self, form: re.Pattern[str], parse: Callable[[], T]) -> T:
        """What `parse` reads at the parser's token; of a form that means the same wherever it
        stands, each text is parsed when it is met first."""
        written = form.match(self.lexer.input.content, self._current_token.span.start)
        if written is None:
            return parse()
        key = form, written[0]
        if key in self._read:
            self._resume_from(written.end())
        else:
            self._read[key] = parse()
        found: T = self._read[key]
        return found
