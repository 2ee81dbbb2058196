"""Parts of a sequence's arguments."""

from __future__ import annotations

import pytest

from softnpu.dialects.aiex import NpuDmaMemcpyNdOp
from softnpu.errors import DesignError
from softnpu.passes.host_memory import HostMemory, trace
from tests.softnpu.passes.sequence_designs import ARGUMENTS, design, sequence


def traced(parts: str, type: str) -> HostMemory | None:
    text = design(
        f"{parts}\n aiex.npu.dma_memcpy_nd(%part[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1]) "
        f"{{id = 0 : i64, metadata = @in}} : {type}",
        arguments=f"{ARGUMENTS}, %raw: memref<4096xi8>",
    )
    transfer = next(op for op in sequence(text).walk() if isinstance(op, NpuDmaMemcpyNdOp))
    return trace(transfer.memref)


def test_offsets_of_parts_of_parts_add_up() -> None:
    memory = traced(
        """
        %half = memref.subview %b[512] [512] [1]
          : memref<1024xi32> to memref<512xi32, strided<[1], offset: 512>>
        %part = memref.subview %half[16] [64] [1]
          : memref<512xi32, strided<[1], offset: 512>> to memref<64xi32, strided<[1], offset: 528>>
        """,
        "memref<64xi32, strided<[1], offset: 528>>",
    )
    assert memory is not None
    assert (memory.argument.index, memory.offset) == (1, 528 * 4)


def test_a_view_begins_at_its_byte() -> None:
    memory = traced(
        """
        %shift = arith.constant 136 : index
        %part = memref.view %raw[%shift][] : memref<4096xi8> to memref<64xi16>
        """,
        "memref<64xi16>",
    )
    assert memory is not None
    assert (memory.argument.index, memory.offset) == (2, 136)


def test_rows_of_an_argument_are_a_part_of_it() -> None:
    rows = "memref<2x32xi32, strided<[32, 1], offset: 160>>"
    memory = traced(
        """
        %all = memref.reinterpret_cast %a to offset: [0], sizes: [32, 32], strides: [32, 1]
          : memref<1024xi32> to memref<32x32xi32>
        """
        f"%part = memref.subview %all[5, 0] [2, 32] [1, 1] : memref<32x32xi32> to {rows}",
        rows,
    )
    assert memory is not None
    assert (memory.argument.index, memory.offset) == (0, 5 * 32 * 4)


def test_a_cast_changes_the_type_and_not_the_place() -> None:
    memory = traced(
        "%part = memref.reinterpret_cast %a to offset: [0], sizes: [16, 64], strides: [64, 1] "
        ": memref<1024xi32> to memref<16x64xi32>",
        "memref<16x64xi32>",
    )
    assert memory is not None
    assert (memory.argument.index, memory.offset) == (0, 0)


@pytest.mark.parametrize(
    ("part", "type", "message"),
    [
        (
            "%part = memref.subview %a[0] [8] [2] "
            ": memref<1024xi32> to memref<8xi32, strided<[2]>>",
            "memref<8xi32, strided<[2]>>",
            "must be contiguous, strides are 2",
        ),
        (
            "%all = memref.reinterpret_cast %a to offset: [0], sizes: [32, 32], strides: [32, 1] "
            ": memref<1024xi32> to memref<32x32xi32>\n"
            "%part = memref.subview %all[0, 8] [4, 2] [1, 1] "
            ": memref<32x32xi32> to memref<4x2xi32, strided<[32, 1], offset: 8>>",
            "memref<4x2xi32, strided<[32, 1], offset: 8>>",
            "leaves out elements between its rows",
        ),
        (
            "%i = arith.constant 8 : index\n %part = memref.subview %a[%i] [8] [1] "
            ": memref<1024xi32> to memref<8xi32, strided<[1], offset: ?>>",
            "memref<8xi32, strided<[1], offset: ?>>",
            "must be static",
        ),
        (
            "%part = memref.reinterpret_cast %a to offset: [64], sizes: [8], strides: [1] "
            ": memref<1024xi32> to memref<8xi32, strided<[1], offset: 64>>",
            "memref<8xi32, strided<[1], offset: 64>>",
            "must keep offset 0",
        ),
    ],
)
def test_a_part_whose_place_the_dma_would_not_get_is_refused(
    part: str, type: str, message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        traced(part, type)
