"""What an author reads about runtime sequences that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.dialects.text import parse_text
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


def parameter(write: str, shape: str = "16xi32") -> str:
    """A runtime sequence that writes a parameter."""
    buffer = f'%g = aie.buffer(%core) {{sym_name = "gain"}} : memref<{shape}>\n'
    return buffer + sequence(f"aiex.npu.rtp_write({write})")


def writebd(**changes: int) -> str:
    """A runtime sequence of one descriptor write."""
    entries = ", ".join(f"{name} = {value} : i32" for name, value in (WRITEBD | changes).items())
    return sequence(f"aiex.npu.writebd {{{entries}}}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (transfer("[0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]"), "a transfer has 4 offsets, found 3"),
        (transfer("[0, 0, 0, 0][1, 1, 1, -4][0, 0, 0, 1]"), "sizes are 1 or more: [1, 1, 1, -4]"),
        (transfer("[0, 0, 0, 0][1, 0, 1, 64][0, 0, 0, 1]"), "sizes are 1 or more: [1, 0, 1, 64]"),
        (transfer("[0, 0, 0, -4][1, 1, 1, 64][0, 0, 0, 1]"), "offsets are 0 or more"),
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
                "%n = arith.constant 5000 : i32\n"
                "aiex.npu.assert_bd_field(%n) {max = 1023 : i32} : i32"
            ),
            "the value is 5000, the field holds 0 to 1023",
        ),
        (
            sequence(
                "%n = arith.constant 6 : i32\n"
                "aiex.npu.assert_bd_divisible(%n) {allow_unit, divisor = 4 : i32} : i32"
            ),
            "the value is 6, no multiple of 4",
        ),
        (parameter("@in, 0, 1"), "'@in' is no buffer, it is aie.shim_dma_allocation"),
        (parameter("@gain, 16, 1"), "@gain has no run-time parameter 16: its words are 0 to 15"),
        (parameter("@gain, 4, 1", "4x2xi16"), "no run-time parameter 4: its words are 0 to 3"),
        (parameter("@gain, 0, 1", "16xi8"), "a 32-bit word, but @gain holds i8"),
        (parameter("@gain, 0, 1", "16xbf16"), "a 32-bit word, but @gain holds bf16"),
        (parameter("@gain, 0, 5", "16xf32"), "writes bits: 5 is 7.01e-45 in @gain"),
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
        (
            "aiex.dma_start_task(%core)",
            "'aiex.dma_start_task' stands in aie.runtime_sequence, not in 'aie.device'",
        ),
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


def test_the_bits_of_a_float_are_told(refusal: Refusal) -> None:
    error = refusal(parameter("@gain, 0, 5", "16xf32"))
    assert error.notes == ("the bits of 5.0 are 1084227584",)
    assert error.location is not None


@pytest.mark.parametrize(
    ("write", "shape"),
    [
        ("@gain, 15, -1", "16xi32"),
        ("@gain, 3, 2147483647", "2x2xui32"),
        ("@gain, 0, 1084227584", "4xf32"),
        ("@gain, 0, 0", "4xf32"),
        ("@gain, 0, -1082130432", "4xf32"),
    ],
)
def test_a_parameter_that_the_buffer_has(
    write: str, shape: str, read: Callable[[str], object]
) -> None:
    read(parameter(write, shape))


FIVE = "offset = 0 len = 64 sizes = [1, 1, 1, 1, 64] strides = [0, 0, 0, 0, 1]"


@pytest.mark.parametrize("task", ["aiex.dma_configure_task_for @in", "aiex.dma_configure_task("])
def test_a_tasks_descriptor_has_four_dimensions_at_most(refusal: Refusal, task: str) -> None:
    head = task + "%shim, MM2S, 0)" if task.endswith("(") else task
    body = f"%t = {head} {{ aie.dma_bd(%a : memref<64xi8> {FIVE}) aie.end }}"
    assert "has at most 4 dimensions, not 5" in refusal(sequence(body)).message


def test_a_tasks_iteration_is_its_outermost_dimension(refusal: Refusal) -> None:
    iteration = "{iteration = #aie.bd_iteration<size = 4, stride = 16, current = 0>}"
    body = f"""%t = aiex.dma_configure_task_for @in {{
      aie.dma_bd(%a : memref<64xi8> offset = 0 len = 64) {iteration}
      aie.end
    }}"""
    error = refusal(sequence(body))
    assert error.message == "a task's descriptor has no iteration"
    assert "outermost of four dimensions" in error.notes[0]
