"""memref: loads, stores, views of other memrefs, and storage of a function's own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, AffineMapAttr, MemRefType
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr

from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error
from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, statement_op, value_op
from softnpu.targets.core_c.memory import MemRef, layout_of, multiply, static_memref
from softnpu.targets.core_c.types import INDEX, CType

if TYPE_CHECKING:
    from xdsl.dialects import memref


def memory_type(op: Operation, value: SSAValue) -> MemRefType:
    """The type of a memref operand; DesignError for an unranked one."""
    if not isinstance(value.type, MemRefType):
        raise design_error(op, f"a {value.type} is not supported in a core's body")
    return value.type


@value_op("memref.load", "affine.load")
def load(f: Function, op: Operation) -> Expr:
    if op.name == "affine.load":
        from softnpu.targets.core_c.ops_affine import indices_of

        return loaded(f.memref(op.operands[0]).at(indices_of(f, op, op.operands[1:])), f, op)
    source = f.memref(op.operands[0])
    return loaded(source.at([f.expr(index) for index in op.operands[1:]]), f, op)


def loaded(lvalue: Expr, f: Function, op: Operation) -> Expr:
    """An element as a value: an odd width keeps only its own bits in memory."""
    type = f.type(op.results[0])
    if type.kind != "int" or type.exact:
        return lvalue
    return lvalue.as_loose()


@statement_op("memref.store", "affine.store")
def store(f: Function, op: Operation) -> None:
    target = f.memref(op.operands[1])
    if op.name == "affine.store":
        from softnpu.targets.core_c.ops_affine import indices_of

        indices: Sequence[Expr] = indices_of(f, op, op.operands[2:])
    else:
        indices = [f.expr(index) for index in op.operands[2:]]
    f.line("{} = {};", target.at(indices), stored(f, op.operands[0]))


def stored(f: Function, value: SSAValue) -> Expr:
    """A value as it is written to memory."""
    type = f.type(value)
    if type.kind != "int":
        return f.expr(value)
    if type.exact:
        return f.loose(value)
    return c.binary("&", f.loose(value), c.literal((1 << type.bits) - 1), Prec.AND)


@statement_op("memref.alloc", "memref.alloca")
def allocate(f: Function, op: Operation) -> None:
    """An array of the function's own, on the stack."""
    type = cast(MemRefType, op.results[0].type)
    layout = layout_of(type, op)
    if not layout.is_static:
        raise design_error(op, f"'{op.name}' needs a shape that is known: {type}")
    element = cast(CType, f.type(op.results[0]).element)
    name = f.names.take(op.results[0].name_hint or "array")
    f.writer.line(f"{element.declare(name)}[{element_count(type)}];")
    f.values[op.results[0]] = static_memref(Expr(name), element, layout)


@statement_op("memref.dealloc", "memref.assume_alignment")
def nothing(f: Function, op: Operation) -> None:
    """Says something of memory without doing anything to it."""
    if op.results:
        f.bind(op.results[0], f.memref(op.operands[0]))


@statement_op("memref.get_global")
def get_global(f: Function, op: Operation) -> None:
    name = cast("memref.GetGlobalOp", op).name_.root_reference.data
    f.bind(op.results[0], f.unit.global_memref(name, op))


# views


@statement_op("memref.cast", "memref.memory_space_cast")
def cast_memref(f: Function, op: Operation) -> None:
    """Another type for the same memref; what that type states must be so."""
    source = f.memref(op.operands[0])
    type = memory_type(op, op.results[0])
    layout = layout_of(type, op)
    if source.offset.literal is None and layout.offset is not None:
        raise design_error(
            op,
            f"this cast drops the offset {source.offset} of its operand: what uses {type} "
            "would always start at the buffer's first element",
            "keep 'offset: ?' in the type, or pass the whole buffer and the offset as an argument",
        )
    stated = (layout.offset, *layout.sizes, *layout.strides)
    for known, part in zip(stated, source.parts[1:], strict=True):
        if known is not None and part.literal is not None and known != part.literal:
            raise design_error(op, f"this cast says {known} where its operand has {part}: {type}")
    parts = [
        part if known is None or part.literal is not None else c.literal(known)
        for known, part in zip(stated, source.parts[1:], strict=True)
    ]
    f.bind(op.results[0], _memref(source, parts))


