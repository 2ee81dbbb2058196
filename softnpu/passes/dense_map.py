"""The order in which LLVM's `DenseMap` and `DenseSet` give what they hold.

mlir-aie walks such maps where the order decides something. Since LLVM 23 they are tables with
linear probing (llvm/ADT/DenseMap.h, DenseMapInfo.h), walked from bucket to bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

K = TypeVar("K")

SMALLEST = 64
"""Buckets of a table that holds anything."""
MASK32, MASK64 = (1 << 32) - 1, (1 << 64) - 1
MIXER = 0xBF58476D1CE4E5B9


def _mix(value: int) -> int:
    value = value * MIXER & MASK64
    return (value ^ value >> 31) & MASK32


def hash_size(value: int) -> int:
    """The hash of a `size_t`."""
    return _mix(value)


def hash_tile(tile: tuple[int, int]) -> int:
    """The hash of mlir-aie's `TileID` of a (col, row)."""
    col, row = (number * 37 & MASK32 for number in tile)
    return _mix(col << 32 | row)


def dense_order(keys: Iterable[K], hash_of: Callable[[K], int]) -> list[K]:
    """The keys as a walk over the map meets them, after they were put into it in their order."""
    table: list[K | None] = []
    for count, key in enumerate(dict.fromkeys(keys), 1):
        if count * 4 >= len(table) * 3:
            table = _grown(table, hash_of)
        _put(table, key, hash_of)
    return [key for key in table if key is not None]


def _grown(table: list[K | None], hash_of: Callable[[K], int]) -> list[K | None]:
    grown: list[K | None] = [None] * max(SMALLEST, 2 * len(table))
    for key in table:
        if key is not None:
            _put(grown, key, hash_of)
    return grown


def _put(table: list[K | None], key: K, hash_of: Callable[[K], int]) -> None:
    bucket = hash_of(key) % len(table)
    while table[bucket] is not None:
        bucket = (bucket + 1) % len(table)
    table[bucket] = key
