"""What an author reads about DMA programs and descriptors that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.dialects.text import parse_text
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
        (
            f"aie.dma_bd({B}, 0, 262144)",
            "a descriptor of tile (0, 1) moves at most 131071 4-byte words, found 131072",
        ),
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


FOUR_BY_FOUR = "[<size = 4, stride = 4>, <size = 4, stride = 1>]"
PADS = "[<const_pad_before = 1, const_pad_after = 1>, <const_pad_before = 2, const_pad_after = 0>]"
W = "%b : memref<64xi32>"


@pytest.mark.parametrize(
    ("bd", "message"),
    [
        (
            f"aie.dma_bd({W}, 0, 64, {FOUR_BY_FOUR})",
            "is 64 elements, but the dimensions move 4 * 4 = 16",
        ),
        (
            f"aie.dma_bd({W}, 0, 8, {FOUR_BY_FOUR})",
            "is 8 elements, but the dimensions move 4 * 4 = 16",
        ),
        (
            f"aie.dma_bd({W}, 0, 40, {FOUR_BY_FOUR}, {PADS})",
            "with their padding move (1 + 4 + 1) * (2 + 4 + 0) = 36",
        ),
        (
            f"aie.dma_bd({W}, 1, 64)",
            "reaches element 64 of a buffer of 64 elements, beginning at 1",
        ),
        (f"aie.dma_bd({W}, 0, 65)", "the transfer reaches element 64 of a buffer of 64 elements"),
        (
            f"aie.dma_bd({W}, 50, 16, {FOUR_BY_FOUR})",
            "the dimensions reach element 65 of a buffer of 64 elements, beginning at 50",
        ),
        (f"aie.dma_bd({W}, -4, 8)", "the offset of a transfer is not negative, found -4"),
        (f"aie.dma_bd({W}, 0, -8)", "the length of a transfer is not negative, found -8"),
        (
            f"aie.dma_bd({W} offset = 0 len = 16 sizes = [-4, -4] strides = [4, 1])",
            "size 1 is -4: a size is 1 or more",
        ),
        (
            f"aie.dma_bd({W} offset = 0 len = 0 sizes = [4, 0] strides = [4, 1])",
            "size 0 is 0: a size is 1 or more",
        ),
        (
            f"aie.dma_bd({W} offset = 0 len = 16 sizes = [4, 4] strides = [-4, 1])",
            "stride 1 is -4: a stride is 0 or more",
        ),
    ],
)
@pytest.mark.parametrize("op", ["aie.memtile_dma(%mem)", "aie.mem(%core)"])
def test_dimensions_cover_the_length_and_stay_in_the_buffer(
    op: str, bd: str, message: str, refusal: Refusal
) -> None:
    if PADS in bd and "memtile" not in op:
        pytest.skip("only memory tiles pad")
    tile = "%core" if "core" in op else "%mem"
    error = refusal(program(bd, op=op, tile=tile, type="memref<64xi32>"))
    assert message in error.message
    assert error.location is not None
    assert error.location.line == 11


def test_a_shims_descriptor_is_held_to_its_length_too(refusal: Refusal) -> None:
    error = refusal(
        f"""%b = aie.external_buffer : memref<64xi32>
        %d = aie.shim_dma(%shim) {{ aie.dma_start(MM2S, 0, ^bd, ^end)
        ^bd: aie.dma_bd({W}, 0, 64, {FOUR_BY_FOUR})
        aie.next_bd ^end
        ^end: aie.end }}"""
    )
    assert "the dimensions move 4 * 4 = 16" in error.message


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        ("[<size = 2, stride = 8>, <size = 3, stride = 1>]", "the size is 3 elements of 2 bytes"),
        ("[<size = 2, stride = 3>, <size = 4, stride = 1>]", "the stride is 3 elements of 2 bytes"),
    ],
)
def test_a_dma_counts_whole_words(dims: str, message: str, refusal: Refusal) -> None:
    length = 6 if "size = 3" in dims else 8
    assert message in refusal(program(f"aie.dma_bd({B}, 0, {length + length % 4}, {dims})")).message


@pytest.mark.parametrize(
    ("bd", "message"),
    [
        ("offset = 32 len = 64", "reaches element 95 of a buffer of 64 elements, beginning at 32"),
        ("len = 32 sizes = [-2, -16] strides = [16, 1]", "size 1 is -2: a size is 1 or more"),
        ("len = 32 sizes = [2, 16] strides = [-16, 1]", "stride 1 is -16: a stride is 0 or more"),
    ],
)
def test_a_task_stays_in_a_tiles_buffer(bd: str, message: str, refusal: Refusal) -> None:
    error = refusal(
        f"""%b = aie.buffer(%mem) : memref<64xi32>
        aie.runtime_sequence() {{
          %t = aiex.dma_configure_task(%mem, MM2S, 0) {{
            aie.dma_bd({W} {bd}) {{bd_id = 0 : i32}}
            aie.end
          }}
        }}"""
    )
    assert message in error.message


@pytest.mark.parametrize("length", ["", "offset = 0 len = 0"])
def test_a_buffer_without_elements_has_nothing_to_move(length: str, refusal: Refusal) -> None:
    error = refusal(program(f"aie.dma_bd(%b : memref<0xi32> {length})", type="memref<0xi32>"))
    assert error.message == "memref<0xi32> has no elements: there is nothing to move"


def test_what_covers_its_length_is_taken(read: Callable[[str], object]) -> None:
    for bd in (
        f"aie.dma_bd({W}, 48, 16, {FOUR_BY_FOUR})",
        f"aie.dma_bd({W}, 0, 36, {FOUR_BY_FOUR}, {PADS})",
        f"aie.dma_bd({W}, 0, 16, [<size = 4, stride = 1>, <size = 4, stride = 1>])",
        f"aie.dma_bd({W}, 60, 4)",
        f"aie.dma_bd({W}, 64, 0)",
        f"aie.dma_bd({W})",
    ):
        read(program(bd, type="memref<64xi32>"))


INNER = "<size = 2, stride = 8>, <size = 2, stride = 4>, <size = 4, stride = 1>"
FOUR = f"[<size = 2, stride = 16>, {INNER}]"
"""All the dimensions that a memory tile has: its descriptors hold no size of the outermost."""


def test_the_outermost_size_of_all_that_there_are_goes_by_the_length(
    read: Callable[[str], object], refusal: Refusal
) -> None:
    read(program(f"aie.dma_bd({W}, 0, 64, {FOUR})", type="memref<64xi32>"))
    for bd, message in (
        (f"aie.dma_bd({W}, 0, 56, {FOUR})", "move 2 * 2 * 2 * 4 = 32"),  # no whole rounds
        (f"aie.dma_bd({W}, 0, 16, {FOUR})", "move 2 * 2 * 2 * 4 = 32"),  # a shorter one ends it
        (
            f"aie.dma_bd({W}, 0, 32, [{INNER}])",
            "move 2 * 2 * 4 = 16",
        ),  # a dimension is left
        (f"aie.dma_bd({W}, 16, 64, {FOUR})", "reach element 79 of a buffer of 64 elements"),
    ):
        assert message in refusal(program(bd, type="memref<64xi32>")).message


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
    from softnpu.dialects.text import parse_text

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


def test_a_shims_contiguous_run_may_have_large_dimensions(
    read: Callable[[str], object], refusal: Refusal
) -> None:
    text = """%b = aie.external_buffer : memref<4x1024xi32>
    %d = aie.shim_dma(%shim) {
      aie.dma_start(MM2S, 0, ^bd, ^end)
    ^bd:
      aie.dma_bd(%b : memref<4x1024xi32>, 0, 2048,
        [<size = 2, stride = STRIDE>, <size = 1024, stride = 1>])
      aie.next_bd ^end
    ^end:
      aie.end
    }"""
    read(text.replace("STRIDE", "1024"))
    assert "a size is at most 512" in refusal(text.replace("STRIDE", "2048")).message


@pytest.mark.parametrize(
    ("device", "tile", "op", "start", "message"),
    [
        ("npu2", "0, 2", "aie.mem", "MM2S", "pad_value is for MM2S channels of memory tiles"),
        ("npu2", "0, 1", "aie.memtile_dma", "S2MM", "pad_value is for MM2S channels"),
        ("npu1", "0, 1", "aie.memtile_dma", "MM2S", "npu1 pads with 0 alone: remove pad_value"),
        ("npu2", "0, 1", "aie.memtile_dma", "MM2S", None),
    ],
)
def test_a_pad_value_is_for_channels_that_pad(
    device: str, tile: str, op: str, start: str, message: str | None
) -> None:
    text = f"""module {{ aie.device({device}) {{
      %t = aie.tile({tile})
      %b = aie.buffer(%t) : memref<8xi32>
      %d = {op}(%t) {{
        aie.dma_start({start}, 0, ^bd, ^end) {{pad_value = 7 : i32}}
      ^bd:
        aie.dma_bd(%b : memref<8xi32>)
        aie.next_bd ^end
      ^end:
        aie.end
      }}
    }} }}"""
    if message is None:
        parse_text(text)
        return
    with pytest.raises(DesignError) as caught:
        parse_text(text)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("sizes", "strides", "message"),
    [
        ("-9223372036854775808, 2", "4, 1", "sizes have 1 places for 0 values"),
        ("8, 2", "-9223372036854775808, 1", "strides have 1 places for 0 values"),
        ("8, 2", "1", "2 sizes for 1 strides"),
    ],
)
def test_lists_that_do_not_fit_together_are_refused_in_a_task_too(
    refusal: Refusal, sizes: str, strides: str, message: str
) -> None:
    error = refusal(
        f"""aie.runtime_sequence(%a: memref<64xi8>) {{
          %t = aiex.dma_configure_task(%shim, MM2S, 0) {{
            "aie.dma_bd"(%a) <{{operandSegmentSizes = array<i32: 1, 0, 0, 0, 0>,
              static_len = 32 : i32, static_sizes = array<i64: {sizes}>,
              static_strides = array<i64: {strides}>}}> : (memref<64xi8>) -> ()
            aie.end
          }}
        }}"""
    )
    assert error.message == message
