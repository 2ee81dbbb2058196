"""Descriptors: what a design says, as the fields of the hardware."""

from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.dialects.aie import DMABDOp
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError
from softnpu.targets.cdo_bd import descriptor_words

SHIM, MEMORY, CORE = (0, 0), (1, 1), (1, 2)

DESIGN = """\
module {{
  aie.device({device}) {{
    %shim = aie.tile(0, 0)
    %west = aie.tile(0, 1)
    %mem = aie.tile(1, 1)
    %core = aie.tile(1, 2)
    %host = aie.external_buffer {{sym_name = "host"}} : memref<4096xi32>
    %far = aie.buffer(%west) {{address = 64 : i32, sym_name = "far"}} : memref<4096xi32>
    %near = aie.buffer(%mem) {{address = 128 : i32, sym_name = "near"}} : memref<4096xi32>
    %bytes = aie.buffer(%core) {{address = 1024 : i32, sym_name = "bytes"}} : memref<512xi8>
    %words = aie.buffer(%core) {{address = 4096 : i32, sym_name = "words"}} : memref<8192xi32>
    %large = aie.buffer(%core) {{address = 0 : i32, sym_name = "large"}} : memref<16384xi32>
    %far_lock = aie.lock(%west, 3)
    %near_lock = aie.lock(%mem, 4)
    %core_lock = aie.lock(%core, 5)
    %free_lock = aie.lock(%core, 6)
    %program = {program} {{
      %start = aie.dma_start(MM2S, 0, ^bd, ^end)
    ^bd:
      {body}
      aie.next_bd ^end
    ^end:
      aie.end
    }}
  }}
}}
"""
PROGRAMS = {
    SHIM: "aie.shim_dma(%shim)",
    MEMORY: "aie.memtile_dma(%mem)",
    CORE: "aie.mem(%core)",
}


def fields(tile: tuple[int, int], body: str, name: str = "npu1_2col") -> dict[str, int]:
    """The fields that are not zero of the descriptor that `body` describes in a tile's program."""
    text = DESIGN.format(program=PROGRAMS[tile], body=body, device=name)
    module = parse_text(text, "design.mlir", check=False)
    bd = next(op for op in module.walk() if isinstance(op, DMABDOp))
    block = bd.parent_block()
    assert block is not None
    target = device(name)
    words = descriptor_words(block, bd, target, tile)
    unpacked = target.dma(*tile).bd.unpack(words)
    return {key: value for key, value in unpacked.items() if value}


def test_lengths_and_addresses_become_words() -> None:
    assert fields(CORE, "aie.dma_bd(%bytes : memref<512xi8>, 8, 64) {bd_id = 0 : i32}") == {
        "base_address": (1024 + 8) // 4,
        "buffer_length": 16,
        "valid_bd": 1,
    }


def test_a_buffer_without_a_length_is_moved_whole() -> None:
    assert fields(CORE, "aie.dma_bd(%bytes : memref<512xi8>)")["buffer_length"] == 128


def test_locks_of_a_core_tile_are_its_own() -> None:
    found = fields(
        CORE,
        "aie.use_lock(%core_lock, AcquireGreaterEqual, 2)\n"
        "aie.dma_bd(%bytes : memref<512xi8>)\n"
        "aie.use_lock(%free_lock, Release, 3)",
    )
    assert (found["lock_acq_id"], found["lock_acq_value"]) == (5, -2)
    assert (found["lock_rel_id"], found["lock_rel_value"]) == (6, 3)
    assert found["lock_acq_enable"] == 1


def test_acquire_for_equality_keeps_its_sign() -> None:
    found = fields(
        CORE,
        "aie.use_lock(%core_lock, Acquire, 2)\n"
        "aie.dma_bd(%bytes : memref<512xi8>)\n"
        "aie.use_lock(%core_lock, Release, 0)",
    )
    assert found["lock_acq_value"] == 2


