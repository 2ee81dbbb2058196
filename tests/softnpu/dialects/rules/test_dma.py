"""What an author reads about DMA programs and descriptors that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]


def program(
    bd: str,
    *,
    op: str = "aie.memtile_dma(%mem)",
    start: str = "MM2S, 0",
    tile: str = "%mem",
    type: str = "memref<64xi16>",
    after: str = "",
) -> str:
    """A DMA program with one descriptor of buffer `%b`."""
    return f"""%b = aie.buffer({tile}) {{sym_name = "b"}} : {type}
    %d = {op} {{
      aie.dma_start({start}, ^bd, ^end)
    ^bd:
      {bd}
      {after}
      aie.next_bd ^end
    ^end:
      aie.end
    }}"""


B = "%b : memref<64xi16>"


@pytest.mark.parametrize(
    ("bd", "message"),
    [
        (f"aie.dma_bd({B}, 0, 3)", "3 elements of 2 bytes are 6 bytes"),
        (f"aie.dma_bd({B}) {{bd_id = 48 : i32}}", "tile (0, 1) has descriptors 0 to 47"),
        (f"aie.dma_bd({B}) {{next_bd_id = 99 : i32}}", "next_bd_id is 99"),
        (f"aie.dma_bd({B}) {{burst_length = 64 : i32}}", "burst_length is for shim tiles"),
        (
            f"aie.dma_bd({B}) {{packet = #aie.packet_info<pkt_type = 8, pkt_id = 1>}}",
            "a packet type is 0 to 7, found 8",
        ),
        (
            f"aie.dma_bd({B}) {{packet = #aie.packet_info<pkt_type = 0, pkt_id = 32>}}",
            "a packet id is 0 to 31, found 32",
        ),
        (
            f"aie.dma_bd({B}, 0, 32, [<size = 4, stride = 32>, <size = 8, stride = 1>])",
            "the dimensions reach element 103 of a buffer of 64 elements",
        ),
        (
            f"aie.dma_bd({B}, 0, 8, [<size = 1, stride = 0>, <size = 8, stride = 1>])",
            "dimension 1 (<size = 1, stride = 0>): a stride is at least 1",
        ),
        (
            f"aie.dma_bd({B}, 0, 8, [<size = 8, stride = 2>])",
            "the innermost stride must be 1 for elements of 2 bytes",
        ),
        (
            f"aie.dma_bd({B}, 0, 8, [" + ", ".join(["<size = 1, stride = 1>"] * 5) + "])",
            "a descriptor here has at most 4 dimensions, not 5",
        ),
        (
            f"aie.dma_bd({B}, 0, 8, [<size = 8, stride = 1>], "
            "[<const_pad_before = 1, const_pad_after = 0>])",
            "the padded transfer has 9 elements or more, its length says 8",
        ),
        (
            f"aie.dma_bd({B}, 0, 10, [<size = 8, stride = 1>], "
            "[<const_pad_before = 1, const_pad_after = 1>])",
            "the innermost padding before is 1 elements of 2 bytes",
        ),
    ],
)
def test_what_a_descriptor_cannot_hold(bd: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(program(bd)).message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            program(f"aie.dma_bd({B})", start="MM2S, 6"),
            "tile (0, 1) has MM2S channels 0 to 5, found 6",
        ),
        (
            program(f"aie.dma_bd({B})\naie.dma_bd({B})"),
            "a block holds one aie.dma_bd, this one 2",
        ),
        (
            program(f"aie.dma_bd({B})", op="aie.mem(%core)"),
            "mem (0, 2) cannot reach buffer 'b' in tile (0, 1)",
        ),
        (
            program(f"aie.dma_bd({B})", op="aie.mem(%core)", tile="%north"),
            "the DMA of tile (0, 2) can only move buffers of its own tile",
        ),
        (
            program(
                "aie.dma_bd(%b : memref<64xi16>, 0, 8, [<size = 8, stride = 1>], "
                "[<const_pad_before = 0, const_pad_after = 0>])",
                op="aie.mem(%core)",
                tile="%core",
            ),
            "only a memory tile's DMA can pad",
        ),
        ("%d = aie.memtile_dma(%core) {\n aie.end }", "'aie.memtile_dma' needs a memory tile"),
    ],
)
def test_what_a_program_cannot_hold(text: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(text).message


def test_a_tile_has_only_so_many_descriptors(refusal: Refusal) -> None:
    bds = "".join(
        f"^b{i}: aie.dma_bd(%b : memref<4xi32>)\naie.next_bd ^b{i + 1}\n" for i in range(17)
    )
    error = refusal(
        f"""%b = aie.buffer(%core) : memref<4xi32>
        %d = aie.mem(%core) {{ aie.dma_start(MM2S, 0, ^b0, ^b17)
        {bds}^b17: aie.end }}"""
    )
    assert error.message.startswith("mem (0, 2) has more than 16 buffer descriptors")


def test_high_channels_of_a_memory_tile_stay_at_home() -> None:
    from softnpu.dialects.source import parse_text

    text = """module { aie.device(npu1_2col) {
      %m0 = aie.tile(0, 1)
      %m1 = aie.tile(1, 1)
      %b = aie.buffer(%m1) {sym_name = "b"} : memref<4xi32>
      %d = aie.memtile_dma(%m0) {
        aie.dma_start(MM2S, CHANNEL, ^bd, ^end)
      ^bd:
        aie.dma_bd(%b : memref<4xi32>)
        aie.next_bd ^end
      ^end:
        aie.end
      } } }"""
    parse_text(text.replace("CHANNEL", "3"))
    with pytest.raises(DesignError, match="channel 4 of a memory tile reaches its own memory"):
        parse_text(text.replace("CHANNEL", "4"))