def _memref(source: MemRef, parts: Sequence[Expr]) -> MemRef:
    rank = (len(parts) - 1) // 2
    return MemRef(
        source.base, source.element, parts[0], tuple(parts[1 : 1 + rank]), tuple(parts[1 + rank :])
    )


def _mixed(
    f: Function, static: Sequence[int], dynamic: Sequence[SSAValue], name: str
) -> list[Expr]:
    """Numbers, with the operands in the places of the dynamic ones."""
    operands = iter(dynamic)
    return [
        f.settled(next(operands), name) if number == DYNAMIC_INDEX else c.literal(number)
        for number in static
    ]


def _static(op: Operation, name: str) -> list[int]:
    return [int(number) for number in op.properties[name].get_values()]  # type: ignore[attr-defined]


@statement_op("memref.subview")
def subview(f: Function, op: Operation) -> None:
    view = cast("memref.SubviewOp", op)
    source = f.memref(view.source)
    offsets = _mixed(f, _static(op, "static_offsets"), view.offsets, "offset")
    sizes = _mixed(f, _static(op, "static_sizes"), view.sizes, "size")
    strides = _mixed(f, _static(op, "static_strides"), view.strides, "stride")
    offset = source.position(offsets)
    if offset.literal is None:
        offset = _fixed(f, offset, view.result, "offset")
    kept = _kept_dimensions(op, memory_type(op, view.result), sizes)
    steps = [multiply(a, b) for a, b in zip(strides, source.strides, strict=True)]
    f.bind(
        view.result,
        MemRef(
            source.base,
            source.element,
            offset,
            tuple(sizes[i] for i in kept),
            tuple(_fixed(f, steps[i], view.result, "stride") for i in kept),
        ),
    )


def _fixed(f: Function, value: Expr, result: SSAValue, what: str) -> Expr:
    """A part of a view, in a variable unless it is a number or one already."""
    if value.literal is not None or value.text.isidentifier():
        return value
    return f.store(value, INDEX, f"{result.name_hint or 'view'}_{what}")


def _kept_dimensions(op: Operation, type: MemRefType, sizes: Sequence[Expr]) -> list[int]:
    """The dimensions of a subview that its result has: some of size 1 can be left out."""
    wanted = list(type.get_shape())
    surplus = len(sizes) - len(wanted)
    kept: list[int] = []
    for i, size in enumerate(sizes):
        place = len(kept)
        droppable = surplus > 0 and size.literal == 1
        if droppable and (
            place == len(wanted)
            or wanted[place] != 1
            or _ones(sizes[i:]) > _ones_in(wanted[place:])
        ):
            surplus -= 1
            continue
        kept.append(i)
    if len(kept) != len(wanted):
        raise design_error(op, f"the shape of {type} is not the subview's with ones left out")
    return kept


def _ones(sizes: Sequence[Expr]) -> int:
    return sum(size.literal == 1 for size in sizes)


def _ones_in(sizes: Sequence[int]) -> int:
    return sum(size == 1 for size in sizes)


@statement_op("memref.reinterpret_cast")
def reinterpret_cast(f: Function, op: Operation) -> None:
    """A new view of the operand's memory from its base, whatever offset the operand has."""
    view = cast("memref.ReinterpretCastOp", op)
    source = f.memref(view.source)
    offsets = _mixed(f, _static(op, "static_offsets"), view.offsets, "offset")
    sizes = _mixed(f, _static(op, "static_sizes"), view.sizes, "size")
    strides = _mixed(f, _static(op, "static_strides"), view.strides, "stride")
    f.bind(
        view.result,
        MemRef(source.base, source.element, offsets[0], tuple(sizes), tuple(strides)),
    )


