"""Transfers, pushes and parameters as register operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.compiler.pipelines import npu_lowering, run
from softnpu.compiler.streams import number_pdis
from softnpu.dialects.text import parse_file, print_module
from softnpu.errors import DesignError
from softnpu.passes.dma_to_npu import DmaToNpuPass
from tests.conftest import DESIGNS
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import ARGUMENTS, design, numbered_steps_of, steps_of

LOWER = DmaToNpuPass()


def globals_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if "memref.global" in line]


@pytest.mark.parametrize("name", DESIGNS)
def test_sequences_come_out_as_from_aie_opt(golden: Path, name: str) -> None:
    module = parse_file(golden / name / "input_physical.mlir")
    run(npu_lowering(), module)
    number_pdis(module)
    lowered = print_module(module)
    expected = (golden / name / "npu_insts.mlir").read_text()
    assert steps_of(lowered) == steps_of(expected)
    assert globals_of(lowered) == globals_of(expected)


def test_a_transfer_is_a_descriptor_its_address_and_a_push(lower: Lower) -> None:
    steps = numbered_steps_of(
        lower(
            design(
                "aiex.npu.dma_memcpy_nd(%b[0, 0, 2, 4][3, 1, 4, 8][64, 0, 16, 1]) "
                "{id = 2 : i64, metadata = @in} : memref<1024xi32>"
            ),
            LOWER,
        )
    )
    assert steps == [
        "%0 = memref.get_global @blockwrite_data_0 : memref<8xi32>",
        f"aiex.npu.blockwrite(%0) {{address = {0x1D040} : ui32}} : memref<8xi32>",
        f"aiex.npu.address_patch({4 * (2 * 16 + 4)} : i32) "
        f"{{addr = {0x1D044} : ui32, arg_idx = 1 : i32}}",
        f"aiex.npu.write32({0x1D214}, {2 << 16 | 2}) : i32, i32",
    ]


def test_constants_may_stand_outside_the_transfer(lower: Lower) -> None:
    inside = design(
        "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 8][1, 1, 4, 8][0, 0, 16, 1]) "
        "{id = 0 : i64, metadata = @in} : memref<1024xi32>"
    )
    outside = design(
        """
        %c4 = arith.constant 4 : i64
        %c8 = arith.constant 8 : i64
        aiex.npu.dma_memcpy_nd(%a[0, 0, 0, %c8][1, 1, %c4, %c8][0, 0, 16, 1])
          {id = 0 : i64, metadata = @in} : memref<1024xi32>
        """
    )
    assert globals_of(lower(outside, LOWER)) == globals_of(lower(inside, LOWER))


def test_receiving_always_gives_a_token_and_sending_on_demand(lower: Lower) -> None:
    def queue_word(metadata: str, token: str) -> str:
        text = design(
            "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1]) "
            f"{{id = 1 : i64, metadata = @{metadata}{token}}} : memref<1024xi32>"
        )
        return numbered_steps_of(lower(text, LOWER))[-1].split(", ", 1)[1]

    with_token = f"{(1 << 31 | 1) - (1 << 32)}) : i32, i32"
    assert queue_word("in", "") == "1) : i32, i32"
    assert queue_word("in", ", issue_token = true") == with_token
    assert queue_word("out", "") == with_token


def test_a_token_goes_to_the_controller_of_its_tile(lower: Lower) -> None:
    before = """
      %shim = aie.tile(0, 0) {controller_id = #aie.packet_info<pkt_type = 0, pkt_id = 15>}
      aie.shim_dma_allocation @out(%shim, S2MM, 1)
    """
    text = design(
        "aiex.npu.push_queue(0, 0, S2MM : 1) {issue_token = true, repeat_count = 0 : i32, "
        "bd_id = 3 : i32}",
        before=before,
    )
    assert numbered_steps_of(lower(text, LOWER)) == [
        f"aiex.npu.maskwrite32({0x1D208}, {0xF00}, {0x1F00}) : i32, i32, i32",
        f"aiex.npu.write32({0x1D20C}, {(1 << 31 | 3) - (1 << 32)}) : i32, i32",
    ]


def test_a_wait_names_the_channel_of_its_allocation(lower: Lower) -> None:
    steps = numbered_steps_of(lower(design("aiex.npu.dma_wait {symbol = @out}"), LOWER))
    assert steps == ["aiex.npu.sync(0, 0, 0, 1, 1, 1) : i32, i32, i32, i32, i32, i32"]


def test_parameters_and_writes_find_their_buffers(lower: Lower) -> None:
    before = """
      %core = aie.tile(0, 3)
      %gain = aie.buffer(%core) {address = 1024 : i32, sym_name = "gain"} : memref<16xi32>
      memref.global "private" constant @table : memref<2xi32> = dense<[5, 6]>
    """
    text = design(
        """
        aiex.npu.rtp_write(@gain, 3, -7)
        aiex.npu.write32 {buffer = @gain, address = 2 : ui32, value = 9 : ui32}
        aiex.npu.maskwrite32 {buffer = @gain, address = 1 : ui32, value = 1 : ui32, mask = 3 : ui32}
        %0 = memref.get_global @table : memref<2xi32>
        aiex.npu.blockwrite(%0) {buffer = @gain, address = 4 : ui32} : memref<2xi32>
        """,
        before=before,
    )
    tile = 3 << 20
    assert numbered_steps_of(lower(text, LOWER)) == [
        f"aiex.npu.write32({1024 + 12}, -7) {{column = 0 : i32, row = 3 : i32}} : i32, i32",
        f"aiex.npu.write32({tile + 1032}, 9) : i32, i32",
        f"aiex.npu.maskwrite32({tile + 1028}, 1, 3) : i32, i32, i32",
        "%0 = memref.get_global @table : memref<2xi32>",
        f"aiex.npu.blockwrite(%0) {{address = {tile + 1040} : ui32}} : memref<2xi32>",
    ]


def test_transfers_with_the_same_descriptor_share_its_words(lower: Lower) -> None:
    transfer = (
        "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, {0}][1, 1, 1, {1}][0, 0, 0, 1]) "
        "{{id = {2} : i64, metadata = @in}} : memref<1024xi32>"
    )
    text = design("\n".join(transfer.format(*it) for it in ((0, 8, 0), (64, 8, 1), (0, 16, 2))))
    lowered = lower(text, LOWER)
    assert [line.split()[3] for line in globals_of(lowered)] == [
        "@blockwrite_data_0",
        "@blockwrite_data_1",
    ]
    uses = [line.split()[3] for line in steps_of(lowered) if "get_global" in line]
    assert uses == ["@blockwrite_data_0", "@blockwrite_data_0", "@blockwrite_data_1"]


def test_a_memory_tiles_queue_takes_the_whole_number_of_a_descriptor(lower: Lower) -> None:
    """aie-opt writes four bits of it, and BD 8 starts."""
    step = (
        "aiex.npu.push_queue(0, 1, MM2S : 1) {issue_token = false, repeat_count = 0 : i32, "
        "bd_id = 24 : i32}"
    )
    (write,) = numbered_steps_of(lower(design(step), LOWER))
    assert write.endswith(", 24) : i32, i32")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("aiex.npu.dma_wait {symbol = @ot}", "did you mean '@out'?"),
        (
            "aiex.npu.push_queue(0, 1, MM2S : 0) {issue_token = false, repeat_count = 0 : i32, "
            "bd_id = 24 : i32}",
            "channel 0 of tile (0, 1) cannot start BD 24, only 0 to 23",
        ),
        (
            "aiex.npu.push_queue(0, 0, MM2S : 2) {issue_token = false, repeat_count = 0 : i32, "
            "bd_id = 1 : i32}",
            "channel 2 does not exist: a shim tile has 2 MM2S channels",
        ),
        ("aiex.npu.rtp_write(@in, 0, 1)", "'@in' is no buffer, it is aie.shim_dma_allocation"),
        (
            "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 4, %n, 2000][0, 64, 64, 1]) "
            "{id = 0 : i64, metadata = @in} : memref<1024xi32>",
            "size 0 is 2000, at most 1023 fit",
        ),
    ],
)
def test_a_step_that_cannot_be_done_is_an_error_at_its_place(
    lower: Lower, step: str, message: str
) -> None:
    with pytest.raises(DesignError) as error:
        lower(design(step, arguments=f"{ARGUMENTS}, %n: i64"), LOWER)
    assert message in str(error.value)
    assert str(error.value).startswith("design.mlir:8:")
