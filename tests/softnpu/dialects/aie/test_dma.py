"""DMA programs: spelling and accessors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.aie import (
    BDDimLayoutArrayAttr,
    BDDimLayoutAttr,
    DMABDOp,
    DMAChannelDir,
    DMAStartOp,
    PacketInfoAttr,
)
from softnpu.dialects.text import parse_text, print_module

Lines = Callable[[str], list[str]]

BUFFER = '%b = aie.buffer(%mem) {sym_name = "b"} : memref<64xi16>\n'


def program(descriptor: str) -> str:
    """A memory tile's program with one descriptor."""
    return f"""{BUFFER}
    %d = aie.memtile_dma(%mem) {{
      %0 = aie.dma_start(MM2S, 0, ^bd, ^end, repeat_count = 3)
    ^bd:
      {descriptor}
      aie.next_bd ^end
    ^end:
      aie.end
    }}"""


@pytest.mark.parametrize(
    "descriptor",
    [
        "aie.dma_bd(%b : memref<64xi16>)",
        "aie.dma_bd(%b : memref<64xi16> offset = 4 len = 60)",
        "aie.dma_bd(%b : memref<64xi16> offset = 0 len = 32)",
        "aie.dma_bd(%b : memref<64xi16> offset = 0 len = 32 sizes = [16, 2] strides = [4, 1])",
        "aie.dma_bd(%b : memref<64xi16> offset = 0 len = 8 sizes = [2] strides = [1] "
        "pad [<const_pad_before = 2, const_pad_after = 4>])",
        "aie.dma_bd(%b : memref<64xi16> offset = 0 len = 32) {bd_id = 1 : i32, "
        "next_bd_id = 2 : i32, packet = #aie.packet_info<pkt_type = 1, pkt_id = 2>}",
    ],
)
def test_descriptors_are_spelt_as_aie_opt_does(descriptor: str, lines: Lines) -> None:
    printed = lines(program(descriptor))
    assert printed[2] == "  %0 = aie.dma_start(MM2S, 0, ^bb1, ^bb2, repeat_count = 3)"
    assert printed[3:] == [
        "^bb1:  // pred: ^bb0",
        f"  {descriptor}",
        "  aie.next_bd ^bb2",
        "^bb2:  // 2 preds: ^bb0, ^bb1",
        "  aie.end",
        "}",
    ]


@pytest.mark.parametrize(
    ("older", "printed"),
    [
        ("(%b : memref<64xi16>, 4, 60)", "(%b : memref<64xi16> offset = 4 len = 60)"),
        (
            "(%b : memref<64xi16>, 0, 32, [<size = 16, stride = 4>, <size = 2, stride = 1>])",
            "(%b : memref<64xi16> offset = 0 len = 32 sizes = [16, 2] strides = [4, 1])",
        ),
        (
            "(%b : memref<64xi16>, 0, 8, [<size = 2, stride = 1>], "
            "[<const_pad_before = 2, const_pad_after = 4>])",
            "(%b : memref<64xi16> offset = 0 len = 8 sizes = [2] strides = [1] "
            "pad [<const_pad_before = 2, const_pad_after = 4>])",
        ),
        ("(%b : memref<64xi16>) {burst_length = 0 : i32}", "(%b : memref<64xi16>)"),
    ],
)
def test_the_older_spelling_of_descriptors_is_read(older: str, printed: str, lines: Lines) -> None:
    assert f"  aie.dma_bd{printed}" in lines(program(f"aie.dma_bd{older}"))


def test_a_pad_value_belongs_to_the_channel(refusal: Callable[..., object]) -> None:
    channel = "repeat_count = 3) {pad_value = 7 : i32}"
    body = program("aie.dma_bd(%b : memref<64xi16>)").replace("repeat_count = 3)", channel)
    printed = print_module(parse_text(f"aie.device(npu2_1col) {{ %mem = aie.tile(0, 1)\n{body} }}"))
    assert f"aie.dma_start(MM2S, 0, ^bb1, ^bb2, {channel}" in printed
    error = refusal(
        program(
            "aie.dma_bd(%b : memref<64xi16>, 0, 8, [<size = 2, stride = 1>], "
            "[<const_pad_before = 2, const_pad_after = 4>], pad_value = 7)"
        )
    )
    assert "write {pad_value = N : i32} behind its aie.dma_start" in str(error)


