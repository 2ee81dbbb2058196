"""i32 operands that are constants more often than not: numbers as values, values as numbers.

Since mlir-aie 1.4 a lock's value, a register's address and the like are operands. Where one is
made from a number, its `arith.constant` stands in no block yet; `with_constants` puts it there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr, i32
from xdsl.ir import Operation, OpResult, SSAValue

from softnpu.dialects.making import integer, made

BITS = 32

DYNAMIC = -(1 << 63)
"""In a list of numbers: the value stands in an operand (MLIR's ShapedType::kDynamic)."""


def signed(number: int) -> int:
    """A 32-bit number as i32 holds it, from -2^31 to 2^31 - 1."""
    number &= (1 << BITS) - 1
    return number - (1 << BITS) if number >> (BITS - 1) else number


def loose_constant(number: int) -> ConstantOp:
    """A constant that stands in no block yet."""
    return made(ConstantOp, (), (i32,), {"value": integer(signed(number), i32)})


def scalar(number: int) -> SSAValue:
    """The result of a constant that stands in no block yet."""
    return loose_constant(number).results[0]


def number_of(value: SSAValue) -> int | None:
    """The number that a value is known to be, signed; None for one known at run time only."""
    owner = value.owner
    if type(owner) is not ConstantOp and not isinstance(owner, ConstantOp):
        return None
    stored = owner.properties["value"]
    if not isinstance(stored, IntegerAttr):
        return None
    is_i32 = stored.type is i32 or stored.type == i32
    return signed(stored.value.data) if is_i32 else stored.value.data


def mixed(static: Sequence[int], dynamic: Callable[[], Sequence[SSAValue]]) -> list[int | SSAValue]:
    """A list as written: numbers, and values where DYNAMIC stands, if it does."""
    if DYNAMIC not in static:
        return list(static)
    values = iter(dynamic())
    return [next(values) if number == DYNAMIC else number for number in static]


def numbers_of(items: Sequence[int | SSAValue]) -> list[int] | None:
    """The numbers of a mixed list, or None where the run decides one."""
    found = [item if isinstance(item, int) else number_of(item) for item in items]
    known = [number for number in found if number is not None]
    return known if len(known) == len(found) else None


def loose_constants(op: Operation) -> list[Operation]:
    """The constants among an op's operands that stand in no block, in order, each once."""
    loose = [v.op for v in op._operands if type(v) is OpResult and v.op.parent is None]
    return [c for c in dict.fromkeys(loose) if isinstance(c, ConstantOp)] if loose else []


def with_constants(*ops: Operation) -> list[Operation]:
    """The ops in order, each behind those constants of its own that are not among them."""
    placed: list[Operation] = []
    known = set(ops)
    for op in ops:
        for constant in loose_constants(op):
            if constant not in known:
                known.add(constant)
                constant.location = op.location
                placed.append(constant)
        placed.append(op)
    return placed