def test_a_memory_tile_counts_its_neighbours_memory_and_locks() -> None:
    body = (
        "aie.use_lock(%{0}_lock, AcquireGreaterEqual)\n"
        "aie.dma_bd(%{0} : memref<4096xi32>, 0, 16)\n"
        "aie.use_lock(%{0}_lock, Release)"
    )
    near, far = fields(MEMORY, body.format("near")), fields(MEMORY, body.format("far"))
    assert (near["base_address"], near["lock_acq_id"]) == ((0x80000 + 128) // 4, 64 + 4)
    assert (far["base_address"], far["lock_acq_id"]) == (64 // 4, 3)


def test_a_lock_out_of_reach_is_refused() -> None:
    body = (
        "aie.use_lock(%near_lock, AcquireGreaterEqual)\n"
        "aie.dma_bd(%bytes : memref<512xi8>)\n"
        "aie.use_lock(%near_lock, Release)"
    )
    with pytest.raises(DesignError, match=r"cannot reach a lock of tile \(1, 1\)"):
        fields(CORE, body)


def test_an_acquire_without_release_is_refused() -> None:
    body = "aie.use_lock(%core_lock, AcquireGreaterEqual)\naie.dma_bd(%bytes : memref<512xi8>)"
    with pytest.raises(DesignError, match=r"no aie\.use_lock releases a lock") as error:
        fields(CORE, body)
    assert error.value.location is not None
    assert error.value.location.line == 21


def test_dimensions_are_stored_innermost_first_in_words() -> None:
    found = fields(
        CORE,
        "aie.dma_bd(%bytes : memref<512xi8>, 0, 128, "
        "[<size = 2, stride = 64>, <size = 4, stride = 8>, <size = 16, stride = 1>])",
    )
    assert (found["d0_wrap"], found["d1_wrap"]) == (16 // 4, 4)
    assert (found["d1_stepsize"] + 1, found["d2_stepsize"] + 1) == (8 // 4, 64 // 4)


def test_an_inner_stride_of_words_is_kept() -> None:
    found = fields(CORE, "aie.dma_bd(%words : memref<8192xi32>, 0, 8, [<size = 8, stride = 2>])")
    assert found["d0_stepsize"] == 1


@pytest.mark.parametrize(
    ("length", "dims", "message"),
    [
        (
            8,
            "[<size = 2, stride = 10>, <size = 4, stride = 1>]",
            "dimension 1 .* has a stride of 10 elements",
        ),
        (
            12,
            "[<size = 2, stride = 8>, <size = 6, stride = 1>]",
            "dimension 0 .* has a size of 6 elements",
        ),
    ],
)
def test_part_of_a_word_is_refused(length: int, dims: str, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        fields(CORE, f"aie.dma_bd(%bytes : memref<512xi8>, 0, {length}, {dims})")


def test_a_wrap_one_past_its_field_is_right_only_where_nothing_wraps() -> None:
    body = "aie.dma_bd(%words : memref<8192xi32>, 0, 1024, {})"
    linear = fields(CORE, body.format("[<size = 4, stride = 256>, <size = 256, stride = 1>]"))
    assert "d0_wrap" not in linear
    with pytest.raises(DesignError, match="counts to 255"):
        fields(CORE, body.format("[<size = 4, stride = 512>, <size = 256, stride = 1>]"))


def test_a_step_past_its_field_is_refused() -> None:
    dims = "[<size = 2, stride = 8192>, <size = 4, stride = 1>]"
    memory = fields(
        MEMORY, f"aie.dma_bd(%near : memref<4096xi32>, 0, 8, {dims})".replace("8192", "64")
    )
    assert memory["d1_stepsize"] == 63
    with pytest.raises(DesignError, match="DMA has 3"):
        four = "[" + ", ".join(["<size = 2, stride = 4>"] * 4) + "]"
        fields(CORE, f"aie.dma_bd(%words : memref<8192xi32>, 0, 8, {four})")


def test_padding_is_stored_in_words_for_the_inner_dimension() -> None:
    found = fields(
        MEMORY,
        "aie.dma_bd(%near : memref<4096xi32>, 0, 60, "
        "[<size = 3, stride = 16>, <size = 8, stride = 1>], "
        "[<const_pad_before = 1, const_pad_after = 2>, "
        "<const_pad_before = 1, const_pad_after = 1>])",
    )
    assert (found["d0_zero_before"], found["d0_zero_after"]) == (1, 1)
    assert (found["d1_zero_before"], found["d1_zero_after"]) == (1, 2)


def test_packet_headers_come_from_the_descriptor_or_an_op_beside_it() -> None:
    inside = fields(
        CORE,
        "aie.dma_bd(%bytes : memref<512xi8>) {packet = #aie.packet_info<pkt_type = 2, pkt_id = 9>}",
    )
    beside = fields(CORE, "aie.dma_bd_packet(2, 9)\naie.dma_bd(%bytes : memref<512xi8>)")
    assert inside == beside
    assert (inside["enable_packet"], inside["packet_type"], inside["packet_id"]) == (1, 2, 9)


def test_a_transfer_too_long_for_its_field_is_refused() -> None:
    with pytest.raises(DesignError, match=r"65536 bytes; .* at most 65532 at a time"):
        fields(CORE, "aie.dma_bd(%large : memref<16384xi32>)")


def test_a_shim_moves_host_memory_in_the_longest_bursts() -> None:
    body = "aie.dma_bd(%host : memref<4096xi32>, 0, 64) {bd_id = 0 : i32}"
    assert fields(SHIM, body)["burst_length"] == 2
    assert fields(SHIM, body, "npu2_2col")["burst_length"] == 3


def test_a_shim_cannot_move_a_tiles_buffer() -> None:
    with pytest.raises(DesignError, match=r"tile \(0, 0\) needs an aie.external_buffer"):
        fields(SHIM, "aie.dma_bd(%bytes : memref<512xi8>)")