@statement_op("memref.view")
def view_of_bytes(f: Function, op: Operation) -> None:
    """Elements of any type, row after row, from one byte of the operand on."""
    view = cast("memref.ViewOp", op)
    type = memory_type(op, view.result)
    pointer = f.type(view.result)
    start = f.memref(view.source).address([f.settled(view.byte_shift, "shift")])
    sizes = _mixed(f, type.get_shape(), view.sizes, "size")
    strides: list[Expr] = [c.literal(1)]
    for size in reversed(sizes[1:]):
        strides.insert(0, multiply(size, strides[0]))
    assert pointer.element is not None
    base = f.store(c.cast(pointer.name, start), pointer, view.result.name_hint or "view")
    f.bind(
        view.result,
        MemRef(base, pointer.element, c.literal(0), tuple(sizes), tuple(strides[: len(sizes)])),
    )


@statement_op("memref.collapse_shape", "memref.expand_shape")
def reshape(f: Function, op: Operation) -> None:
    """The same elements in another shape; only rows without gaps can change their shape."""
    source = f.memref(op.operands[0])
    type = memory_type(op, op.results[0])
    layout = layout_of(type, op)
    if None in layout.sizes or None in layout.strides:
        raise f.unsupported(op, f"with the type {type}")
    sizes = tuple(c.literal(cast(int, size)) for size in layout.sizes)
    strides = tuple(c.literal(cast(int, stride)) for stride in layout.strides)
    f.bind(op.results[0], MemRef(source.base, source.element, source.offset, sizes, strides))


@statement_op("memref.transpose")
def transpose(f: Function, op: Operation) -> None:
    """The same memory with its dimensions in another order."""
    source = f.memref(op.operands[0])
    order = [
        cast(AffineDimExpr, result).position
        for result in cast(AffineMapAttr, op.properties["permutation"]).data.results
    ]
    f.bind(
        op.results[0],
        MemRef(
            source.base,
            source.element,
            source.offset,
            tuple(source.sizes[i] for i in order),
            tuple(source.strides[i] for i in order),
        ),
    )


@value_op("memref.rank")
def rank(f: Function, op: Operation) -> Expr:
    return c.literal(len(f.memref(op.operands[0]).sizes))


@value_op("memref.dim")
def dimension(f: Function, op: Operation) -> Expr:
    sizes = f.memref(op.operands[0]).sizes
    index = f.expr(op.operands[1]).literal
    if index is None or not 0 <= index < len(sizes):
        raise design_error(op, "the dimension must be a constant below the memref's rank")
    return sizes[index]


@statement_op("memref.extract_strided_metadata")
def metadata(f: Function, op: Operation) -> None:
    """The base, offset, sizes and strides of a memref."""
    source = f.memref(op.operands[0])
    base = MemRef(source.base, source.element, c.literal(0), (), ())
    parts: tuple[Expr | MemRef, ...] = (base, *source.parts[1:])
    for result, part in zip(op.results, parts, strict=True):
        f.values[result] = part


@statement_op("memref.copy")
def copy(f: Function, op: Operation) -> None:
    """Element by element, a loop a dimension; rows without gaps in one loop."""
    source, target = f.memref(op.operands[0]), f.memref(op.operands[1])
    if _contiguous(source) and _contiguous(target):
        source, target = _flat(source), _flat(target)
    _nest(f, source, target, [])


def _nest(f: Function, source: MemRef, target: MemRef, indices: list[Expr]) -> None:
    if len(indices) == len(source.sizes):
        f.line("{} = {};", target.at(indices), source.at(indices))
        return
    size = source.sizes[len(indices)]
    zero, one = c.literal(0), c.literal(1)
    with ExitStack() as stack:
        i = stack.enter_context(f.counter_name(c.counter_span(zero, size, one)))
        head = f.for_head(i, INDEX, zero, f"{i} < {size}", one)
        stack.enter_context(f.writer.block(head))
        _nest(f, source, target, [*indices, i])


def _contiguous(memref: MemRef) -> bool:
    running = 1
    for size, stride in zip(memref.sizes[::-1], memref.strides[::-1], strict=True):
        if size.literal is None or stride.literal != running:
            return False
        running *= size.literal
    return True


def _flat(source: MemRef) -> MemRef:
    count = c.literal(1)
    for size in source.sizes:
        count = multiply(count, size)
    return MemRef(source.base, source.element, source.offset, (count,), (c.literal(1),))
