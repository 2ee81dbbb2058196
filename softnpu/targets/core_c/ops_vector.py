"""vector: all elements in a row, whatever the rank, in clang's vector types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product
from math import prod
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntegerAttr, IntegerType, VectorType
from xdsl.ir import Operation, SSAValue

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, statement_op, value_op
from softnpu.targets.core_c.memory import add, multiply
from softnpu.targets.core_c.types import element_of

DYNAMIC_POSITION = -(2**63)


def shape(value: SSAValue) -> tuple[int, ...]:
    """The shape of a vector value, () for a scalar."""
    return tuple(value.type.get_shape()) if isinstance(value.type, VectorType) else ()


def strides(sizes: Sequence[int]) -> tuple[int, ...]:
    """How far apart the elements of each dimension lie in the row."""
    return tuple(prod(sizes[i + 1 :]) for i in range(len(sizes)))


def numbers_of(op: Operation, name: str) -> list[int]:
    """The numbers of an array attribute."""
    stored = op.properties[name]
    if isinstance(stored, ArrayAttr):
        return [cast("IntegerAttr[IntegerType]", number).value.data for number in stored]
    return list(cast("DenseArrayBase[IntegerType]", stored).get_values())


@contextmanager
def each_element(
    f: Function, sizes: Sequence[int], *, start: int = 0
) -> Iterator[tuple[Expr, ...]]:
    """Loops in each other over every element (from `start` on); yields the indices."""
    with ExitStack() as stack:
        indices = []
        for size in sizes:
            i = stack.enter_context(f.counter_name((start, size)))
            head = f"for (int32_t {i} = {start}; {i} < {size}; {i}++)"
            stack.enter_context(f.writer.block(head))
            indices.append(i)
        yield tuple(indices)


def row_number(indices: Sequence[Expr], sizes: Sequence[int]) -> Expr:
    total = c.literal(0)
    for index, stride in zip(indices, strides(sizes), strict=True):
        total = add(total, multiply(index, c.literal(stride)))
    return total


def _position(
    f: Function, op: Operation, dynamic: Sequence[SSAValue], sizes: Sequence[int]
) -> Expr:
    """Where in the row the element or sub-vector at an op's position starts."""
    static = numbers_of(op, "static_position")
    operands = iter(dynamic)
    indices = [
        f.expr(next(operands)) if number == DYNAMIC_POSITION else c.literal(number)
        for number in static
    ]
    total = c.literal(0)
    for index, stride in zip(indices, strides(sizes), strict=False):
        total = add(total, multiply(index, c.literal(stride)))
    return total


@value_op("vector.extract")
def extract(f: Function, op: Operation) -> Expr:
    source = op.operands[0]
    start = _position(f, op, op.operands[1:], shape(source))
    type = f.type(op.results[0])
    if type.kind == "vector":
        return c.call("core_part", Expr(type.name), f.expr(source), start)
    value = f.settled(source)
    found = c.joined(f"{value}[{start}]", Prec.PRIMARY, (value, start))
    return c.binary("&", found, c.literal(1), Prec.AND) if type.kind == "bool" else found


@statement_op("vector.insert")
def insert(f: Function, op: Operation) -> None:
    part, whole = op.operands[0], op.operands[1]
    type = f.type(op.results[0])
    start = _position(f, op, op.operands[2:], shape(whole))
    made = f.store(f.expr(whole), type)
    value = f.settled(part)
    if f.type(part).kind != "vector":
        sign = "-" if element_of(type).kind == "bool" else ""
        f.line(f"{{}}[{{}}] = {sign}{{}};", made, start, value)
    else:
        with each_element(f, (f.type(part).count,)) as (i,):
            f.line("{}[{}] = {}[{}];", made, add(start, i), value, i)
    f.values[op.results[0]] = made


@value_op("vector.broadcast", "vector.splat")
def broadcast(f: Function, op: Operation) -> Expr:
    source, target = op.operands[0], op.results[0]
    type = f.type(target)
    value = f.expr(source)
    if f.type(source).kind != "vector":
        sign = "-" if element_of(type).kind == "bool" else ""
        return c.cast(
            type.name,
            Expr(
                f"({sign}{value.at(Prec.UNARY) if sign else value})",
                Prec.PRIMARY,
                value.reads,
                value.memory,
            ),
        )
    inner, outer = shape(source), shape(target)
    numbers = [_source_element(i, inner, outer) for i in range(prod(outer))]
    return _shuffled(value, value, numbers)


def _source_element(number: int, inner: Sequence[int], outer: Sequence[int]) -> int:
    """Which element of a vector becomes element `number` of its broadcast."""
    total = 0
    padded = (1,) * (len(outer) - len(inner)) + tuple(inner)
    for size, stride, own, own_stride in zip(
        outer, strides(outer), padded, strides(padded), strict=True
    ):
        index = number // stride % size
        total += (index if own != 1 else 0) * own_stride
    return total


