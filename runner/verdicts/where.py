"""Where errors lie: in which rows, tiles or objects of a fifo, and at which places in them.

A fault of the design shows in the pattern: all from one object on is a transfer that ended early
or a lock that went wrong, every second object is a ping or pong buffer, the same place in each is
the kernel's loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LISTED = 8
"""So many numbers are listed at most."""

OBJECT = "object"
"""What a fifo carries, as a piece of an output."""

TILE_SIZES = (64, 32, 16, 8, 4)
"""Edges of the square tiles that errors of a matrix are looked for in, in elements."""

DENSE = 0.9
"""The part of a tile's elements that are wrong when the tile as a whole is."""


@dataclass(frozen=True)
class Unit:
    """A way to cut an output into pieces of one size.

    Attributes:
        name: of one piece: "row", "object of out".
        size: elements a piece.
    """

    name: str
    size: int

    @property
    def noun(self) -> str:
        """What stands before a number: "object"."""
        return self.name.partition(" of ")[0]


def places(wrong: Array, objects: Sequence[Unit] = ()) -> Iterator[str]:
    """Says where errors lie, a line for each way to see it that says something.

    Args:
        wrong: booleans in the output's shape.
        objects: the sizes of what the array's fifos carry.
    """
    flat = wrong.reshape(-1)
    if not flat.any() or flat.all():
        return
    for unit in dict.fromkeys((*objects, *_rows(wrong))):
        if 1 < unit.size < flat.size and flat.size % unit.size == 0:
            yield from _in_pieces(flat.reshape(-1, unit.size), unit)
    if wrong.ndim >= 2:
        yield from _in_tiles(wrong.reshape(-1, wrong.shape[-1]))


def _rows(wrong: Array) -> Iterator[Unit]:
    if wrong.ndim >= 2:
        yield Unit("row", wrong.shape[-1])
    if wrong.ndim >= 3:
        yield Unit("matrix", prod(wrong.shape[-2:]))


def _in_pieces(pieces: Array, unit: Unit) -> Iterator[str]:
    bad = np.asarray(pieces.any(axis=1))
    which = pattern(bad, unit.noun)
    within = _within(pieces[bad])
    if which or within:
        size = f"{unit.size} elements each"
        some = f"in {bad.sum()} of {len(bad)}" if not bad.all() else f"in all {len(bad)}"
        yield f"by {unit.name} ({size}): {which or some}{within}"


def pattern(bad: Array, name: str) -> str:
    """Which of a row of pieces are bad, in words; "" when all are, or no rule shows."""
    indices = np.flatnonzero(bad)
    count, first, last = len(indices), int(indices[0]), int(indices[-1])
    if count == len(bad):
        return ""
    if count == 1:
        return f"only {name} {first} of {len(bad)}"
    if last - first + 1 == count:
        if last == len(bad) - 1:
            return f"all of {name} {first} onwards (of {len(bad)})"
        return f"{name} {first} to {last} of {len(bad)}"
    if step := _step(indices, len(bad)):
        often = step == 2 and name == OBJECT
        hint = ": often a fault of one of two buffers (ping and pong)" if often else ""
        return f"every {_ORDINALS.get(step, f'{step}th')} {name}, from {first} on{hint}"
    if count > LISTED and count > len(bad) / 2:
        return ""
    listed = ", ".join(str(i) for i in indices[:LISTED])
    more = ", ..." if count > LISTED else ""
    return f"{count} of {len(bad)}: {name} {listed}{more}"


_ORDINALS = {2: "second", 3: "third"}


def _step(indices: Array, count: int) -> int:
    """The distance of pieces that are bad at regular intervals to the end; 0 if they are not."""
    steps = np.diff(indices)
    step = int(steps[0])
    regular = (steps == step).all() and indices[0] < step and indices[-1] + step >= count
    return step if regular else 0


def _within(pieces: Array) -> str:
    """At which places of the bad pieces errors lie, when these are few and much alike in all."""
    places = np.asarray(pieces.any(axis=0))
    if places.all() or (len(pieces) > 1 and not (pieces == places).mean() > DENSE):
        return ""
    indices = np.flatnonzero(places)
    first, last, size = int(indices[0]), int(indices[-1]), len(places)
    of = "of each" if pieces[:, places].all() else "of them"
    if len(indices) == 1:
        return f", at {'the last place' if first == size - 1 else 'place'} {first} {of}"
    if last - first + 1 != len(indices):
        return ""
    if last == size - 1:
        return f", from place {first} {of} on"
    return f", at places {first} to {last} {of}"


def _in_tiles(wrong: Array) -> Iterator[str]:
    """Square tiles of a matrix that are wrong as a whole, if errors lie in such."""
    rows, columns = wrong.shape
    for size in TILE_SIZES:
        if rows % size or columns % size or min(rows, columns) <= size:
            continue
        tiles = wrong.reshape(rows // size, size, columns // size, size).mean(axis=(1, 3))
        bad = tiles > 0
        if bad.all() or tiles[bad].mean() < DENSE:
            continue
        found = [f"({r}, {c})" for r, c in np.argwhere(bad)[:LISTED]]
        more = ", ..." if bad.sum() > LISTED else ""
        yield f"by tile of {size}x{size}: {int(bad.sum())} of {bad.size}: {', '.join(found)}{more}"
        return
