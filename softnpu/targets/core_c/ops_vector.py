"""vector: all elements in a row, whatever the rank, in clang's vector types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import prod
from typing import cast

from xdsl.dialects import vector
from xdsl.dialects.builtin import AffineMapAttr, DenseArrayBase, IntegerType, VectorType
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, statement_op, value_op
from softnpu.targets.core_c.memory import MemRef, add, multiply
from softnpu.targets.core_c.ops_math import fused_multiply_add
from softnpu.targets.core_c.types import CType, element_of

DYNAMIC_POSITION = -(2**63)

REDUCTIONS = {
    "add": "{a} + {b}",
    "mul": "{a} * {b}",
    "and": "{a} & {b}",
    "or": "{a} | {b}",
    "xor": "{a} ^ {b}",
    "minsi": "mins{bits}({a}, {b})",
    "maxsi": "maxs{bits}({a}, {b})",
    "minui": "minu{bits}({a}, {b})",
    "maxui": "maxu{bits}({a}, {b})",
    "minimumf": "minimum_{float}({a}, {b})",
    "maximumf": "maximum_{float}({a}, {b})",
    "minnumf": "minnum_{float}({a}, {b})",
    "maxnumf": "maxnum_{float}({a}, {b})",
}


def shape(value: SSAValue) -> tuple[int, ...]:
    """The shape of a vector value, () for a scalar."""
    return tuple(value.type.get_shape()) if isinstance(value.type, VectorType) else ()


def strides(sizes: Sequence[int]) -> tuple[int, ...]:
    """How far apart the elements of each dimension lie in the row."""
    return tuple(prod(sizes[i + 1 :]) for i in range(len(sizes)))


def combined(kind: str, type: CType, a: str, b: str) -> str:
    """C of one step of a reduction."""
    name = "f64" if type.bits == 64 else "f32"
    return REDUCTIONS[kind].format(a=a, b=b, bits=type.bits, float=name)


def _numbers(op: Operation, name: str) -> list[int]:
    """The numbers of an array attribute."""
    return list(cast("DenseArrayBase[IntegerType]", op.properties[name]).get_values())


# memory


@value_op("vector.load")
def load(f: Function, op: Operation) -> Expr:
    _one_dimension(f, op, op.results[0])
    source = f.memref(op.operands[0])
    address = source.address([f.expr(index) for index in op.operands[1:]])
    return _loaded(f, op, op.results[0], address)


def _loaded(f: Function, op: Operation, result: SSAValue, address: Expr) -> Expr:
    type = _memory_vector(f, op, result)
    made = c.call("core_load", Expr(type.name), address)
    return Expr(made.text, made.prec, made.reads, memory=True)


def _memory_vector(f: Function, op: Operation, value: SSAValue) -> CType:
    type = f.type(value)
    if not (element_of(type).exact or element_of(type).is_float):
        raise f.unsupported(op, f"of a {value.type}")
    return type


def _one_dimension(f: Function, op: Operation, value: SSAValue) -> None:
    if len([size for size in shape(value) if size != 1]) > 1:
        raise f.unsupported(op, f"of a {value.type}, which has more than one dimension,")


@statement_op("vector.store")
def store(f: Function, op: Operation) -> None:
    _one_dimension(f, op, op.operands[0])
    _memory_vector(f, op, op.operands[0])
    target = f.memref(op.operands[1])
    address = target.address([f.expr(index) for index in op.operands[2:]])
    f.line("core_store({}, {});", address, f.expr(op.operands[0]))


@statement_op("vector.maskedload")
def masked_load(f: Function, op: Operation) -> None:
    load = cast(vector.MaskedLoadOp, op)
    source = f.memref(load.base)
    indices = [f.settled(index) for index in load.indices]
    mask = f.settled(load.mask, "mask")
    made = f.store(f.expr(load.pass_thru), f.type(load.result))
    with _each(f, shape(load.result)) as (i,):
        element = source.at([*indices[:-1], add(indices[-1], i)])
        f.line("if ({}[{}]) {}[{}] = {};", mask, i, made, i, element)
    f.values[load.result] = made


@statement_op("vector.maskedstore")
def masked_store(f: Function, op: Operation) -> None:
    store = cast(vector.MaskedStoreOp, op)
    target = f.memref(store.base)
    indices = [f.settled(index) for index in store.indices]
    mask, value = f.settled(store.mask, "mask"), f.settled(store.value_to_store)
    with _each(f, shape(store.value_to_store)) as (i,):
        element = target.at([*indices[:-1], add(indices[-1], i)])
        f.line("if ({}[{}]) {} = {}[{}];", mask, i, element, value, i)


@contextmanager
def _each(f: Function, sizes: Sequence[int], *, start: int = 0) -> Iterator[tuple[Expr, ...]]:
    """Loops in each other over every element (from `start` on); yields the indices."""
    with ExitStack() as stack:
        indices = []
        for size in sizes:
            i = stack.enter_context(f.counter_name())
            head = f"for (int32_t {i} = {start}; {i} < {size}; {i}++)"
            stack.enter_context(f.writer.block(head))
            indices.append(i)
        yield tuple(indices)


def _transfer(
    f: Function, op: Operation, memref: MemRef, first: Sequence[SSAValue], indices: Sequence[Expr]
) -> tuple[list[Expr], Expr | None]:
    """Where one element of a transfer lies, and when that is inside the memref (None: always)."""
    map = cast(AffineMapAttr, op.properties["permutation_map"]).data
    in_bounds = [bool(flag.value.data) for flag in cast(list, op.properties["in_bounds"])]  # type: ignore[type-arg]
    places = [f.settled(index) for index in first]
    inside: Expr | None = None
    for result, index, safe in zip(map.results, indices, in_bounds, strict=True):
        if isinstance(result, AffineConstantExpr):
            continue  # a broadcast dimension
        if not isinstance(result, AffineDimExpr):
            raise f.unsupported(op, f"with the map {map}")
        dimension = result.position
        places[dimension] = add(places[dimension], index)
        if safe:
            continue
        test = c.binary("<", places[dimension], memref.sizes[dimension], Prec.RELATION)
        inside = test if inside is None else c.binary("&&", inside, test, Prec.LOGICAL_AND)
    return places, inside


def _is_plain(op: Operation, memref: MemRef, sizes: Sequence[int]) -> bool:
    """Whether a transfer is of neighbouring elements in order, none out of bounds, no mask."""
    map = cast(AffineMapAttr, op.properties["permutation_map"]).data
    flags = cast(list, op.properties["in_bounds"])  # type: ignore[type-arg]
    last = len(memref.sizes) - 1
    return (
        len(sizes) == 1
        and isinstance(map.results[0], AffineDimExpr)
        and map.results[0].position == last
        and memref.strides[last].literal == 1
        and all(flag.value.data for flag in flags)
    )


@statement_op("vector.transfer_read")
def transfer_read(f: Function, op: Operation) -> None:
    read = cast(vector.TransferReadOp, op)
    source = f.memref(read.source)
    sizes = shape(read.result)
    type = _memory_vector(f, op, read.result)
    if read.mask is None and _is_plain(op, source, sizes):
        address = source.address([f.expr(index) for index in read.indices])
        f.bind(read.result, _loaded(f, op, read.result, address))
        return
    padding = f.settled(read.padding)
    mask = f.settled(read.mask, "mask") if read.mask is not None else None
    name = f.names.take(read.result.name_hint or "v")
    f.writer.declare(type, name)
    with _each(f, sizes) as indices:
        places, inside = _transfer(f, op, source, read.indices, indices)
        row = _row(indices, sizes)
        if mask is not None:
            flag = c.joined(f"{mask}[{row}]", Prec.PRIMARY, (mask, row))
            inside = flag if inside is None else c.binary("&&", flag, inside, Prec.LOGICAL_AND)
        value = source.at(places)
        if inside is not None:
            value = c.conditional(inside, value, padding)
        f.line(f"{name}[{{}}] = {{}};", row, value)
    f.values[read.result] = c.variable(name)


@statement_op("vector.transfer_write")
def transfer_write(f: Function, op: Operation) -> None:
    write = cast(vector.TransferWriteOp, op)
    target = f.memref(write.source)
    sizes = shape(write.vector)
    _memory_vector(f, op, write.vector)
    if write.mask is None and _is_plain(op, target, sizes):
        address = target.address([f.expr(index) for index in write.indices])
        f.line("core_store({}, {});", address, f.expr(write.vector))
        return
    value = f.settled(write.vector)
    mask = f.settled(write.mask, "mask") if write.mask is not None else None
    with _each(f, sizes) as indices:
        places, inside = _transfer(f, op, target, write.indices, indices)
        row = _row(indices, sizes)
        if mask is not None:
            flag = c.joined(f"{mask}[{row}]", Prec.PRIMARY, (mask, row))
            inside = flag if inside is None else c.binary("&&", flag, inside, Prec.LOGICAL_AND)
        test = f"if ({inside}) " if inside is not None else ""
        f.line(f"{test}{{}} = {{}}[{{}}];", target.at(places), value, row)


def _row(indices: Sequence[Expr], sizes: Sequence[int]) -> Expr:
    total = c.literal(0)
    for index, stride in zip(indices, strides(sizes), strict=True):
        total = add(total, multiply(index, c.literal(stride)))
    return total


# elements


def _position(
    f: Function, op: Operation, dynamic: Sequence[SSAValue], sizes: Sequence[int]
) -> Expr:
    """Where in the row the element or sub-vector at an op's position starts."""
    static = _numbers(op, "static_position")
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
        with _each(f, (f.type(part).count,)) as (i,):
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
    numbers = _numbers(op, "mask")
    width = prod(shape(left)[1:])
    elements = [n * width + i if n >= 0 else -1 for n in numbers for i in range(width)]
    a, b = f.expr(left), f.expr(right)
    if f.type(left).count != f.type(right).count:
        raise f.unsupported(op, "of vectors of different lengths")
    return _shuffled(a, b, elements)


