"""Calls at a tile as cores, copies as DMA programs, tokens as locks."""

from __future__ import annotations

import pytest

from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError
from softnpu.passes.assign_lock_ids import AssignLockIDsPass
from softnpu.passes.create_cores import CreateCoresPass
from softnpu.passes.create_locks import CreateLocksPass
from softnpu.passes.lower_memcpy import LowerMemcpyPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.printed import with_numbers

CORES = CreateCoresPass()

HANDED_ON = """aie.device(npu1) {
  %a = aie.tile(1, 2)
  %b = aie.tile(2, 3)
  %from = memref.alloc() : memref<8xi32>
  %to = memref.alloc() : memref<8xi32>
  aiex.token(0) {sym_name = "turn"}
  func.func @fill(%m: memref<8xi32>, %v: i32) {
    aiex.useToken @turn(Acquire, 0)
    %i = arith.constant 3 : index
    memref.store %v, %m[%i] : memref<8xi32>
    aiex.useToken @turn(Release, 1)
    return
  }
  func.func @drain(%m: memref<8xi32>) {
    aiex.useToken @turn(Acquire, 2)
    aiex.useToken @turn(Release, 3)
    return
  }
  %v = arith.constant 7 : i32
  func.call @fill(%from, %v) {aie.x = 1, aie.y = 2} : (memref<8xi32>, i32) -> ()
  aiex.memcpy @turn(1, 2) (%a : <%from, 0, 8>, %b : <%to, 0, 8>) : (memref<8xi32>, memref<8xi32>)
  func.call @drain(%to) {aie.x = 2, aie.y = 3} : (memref<8xi32>) -> ()
}"""


def body(text: str, opening: str) -> list[str]:
    """The lines of one op's region."""
    lines = [line.strip() for line in with_numbers(text).splitlines()]
    start = next(i for i, line in enumerate(lines) if opening in line)
    return lines[start + 1 : lines.index("}", start)]


def test_a_call_at_a_tile_is_its_core_and_its_arguments_buffers(lower: Lower) -> None:
    text = lower(HANDED_ON, CORES)
    assert "func." not in text
    assert body(text, "aie.core(%tile_1_2)") == [
        "%0 = memref.load %buffer_1_2_0[0] : memref<1xi32>",
        "aiex.useToken @turn(Acquire, 0)",
        "memref.store %0, %buffer_1_2[3] : memref<8xi32>",
        "aiex.useToken @turn(Release, 1)",
        "aie.end",
    ]
    assert "aiex.memcpy @turn(1, 2) (%tile_1_2 : <%buffer_1_2, 0, 8>" in text


def test_a_tile_has_one_call(lower: Lower) -> None:
    text = HANDED_ON.replace("aie.x = 2, aie.y = 3", "aie.x = 1, aie.y = 2")
    with pytest.raises(DesignError, match=r"tile \(1, 2\) has a core already"):
        lower(text, CORES)


def test_a_copy_is_a_flow_with_a_descriptor_at_each_end(lower: Lower) -> None:
    text = lower(HANDED_ON, CORES, LowerMemcpyPass())
    assert "aie.flow(%tile_1_2, DMA : 0, %tile_2_3, DMA : 0)" in text
    assert body(text, "aie.mem(%tile_2_3)") == [
        "%0 = aie.dma_start(S2MM, 0, ^bb1, ^bb2)",
        "^bb1:  // pred: ^bb0",
        "aiex.useToken @turn(Acquire, 1)",
        "aie.dma_bd(%buffer_2_3 : memref<8xi32> offset = 0 len = 8)",
        "aiex.useToken @turn(Release, 2)",
        "aie.next_bd ^bb2",
        "^bb2:  // 2 preds: ^bb0, ^bb1",
        "aie.end",
    ]


