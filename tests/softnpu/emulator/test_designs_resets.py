"""Designs of ours whose runtime sequences reset cores, channels and objectfifos."""

from __future__ import annotations

import pytest

from tests.softnpu.emulator.designs import Run, descriptor, numbers, plus, transfer, worker, zeros


def _counter(between: str) -> str:
    """A core counts its starts and ends; the host takes the count, twice."""
    return f"""
    aie.device(npu2_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      %free = aie.lock(%tile, 0) {{init = 1 : i32, sym_name = "free"}}
      %full = aie.lock(%tile, 1) {{init = 0 : i32, sym_name = "full"}}
      %starts = aie.buffer(%tile) {{sym_name = "starts"}} : memref<1xi32> = dense<[4]>
      aie.flow(%tile, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %core = aie.core(%tile) {{
        %c0 = arith.constant 0 : index
        %one = arith.constant 1 : i32
        aie.use_lock(%free, AcquireGreaterEqual, 1)
        %n = memref.load %starts[%c0] : memref<1xi32>
        %m = arith.addi %n, %one : i32
        memref.store %m, %starts[%c0] : memref<1xi32>
        aie.use_lock(%full, Release, 1)
        aie.end
      }}
      %mem = aie.mem(%tile) {{
        %0 = aie.dma_start(MM2S, 0, ^send, ^end)
      {descriptor("send", "full", "%starts : memref<1xi32>, 0, 1", "free")}
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<2xi32>) {{
        {transfer("a", 1, "out", 0, 2)}
        aiex.npu.dma_wait {{symbol = @out}}
        {between}
        {transfer("a", 1, "out", 1, 2, offset=1)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""


ENABLE = """aiex.npu.maskwrite32 {address = 0x32000 : ui32, column = 0 : i32, row = 2 : i32,
                                  mask = 1 : ui32, value = 1 : ui32}"""


def test_a_core_that_was_reset_and_enabled_begins_again_with_its_data(run: Run) -> None:
    (out,) = run(_counter(f"aiex.core_reset(%tile)\n{ENABLE}"), zeros(2))
    assert out.tolist() == [5, 6]


@pytest.mark.parametrize(
    ("between", "told"),
    [
        ("", "it has ended its program, which no later run begins again"),
        ("aiex.core_reset(%tile)", "it was reset and is not enabled (Core_Control, bit 0)"),
        (
            ENABLE.replace("mask = 1 : ui32, value = 1 ", "mask = 2 : ui32, value = 2 "),
            "it has a program but is held in reset (Core_Control, bit 1)",
        ),
    ],
)
def test_a_core_that_nothing_starts_again_is_told_by_its_state(
    run: Run, between: str, told: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        run(_counter(between), zeros(2))
    assert f"core (0,2) could release it; {told}" in str(caught.value)


def _resettable(between: str) -> str:
    """A channel is given a task that waits, then, after `between`, one that is to be sent."""
    return f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      %go = aie.lock(%tile, 0) {{init = 0 : i32, sym_name = "go"}}
      %spare = aie.lock(%tile, 1) {{init = 0 : i32, sym_name = "spare"}}
      %wrong = aie.buffer(%tile) {{sym_name = "wrong"}} : memref<4xi32> = dense<[9, 9, 9, 9]>
      %right = aie.buffer(%tile) {{sym_name = "right"}} : memref<4xi32> = dense<[2, 7, 1, 8]>
      aie.flow(%tile, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %mem = aie.mem(%tile) {{
        %0 = aie.dma_start(MM2S, 0, ^wrong, ^other)
      ^wrong:
        aie.use_lock(%go, AcquireGreaterEqual, 1)
        aie.dma_bd(%wrong : memref<4xi32>, 0, 4) {{bd_id = 0 : i32}}
        aie.use_lock(%spare, Release, 1)
        aie.next_bd ^end
      ^other:
        %1 = aie.dma_start(MM2S, 1, ^right, ^end)
      ^right:
        aie.use_lock(%go, AcquireGreaterEqual, 1)
        aie.dma_bd(%right : memref<4xi32>, 0, 4) {{bd_id = 1 : i32}}
        aie.use_lock(%spare, Release, 1)
        aie.next_bd ^end
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<4xi32>) {{
        aiex.dma_channel_reset(%tile, MM2S, 1)
        {between}
        aiex.set_lock(%go, 1)
        {transfer("a", 4, "out", 0, 4)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""


RESET = "aiex.dma_channel_reset(%tile, MM2S, 0)"
PUSH = """aiex.npu.push_queue (0, 2, MM2S:0)
          {bd_id = 1 : i32, issue_token = false, repeat_count = 0 : i32}"""


def test_a_channel_reset_drops_the_tasks_that_it_has(run: Run) -> None:
    """The one that waits for its lock and the one behind it."""
    queued = PUSH.replace("bd_id = 1", "bd_id = 0")
    (out,) = run(_resettable(f"{queued}\n{RESET}\n{PUSH}"), zeros(4))
    assert out.tolist() == [2, 7, 1, 8]
    (out,) = run(_resettable(""), zeros(4))
    assert out.tolist() == [9, 9, 9, 9]


def test_a_channel_that_was_reset_and_given_nothing_is_told(run: Run) -> None:
    with pytest.raises(AssertionError, match="0 of them with a token; a reset took the other 1"):
        run(_resettable(RESET), zeros(4))


def test_a_task_for_a_channel_in_reset_is_refused(run: Run) -> None:
    held = """aiex.npu.maskwrite32 {address = 0x1DE10 : ui32, column = 0 : i32, row = 2 : i32,
                                    mask = 2 : ui32, value = 2 : ui32}"""
    with pytest.raises(AssertionError, match="it is held in reset by its control register"):
        run(_resettable(held), zeros(4))
    with pytest.raises(AssertionError, match=r"task \(descriptor 1\) for a channel .* in reset"):
        run(_resettable(f"{held}\n{PUSH}"), zeros(4))


@pytest.mark.parametrize("armed", [True, False])
def test_a_fifo_that_was_armed_anew_begins_with_its_first_buffer(run: Run, armed: bool) -> None:
    """As does a core that was reset; a fifo that was not goes on with its second buffer."""
    resets = "aiex.dma_channel_reset_for(@in)\naiex.dma_channel_reset_for(@out)" if armed else ""
    design = f"""
    aie.device(npu2_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      aie.objectfifo @in(%shim, {{%tile}}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
      aie.objectfifo @out(%tile, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
      {worker("core", "tile", "in", "out", 8, plus(1))}
      aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {{
        {transfer("b", 8, "out", 0, 16)}
        {transfer("a", 8, "in", 1, 16)}
        aiex.npu.dma_wait {{symbol = @out}}
        aiex.core_reset(%tile)
        {resets}
        {transfer("b", 8, "out", 2, 16, offset=8)}
        {transfer("a", 8, "in", 3, 16, offset=8)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    data = numbers(16)
    _, out = run(design, data, zeros(16), races=not armed)
    assert (out[:8] == data[:8] + 1).all()
    assert (out[8:] == data[8:] + 1).all() == armed
