"""Transfers that lose data or reach other data are told of, with their lines."""

from __future__ import annotations

import pytest

from softnpu.dialects.aiex import NpuWriteBdOp
from softnpu.dialects.text import parse_text
from softnpu.passes.transfer_hazards import transfer_warnings

DESIGN = """\
module {
  aie.device(npu1_1col) {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
    %north = aie.tile(0, 3)
    %small = aie.buffer(%mem) {sym_name = "small"} : memref<16xi32>
    memref.global "private" constant @words : memref<4xi32> = dense<1>
    aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    DEVICE
    aie.runtime_sequence(%a: memref<256xi32>, %b: memref<256xi32>) {
      SEQUENCE
    }
  }
}
"""


def warnings(sequence: str = "", device: str = "") -> list[str]:
    text = DESIGN.replace("SEQUENCE", sequence).replace("DEVICE", device)
    found = list(transfer_warnings(parse_text(text, "design.mlir")))
    assert all(text.startswith("design.mlir:") for text in found)
    return found


def memcpy(fifo: str, pattern: str, buffer: str = "%a") -> str:
    return (
        f"aiex.npu.dma_memcpy_nd({buffer}{pattern}) "
        f"{{id = 0 : i64, metadata = @{fifo}}} : memref<256xi32>\n"
    )


def test_a_transfer_beyond_what_the_sequence_declares() -> None:
    (warning,) = warnings(memcpy("in", "[0, 0, 0, 224][1, 1, 1, 64][0, 0, 0, 1]"))
    assert "reads bytes 896 to 1152 of argument 0, which has 1024 bytes" in warning


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("[0, 0, 0, 0][1, 1, 2, 32][0, 0, 16, 1]", True),
        ("[0, 0, 0, 0][1, 2, 2, 16][0, 16, 8, 1]", True),
        ("[0, 0, 0, 0][2, 1, 1, 32][16, 0, 0, 1]", True),
        ("[0, 0, 0, 0][4, 1, 1, 64][0, 0, 0, 1]", False),
        ("[0, 0, 0, 0][1, 2, 2, 16][0, 16, 32, 1]", False),
        ("[0, 0, 0, 0][1, 4, 4, 4][0, 4, 16, 1]", False),
    ],
)
def test_what_an_output_writes_twice(pattern: str, told: bool) -> None:
    found = warnings(memcpy("out", pattern, "%b"))
    assert ["writes parts of argument 1 more than once" in text for text in found] == [True] * told


def test_what_an_input_reads_twice_is_nothing() -> None:
    assert warnings(memcpy("in", "[0, 0, 0, 0][1, 1, 2, 32][0, 0, 16, 1]")) == []


RECEIVING = """
    %d = aie.memtile_dma(%mem) {{
      aie.dma_start({direction}, 5, ^bd, ^end)
    ^bd:
      aie.dma_bd(%small : memref<16xi32>, 0, 16,
        [<size = 4, stride = {stride}>, <size = 4, stride = 1>])
      aie.next_bd ^bd
    ^end:
      aie.end
    }}"""


@pytest.mark.parametrize(
    ("direction", "stride", "told"), [("S2MM", 2, True), ("S2MM", 4, False), ("MM2S", 2, False)]
)
def test_a_descriptor_that_receives_twice_in_one_place(
    direction: str, stride: int, told: bool
) -> None:
    found = warnings("", RECEIVING.format(direction=direction, stride=stride))
    assert ["the last that is received there stays" in text for text in found] == [True] * told


def test_a_fifo_that_receives_twice_in_one_place() -> None:
    (warning,) = warnings(
        "",
        "aie.objectfifo @f(%core, {%mem dimensionsFromStream "
        "[<size = 4, stride = 2>, <size = 4, stride = 1>]}, 2 : i32) "
        ": !aie.objectfifo<memref<16xi32>>",
    )
    assert "dimensionsFromStream of @f in tile (0, 1) come to one place twice" in warning


EMPTY = """
    %d = aie.memtile_dma(%mem) {{
      aie.dma_start(S2MM, 5, ^bd, ^end)
    ^bd:
      aie.dma_bd(%small : memref<16xi32> offset = 0 len = {length})
      aie.next_bd ^bd
    ^end:
      aie.end
    }}"""


@pytest.mark.parametrize(("length", "told"), [(0, True), (4, False)])
def test_a_descriptor_of_length_0_moves_nothing(length: int, told: bool) -> None:
    found = warnings("", EMPTY.format(length=length))
    assert ["this descriptor has length 0 and moves nothing" in text for text in found] == (
        [True] * told
    )


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"buffer_length": 0}, "this moves nothing"),
        ({"buffer_length": 0, "enable_packet": 1}, "its packet's header is undefined"),
    ],
)
def test_a_raw_descriptor_of_length_0_moves_nothing(changes: dict[str, int], ending: str) -> None:
    fields = dict.fromkeys(NpuWriteBdOp.attr_fields, 0) | {"valid_bd": 1}
    entries = ", ".join(f"{name} = {value} : i32" for name, value in (fields | changes).items())
    (warning,) = warnings(f"aiex.npu.writebd {{{entries}}}")
    assert "buffer_length is 0: unless its word is written otherwise" in warning
    assert warning.splitlines()[0].endswith(ending)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        ("aiex.npu.write32 {address = 16 : ui32, buffer = @small, value = 3 : ui32}", "16 to 16"),
        (
            "%w = memref.get_global @words : memref<4xi32>\n"
            "aiex.npu.blockwrite(%w) {address = 13 : ui32, buffer = @small} : memref<4xi32>",
            "13 to 16",
        ),
    ],
)
def test_a_write_behind_the_end_of_its_buffer(write: str, words: str) -> None:
    (warning,) = warnings(write)
    assert f"writes words {words} of @small, which has words 0 to 15" in warning


def test_sequences_that_run_each_other_for_ever_are_left_to_the_lowering() -> None:
    text = """module {
      aie.device(npu1) @a {
        aie.runtime_sequence @s() { aiex.configure @a { aiex.run @s() : () } }
      }
    }"""
    assert list(transfer_warnings(parse_text(text, "design.mlir"))) == []
