"""Constants: reading them, making them, and keeping one of each at the head of its scope.

The rules are those of MLIR's OperationFolder (mlir, FoldUtils.cpp): a constant belongs to the
nearest region that is isolated from above, or to its core, sequence or DMA program (mlir-aie,
AIEDialect.cpp, `shouldMaterializeInto`); an equal one met later is replaced by it.
"""

from __future__ import annotations

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import FloatAttr, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.traits import IsolatedFromAbove

from softnpu.dialects.walking import all_ops
from softnpu.passes.rewriting.ir import block_of, erase, move_before

INDEX_BITS = 64
"""Width of `index` where constants are folded, as in MLIR (IndexType::kInternalStorageBitWidth)."""

_KEEPS_CONSTANTS = frozenset(
    {"aie.core", "aie.runtime_sequence", "aie.mem", "aie.memtile_dma", "aie.shim_dma"}
)
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


def insert_at_head(region: Region, value: Attribute) -> SSAValue:
    """A constant at the very front of a region."""
    made = ConstantOp(value)  # type: ignore[arg-type]
    home = region.blocks[0]
    if home.first_op is None:
        home.add_op(made)
    else:
        home.insert_op_before(made, home.first_op)
    return made.result


def unique_constants(root: Operation) -> None:
    """Merges equal constants below `root` and moves them to the head of their scope.

    A constant that opens its scope, or follows one that stays, keeps its place; others move to
    the very front, each before the one moved last, as MLIR leaves them.
    """
    owners: dict[Region, dict[tuple[object, object], Operation]] = {}
    kept: set[Operation] = set()
    block: Block | None = None
    for op in all_ops(root):
        if type(op) is not ConstantOp:
            continue
        if op.parent is not block:
            block = block_of(op)
            scope = scope_of(block)
            home, owned = scope.blocks[0], owners.setdefault(scope, {})
        (result,) = op.results
        key = identity(op.properties["value"], result.type)
        existing = owned.setdefault(key, op)
        if existing is not op:
            result.replace_all_uses_with(existing.results[0])
            erase(op)
            continue
        front = home._first_op
        stays = block is home and (front is op or op._prev_op in kept)
        if not stays and front is not None:
            move_before(front, op)
        kept.add(op)


def identity(value: Attribute, type: Attribute) -> tuple[object, object]:
    """A key of a constant; it tells 0.0 from -0.0 and finds NaN equal to itself."""
    if isinstance(value, IntegerAttr):
        width = type.width.data if isinstance(type, IntegerType) else "index"
        return value.value.data, width  # arith's integers have no sign: the width is all
    if isinstance(value, FloatAttr):
        return (repr(value.value.data), str(value.type)), type
    return value, type


def scope_of(block: Block) -> Region:
    """The region that a constant used in a block belongs to."""
    region = block.parent_region()
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
    raise ValueError("the block is in no region")
