"""Sizes of types in bits and bytes, as the AIE lays them out (mlir-aie's data layout)."""

from __future__ import annotations

from math import prod
from typing import cast

from xdsl.dialects.builtin import (
    FixedBitwidthType,
    IndexType,
    IntegerType,
    MemRefType,
    UnrankedMemRefType,
    VectorType,
)
from xdsl.ir import Attribute

from softnpu.dialects.attributes import BlockFloatType

INDEX_BITS = 64
"""The data layout's width of `index` (the DLTI default, which mlir-aie leaves as it is)."""

BLOCK_FLOAT_BITS = {"v8bfp16ebs8": 72, "v16bfp16ebs16": 136}
"""Size of a block: mantissas of 8 bits for each of 8 or 16 values, and an exponent of 8."""


def element_bits(type: Attribute) -> int:
    """Width in bits of a scalar, vector or block type, or of the element of a memref."""
    if isinstance(type, IntegerType):  # most are, and what follows is slow to say no
        return int(type.width.data)
    if isinstance(type, (MemRefType, UnrankedMemRefType)):
        return element_bits(type.element_type)
    if isinstance(type, VectorType):
        return prod(type.get_shape()) * element_bits(cast(Attribute, type.element_type))
    if isinstance(type, BlockFloatType):
        return BLOCK_FLOAT_BITS[type.block_type]
    if isinstance(type, IndexType):
        return INDEX_BITS
    if isinstance(type, FixedBitwidthType):
        return int(type.bitwidth)
    raise TypeError(f"{type} has no size")


def element_bytes(type: Attribute) -> int:
    """The same in whole bytes."""
    return (element_bits(type) + 7) // 8


def element_count(type: MemRefType) -> int:
    """Number of elements of a memref of static shape."""
    return prod(type.get_shape())


def memref_bytes(type: MemRefType) -> int:
    """Size in bytes of a memref of static shape."""
    return element_count(type) * element_bytes(type)
