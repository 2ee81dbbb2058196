"""Planted mistakes of a core's code in memory: what the memory check says of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from softnpu.compiler.driver import compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.memcheck.holding import Held, Holding
from softnpu.emulator.memcheck.seen import buffers
from softnpu.emulator.naming import names
from softnpu.emulator.observing.attached import Attached
from softnpu.formats.xclbin import parse

KERNEL = """
#include <npu_core.h>
#include <stdint.h>
static volatile int32_t table[8] = {1, 2, 3};
static volatile int32_t sink;

void work(volatile int32_t *x, volatile int32_t *y, volatile int32_t *z, volatile int8_t *other,
          volatile int32_t *rtp, int32_t mode) {
  volatile int32_t local[8];
  for (int i = 0; i < 16; i++) y[i] = x[i];
  switch (mode) {
  case 1: y[16] = 5; break;
  case 2: y[56] = 5; break;
  case 3: sink = x[16]; break;
  case 4: sink = x[-2]; break;
  case 5: *(volatile int32_t *)((char *)y + 13) = 5; break;
  case 6: for (int i = 0; i < 400; i++) local[i] = i; break;
  case 7: for (int i = 0; i > -80000; i--) table[i] = i; break;
  case 8: *(volatile int16_t *)((char *)y + 63) = 5; break;
  case 9: z[4] = 5; break;
  case 10: sink = 3 * z[1]; break;
  case 12: sink = other[5] + 7; break;
  case 13: sink = rtp[0] ^ 99; break;
  case 14: other[5] = 1; sink = other[5]; break;
  case 15: z[1] = 1; sink = z[1]; break;
  case 16: { volatile int32_t large[100 * mode]; large[0] = 1; sink = large[0]; } break;
  case 17: npu_printf("%p", y); break;
  case 11: *(volatile int64_t *)&y[14] = 5; break;
  }
}

void holding(volatile int32_t *a0, volatile int32_t *a1, volatile int32_t *b0,
             volatile int32_t *b1, int32_t mode) {
  b0[0] = a0[0];
  switch (mode) {
  case 20: sink = a1[3]; break;
  case 21: b1[2] = 5; break;
  }
}

void behind(volatile int32_t *a0, volatile int32_t *a1, volatile int32_t *b0,
            volatile int32_t *b1, int32_t mode) {
  switch (mode) {
  case 22: sink = a0[3]; break;
  case 23: b0[2] = 5; break;
  case 24: b1[2] = 5; break;
  }
}
"""
DESIGN = """
aie.device(npu1_1col) {
  %tile = aie.tile(0, 2)
  %above = aie.tile(0, 3)
  %mode = aie.buffer(%tile) {sym_name = "mode"} : memref<1xi32>
  %x = aie.buffer(%tile) {address = 8192 : i32, sym_name = "x"} : memref<16xi32>
  %y = aie.buffer(%tile) {address = 8256 : i32, sym_name = "y"} : memref<16xi32>
  %next = aie.buffer(%tile) {address = 8320 : i32, sym_name = "next"} : memref<16xi32>
  %z = aie.buffer(%above) {address = 4096 : i32, sym_name = "z"} : memref<4xi32>
  %a0 = aie.buffer(%tile) {sym_name = "a_cons_buff_0"} : memref<4xi32>
  %a1 = aie.buffer(%tile) {sym_name = "a_cons_buff_1"} : memref<4xi32>
  %b0 = aie.buffer(%tile) {sym_name = "b_buff_0"} : memref<4xi32>
  %b1 = aie.buffer(%tile) {sym_name = "b_buff_1"} : memref<4xi32>
  %a_free = aie.lock(%tile, 0) {init = 0 : i32, sym_name = "a_cons_prod_lock_0"}
  %a_full = aie.lock(%tile, 1) {init = 2 : i32, sym_name = "a_cons_cons_lock_0"}
  %b_free = aie.lock(%tile, 2) {init = 2 : i32, sym_name = "b_prod_lock_0"}
  %b_full = aie.lock(%tile, 3) {init = 0 : i32, sym_name = "b_cons_lock_0"}
  func.func private @holding(memref<4xi32>, memref<4xi32>, memref<4xi32>, memref<4xi32>, i32)
  func.func private @behind(memref<4xi32>, memref<4xi32>, memref<4xi32>, memref<4xi32>, i32)
  %other = aie.buffer(%tile) {sym_name = "other"} : memref<16xi8>
  %rtp = aie.buffer(%tile) {sym_name = "rtp"} : memref<1xi32>
  func.func private @work(memref<16xi32>, memref<16xi32>, memref<4xi32>, memref<16xi8>,
                          memref<1xi32>, i32)
  %core = aie.core(%tile) {
    %c0 = arith.constant 0 : index
    %m = memref.load %mode[%c0] : memref<1xi32>
    func.call @work(%x, %y, %z, %other, %rtp, %m)
      : (memref<16xi32>, memref<16xi32>, memref<4xi32>, memref<16xi8>, memref<1xi32>, i32) -> ()
    memref.store %m, %next[%c0] : memref<16xi32>
    aie.use_lock(%a_full, AcquireGreaterEqual, 1)
    aie.use_lock(%b_free, AcquireGreaterEqual, 1)
    func.call @holding(%a0, %a1, %b0, %b1, %m)
      : (memref<4xi32>, memref<4xi32>, memref<4xi32>, memref<4xi32>, i32) -> ()
    aie.use_lock(%a_free, Release, 1)
    aie.use_lock(%b_full, Release, 1)
    aie.use_lock(%b_free, AcquireGreaterEqual, 1)
    func.call @behind(%a0, %a1, %b0, %b1, %m)
      : (memref<4xi32>, memref<4xi32>, memref<4xi32>, memref<4xi32>, i32) -> ()
    aie.end
  } {link_with = "work.o"}
  aie.runtime_sequence() {}
}
"""

Told = Callable[[int], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the design is built."""
    folder = tmp_path_factory.mktemp("memcheck")
    (folder / "work.c").write_text(KERNEL)
    (folder / "design.mlir").write_text(DESIGN)
    compile_design(folder / "design.mlir", folder)
    return folder