def test_the_packet_header_may_be_an_op(lines: Lines) -> None:
    printed = lines(program("aie.dma_bd_packet(0x4, 0xD)\n aie.dma_bd(%b : memref<64xi16>)"))
    assert "  aie.dma_bd_packet(4, 13)" in printed


def test_a_channel_with_its_descriptors_as_regions(lines: Lines) -> None:
    written = f"""{BUFFER}
    %l = aie.lock(%mem, 0) {{sym_name = "l"}}
    %d = aie.memtile_dma(%mem) {{
      %0 = aie.dma(S2MM, 0) {{loop = false, sym_name = "in"}} [{{
        aie.use_lock(%l, AcquireGreaterEqual)
        aie.dma_bd(%b : memref<64xi16>)
        aie.use_lock(%l, Release)
      }}]
      aie.end
    }}"""
    assert lines(written)[3:6] == [
        '  %in = aie.dma(S2MM, 0) {loop = false, sym_name = "in"} [{',
        "    %c1_i32 = arith.constant 1 : i32",
        "    aie.use_lock(%l, AcquireGreaterEqual, %c1_i32)",
    ]


def test_sizes_count_elements_and_bytes(read: Callable[[str], ModuleOp]) -> None:
    module = read(program("aie.dma_bd(%b : memref<64xi16>, 4, 32)"))
    bd = next(op for op in module.walk() if isinstance(op, DMABDOp))
    start = next(op for op in module.walk() if isinstance(op, DMAStartOp))
    assert (bd.length, bd.len_in_bytes, bd.offset_in_bytes) == (32, 64, 8)
    assert (start.channel_dir, start.channel_index) == (DMAChannelDir.MM2S, 0)
    bd.static_len = None
    bd.packet = PacketInfoAttr.of(1, 9)
    assert (bd.len, bd.length, bd.packet.pkt_id) == (None, 64, 9)
    assert bd.buffer_op is not None


def test_what_only_the_run_knows_is_no_number(read: Callable[[str], ModuleOp]) -> None:
    module = read(
        """aie.shim_dma_allocation @in(%shim, MM2S, 0)
        aie.runtime_sequence(%a: memref<64xi16>, %n: i32) {
          %c4 = arith.constant 4 : i32
          %t = aiex.dma_configure_task_for @in {
            aie.dma_bd(%a : memref<64xi16> offset = %c4 len = %n sizes = [2, 8] strides = [8, 1])
            aie.end
          }
        }"""
    )
    bd = next(op for op in module.walk() if isinstance(op, DMABDOp))
    assert (bd.offset, bd.len, bd.is_dynamic) == (4, None, True)
    assert bd.dimensions == BDDimLayoutArrayAttr(
        (BDDimLayoutAttr.of(2, 8), BDDimLayoutAttr.of(8, 1))
    )


def test_allocations_in_the_older_and_the_newer_form(lines: Lines) -> None:
    written = "aie.shim_dma_allocation @in(%shim, MM2S, 1, <pkt_type = 0, pkt_id = 3>)"
    assert lines(written) == [
        "aie.shim_dma_allocation @in(%shim_noc_tile_0_0, MM2S, 1, <pkt_type = 0, pkt_id = 3>)"
    ]
    assert lines("aie.shim_dma_allocation @in(S2MM, 1, 0)") == [
        "aie.shim_dma_allocation @in(%shim_noc_tile_0_0, S2MM, 1)"
    ]


def test_a_parametrized_chain(lines: Lines) -> None:
    written = """aie.bd_chain @copy(%a: memref<8xi32>) {
      aie.dma_bd(%a : memref<8xi32>, 0, 8)
      aie.end
    }"""
    assert lines(written)[0] == "aie.bd_chain @copy(%arg0: memref<8xi32>) {"
