"""A run-time parameter that a core may read too early is told of, with its name and its lines."""

from __future__ import annotations

import pytest

from softnpu.dialects.text import parse_text
from softnpu.passes.parameter_hazards import parameter_warnings

DESIGN = """\
module {
  aie.device(npu1_2col) {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
    %other = aie.tile(1, 2)
    %lock = aie.lock(%core, 0) {init = LOCK : i32}
    %gain = aie.buffer(%core) {sym_name = "gain"} : memref<16xi32>
    memref.global "private" constant @words : memref<4xi32> = dense<1>
    aie.bd_chain @send(%from: memref<16xi32>) {
      aie.dma_bd(%from : memref<16xi32>, 0, 16)
      aie.end
    }
    func.func private @scale(memref<16xi32>, memref<16xi32>)
    aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @work(%mem, {%core}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.link [@in] -> [@work] ([] [])
    aie.objectfifo @aside(%shim, {%other}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @out(%core, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.core(%core) {
      %zero = arith.constant 0 : index
      BEFORE
      %view = aie.objectfifo.acquire @work(Consume, 1) : !aie.objectfifosubview<memref<16xi32>>
      %x = aie.objectfifo.subview.access %view[0]
        : !aie.objectfifosubview<memref<16xi32>> -> memref<16xi32>
      func.call @scale(%x, %gain) : (memref<16xi32>, memref<16xi32>) -> ()
      aie.objectfifo.release @work(Consume, 1)
      aie.end
    }
    aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {
      SEQUENCE
    }
  }
}
"""

SEND = (
    "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1]) "
    "{{id = {} : i64, metadata = @{}}} : memref<16xi32>\n"
)
RECEIVE = (
    "aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1]) "
    "{id = 5 : i64, metadata = @out, issue_token = true} : memref<16xi32>\n"
)
WRITE = "aiex.npu.rtp_write(@gain, 0, 5)\n"
WAIT = "aiex.npu.dma_wait {symbol = @out}\n"
TASK = (
    "%t = aiex.dma_configure_task_for @in { aie.dma_bd(%a : memref<16xi32>, 0, 16)\n aie.end }\n"
    "aiex.dma_start_task(%t)\n"
)


def warnings(sequence: str, before: str = "", lock: int = 0) -> list[str]:
    text = DESIGN.replace("SEQUENCE", sequence).replace("BEFORE", before).replace("LOCK", str(lock))
    return list(parameter_warnings(parse_text(text, "design.mlir")))


def test_a_parameter_written_before_the_transfers_is_in_time() -> None:
    assert warnings(WRITE + RECEIVE + SEND.format(0, "in") + WAIT) == []


CHAIN = (
    "%c = aiex.dma_start_bd_chain_for @send(%a) : (memref<16xi32>) for @in {issue_token = true}\n"
)
WORD = "aiex.npu.write32 {buffer = @gain, address = 0 : ui32, value = 5 : ui32}\n"
BITS = (
    "aiex.npu.maskwrite32 {buffer = @gain, address = 0 : ui32, value = 5 : ui32, mask = 7 : ui32}\n"
)
BLOCK = (
    "%g = memref.get_global @words : memref<4xi32> "
    "aiex.npu.blockwrite(%g) {buffer = @gain, address = 0 : ui32} : memref<4xi32>\n"
)


@pytest.mark.parametrize("write", [WRITE, WORD, BITS, BLOCK])
@pytest.mark.parametrize("start", [SEND.format(0, "in"), TASK, CHAIN])
def test_a_parameter_written_after_the_transfers_have_started_may_be_late(
    start: str, write: str
) -> None:
    (warning,) = warnings(RECEIVE + start + write + WAIT)
    assert warning.startswith("design.mlir:")
    assert "the run-time parameter @gain is written after a transfer to core (0, 2)" in warning
    assert "wait for those first" in warning
    line = DESIGN.splitlines().index("      SEQUENCE") + 1
    started = line + len((RECEIVE + start).splitlines()) - 1
    assert warning.startswith(f"design.mlir:{started + 1}:")
    assert f"has started (at design.mlir:{started}:" in warning


@pytest.mark.parametrize(
    "sequence",
    [
        RECEIVE + SEND.format(0, "in") + WAIT + WRITE + SEND.format(1, "in"),
        RECEIVE + WRITE + SEND.format(0, "in") + WAIT,
        SEND.format(0, "aside") + WRITE + SEND.format(1, "in"),
        RECEIVE + SEND.format(0, "in") + WRITE + "aiex.set_lock(%lock, 1)\n" + WAIT,
    ],
    ids=["after a wait", "receiving only", "to another core", "before a lock of the core is set"],
)
def test_what_the_core_waits_for_makes_the_write_in_time(sequence: str) -> None:
    locked = "aie.use_lock(%lock, Acquire, 1)" if "set_lock" in sequence else ""
    assert warnings(sequence, locked) == []


@pytest.mark.parametrize("behind", ["", WAIT, WRITE])
def test_a_parameter_written_when_all_is_done_is_for_the_next_run(behind: str) -> None:
    (warning,) = warnings(RECEIVE + SEND.format(0, "in") + WAIT + WRITE + behind)
    assert "@gain is written when everything has been waited for: core (0, 2) sees it" in warning


@pytest.mark.parametrize(
    "sequence",
    [
        WRITE,
        RECEIVE + WAIT + WRITE + "aiex.set_lock(%lock, 1)\n",
        RECEIVE + WAIT + WRITE + RECEIVE,
    ],
)
def test_what_may_still_read_a_parameter_makes_its_write_no_last_one(sequence: str) -> None:
    assert warnings(sequence) == []


READ = "%early = memref.load %gain[%zero] : memref<16xi32>"
VIEW = (
    "%part = memref.subview %gain[0] [8] [1] : memref<16xi32> to memref<8xi32, strided<[1]>>\n"
    "%early = memref.load %part[%zero] : memref<8xi32, strided<[1]>>"
)


@pytest.mark.parametrize("read", [READ, VIEW])
def test_a_core_that_waits_for_nothing_reads_too_early(read: str) -> None:
    (warning,) = warnings(WRITE + SEND.format(0, "in"), read)
    assert "core (0, 2) reads the run-time parameter @gain before it waits for anything" in warning
    line = DESIGN.splitlines().index("      BEFORE") + len(read.splitlines())
    assert warning.startswith(f"design.mlir:{line}:")


@pytest.mark.parametrize(
    ("before", "lock", "told"),
    [
        (f"aie.use_lock(%lock, Acquire, 1)\n{READ}", 0, False),
        (f"aie.use_lock(%lock, AcquireGreaterEqual, 1)\n{READ}", 1, True),
        ("%c = arith.constant 1 : i32\nmemref.store %c, %gain[%zero] : memref<16xi32>", 0, False),
    ],
    ids=["behind a lock", "behind a lock that is free", "a store is no read"],
)
def test_what_is_a_wait_and_what_is_a_read(before: str, lock: int, told: bool) -> None:
    found = warnings(WRITE + SEND.format(0, "in"), before, lock)
    assert bool(found) is told


def test_a_buffer_that_no_sequence_writes_is_no_parameter() -> None:
    assert warnings(SEND.format(0, "in"), READ) == []