@pytest.fixture
def told(folder: Path) -> Told:
    """What is said of a run in which the kernel makes the mistake of a number."""
    return lambda mode: run(folder, mode)[0]


def run(
    folder: Path, mode: int, limit: int = 0, debugger: Attached | None = None
) -> tuple[str, str, list[str]]:
    """What is said of the run, what was checked, and what it printed."""
    image = parse((folder / "final.xclbin").read_bytes())
    known = names.beside(folder / "final.xclbin")
    context = Context(image, memcheck=MemoryCheck(known, limit), debugger=debugger)
    context.configure()
    (where,) = (b.address for b in known.buffers[0, 2] if b.name == "mode")
    tile = context.array.tile(0, 2)
    tile.write(where, mode)
    for word in range(16):
        tile.write(8192 + 4 * word, word)
    for word in range(4):
        (a0,) = (b.address for b in known.buffers[0, 2] if b.name == "a_cons_buff_0")
        tile.write(a0 + 4 * word, word)
    report = context.run((folder / "insts.bin").read_bytes(), [])
    assert context.array.memcheck is not None
    assert not context.array.memcheck.unchecked
    assert report.outcome in (Outcome.COMPLETED, Outcome.FAULT)
    told = "" if report.completed else explain(report, known)
    return told, context.array.memcheck.summary(), [line.text for line in report.printed]


def line_of(text: str) -> int:
    return KERNEL[: KERNEL.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (1, "writes y[16] (i32), one element behind its last, where next begins"),
        (2, "writes y[56] (i32), 41 elements behind its last"),
        (3, "reads x[16] (i32), one element behind its last, where y begins"),
        (4, "reads x[-2] (i32), 2 elements before its first"),
        (5, "writes 4 bytes of y at byte 13, at an address (0x7204d) that is not a multiple of 4"),
        (
            6,
            "by a pointer that is neither to a buffer nor into the stack and the code's own data: "
            "nearest is an array on the stack, 0 bytes behind its end",
        ),
        (
            7,
            "by a pointer that is neither to a buffer nor into the stack and the code's own data: "
            "nearest is the array or variable table, 4 bytes before it",
        ),
        (8, "writes 2 bytes of y at byte 63, at an address (0x7207f) that is not a multiple of 2"),
        (9, "writes z[4] (i32), one element behind its last"),
        (10, "reads z[1] (i32), which nothing has written"),
        (12, "reads other[5] (i8), which nothing has written"),
        (13, "reads rtp[0] (i32), which nothing has written"),
        (16, "runs out of stack: the stack pointer is 0x6"),
        (20, "reads a_cons_buff_1[3] (i32) before it was acquired"),
        (21, "writes b_buff_1[2] (i32) before it was acquired"),
        (22, "reads a_cons_buff_0[3] (i32) after it was released"),
        (23, "writes b_buff_0[2] (i32) after it was released"),
    ],
)
def test_a_mistake_is_told_with_buffer_index_core_file_line_and_function(
    told: Told, mode: int, said: str
) -> None:
    text = told(mode)
    assert said in text
    function = "work" if mode < 20 else "holding" if mode < 22 else "behind"
    place = f"work.c:{line_of(f'case {mode}:')}"
    head, where, *_ = text.splitlines()
    assert head.startswith(f"{place}: core (0,2) ")
    assert where.startswith(f"  in {function} ({place})")


@pytest.mark.parametrize("mode", [0, 11, 14, 15, 24])
def test_a_sound_program_is_told_nothing(told: Told, mode: int) -> None:
    assert told(mode) == ""


def test_pointers_are_printed_as_the_code_of_an_unchecked_run_has_them(folder: Path) -> None:
    assert run(folder, 17)[2] == ["0x72040"]


def test_what_comes_after_the_accesses_that_are_to_be_checked_is_not_told(folder: Path) -> None:
    told, checked, _ = run(folder, 22, limit=8)
    assert not told
    assert "the first ones of 1 cores alone" in checked
    assert run(folder, 22, limit=1000)[0]


