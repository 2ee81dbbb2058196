"""Rules of vector: elements of one type, an index for each dimension, sizes that agree."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from xdsl.dialects import vector
from xdsl.dialects.builtin import MemRefType, VectorType
from xdsl.ir import Attribute, Operation

from softnpu.dialects.rules.types import FLOATS, element, listed, memref_of
from softnpu.dialects.sizes import element_bits
from softnpu.dialects.source import design_error


def vector_of(op: Operation, type: Attribute) -> VectorType:
    """The type as that of a vector."""
    if not isinstance(type, VectorType):
        raise design_error(op, f"'{op.name}' needs a vector, found {type}")
    return type


def check_load(op: vector.LoadOp) -> None:
    """An index for each dimension, and elements of the memref's type."""
    _check_access(op, op.operands[0].type, op.result_types[0], len(op.operands) - 1)


def check_store(op: vector.StoreOp) -> None:
    """An index for each dimension, and elements of the memref's type."""
    _check_access(op, op.operands[1].type, op.operands[0].type, len(op.operands) - 2)


def _check_access(op: Operation, memory: Attribute, moved: Attribute, indices: int) -> None:
    source, type = memref_of(op, memory), vector_of(op, moved)
    rank = len(source.get_shape())
    if indices != rank:
        raise design_error(op, f"{indices} indices into a memref of {rank} dimensions, {source}")
    if source.element_type not in (type, type.element_type):
        raise design_error(op, f"'{op.name}': the elements of {source} are not those of {type}")


def check_read(op: vector.TransferReadOp) -> None:
    """An index for each dimension, and elements of one type, padding included."""
    source, indices = op.operands[0].type, len(op.indices)
    _check_transfer(op, source, op.result_types[0], indices)
    if element(source) not in (op.padding.type, op.result_types[0]):
        raise design_error(op, f"the padding of {source} is no {op.padding.type}")


def check_write(op: vector.TransferWriteOp) -> None:
    """An index for each dimension, and elements of one type."""
    _check_transfer(op, op.operands[1].type, op.operands[0].type, len(op.indices))


def _check_transfer(op: Operation, memory: Attribute, moved: Attribute, indices: int) -> None:
    if isinstance(memory, MemRefType):
        _check_access(op, memory, moved, indices)


def check_broadcast(op: vector.BroadcastOp) -> None:
    """The value's elements in the vector's shape."""
    given, made = op.operands[0].type, vector_of(op, op.result_types[0])
    sizes = list(given.get_shape()) if isinstance(given, VectorType) else []
    tail = list(made.get_shape())[len(made.get_shape()) - len(sizes) :]
    fits = len(sizes) <= len(made.get_shape()) and all(
        size in (1, wanted) for size, wanted in zip(sizes, tail, strict=True)
    )
    if not fits or element(given) != made.element_type:
        raise design_error(op, f"{given} does not fill {made}")


def check_shape_cast(op: Operation) -> None:
    """As many elements, of one type."""
    given, made = vector_of(op, op.operands[0].type), vector_of(op, op.result_types[0])
    if given.element_type != made.element_type or prod(given.get_shape()) != prod(made.get_shape()):
        raise design_error(
            op, f"'{op.name}' keeps the elements, but {given} has others than {made}"
        )


def check_bitcast(op: vector.BitcastOp) -> None:
    """As many bits."""
    given, made = vector_of(op, op.operands[0].type), vector_of(op, op.result_types[0])
    bits = [prod(type.get_shape()) * element_bits(element(type)) for type in (given, made)]
    if bits[0] != bits[1]:
        raise design_error(
            op, f"'{op.name}' keeps the bits: {given} has {bits[0]}, {made} {bits[1]}"
        )


def check_reduction(op: vector.ReductionOp) -> None:
    """A vector to one of its elements."""
    given = vector_of(op, op.operands[0].type)
    others = [*(value.type for value in op.operands[1:]), *op.result_types]
    if any(type != given.element_type for type in others):
        raise design_error(op, f"the elements of {given} do not reduce to {listed(others)}")


def check_fma(op: vector.FMAOp) -> None:
    """Three vectors of floats."""
    types = [*op.operand_types, *op.result_types]
    if len(set(types)) > 1 or not FLOATS(vector_of(op, types[0])):
        raise design_error(op, f"'{op.name}' takes floats of one type, found {listed(types)}")


RULES: dict[str, Callable[[Any], None]] = {
    "vector.bitcast": check_bitcast,
    "vector.broadcast": check_broadcast,
    "vector.fma": check_fma,
    "vector.load": check_load,
    "vector.reduction": check_reduction,
    "vector.shape_cast": check_shape_cast,
    "vector.store": check_store,
    "vector.transfer_read": check_read,
    "vector.transfer_write": check_write,
}
