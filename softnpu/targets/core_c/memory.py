"""Memrefs: where an element lies, and what memref ops make of it.

A memref is what MLIR's descriptor is: a base pointer, an offset, sizes and strides, in
elements. Statically known parts are numbers. `memref.reinterpret_cast` starts again from the
base, as MLIR's does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, NoneAttr, StridedLayoutAttr
from xdsl.ir import Operation

from softnpu.dialects.source import design_error
from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.types import INDEX, CType, pointer

ZERO = c.literal(0)


@dataclass(frozen=True)
class Layout:
    """The layout that a memref type states; None for what only the run knows."""

    offset: int | None
    sizes: tuple[int | None, ...]
    strides: tuple[int | None, ...]

    @property
    def is_static(self) -> bool:
        return None not in (self.offset, *self.sizes, *self.strides)


@dataclass(frozen=True)
class MemRef:
    """A memref value: element `i, j` is `base[offset + i * strides[0] + j * strides[1]]`."""

    base: Expr
    element: CType
    offset: Expr
    sizes: tuple[Expr, ...]
    strides: tuple[Expr, ...]

    @property
    def parts(self) -> tuple[Expr, ...]:
        """Every expression in it."""
        return (self.base, self.offset, *self.sizes, *self.strides)

    def position(self, indices: Sequence[Expr]) -> Expr:
        """The number of an element, counted from the base."""
        total = self.offset
        for index, stride in zip(indices, self.strides, strict=True):
            total = add(total, multiply(index, stride))
        return total

    def at(self, indices: Sequence[Expr]) -> Expr:
        """The C lvalue of an element."""
        position = self.position(indices)
        found = c.joined(f"{self.base}[{position}]", Prec.PRIMARY, (self.base, position))
        return Expr(found.text, found.prec, found.reads, memory=True)

    def address(self, indices: Sequence[Expr]) -> Expr:
        """The address of an element."""
        position = self.position(indices)
        if position.literal == 0:
            return self.base
        return c.joined(f"&{self.base}[{position}]", Prec.UNARY, (self.base, position))

    def assignments(self, source: MemRef) -> Iterator[tuple[Expr, Expr, CType]]:
        """What to assign so that this one's variables describe `source`."""
        yield self.base, source.base, pointer(self.element)
        for target, value in zip(self.parts[1:], source.parts[1:], strict=True):
            if target.literal is None:
                yield target, value, INDEX


def add(left: Expr, right: Expr) -> Expr:
    """A sum of index values, with numbers summed up."""
    if left.literal is not None and right.literal is not None:
        return c.literal(left.literal + right.literal)
    if left.literal == 0:
        return right
    if right.literal == 0:
        return left
    return c.binary64("+", left, right, Prec.ADD)


def multiply(left: Expr, right: Expr) -> Expr:
    """A product of index values, with numbers multiplied."""
    if left.literal is not None and right.literal is not None:
        return c.literal(left.literal * right.literal)
    if ZERO.literal in (left.literal, right.literal):
        return ZERO
    if left.literal == 1:
        return right
    if right.literal == 1:
        return left
    return c.binary64("*", left, right, Prec.MULTIPLY)


def layout_of(type: MemRefType, op: Operation) -> Layout:
    """The layout of a memref type, as a strided one; DesignError for any other."""
    sizes = tuple(None if size == DYNAMIC_INDEX else size for size in type.get_shape())
    if isinstance(type.layout, NoneAttr):
        return Layout(0, sizes, _row_major(sizes))
    if isinstance(type.layout, StridedLayoutAttr):
        strides = tuple(_known(stride) for stride in type.layout.strides.data)
        return Layout(_known(type.layout.offset), sizes, strides)
    affine = getattr(type.layout, "get_affine_map", lambda: None)()
    if affine is not None and affine.is_identity():
        return Layout(0, sizes, _row_major(sizes))
    raise design_error(op, f"a memref with the layout {type.layout} is not supported in a core")


def _known(value: object) -> int | None:
    data = getattr(value, "data", None)
    return data if isinstance(data, int) and data != DYNAMIC_INDEX else None


def _row_major(sizes: tuple[int | None, ...]) -> tuple[int | None, ...]:
    strides: list[int | None] = []
    running: int | None = 1
    for size in reversed(sizes):
        strides.append(running)
        running = None if running is None or size is None else running * size
    return tuple(reversed(strides))


def static_memref(base: Expr, element: CType, layout: Layout) -> MemRef:
    """A memref whose every part is known."""
    sizes = tuple(c.literal(cast(int, size)) for size in layout.sizes)
    strides = tuple(c.literal(cast(int, stride)) for stride in layout.strides)
    return MemRef(base, element, c.literal(cast(int, layout.offset)), sizes, strides)