def test_a_program_that_is_not_that_of_its_file_is_run_unchecked(
    folder: Path,
) -> None:
    known = names.beside(folder / "final.xclbin")
    check = MemoryCheck(replace(known, programs={}))
    context = Context(parse((folder / "final.xclbin").read_bytes()), memcheck=check)
    assert context.run((folder / "insts.bin").read_bytes(), []).completed
    assert check.summary().startswith("core (0,2) is not checked: ")


def test_objects_are_always_held_where_locks_are_not_given_a_unit_an_object(folder: Path) -> None:
    """As those of a repeated objectfifo: how many objects an acquire means is not known then."""
    known = names.beside(folder / "final.xclbin")
    context = Context(parse((folder / "final.xclbin").read_bytes()))
    context.configure()
    tile = context.array.core_tile(0, 2)
    held: dict[int, Held] = {}
    seen = buffers(known, tile.seen())
    tags = {one.buffer.name: one.tag for one in seen}
    tile.locks[2].set(4)
    Holding(known, seen, tile.core_locks(), held.__setitem__)
    assert set(held) == {tags["a_cons_buff_0"], tags["a_cons_buff_1"]}


def test_a_core_that_takes_more_than_there_is_may_use_all_of_it(folder: Path) -> None:
    known = names.beside(folder / "final.xclbin")
    context = Context(parse((folder / "final.xclbin").read_bytes()))
    context.configure()
    tile = context.array.core_tile(0, 2)
    held: dict[int, Held] = {}
    holding = Holding(known, buffers(known, tile.seen()), tile.core_locks(), held.__setitem__)
    free, full = tile.locks[2], tile.locks[3]
    holding.acquired(free, -2)
    holding.released(full, 1)
    holding.acquired(free, -1)
    assert sorted(held.values()) == [Held.NEVER] * 2 + [Held.NOW] * 2
    holding.acquired(free, -1)
    holding.released(full, 3)
    assert sorted(held.values()) == [Held.NEVER] * 2 + [Held.NOW] * 2


FIFOS = """
!sub = !aie.objectfifosubview<memref<16xi32>>
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %tile = aie.tile(0, 2)
  aie.objectfifo @in(%shim, {%tile}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @out(%tile, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  func.func private @line(memref<16xi32>, memref<16xi32>)
  %core = aie.core(%tile) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    scf.for %n = %c0 to %c4 step %c1 {
      %i = aie.objectfifo.acquire @in(Consume, 1) : !sub
      %x = aie.objectfifo.subview.access %i[0] : !sub -> memref<16xi32>
      %o = aie.objectfifo.acquire @out(Produce, 1) : !sub
      %y = aie.objectfifo.subview.access %o[0] : !sub -> memref<16xi32>
      func.call @line(%x, %y) : (memref<16xi32>, memref<16xi32>) -> ()
      aie.objectfifo.release @in(Consume, 1)
      aie.objectfifo.release @out(Produce, 1)
    }
    aie.end
  } {link_with = "line.o"}
  aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>) {
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
      {id = 0 : i64, metadata = @out, issue_token = true} : memref<64xi32>
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
      {id = 1 : i64, metadata = @in} : memref<64xi32>
    aiex.npu.dma_wait {symbol = @out}
  }
}
"""
LINE = """
#include <stdint.h>
static const int32_t *last;
static int32_t *before;

void line(const int32_t *x, int32_t *y) {
  int32_t mistake = x[0], sum = 0;
  for (int i = 0; i < 16; i++) y[i] = x[i];
  if (mistake == 1) for (int i = 0; i <= 16; i++) y[i] = i;
  if (mistake == 2) for (int i = 0; i <= 56; i++) sum += x[i];
  if (mistake == 3 && last) sum += last[7];
  if (mistake == 4 && before) before[2] = 9;
  y[15] += sum;
  last = x;
  before = y;
}
"""


@pytest.fixture(scope="module")
def fifos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fifos")
    (folder / "line.c").write_text(LINE)
    (folder / "design.mlir").write_text(FIFOS)
    compile_design(folder / "design.mlir", folder)
    return folder


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (0, ""),
        (1, "writes out_buff_0[16] (i32), one element behind its last"),
        (2, "reads in_cons_buff_0[16] (i32), one element behind its last"),
        (3, "reads in_cons_buff_0[7] (i32) after it was released"),
        (4, "writes out_buff_0[2] (i32) after it was released"),
    ],
)
def test_mistakes_in_objects_of_objectfifos_are_told(fifos: Path, mistake: int, said: str) -> None:
    known = names.beside(fifos / "final.xclbin")
    image = parse((fifos / "final.xclbin").read_bytes())
    context = Context(image, memcheck=MemoryCheck(known))
    given, taken = (context.allocate(256, name) for name in "ab")
    given.data.view(np.int32)[:] = mistake
    report = context.run((fifos / "insts.bin").read_bytes(), [given, taken])
    if not mistake:
        assert report.completed
        return
    text = explain(report, known)
    assert said in text
    place = LINE[: LINE.index(f"mistake == {mistake}")].count("\n") + 1
    assert f"in line (line.c:{place})" in text
