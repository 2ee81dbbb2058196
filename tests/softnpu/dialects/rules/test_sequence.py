"""What an author reads about runtime sequences that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.dialects.source import parse_text
from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]

ALLOCATION = "aie.shim_dma_allocation @in(%shim, MM2S, 0)\n"
TASK = "{{ aie.dma_bd(%a : memref<64xi8>, 0, 64) {attributes} aie.end }}"


def sequence(body: str, type: str = "memref<64xi8>") -> str:
    """A runtime sequence of one host buffer."""
    return f"{ALLOCATION}aie.runtime_sequence(%a: {type}) {{\n{body}\n}}"


def transfer(
    lists: str = "[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]",
    attributes: str = "id = 0 : i64, metadata = @in",
    type: str = "memref<64xi8>",
) -> str:
    """A runtime sequence of one transfer."""
    return sequence(f"aiex.npu.dma_memcpy_nd(%a{lists}) {{{attributes}}} : {type}", type)


WRITEBD = {
    "column": 0, "bd_id": 0, "buffer_length": 4, "buffer_offset": 0, "enable_packet": 0,
    "out_of_order_id": 0, "packet_id": 0, "packet_type": 0, "d0_size": 0, "d0_stride": 0,
    "d1_size": 0, "d1_stride": 0, "d2_size": 0, "d2_stride": 0, "iteration_current": 0,
    "iteration_size": 0, "iteration_stride": 0, "next_bd": 0, "row": 0, "use_next_bd": 0,
    "valid_bd": 1, "lock_rel_val": 0, "lock_rel_id": 0, "lock_acq_enable": 0, "lock_acq_val": 0,
    "lock_acq_id": 0, "d0_zero_before": 0, "d1_zero_before": 0, "d2_zero_before": 0,
    "d0_zero_after": 0, "d1_zero_after": 0, "d2_zero_after": 0,
}  # fmt: skip


def writebd(**changes: int) -> str:
    """A runtime sequence of one descriptor write."""
    entries = ", ".join(f"{name} = {value} : i32" for name, value in (WRITEBD | changes).items())
    return sequence(f"aiex.npu.writebd {{{entries}}}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (transfer("[0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]"), "a transfer has 4 offsets, found 3"),
        (transfer("[0, 0, 0, 0][1, 1, 1, -4][0, 0, 0, 1]"), "sizes are not negative"),
        (transfer("[0, 0, 0, 2][1, 1, 1, 64][0, 0, 0, 1]"), "this one at byte 2"),
        (transfer(type="memref<64xi64>"), "elements of 64 bits"),
        (transfer(type="memref<2xi8>"), "a buffer of 16 bits"),
        (transfer(attributes="id = 0 : i64, metadata = @inn"), "'@inn'; did you mean '@in'?"),
        (
            transfer(attributes="id = 0 : i64, metadata = @in, burst_length = 512 : i64"),
            "bursts of 512 bytes: npu1_1col has 64, 128, 256",
        ),
        (sequence("aiex.npu.dma_wait {symbol = @out}"), "'@out'"),
        (sequence("aiex.npu.rtp_write(@rtp, 0, 1)"), "there is no buffer '@rtp'"),
        (
            sequence(
                "aiex.npu.push_queue(0, 0, MM2S : 0) "
                "{bd_id = 16 : i32, issue_token = false, repeat_count = 0 : i32}"
            ),
            "tile (0, 0) has descriptors 0 to 15",
        ),
        (
            sequence(
                "aiex.npu.push_queue(0, 0, MM2S : 0) "
                "{bd_id = 0 : i32, issue_token = false, repeat_count = 256 : i32}"
            ),
            "repeat_count is at most 255, found 256",
        ),
        (writebd(packet_id=32), "packet_id is at most 31, found 32"),
        (writebd(d0_size=1024), "d0_size is at most 1023, found 1024"),
        (writebd(d2_size=2), "a shim's DMA has no d2_size"),
        (writebd(d1_zero_after=2), "a shim's DMA cannot pad"),
        (writebd(row=1, burst_length=64), "burst_length is for shim tiles"),
        (
            sequence(
                "%t = aiex.dma_configure_task(%mem, MM2S, 0) "
                + TASK.format(attributes="{burst_length = 64 : i32}")
            ),
            "burst_length is for shim tiles",
        ),
        (
            sequence("%t = aiex.dma_configure_task_for @out " + TASK.format(attributes="")),
            "there is no objectfifo or shim DMA allocation '@out'",
        ),
        (
            sequence("%t = aiex.dma_start_bd_chain @c(%a) : (memref<64xi8>) on (%shim, MM2S, 0)"),
            "there is no aie.bd_chain '@c'",
        ),
        (
            "%l = aie.lock(%core, 0)\n" + sequence("aiex.set_lock(%l, -1)"),
            "a lock holds 0 to 63",
        ),
        (
            "%l = aie.lock(%core, 0)\n" + sequence("aiex.set_lock(%l, 64)"),
            "a lock holds 0 to 63",
        ),
        (sequence("aiex.configure @other { }"), "there is no device '@other'"),
        ("aiex.dma_start_task(%core)", "'aiex.dma_start_task' stands directly in"),
        (sequence("aiex.dma_start_task(%core)"), "task must be a task"),
    ],
)
def test_what_cannot_be_is_said(body: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(body).message


def test_a_linear_transfer_of_any_length(read: Callable[[str], object]) -> None:
    read(transfer("[0, 0, 0, 0][1, 1, 1, 4194304][0, 0, 0, 1]", type="memref<4194304xi8>"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("@work(%b) : (memref<4xi32>)", "has no runtime sequence '@work'"),
        ("@main() : ()", "runtime_sequence 'main' takes 1 arguments, found 0"),
        ("@main(%b) : (memref<4xi32>)", "is a memref<8xi32>, found a memref<4xi32>"),
    ],
)
def test_what_is_run_must_fit(call: str, message: str) -> None:
    text = f"""module {{
      aie.device(npu1) @first {{ aie.runtime_sequence @main(%a: memref<8xi32>) {{ }} }}
      aie.device(npu1) {{ aie.runtime_sequence(%b: memref<4xi32>) {{
        aiex.configure @first {{ aiex.run {call} }} }} }} }}"""
    with pytest.raises(DesignError) as caught:
        parse_text(text)
    assert message in caught.value.message
