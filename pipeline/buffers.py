"""The host buffers of a design, as its author declares them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

ITEM_SIZE = {
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
}
"""Bytes of one element of each dtype that a buffer may have, by numpy's (ml_dtypes') name."""


@dataclass(frozen=True)
class Buffer:
    """One argument of the runtime sequence.

    Attributes:
        direction: "in" (the host writes it), "out" (the NPU does) or "inout"; "trace" of the one
            that the compiler adds for what trace units write.
        shape: elements a dimension; a plain number stands for one dimension.
        dtype: one of ITEM_SIZE's names.

    Raises:
        ValueError: for a dtype that is not known or a shape that is not positive.
    """

    direction: str
    shape: tuple[int, ...]
    dtype: str

    def __post_init__(self) -> None:
        if self.dtype not in ITEM_SIZE:
            raise ValueError(f"dtype {self.dtype!r} is none of {', '.join(ITEM_SIZE)}")
        if not self.shape or any(not isinstance(n, int) or n < 1 for n in self.shape):
            raise ValueError(f"shape {self.shape} must be positive whole numbers")

    @property
    def bytes(self) -> int:
        """Size of the buffer in bytes."""
        return prod(self.shape) * ITEM_SIZE[self.dtype]


def _buffer(direction: str, shape: int | tuple[int, ...], dtype: str) -> Buffer:
    return Buffer(direction, (shape,) if isinstance(shape, int) else tuple(shape), dtype)


def In(shape: int | tuple[int, ...], dtype: str) -> Buffer:  # noqa: N802 (reads as a type)
    """A buffer that the host fills and the NPU reads."""
    return _buffer("in", shape, dtype)


def Out(shape: int | tuple[int, ...], dtype: str) -> Buffer:  # noqa: N802
    """A buffer that the NPU fills and the host reads."""
    return _buffer("out", shape, dtype)


def InOut(shape: int | tuple[int, ...], dtype: str) -> Buffer:  # noqa: N802
    """A buffer that the host fills and the NPU both reads and overwrites."""
    return _buffer("inout", shape, dtype)