@value_op("vector.bitcast")
def bitcast(f: Function, op: Operation) -> Expr:
    source, target = f.type(op.operands[0]), f.type(op.results[0])
    if not all(element_of(t).exact or element_of(t).is_float for t in (source, target)):
        raise f.unsupported(op, f"of a {op.operands[0].type}")
    return c.cast(target.name, f.expr(op.operands[0]))


@value_op("vector.shape_cast")
def shape_cast(f: Function, op: Operation) -> Expr:
    return f.expr(op.operands[0])


@value_op("vector.fma")
def fma(f: Function, op: Operation) -> Expr:
    return fused_multiply_add(f, op)


@statement_op("vector.create_mask", "vector.constant_mask")
def create_mask(f: Function, op: Operation) -> None:
    """True where every index is below its operand."""
    type = f.type(op.results[0])
    sizes = shape(op.results[0])
    if op.name == "vector.create_mask":
        limits = [f.settled(operand) for operand in op.operands]
    else:
        limits = [c.literal(limit) for limit in _numbers(op, "mask_dim_sizes")]
    name = f.names.take(op.results[0].name_hint or "mask")
    f.writer.declare(type, name)
    with _each(f, sizes) as indices:
        tests = [
            c.binary("<", index, limit, Prec.RELATION)
            for index, limit in zip(indices, limits, strict=True)
        ]
        condition = tests[0]
        for test in tests[1:]:
            condition = c.binary("&&", condition, test, Prec.LOGICAL_AND)
        f.line(f"{name}[{{}}] = -({{}});", _row(indices, sizes), condition)
    f.values[op.results[0]] = c.variable(name)


@statement_op("vector.reduction")
def reduction(f: Function, op: Operation) -> None:
    """From the first element (or the accumulator) on, in order."""
    reduce = cast(vector.ReductionOp, op)
    kind = str(reduce.kind.data.value)
    type = f.type(reduce.dest)
    if type.kind == "bool" or (type.kind == "int" and not type.exact) or kind not in REDUCTIONS:
        raise f.unsupported(op, f"<{kind}> of {reduce.dest.type}")
    value = f.settled(reduce.vector)
    count = f.type(reduce.vector).count
    accumulator = f.expr(reduce.acc) if reduce.acc is not None else None
    start = 0 if accumulator is not None else 1
    first = accumulator or c.joined(f"{value}[0]", Prec.PRIMARY, (value,))
    total = f.store(first, type, reduce.dest.name_hint or "total")
    with _each(f, (count,), start=start) as (i,):
        f.writer.use(total, value)
        f.writer.line(f"{total} = {combined(kind, type, str(total), f'{value}[{i}]')};")
    f.values[reduce.dest] = total
