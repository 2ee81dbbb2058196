"""How two values differ: dataclasses, lists, dicts and JSON, down to the fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import zip_longest
from typing import Any

from softnpu.inspect.diff.difference import Difference, first_byte

_LONGEST = 200
"""Characters of a value that are shown."""
_DEEPEST = 50
_SHORT = 64
"""Bytes of two values that are shown whole."""


def value_differences(place: str, old: Any, new: Any, depth: int = 0) -> Iterator[Difference]:
    """Differences of two values of the same meaning, each with its path behind `place`.

    Items of lists are matched by their `name` where all have one of their own, else by position.
    """
    if type(old) is type(new) and old == new:
        return
    if depth == _DEEPEST:
        yield Difference(place, "…", "…")
    elif isinstance(old, bytes) and isinstance(new, bytes) and len(old) + len(new) > _SHORT:
        yield first_byte(old, new).within(place)
    elif is_dataclass(old) and type(old) is type(new):
        yield from _members(place, _fields(old), _fields(new), depth)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _members(place, old, new, depth)
    elif isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        yield from _items(place, old, new, depth)
    else:
        yield Difference(place, shown(old), shown(new))


def _fields(value: Any) -> dict[str, Any]:
    return {field.name.replace("_", " "): getattr(value, field.name) for field in fields(value)}


def _members(
    place: str, old: Mapping[Any, Any], new: Mapping[Any, Any], depth: int
) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        path = f"{place} {key}".strip()
        if key not in new:
            yield Difference(path, shown(old[key]), None)
        elif key not in old:
            yield Difference(path, None, shown(new[key]))
        else:
            yield from value_differences(path, old[key], new[key], depth + 1)


def _items(place: str, old: Sequence[Any], new: Sequence[Any], depth: int) -> Iterator[Difference]:
    names = [_by_name(old), _by_name(new)]
    if names[0] is not None and names[1] is not None:
        yield from _members(place, names[0], names[1], depth)
        return
    for number, (mine, other) in enumerate(zip_longest(old, new, fillvalue=_NOTHING)):
        path = f"{place} {number}".strip()
        if other is _NOTHING:
            yield Difference(path, shown(mine), None)
        elif mine is _NOTHING:
            yield Difference(path, None, shown(other))
        else:
            yield from value_differences(path, mine, other, depth + 1)


_NOTHING = object()


def _by_name(items: Sequence[Any]) -> dict[str, Any] | None:
    """The items by name; None if one has none or two have the same."""
    found = {}
    for item in items:
        name = item.get("name") if isinstance(item, Mapping) else getattr(item, "name", None)
        if not isinstance(name, str):
            return None
        found[name] = item
    return found if len(found) == len(items) else None


def shown(value: Any) -> str:
    """A value as text of bounded length."""
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
