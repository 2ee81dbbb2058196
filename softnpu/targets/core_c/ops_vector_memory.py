"""Vectors in memory: vector.load and store, masked ones, transfers of any rank and map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr

from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec
from softnpu.targets.core_c.function import Function, statement_op, value_op
from softnpu.targets.core_c.memory import MemRef, add
from softnpu.targets.core_c.ops_vector import each_element, row_number, shape
from softnpu.targets.core_c.types import CType, element_of

if TYPE_CHECKING:
    from xdsl.dialects import vector


@value_op("vector.load")
def load(f: Function, op: Operation) -> Expr:
    _one_dimension(f, op, op.results[0])
    source = f.memref(op.operands[0])
    address = source.address([f.expr(index) for index in op.operands[1:]])
    return _loaded(f, op, op.results[0], address)


def _loaded(f: Function, op: Operation, result: SSAValue, address: Expr) -> Expr:
    type = memory_vector(f, op, result)
    made = c.call("core_load", Expr(type.name), address)
    return Expr(made.text, made.prec, made.reads, memory=True)


def memory_vector(f: Function, op: Operation, value: SSAValue) -> CType:
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
    memory_vector(f, op, op.operands[0])
    target = f.memref(op.operands[1])
    address = target.address([f.expr(index) for index in op.operands[2:]])
    f.line("core_store({}, {});", address, f.expr(op.operands[0]))


@statement_op("vector.maskedload")
def masked_load(f: Function, op: Operation) -> None:
    load = cast("vector.MaskedLoadOp", op)
    source = f.memref(load.base)
    indices = [f.settled(index) for index in load.indices]
    mask = f.settled(load.mask, "mask")
    made = f.store(f.expr(load.pass_thru), f.type(load.result))
    with each_element(f, shape(load.result)) as (i,):
        element = source.at([*indices[:-1], add(indices[-1], i)])
        f.line("if ({}[{}]) {}[{}] = {};", mask, i, made, i, element)
    f.values[load.result] = made


@statement_op("vector.maskedstore")
def masked_store(f: Function, op: Operation) -> None:
    store = cast("vector.MaskedStoreOp", op)
    target = f.memref(store.base)
    indices = [f.settled(index) for index in store.indices]
    mask, value = f.settled(store.mask, "mask"), f.settled(store.value_to_store)
    with each_element(f, shape(store.value_to_store)) as (i,):
        element = target.at([*indices[:-1], add(indices[-1], i)])
        f.line("if ({}[{}]) {} = {}[{}];", mask, i, element, value, i)


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
    read = cast("vector.TransferReadOp", op)
    source = f.memref(read.source)
    sizes = shape(read.result)
    type = memory_vector(f, op, read.result)
    if read.mask is None and _is_plain(op, source, sizes):
        address = source.address([f.expr(index) for index in read.indices])
        f.bind(read.result, _loaded(f, op, read.result, address))
        return
    padding = f.settled(read.padding)
    mask = f.settled(read.mask, "mask") if read.mask is not None else None
    name = f.names.take(read.result.name_hint or "v")
    f.writer.declare(type, name)
    with each_element(f, sizes) as indices:
        places, inside = _transfer(f, op, source, read.indices, indices)
        row = row_number(indices, sizes)
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
    write = cast("vector.TransferWriteOp", op)
    target = f.memref(write.source)
    sizes = shape(write.vector)
    memory_vector(f, op, write.vector)
    if write.mask is None and _is_plain(op, target, sizes):
        address = target.address([f.expr(index) for index in write.indices])
        f.line("core_store({}, {});", address, f.expr(write.vector))
        return
    value = f.settled(write.vector)
    mask = f.settled(write.mask, "mask") if write.mask is not None else None
    with each_element(f, sizes) as indices:
        places, inside = _transfer(f, op, target, write.indices, indices)
        row = row_number(indices, sizes)
        if mask is not None:
            flag = c.joined(f"{mask}[{row}]", Prec.PRIMARY, (mask, row))
            inside = flag if inside is None else c.binary("&&", flag, inside, Prec.LOGICAL_AND)
        test = f"if ({inside}) " if inside is not None else ""
        f.line(f"{test}{{}} = {{}}[{{}}];", target.at(places), value, row)
