"""Tasks as descriptors, pushes and syncs."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.dma_tasks_to_npu import DMATasksToNPUPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.printed import with_numbers
from tests.softnpu.passes.sequence_designs import SHIM, design, numbered_steps_of, steps_of

LOWER = DMATasksToNPUPass()


def task(body: str, rest: str = "") -> str:
    return f"%t = aiex.dma_configure_task(%shim, MM2S, 1) {{\n{body}\n}} {rest}"


def fields(step: str) -> dict[str, int]:
    pairs = step[step.index("{") + 1 : step.rindex("}")].split(", ")
    return {name: int(value.split()[0]) for name, value in (pair.split(" = ") for pair in pairs)}


def test_configuring_writes_starting_pushes_and_awaiting_syncs(lower: Lower) -> None:
    body = "aie.dma_bd(%b : memref<1024xi32>, 16, 64) {bd_id = 3 : i32}\n aie.end"
    steps = numbered_steps_of(
        lower(
            design(
                task(body, "{issue_token = true, repeat_count = 2 : i32}")
                + "\naiex.dma_start_task(%t)\naiex.dma_await_task(%t)"
            ),
            LOWER,
        )
    )
    assert steps[0].startswith("aiex.npu.writebd")
    write = fields(steps[0])
    assert (write["bd_id"], write["buffer_length"], write["buffer_offset"]) == (3, 64, 64)
    assert steps[1:] == [
        f"aiex.npu.address_patch(64 : i32) {{addr = {0x1D064} : ui32, arg_idx = 1 : i32}}",
        "aiex.npu.push_queue(0, 0, MM2S : 1) bd_id 3 repeat 2 {issue_token = true} : i32, i32",
        "aiex.npu.sync(0, 0, 1, 1, 1, 1) : i32, i32, i32, i32, i32, i32",
    ]


def test_a_chain_links_its_descriptors(lower: Lower) -> None:
    body = """
      aie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 5 : i32}
      aie.next_bd ^second
    ^second:
      aie.dma_bd(%a : memref<1024xi32>, 8, 8) {bd_id = 2 : i32}
      aie.end
    """
    lowered = lower(design(task(body) + "\naiex.dma_start_task(%t)"), LOWER)
    writes = [fields(step) for step in steps_of(lowered) if "writebd" in step]
    assert [(w["bd_id"], w["use_next_bd"], w["next_bd"]) for w in writes] == [(5, 1, 2), (2, 0, 0)]
    assert "push_queue(0, 0, MM2S : 1) bd_id 5 repeat 0" in with_numbers(lowered)


def test_a_chain_may_be_a_loop_behind_an_empty_entry(lower: Lower) -> None:
    body = """
      aie.next_bd ^first
    ^first:
      aie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 0 : i32}
      aie.next_bd ^second
    ^second:
      aie.dma_bd(%a : memref<1024xi32>, 8, 8) {bd_id = 1 : i32}
      aie.next_bd ^first
    """
    lowered = lower(design(task(body) + "\naiex.dma_start_task(%t)"), LOWER)
    writes = [fields(step) for step in steps_of(lowered) if "writebd" in step]
    assert [(w["bd_id"], w["use_next_bd"], w["next_bd"]) for w in writes] == [(0, 1, 1), (1, 1, 0)]


def test_a_descriptor_may_have_the_constants_of_its_locks_beside_it(lower: Lower) -> None:
    before = """
      %core = aie.tile(0, 2)
      %lock = aie.lock(%core, 1)
      %buffer = aie.buffer(%core) {address = 1024 : i32} : memref<64xi32>
    """
    steps = """
      %t = aiex.dma_configure_task(%core, MM2S, 1) {
        %c2 = arith.constant 2 : i32
        aie.use_lock(%lock, AcquireGreaterEqual, %c2)
        aie.dma_bd(%buffer : memref<64xi32> offset = 0 len = 8) {bd_id = 0 : i32}
        aie.use_lock(%lock, Release, %c2)
        aie.end
      }
      aiex.dma_start_task(%t)
    """
    write = fields(steps_of(lower(design(steps, before=before), LOWER))[0])
    assert (write["lock_acq_id"], write["lock_acq_val"], write["lock_rel_val"]) == (1, -2, 2)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("aie.dma_bd(%a : memref<1024xi32>, 0, 8)\n aie.end", "this descriptor has no BD id"),
        ("aie.next_bd ^b\n ^b:\n aie.end", "has no aie.dma_bd; it needs one"),
        (
            "aie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 0 : i32}\n"
            "aie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 1 : i32}\n aie.end",
            "a second aie.dma_bd",
        ),
        (
            "aie.use_lock(%lock, Acquire, 1)\n"
            "aie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 0 : i32}\n aie.end",
            "one acquire and one release; this block has 1 lock op",
        ),
        (
            "aie.event(1)\naie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 0 : i32}\n aie.end",
            "aie.event cannot be a part of a buffer descriptor",
        ),
    ],
)
def test_a_block_is_one_descriptor(lower: Lower, body: str, message: str) -> None:
    before = SHIM + "  %lock = aie.lock(%shim, 0)\n"
    with pytest.raises(DesignError) as error:
        lower(design(task(body), before=before), LOWER)
    assert message in str(error.value)


def test_a_started_task_without_a_descriptor_is_named(lower: Lower) -> None:
    body = (
        "%l = arith.constant 1 : i32\n aie.next_bd ^b\n"
        "^b:\n aie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 0 : i32}\n aie.end"
    )
    with pytest.raises(DesignError, match="it needs one"):
        lower(design(task(body) + "\naiex.dma_start_task(%t)"), LOWER)


def test_only_a_task_with_a_token_can_be_awaited(lower: Lower) -> None:
    body = "aie.dma_bd(%a : memref<1024xi32>, 0, 8) {bd_id = 0 : i32}\n aie.end"
    with pytest.raises(DesignError, match="issue_token = true"):
        lower(design(task(body) + "\naiex.dma_await_task(%t)"), LOWER)
