"""The addresses of register writes."""

from __future__ import annotations

import pytest

from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.aiex import NpuWrite32Op
from softnpu.errors import DesignError
from softnpu.passes.register_address import absolute_address
from softnpu.passes.sequence_ops import Symbols
from tests.softnpu.passes.sequence_designs import design, sequence

BUFFERS = """
  %core = aie.tile(1, 3)
  %placed = aie.buffer(%core) {address = 1024 : i32, sym_name = "placed"} : memref<16xi32>
  %loose = aie.buffer(%core) {sym_name = "loose"} : memref<16xi32>
"""


def address(where: str) -> int:
    step = f"aiex.npu.write32 {{{where}, value = 0 : ui32}}"
    steps = sequence(design(step, before=BUFFERS, device="npu1_2col"))
    around = steps.parent_op()
    assert isinstance(around, DeviceOp)
    write = next(op for op in steps.walk() if isinstance(op, NpuWrite32Op))
    return absolute_address(write, Symbols(around))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("address = 0x321f000 : ui32", 0x321F000),
        ("address = 0xfff1f000 : ui32, column = 2 : i32, row = 3 : i32", 0x431F000),
        ("address = 0x1f000 : ui32, column = 255 : i32, row = 2 : i32", 0xFE21F000),
        ("address = 2 : ui32, buffer = @placed", 0x2300000 + 1024 + 8),
    ],
)
def test_an_address_is_full_or_in_a_tile_or_in_a_buffer(where: str, expected: int) -> None:
    assert address(where) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [("loose", "has no address: assign addresses first"), ("place", "did you mean '@placed'?")],
)
def test_a_buffer_must_exist_and_have_its_place(name: str, message: str) -> None:
    with pytest.raises(DesignError) as error:
        address(f"address = 0 : ui32, buffer = @{name}")
    assert message in str(error.value)