def _shuffled(left: Expr, right: Expr, numbers: Sequence[int]) -> Expr:
    return c.call("__builtin_shufflevector", left, right, *(c.literal(n) for n in numbers))


@value_op("vector.shuffle")
def shuffle(f: Function, op: Operation) -> Expr:
    left, right = op.operands
    if f.type(left).count != f.type(right).count:
        raise f.unsupported(op, "of vectors of different lengths")
    width = prod(shape(left)[1:])
    numbers = numbers_of(op, "mask")
    elements = [n * width + i if n >= 0 else -1 for n in numbers for i in range(width)]
    return _shuffled(f.expr(left), f.expr(right), elements)


@value_op("vector.interleave")
def interleave(f: Function, op: Operation) -> Expr:
    left, right = op.operands
    count = f.type(left).count
    elements = [n + side for n in range(count) for side in (0, count)]
    return _shuffled(f.expr(left), f.expr(right), elements)


@value_op("vector.extract_strided_slice")
def extract_slice(f: Function, op: Operation) -> Expr:
    offsets, sizes = numbers_of(op, "offsets"), numbers_of(op, "sizes")
    outer = shape(op.operands[0])
    rest = outer[len(offsets) :]
    firsts, extents = (*offsets, *(0 for _ in rest)), (*sizes, *rest)
    return _picked(
        f, op.operands[0], extents, lambda at: [a + b for a, b in zip(firsts, at, strict=True)]
    )


@value_op("vector.transpose")
def transpose(f: Function, op: Operation) -> Expr:
    permutation = numbers_of(op, "permutation")
    return _picked(
        f,
        op.operands[0],
        shape(op.results[0]),
        lambda at: [at[permutation.index(i)] for i in range(len(at))],
    )


def _picked(
    f: Function,
    source: SSAValue,
    sizes: Sequence[int],
    origin: Callable[[Sequence[int]], Sequence[int]],
) -> Expr:
    """A vector of shape `sizes`, each element the source's at `origin` of its indices."""
    steps = strides(shape(source))
    elements = [
        sum(index * step for index, step in zip(origin(at), steps, strict=True))
        for at in product(*(range(size) for size in sizes))
    ]
    value = f.settled(source)
    return _shuffled(value, value, elements)


@statement_op("vector.insert_strided_slice")
def insert_slice(f: Function, op: Operation) -> None:
    part, whole = op.operands
    outer, inner = shape(whole), shape(part)
    offsets = [c.literal(n) for n in numbers_of(op, "offsets")]
    value = f.settled(part)
    made = f.store(f.expr(whole), f.type(whole))
    padded = [c.literal(0)] * (len(outer) - len(inner))
    with each_element(f, inner) as indices:
        at = [add(offset, i) for offset, i in zip(offsets, [*padded, *indices], strict=True)]
        f.line("{}[{}] = {}[{}];", made, row_number(at, outer), value, row_number(indices, inner))
    f.values[op.results[0]] = made


@value_op("vector.from_elements")
def from_elements(f: Function, op: Operation) -> Expr:
    type = f.type(op.results[0])
    sign = "-" if element_of(type).kind == "bool" else ""
    values = [f.expr(operand) for operand in op.operands]
    text = ", ".join(f"{sign}({value})" if sign else str(value) for value in values)
    return c.joined(f"({type.name}){{{text}}}", Prec.UNARY, values)


@value_op("vector.step")
def step(f: Function, op: Operation) -> Expr:
    type = f.type(op.results[0])
    return Expr(f"({type.name}){{{', '.join(map(str, range(type.count)))}}}", Prec.UNARY)


@value_op("vector.bitcast")
def bitcast(f: Function, op: Operation) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    if not all(element_of(t).exact or element_of(t).is_float for t in (source, target)):
        raise f.unsupported(op, f"of a {op.operands[0].type}")
    return c.cast(target.name, f.expr(op.operands[0]))


@value_op("vector.shape_cast")
def shape_cast(f: Function, op: Operation) -> Expr:
    return f.expr(op.operands[0])


@statement_op("vector.create_mask", "vector.constant_mask")
def create_mask(f: Function, op: Operation) -> None:
    """True where every index is below its operand."""
    type = f.type(op.results[0])
    sizes = shape(op.results[0])
    if op.name == "vector.create_mask":
        limits = [f.settled(operand) for operand in op.operands]
    else:
        limits = [c.literal(limit) for limit in numbers_of(op, "mask_dim_sizes")]
    name = f.names.take(op.results[0].name_hint or "mask")
    f.writer.declare(type, name)
    with each_element(f, sizes) as indices:
        tests = [
            c.binary("<", index, limit, Prec.RELATION)
            for index, limit in zip(indices, limits, strict=True)
        ]
        condition = tests[0]
        for test in tests[1:]:
            condition = c.binary("&&", condition, test, Prec.LOGICAL_AND)
        f.line(f"{name}[{{}}] = -({{}});", row_number(indices, sizes), condition)
    f.values[op.results[0]] = c.variable(name)
