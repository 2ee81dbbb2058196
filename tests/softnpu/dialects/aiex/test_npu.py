"""The controller's operations: spelling, older forms, accessors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from softnpu.dialects.aiex import NpuDmaMemcpyNdOp, NpuWrite32Op

Lines = Callable[[str], list[str]]

FIFO = "aie.shim_dma_allocation @in(%shim, MM2S, 0)\n"


def sequence(body: str) -> str:
    """A runtime sequence of one host buffer."""
    return f"{FIFO}aie.runtime_sequence(%a: memref<64xi32>) {{\n{body}\n}}"


MEMCPY = (
    "aiex.npu.dma_memcpy_nd(%arg0[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]{packet}) "
    "{{id = 0 : i64, metadata = @in}} : memref<64xi32>"
)


@pytest.mark.parametrize(
    "op",
    [
        MEMCPY.format(packet=""),
        MEMCPY.format(packet=", packet = <pkt_type = 0, pkt_id = 2>"),
        "aiex.npu.dma_wait {symbol = @in}",
        "aiex.npu.preempt {level = 1 : ui8}",
        "aiex.npu.load_pdi {id = 1 : i32}",
        "aiex.control_packet {address = 4 : ui32, data = array<i32: 1, 2>, length = 2 : i32, "
        "opcode = 0 : i32, stream_id = 1 : i32}",
    ],
)
def test_aie_opts_spelling(op: str, lines: Lines) -> None:
    assert lines(sequence(op.replace("%arg0", "%a")))[2:-1] == [f"  {op}"]


PUSH = (
    ["%c2_i32 = arith.constant 2 : i32", "%c3_i32 = arith.constant 3 : i32"],
    "aiex.npu.push_queue(0, 0, MM2S : 1) bd_id %c3_i32 repeat %c2_i32 "
    "{issue_token = true} : i32, i32",
)
MASKED = (
    [
        "%c4_i32 = arith.constant 4 : i32",
        "%c1_i32 = arith.constant 1 : i32",
        "%c15_i32 = arith.constant 15 : i32",
    ],
    "aiex.npu.maskwrite32(%c4_i32, %c1_i32, %c15_i32) {column = 0 : i32, row = 2 : i32} "
    ": i32, i32, i32",
)
WRITE = (
    [
        "%c-268435456_i32 = arith.constant -268435456 : i32",
        "%c-1_i32 = arith.constant -1 : i32",
    ],
    "aiex.npu.write32(%c-268435456_i32, %c-1_i32) : i32, i32",
)
SYNC = (
    [
        *(f"%c0_i32{n} = arith.constant 0 : i32" for n in ("", "_0", "_1", "_2")),
        "%c1_i32 = arith.constant 1 : i32",
        "%c1_i32_3 = arith.constant 1 : i32",
    ],
    "aiex.npu.sync(%c0_i32, %c0_i32_0, %c0_i32_1, %c0_i32_2, %c1_i32, %c1_i32_3) "
    ": i32, i32, i32, i32, i32, i32",
)
PATCH = (
    ["%c0_i32 = arith.constant 0 : i32"],
    "aiex.npu.address_patch(%c0_i32 : i32) {addr = 118788 : ui32, arg_idx = 0 : i32}",
)


@pytest.mark.parametrize("op", [PUSH, MASKED, WRITE, SYNC, PATCH])
def test_numbers_are_values(op: tuple[list[str], str], lines: Lines) -> None:
    constants, text = op
    printed = [*constants, text]
    assert lines(sequence("\n".join(printed)))[2:-1] == [f"  {line}" for line in printed]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (
            "aiex.npu.push_queue(0, 0, MM2S : 1) {bd_id = 3 : i32, issue_token = true, "
            "repeat_count = 2 : i32}",
            PUSH,
        ),
        ("aiex.npu.write32 {address = 4026531840 : ui32, value = 4294967295 : ui32}", WRITE),
        (
            "aiex.npu.maskwrite32 {address = 4 : ui32, column = 0 : i32, mask = 15 : ui32, "
            "row = 2 : i32, value = 1 : ui32}",
            MASKED,
        ),
        (
            "aiex.npu.sync {channel = 0 : i32, column = 0 : i32, column_num = 1 : i32, "
            "direction = 0 : i32, row = 0 : i32, row_num = 1 : i32}",
            SYNC,
        ),
        (
            "aiex.npu.address_patch {addr = 118788 : ui32, arg_idx = 0 : i32, arg_plus = 0 : i32}",
            PATCH,
        ),
        (
            "%n = arith.constant 0 : i32\n"
            '"aiex.npu.address_patch"(%n) {addr = 118788 : ui32, arg_idx = 0 : i32} : (i32) -> ()',
            PATCH,
        ),
    ],
)
def test_numbers_of_older_text_become_constants(
    older: str, newer: tuple[list[str], str], lines: Lines
) -> None:
    constants, text = newer
    assert lines(sequence(older))[2:-1] == [f"  {line}" for line in (*constants, text)]


@pytest.mark.parametrize(
    "written",
    [
        "aiex.npu.dma_memcpy_nd(0, 0, %a[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0]) "
        "{id = 0 : i64, metadata = @in, issue_token = false} : memref<64xi32>",
        '"aiex.npu.dma_memcpy_nd"(%a) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, '
        "static_offsets = array<i64: 0, 0, 0, 0>, static_sizes = array<i64: 1, 1, 1, 64>, "
        "static_strides = array<i64: 0, 0, 0, 1>, metadata = @in, id = 0 : i64}> "
        ": (memref<64xi32>) -> ()",
        '"aiex.npu.dma_memcpy_nd"(%a) {operandSegmentSizes = array<i32: 1, 0, 0, 0>, '
        "static_offsets = array<i64: 0, 0, 0, 0>, static_sizes = array<i64: 1, 1, 1, 64>, "
        "static_strides = array<i64: 0, 0, 0, 1>, metadata = @in, id = 0 : i64} "
        ": (memref<64xi32>) -> ()",
    ],
)
def test_older_and_generic_forms_of_a_transfer(written: str, lines: Lines) -> None:
    assert lines(sequence(written))[2] == f"  {MEMCPY.format(packet='')}"


def test_constants_may_stand_for_numbers(read: Callable[[str], ModuleOp], lines: Lines) -> None:
    written = sequence(
        """%z = arith.constant 0 : i64
        %n = arith.constant 64 : i64
        aiex.npu.dma_memcpy_nd(%a[0, 0, 0, %z][1, 1, 1, %n][0, 0, 0, 1])
          {id = 0 : i64, metadata = @in} : memref<64xi32>"""
    )
    op = next(op for op in read(written).walk() if isinstance(op, NpuDmaMemcpyNdOp))
    assert op.mixed_strides == [0, 0, 0, 1]
    assert op.mixed_sizes[:3] == [1, 1, 1]
    assert isinstance(op.mixed_sizes[3], SSAValue)
    assert (op.metadata, op.element_bits, len(op.offsets), len(op.strides)) == ("in", 32, 1, 0)
    assert "(%arg0[0, 0, 0, %c0_i64][1, 1, 1, %c64_i64][0, 0, 0, 1])" in lines(written)[4]


def test_registers_are_unsigned() -> None:
    op = NpuWrite32Op(address=0xF0000000, value=-1)
    assert (op.word("address"), op.word("value")) == (0xF0000000, 0xFFFFFFFF)


def test_run_time_parameters_and_block_writes(lines: Lines) -> None:
    written = """
    %b = aie.buffer(%core) {sym_name = "rtp"} : memref<4xi32>
    memref.global "private" constant @words : memref<2xi32> = dense<[1, 2]>
    aie.runtime_sequence() {
      aiex.npu.rtp_write(@rtp, 1, -7)
      %w = memref.get_global @words : memref<2xi32>
      aiex.npu.blockwrite(%w) {address = 4 : ui32} : memref<2xi32>
    }"""
    assert lines(written)[1:] == [
        'memref.global "private" constant @words : memref<2xi32> = dense<[1, 2]>',
        "aie.runtime_sequence() {",
        "  %c-7_i32 = arith.constant -7 : i32",
        "  aiex.npu.rtp_write(@rtp, 1, %c-7_i32) : i32",
        "  %0 = memref.get_global @words : memref<2xi32>",
        "  aiex.npu.blockwrite(%0) {address = 4 : ui32} : memref<2xi32>",
        "}",
    ]
