"""Warnings: gathered where they arise, and those that are alike told once, with their number."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def collected() -> Iterator[list[str]]:
    """What is warned of meanwhile, in this process; it does not go to stderr by itself then.

    Yields:
        A list that fills with the texts, each once.
    """
    handler = _Collector(logging.WARNING)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.texts
    finally:
        root.removeHandler(handler)


class _Collector(logging.Handler):
    """Keeps what it is given, where logging would print it for want of a handler."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a record's text."""
        text = record.getMessage()
        if text not in self.texts:
            self.texts.append(text)


_WARNING = re.compile(r"(?=\S).*\bwarning\b", re.IGNORECASE)
_INCLUDED = "In file included from "


def apart(messages: str) -> list[str]:
    """A tool's output as its single warnings, each with the lines that belong to it."""
    found: list[list[str]] = []
    included = False
    for line in messages.splitlines():
        begins = not included and bool(line.startswith(_INCLUDED) or _WARNING.match(line))
        if begins or not found:
            found.append([])
        found[-1].append(line.rstrip())
        included = line.startswith(_INCLUDED)
    return [text for lines in found if (text := "\n".join(lines).strip())]


_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")
_PLACE = re.compile(r"^[^\n]+?:\d+(?::\d+)?: ")


FEW = 3
"""So many texts that are alike are told one by one."""


def counted(texts: Iterable[str]) -> list[str]:
    """Each text once; of many whose first lines differ in places and numbers alone the first.

    Returns:
        The texts, with a line behind one that stands for others.
    """
    alike: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        alike.setdefault(kind(text), []).append(text)
    return [text for found in alike.values() for text in _told(found)]


def _told(alike: list[str]) -> list[str]:
    if len(alike) <= FEW:
        return alike
    return [f"{alike[0]}\n  … and {len(alike) - 1} more like it"]


def kind(text: str) -> str:
    """What texts have in common that are alike."""
    return _NUMBER.sub("#", _PLACE.sub("", text.partition("\n")[0]))
