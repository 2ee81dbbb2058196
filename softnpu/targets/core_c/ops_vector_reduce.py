"""Vectors summed up: reductions, products of vectors, contractions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr
from xdsl.ir import Operation
from xdsl.ir.affine import AffineDimExpr, AffineMap

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, statement_op, value_op
from softnpu.targets.core_c.ops_math import fused_multiply_add
from softnpu.targets.core_c.ops_vector import each_element, numbers_of, row_number, shape
from softnpu.targets.core_c.types import CType, element_of

if TYPE_CHECKING:
    from xdsl.dialects import vector

REDUCTIONS = {
    "add": "{a} + {b}",
    "mul": "{a} * {b}",
    "and": "{a} & {b}",
    "or": "{a} | {b}",
    "xor": "{a} ^ {b}",
    "minsi": "core_mins{bits}({a}, {b})",
    "maxsi": "core_maxs{bits}({a}, {b})",
    "minui": "core_minu{bits}({a}, {b})",
    "maxui": "core_maxu{bits}({a}, {b})",
    "minimumf": "core_minimum_{float}({a}, {b})",
    "maximumf": "core_maximum_{float}({a}, {b})",
    "minnumf": "core_minnum_{float}({a}, {b})",
    "maxnumf": "core_maxnum_{float}({a}, {b})",
}


def kind_of(f: Function, op: Operation, type: CType) -> str:
    """The kind of a reduction, which must be one that the element's type has here."""
    stored = cast(Any, op.properties.get("kind"))
    kind = "add" if stored is None else str(stored.data.value)
    element = element_of(type)
    if kind not in REDUCTIONS or element.kind == "bool" or not (element.exact or element.is_float):
        raise f.unsupported(op, f"<{kind}> of {op.results[0].type}")
    return kind


def combined(kind: str, type: CType, a: object, b: object) -> str:
    """C of one step of a reduction."""
    element = element_of(type)
    name = "f64" if element.bits == 64 else "f32"
    return REDUCTIONS[kind].format(a=a, b=b, bits=element.bits, float=name)


def _place(total: Expr, type: CType, indices: Sequence[Expr], sizes: Sequence[int]) -> str:
    """The element of an accumulator; a scalar is its own."""
    return f"{total}[{row_number(indices, sizes)}]" if type.kind == "vector" else str(total)


@value_op("vector.fma")
def fma(f: Function, op: Operation) -> Expr:
    return fused_multiply_add(f, op)


@statement_op("vector.reduction")
def reduction(f: Function, op: Operation) -> None:
    """From the first element (or the accumulator) on, in order."""
    reduce = cast("vector.ReductionOp", op)
    type = f.type(reduce.dest)
    kind = kind_of(f, op, type)
    value = f.settled(reduce.vector)
    start = 0 if reduce.acc is not None else 1
    first = f.expr(reduce.acc) if reduce.acc is not None else _element(value, c.literal(0))
    total = f.store(first, type, reduce.dest.name_hint or "total")
    with each_element(f, (f.type(reduce.vector).count,), start=start) as (i,):
        f.writer.use(total, value)
        f.writer.line(f"{total} = {combined(kind, type, total, f'{value}[{i}]')};")
    f.values[reduce.dest] = total


def _element(value: Expr, index: Expr) -> Expr:
    return c.joined(f"{value}[{index}]", Prec.PRIMARY, (value, index))


@statement_op("vector.multi_reduction")
def multi_reduction(f: Function, op: Operation) -> None:
    """Every element combined with the accumulator's at the indices that stay."""
    source, accumulator = op.operands
    sizes = shape(source)
    type = f.type(op.results[0])
    kind = kind_of(f, op, type)
    gone = set(numbers_of(op, "reduction_dims"))
    value = f.settled(source)
    total = f.store(f.expr(accumulator), type, "total")
    with each_element(f, sizes) as indices:
        kept = [index for i, index in enumerate(indices) if i not in gone]
        place = _place(total, type, kept, [n for i, n in enumerate(sizes) if i not in gone])
        f.writer.use(total, value)
        step = combined(kind, type, place, f"{value}[{row_number(indices, sizes)}]")
        f.writer.line(f"{place} = {step};")
    f.values[op.results[0]] = total


@statement_op("vector.outerproduct")
def outer_product(f: Function, op: Operation) -> None:
    """Each element of the left times each of the right, combined with the accumulator."""
    left, right = f.settled(op.operands[0]), f.settled(op.operands[1])
    type = f.type(op.results[0])
    kind = kind_of(f, op, type)
    sizes = (*shape(op.operands[0]), *shape(op.operands[1]))
    accumulator = op.operands[2] if len(op.operands) > 2 else None
    name = f.names.take("total")
    f.writer.declare(type, name, f.expr(accumulator) if accumulator is not None else None)
    total = c.variable(name)
    with each_element(f, sizes) as indices:
        f.writer.use(total, left, right)
        factor = f"{right}[{indices[1]}]" if len(indices) > 1 else str(right)
        place = f"{total}[{row_number(indices, sizes)}]"
        term = f"{left}[{indices[0]}] * {factor}"
        made = term if accumulator is None else combined(kind, type, place, term)
        f.writer.line(f"{place} = {made};")
    f.values[op.results[0]] = total


@statement_op("vector.contract")
def contract(f: Function, op: Operation) -> None:
    """Sums of products over the iterators that the maps name."""
    maps = [
        cast(AffineMapAttr, m).data for m in cast("ArrayAttr[Any]", op.properties["indexing_maps"])
    ]
    type = f.type(op.results[0])
    kind = kind_of(f, op, type)
    left, right = f.settled(op.operands[0]), f.settled(op.operands[1])
    total = f.store(f.expr(op.operands[2]), type, "total")
    shapes = [shape(operand) for operand in op.operands]
    with each_element(f, _iterations(f, op, maps, shapes)) as indices:
        a, b, place = (
            _mapped(str(value), map, indices, sizes)
            for value, map, sizes in zip((left, right, total), maps, shapes, strict=True)
        )
        f.writer.use(total, left, right)
        f.writer.line(f"{place} = {combined(kind, type, place, f'{a} * {b}')};")
    f.values[op.results[0]] = total


def _iterations(
    f: Function, op: Operation, maps: Sequence[AffineMap], shapes: Sequence[Sequence[int]]
) -> list[int]:
    """How often each iterator of a contraction runs."""
    sizes = [1] * maps[0].num_dims
    for map, extents in zip(maps, shapes, strict=True):
        for result, extent in zip(map.results, extents, strict=True):
            if not isinstance(result, AffineDimExpr):
                raise f.unsupported(op, f"with the map {map}")
            sizes[result.position] = extent
    return sizes


def _mapped(value: str, map: AffineMap, indices: Sequence[Expr], sizes: Sequence[int]) -> str:
    if not sizes:
        return value
    chosen = [indices[cast(AffineDimExpr, result).position] for result in map.results]
    return f"{value}[{row_number(chosen, sizes)}]"