def test_a_second_copy_has_a_channel_of_its_own_that_is_started_too(lower: Lower) -> None:
    again = """%c = aie.tile(3, 3)
      %mc = aie.mem(%c) { aie.end }
      %other = aie.buffer(%c) : memref<8xi32>
      aiex.memcpy @turn(1, 2) (%a : <%from, 0, 8>, %c : <%other, 0, 8>)
        : (memref<8xi32>, memref<8xi32>)
      func.call @drain"""
    text = lower(HANDED_ON.replace("func.call @drain", again), CORES, LowerMemcpyPass())
    assert "aie.flow(%tile_1_2, DMA : 1, %tile_3_3, DMA : 0)" in text
    starts = [line for line in body(text, "aie.mem(%tile_1_2)") if "dma_start" in line]
    assert starts == [
        "%0 = aie.dma_start(MM2S, 0, ^bb1, ^bb2)",
        "%1 = aie.dma_start(MM2S, 1, ^bb3, ^bb4)",
    ]


def test_more_copies_than_channels_are_refused(lower: Lower) -> None:
    copy = next(line for line in HANDED_ON.splitlines() if "memcpy" in line)
    text = HANDED_ON.replace(copy, f"{copy}\n{copy}\n{copy}")
    with pytest.raises(DesignError, match=r"tile \(1, 2\) has 2 MM2S channels, and more copies"):
        lower(text, CORES, LowerMemcpyPass())


def test_tokens_are_locks_that_count_who_may_go_on(lower: Lower) -> None:
    text = lower(HANDED_ON, CORES, LowerMemcpyPass(), CreateLocksPass(), AssignLockIDsPass())
    parse_text(text)
    assert "token" not in text.lower()
    assert "aie.lock(%tile_1_2, 0) {init = 0 : i32}" in text
    assert "aie.lock(%tile_2_3, 0) {init = 0 : i32}" in text
    assert [line for line in body(text, "aie.core(%tile_1_2)") if "lock" in line] == [
        "aie.use_lock(%lock_1_2, Release, 1)"
    ]
    assert [line for line in body(text, "aie.mem(%tile_1_2)") if "lock" in line] == [
        "aie.use_lock(%lock_1_2, AcquireGreaterEqual, 1)"
    ]
    assert [line for line in body(text, "aie.mem(%tile_2_3)") if "lock" in line] == [
        "aie.use_lock(%lock_2_3, Release, 1)"
    ]
    assert [line for line in body(text, "aie.core(%tile_2_3)") if "lock" in line] == [
        "aie.use_lock(%lock_2_3, AcquireGreaterEqual, 1)"
    ]


TURNS = """aie.device(npu1) {
  %a = aie.tile(1, 2)
  %b = aie.tile(POSITION)
  aiex.token(0) {sym_name = "turn"}
  %ca = aie.core(%a) {
    aiex.useToken @turn(Acquire, 0)
    aiex.useToken @turn(Release, 1)
    aie.end
  }
  %cb = aie.core(%b) {
    aiex.useToken @turn(Acquire, 1)
    aiex.useToken @turn(Release, 0)
    aie.end
  }
}"""


def test_a_token_that_comes_back_may_be_had_at_first(lower: Lower) -> None:
    text = lower(TURNS.replace("POSITION", "1, 3"), CreateLocksPass())
    locks = [line.strip() for line in text.splitlines() if "aie.lock" in line]
    assert sorted(lock.partition("{")[2] for lock in locks) == [
        "init = 0 : i32}",
        "init = 1 : i32}",
    ]


def test_cores_that_share_no_lock_cannot_pass_a_token(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(TURNS.replace("POSITION", "3, 4"), CreateLocksPass())
    assert refused.value.message == (
        "'@turn' gets the value 0 from tiles (3, 4), which share no lock with it"
    )


def test_a_value_that_nobody_gives_is_refused(lower: Lower) -> None:
    text = TURNS.replace("POSITION", "1, 3").replace("Release, 1", "Release, 5")
    with pytest.raises(DesignError, match="gets the value 1 from nobody"):
        lower(text, CreateLocksPass())
