"""Whether an output holds the right values in the wrong places: an index that is off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

NEAR = 16
"""So far an index is looked for; rows and objects of fifos beside that."""

ALIKE = 0.9
"""The part of the elements that must be another's value."""

DISTINCT = 8
"""Fewer values than that agree with their neighbours by chance."""

LOOKED_AT = 1 << 16
"""Elements that are compared, from the first on."""


def displaced(got: Array, expected: Array, distances: Iterable[int] = ()) -> Iterator[str]:
    """Says by how much the output is displaced, if it is.

    Args:
        got, expected: of the same shape, and for the most part different.
        distances: further ones to look for, in elements: of a row, of an object.
    """
    g = got.reshape(-1)[:LOOKED_AT]
    with np.errstate(over="ignore", invalid="ignore"):
        e = expected.reshape(-1)[:LOOKED_AT].astype(got.dtype)
    if len(np.unique(e)) < DISTINCT:
        return
    for distance in dict.fromkeys((*range(1, NEAR + 1), *distances)):
        if not 0 < distance <= len(g) // 2:
            continue
        for where, same in (
            ("further on", g[:-distance] == e[distance:]),
            ("further back", g[distance:] == e[:-distance]),
        ):
            if same.mean() >= ALIKE:
                elements = "element" if distance == 1 else "elements"
                yield (
                    f"got is what was expected {distance} {elements} {where}, at {same.sum()} of"
                    f" {len(same)} places: as if an index or an offset were off by {distance}"
                )
                return
