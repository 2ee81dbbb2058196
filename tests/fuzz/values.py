"""Elements of streams and buffers, by the names that MLIR has for their types."""

from __future__ import annotations

import numpy as np

BYTES = {"i8": 1, "i16": 2, "i32": 4, "f32": 4}
NUMPY = {"i8": np.int8, "i16": np.int16, "i32": np.int32, "f32": np.float32}
POISON = 0xA5
"""The byte that stands where nothing is to be written."""


def per_word(dtype: str) -> int:
    """Elements in a stream's word."""
    return 4 // BYTES[dtype]


def numbered(tag: int, count: int, dtype: str) -> np.ndarray:
    """Elements that tell where they come from: different tags, different numbers."""
    numbers = tag * 10007 + np.arange(count) * (1 if dtype == "i32" else 7)
    if dtype == "f32":
        return (numbers % 4001 - 2000).astype(np.float32)
    return numbers.astype(np.int64).astype(NUMPY[dtype])


def filled(count: int, dtype: str, byte: int) -> np.ndarray:
    """Elements all of whose bytes are `byte`."""
    return np.full(count * BYTES[dtype], byte, np.uint8).view(NUMPY[dtype])


def poison(count: int, dtype: str) -> np.ndarray:
    """What stands in the host's memory where nothing is to be written."""
    return filled(count, dtype, POISON)
