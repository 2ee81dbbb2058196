"""Sizes of types, as the array lays them out."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import IndexType, IntegerType, MemRefType, VectorType, bf16, i1, i8, i32
from xdsl.ir import Attribute

from softnpu.dialects.attributes import BlockFloatType
from softnpu.dialects.sizes import element_bits, element_bytes, memref_bytes


@pytest.mark.parametrize(
    ("type", "bits", "octets"),
    [
        (i8, 8, 1),
        (bf16, 16, 2),
        (i1, 1, 1),
        (IntegerType(48), 48, 6),
        (IndexType(), 64, 8),
        (VectorType(i32, [16]), 512, 64),
        (MemRefType(i32, [4, 4]), 32, 4),
        (BlockFloatType("v8bfp16ebs8"), 72, 9),
    ],
)
def test_widths(type: Attribute, bits: int, octets: int) -> None:
    assert (element_bits(type), element_bytes(type)) == (bits, octets)


def test_a_buffer_is_its_elements() -> None:
    assert memref_bytes(MemRefType(bf16, [3, 5])) == 30


def test_a_type_without_size_is_refused() -> None:
    from xdsl.dialects.builtin import NoneType

    with pytest.raises(TypeError, match="has no size"):
        element_bits(NoneType())
