"""Constants: reading them, making them, and keeping one of each at the head of its scope.

The rules are those of MLIR's OperationFolder (mlir, FoldUtils.cpp): a constant belongs to the
nearest region that is isolated from above, or to its core (mlir-aie, AIEDialect.cpp,
`shouldMaterializeInto`); an equal one met later is replaced by it.
"""

from __future__ import annotations

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import FloatAttr, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.traits import IsolatedFromAbove

from softnpu.passes.rewriting.ir import erase, move_before

INDEX_BITS = 64
"""Width of `index` where constants are folded, as in MLIR (IndexType::kInternalStorageBitWidth)."""

_KEEPS_CONSTANTS = frozenset({"aie.core"})
"""Ops that are not isolated from above but keep constants in their own region all the same."""


def constant_of(value: SSAValue) -> Attribute | None:
    """The attribute that `value` is known to be, or None."""
    owner = value.owner
    return owner.value if isinstance(owner, ConstantOp) else None


def integer_of(value: SSAValue) -> int | None:
    """The integer or index that `value` is known to be, signed, or None."""
    attribute = constant_of(value)
    if not isinstance(attribute, IntegerAttr):
        return None
    return signed(attribute.value.data, bit_width(attribute.type))


def bit_width(type: Attribute) -> int:
    """Bits of an integer or index type."""
    return type.width.data if isinstance(type, IntegerType) else INDEX_BITS


def signed(value: int, bits: int) -> int:
    """`value` wrapped to `bits` bits, in two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def unsigned(value: int, bits: int) -> int:
    """`value` wrapped to `bits` bits, without sign."""
    return value & ((1 << bits) - 1)


def integer_attribute(value: int, type: Attribute) -> IntegerAttr:
    """`value`, wrapped to `type`'s width, as MLIR holds it."""
    assert isinstance(type, IntegerType | IndexType)
    return IntegerAttr(signed(value, bit_width(type)), type)


def constant(value: int, type: Attribute) -> ConstantOp:
    """An `arith.constant` of an integer or index type."""
    return ConstantOp(integer_attribute(value, type))


def unique_constants(root: Operation) -> list[Operation]:
    """Merges equal constants below `root` and moves them to the head of their scope.

    A constant that opens its scope, or follows one that stays, keeps its place; others move to
    the very front, each before the one moved last, as MLIR leaves them.

    Returns:
        the ops whose operands changed.
    """
    owned: dict[tuple[Region, object, Attribute], ConstantOp] = {}
    kept: set[Operation] = set()
    touched: list[Operation] = []
    for op in list(_constants(root)):
        scope = _scope(op)
        key = (scope, _identity(op.value), op.result.type)
        if (existing := owned.get(key)) is not None:
            touched += [use.operation for use in op.result.uses]
            op.result.replace_all_uses_with(existing.result)
            erase(op)
            continue
        owned[key] = op
        _place(op, scope, kept)
        kept.add(op)
    return touched


def _constants(root: Operation) -> list[ConstantOp]:
    return [op for op in root.walk() if isinstance(op, ConstantOp)]


def _identity(value: Attribute) -> object:
    """A key that tells 0.0 from -0.0 and finds NaN equal to itself."""
    if isinstance(value, FloatAttr):
        return (repr(value.value.data), str(value.type))
    return value


def _scope(op: Operation) -> Region:
    """The region that a constant used here belongs to."""
    region = op.parent_region()
    while region is not None:
        parent = region.parent_op()
        if (
            parent is None
            or parent.parent is None
            or parent.name in _KEEPS_CONSTANTS
            or parent.has_trait(IsolatedFromAbove)
        ):
            return region
        region = parent.parent_region()
    raise ValueError(f"{op.name} is in no region")


def _place(op: Operation, scope: Region, kept: set[Operation]) -> None:
    home: Block = scope.blocks[0]
    front = home.first_op
    stays = op.parent_block() is home and (front is op or op.prev_op in kept)
    if stays or front is None:
        return
    move_before(front, op)
