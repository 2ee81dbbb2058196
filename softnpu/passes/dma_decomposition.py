"""Accesses that a descriptor's fields do not hold, as several that they do.

What is sent must come in the same order: a dimension may be cut into two that follow one another,
or the outermost into ranges, each a transfer of its own (mlir-aie, DmaDecomposition.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from xdsl.ir import Operation

from softnpu.arch.dma import DmaEngine
from softnpu.errors import DesignError
from softnpu.passes.access_pattern import DIMENSIONS, ITERATION, WORD_BITS, AccessPattern


@dataclass(frozen=True)
class Slice:
    """A part of an access; all lists innermost first.

    Attributes:
        offsets: steps of each dimension before its first element.
    """

    pattern: AccessPattern
    offsets: tuple[int, ...] = (0,) * DIMENSIONS

    @property
    def start(self) -> int:
        """Elements from the start of the whole access."""
        pairs = zip(self.offsets, self.pattern.strides, strict=True)
        return sum(offset * stride for offset, stride in pairs)

    def fits(self, op: Operation, engine: DmaEngine) -> bool:
        """Whether one descriptor does it."""
        try:
            self.pattern.check(op, engine, as_run=False)
        except DesignError:
            return False
        return True


def decompose(op: Operation, whole: Slice, engine: DmaEngine) -> list[Slice]:
    """The transfers that make up an access, in order; none where it fits, or where no way leads
    to it."""
    if whole.pattern.is_linear or whole.fits(op, engine):
        return []
    return _parts(op, whole, engine) or []


def _parts(op: Operation, whole: Slice, engine: DmaEngine) -> list[Slice] | None:
    if whole.fits(op, engine):
        return [whole]
    sizes = whole.pattern.sizes
    outermost = next((d for d in reversed(range(DIMENSIONS)) if sizes[d] > 1), None)
    if outermost is None:
        return None
    if sizes[ITERATION] == 1:
        for factored in _factored(whole):
            parts = _parts(op, factored, engine)
            if parts is not None:
                return parts
    return _ranges(op, whole, outermost, engine)


def _factored(whole: Slice) -> Iterator[Slice]:
    """One dimension as two, the larger inner part first; the ones above it move up."""
    sizes, strides = whole.pattern.sizes, whole.pattern.strides
    for d in range(ITERATION):
        for inner in _divisors(sizes[d]):
            if d == 0 and inner * whole.pattern.element_bits % WORD_BITS:
                continue
            yield Slice(
                replace(
                    whole.pattern,
                    sizes=(*sizes[:d], inner, sizes[d] // inner, *sizes[d + 1 : ITERATION]),
                    strides=(
                        *strides[: d + 1],
                        inner * strides[d],
                        *strides[d + 1 : ITERATION],
                    ),
                ),
                (*whole.offsets[: d + 1], 0, *whole.offsets[d + 1 : ITERATION]),
            )


def _divisors(n: int) -> list[int]:
    """The divisors of n but for 1 and itself, from the largest down."""
    small = [b for b in range(2, int(n**0.5) + 1) if n % b == 0]
    return sorted({*small, *(n // b for b in small)}, reverse=True)


def _ranges(op: Operation, whole: Slice, d: int, engine: DmaEngine) -> list[Slice] | None:
    size, most = whole.pattern.sizes[d], _longest(whole.pattern, d, engine)
    if not 0 < most < size:
        return None
    parts: list[Slice] = []
    for start in range(0, size, most):
        sizes = list(whole.pattern.sizes)
        offsets = list(whole.offsets)
        sizes[d] = min(most, size - start)
        offsets[d] += start
        part = Slice(replace(whole.pattern, sizes=tuple(sizes)), tuple(offsets))
        found = _parts(op, part, engine)
        if found is None:
            return None
        parts += found
    return parts


def _longest(pattern: AccessPattern, d: int, engine: DmaEngine) -> int:
    """The most steps of a dimension that a descriptor holds."""
    if d == ITERATION:
        return engine.maximum("iteration_wrap") + 1
    wraps = engine.maximum("d0_wrap")
    if d > 0:
        return wraps
    elements = wraps * WORD_BITS // pattern.element_bits
    unit = max(1, WORD_BITS // pattern.element_bits)
    return elements // unit * unit
