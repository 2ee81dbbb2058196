"""JSON as boost's property_tree writes it: every value is a string, and keys may repeat."""

from __future__ import annotations

from typing import Any

Tree = Any
"""str, a list of trees, a dict of trees, or Pairs."""


class Pairs:
    """An object whose keys may repeat, in order."""

    def __init__(self, *items: tuple[str, Tree]) -> None:
        self.items = items


_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def write(tree: Tree) -> str:
    """`tree` on one line, with the newline that boost puts behind it."""
    return _text(tree) + "\n"


def _text(tree: Tree) -> str:
    if isinstance(tree, str):
        return f'"{_escaped(tree)}"'
    if isinstance(tree, Pairs):
        return _object(tree.items)
    if isinstance(tree, dict):
        return _object(tuple(tree.items()))
    if not tree:
        return '""'
    return "[" + ",".join(map(_text, tree)) + "]"


def _object(items: tuple[tuple[str, Tree], ...]) -> str:
    if not items:
        return '""'
    return "{" + ",".join(f'"{_escaped(key)}":{_text(value)}' for key, value in items) + "}"


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(c) or (c if c >= " " else f"\\u{ord(c):04X}") for c in value)
