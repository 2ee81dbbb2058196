"""The memory check sees each access, however its address comes about: with mistakes planted where a
block of code computes, loads, converts or has just stored what it goes by, and where it repeats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from softnpu.compiler.driver import compile_design
from softnpu.emulator.cores import standin
from softnpu.emulator.memcheck.seen import plain
from softnpu.emulator.memcheck.tagged import TaggedCheck
from softnpu.emulator.observing.stops import CoreStops, Hit, Watched
from tests.softnpu.emulator.test_memcheck import DESIGN, run

KERNEL = """
#include <stdint.h>
static volatile int32_t table[4] = {1, 16, -1, 3};
static volatile float reals[2] = {3.5f, 16.5f};
static volatile int32_t sink;
static volatile int32_t *volatile pointers[2];
static volatile int32_t one = 1;
static volatile double large[2];
static volatile uint8_t bytes[8] = {3, 16};

static volatile int32_t steps[3] = {3, -5, 1};

static void loops(volatile int32_t *x, volatile int32_t *y, int32_t mode, int further) {
  int at = 0, step = steps[mode % 10 % 3];
  switch (mode % 10) {
  case 0: for (int i = 0; i < 5 + 2 * further; i++, at += step) y[at] = i; break;
  case 1: for (int i = at = 15; i > -1 - 5 * further; i -= 5, at += step) sink = y[at]; break;
  case 2: for (int i = 0; i < 11 + further; i++, at += step++) sink = ((volatile int8_t *)y)[at];
    break;
  case 3: for (int i = 0; i < 64 + further; i++) ((volatile int8_t *)y)[i] = 1; break;
  case 4: for (int i = 0; i < 15 + further; i++) x[i] = y[i + 1]; break;
  case 5: for (int i = 0; i < 16; i++) y[i] = x[table[0] + i - 1 + further]; break;
  }
}
void work(volatile int32_t *x, volatile int32_t *y, volatile int32_t *z, volatile int8_t *other,
          volatile int32_t *rtp, int32_t mode) {
  int wrong = mode >= 10 && mode < 30;
  int n = wrong ? 1 : 0;
  for (int i = 0; i < 16; i++) y[i] = x[i];
  if (mode < 40) switch (mode % 10) {
  case 0: y[table[n]] = 5; break;
  case 1: y[(int)reals[n]] = 5; break;
  case 2: pointers[n] = y + (wrong ? 16 : 3); sink = *pointers[n]; break;
  case 3: sink = y[(x[7] * x[5] - 27) / (wrong ? one : x[4]) % (wrong ? 17 : 9) + 8 * n]; break;
  case 4: sink = y[bytes[n]]; break;
  case 5: large[n] = (double)x[3]; y[(unsigned)large[n] << (wrong ? 3 : 1)] = 1; break;
  case 6: y[x[3]] = 2; sink = y[(x[one] ^ 2) | (wrong ? 16 : 4)]; break;
  case 7: *(volatile int16_t *)((char *)y + ((uint32_t)(x[15] * 3) >> 1) + 42 * n) = 1; break;
  case 8: sink = ((volatile int32_t *)((uintptr_t)&y[wrong ? 0 : 1]))[-one]; break;
  case 9: y[2] = wrong ? 16 : 9; sink = y[y[2]]; break;
  }
  if (mode >= 40) loops(x, y, mode, mode >= 50);
}

void holding(volatile int32_t *a0, volatile int32_t *a1, volatile int32_t *b0,
             volatile int32_t *b1, int32_t mode) { b0[0] = a0[0]; }

void behind(volatile int32_t *a0, volatile int32_t *a1, volatile int32_t *b0,
            volatile int32_t *b1, int32_t mode) {}
"""
Y = 0x72040
BEHIND = "y[16] (i32), one element behind its last, where next begins"
MISTAKES = {
    10: f"writes {BEHIND}",
    11: f"writes {BEHIND}",
    12: f"reads {BEHIND}",
    13: f"reads {BEHIND}",
    14: f"reads {BEHIND}",
    15: "writes y[24] (i32), 9 elements behind its last",
    16: "reads y[19] (i32), 4 elements behind its last",
    17: f"writes {BEHIND}",
    18: "reads y[-1] (i32), one element before its first, in x[15] (i32)",
    19: f"reads {BEHIND}",
    50: "writes y[18] (i32), 3 elements behind its last",
    51: "reads y[-5] (i32), 5 elements before its first",
    52: "reads y[16] byte 2 (i32), one element behind its last, in next[0] byte 2 (i32)",
    53: f"writes {BEHIND}",
    54: f"reads {BEHIND}",
    55: "reads x[16] (i32), one element behind its last, where y begins",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("addresses")
    (folder / "work.c").write_text(KERNEL)
    (folder / "design.mlir").write_text(DESIGN)
    compile_design(folder / "design.mlir", folder)
    return folder


def assert_told(folder: Path, mode: int) -> None:
    head, where, *_ = run(folder, mode)[0].splitlines()
    assert f"core (0,2) {MISTAKES[mode]}" in head
    assert where.startswith("  in loops" if mode >= 40 else "  in work")


@pytest.mark.parametrize("mode", MISTAKES)
def test_a_mistake_is_told_however_its_address_comes_about(folder: Path, mode: int) -> None:
    assert_told(folder, mode)


def test_it_is_told_where_unicorns_registers_are_not_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standin, "address_of_registers", lambda *_: None)
    for mode in (10, 12, 15):
        assert_told(folder, mode)
    assert run(folder, 0)[0] == ""


@pytest.mark.parametrize("mode", [*range(10), *range(40, 46)])
def test_each_access_that_unicorn_makes_is_held_against_what_it_may(
    folder: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0

    def count(_uc: Any, _kind: int, _address: int, _size: int, _value: int, _data: Any) -> None:
        nonlocal made
        made += 1

    class Counted(TaggedCheck):
        def attach(
            self, uc: Any, registers: int | None, memory: Mapping[int, NDArray[np.uint8]]
        ) -> None:
            super().attach(uc, registers, memory)
            uc.hook_add(standin._u.UC_HOOK_MEM_READ | standin._u.UC_HOOK_MEM_WRITE, count)

    monkeypatch.setattr("softnpu.emulator.memcheck.check.TaggedCheck", Counted)
    told, checked, _ = run(folder, mode)
    assert not told
    assert checked.startswith(f"{made:,} accesses of ")


class PointerMover:
    """A debugger that stops at an address, and in the end moves pointers into y behind y."""

    def __init__(self, pc: int) -> None:
        self._pc = pc
        self.stops = 0

    def of_core(self, core: Any) -> CoreStops:
        self._core = core
        found = CoreStops(len(core.code or bytes(1 << 14)), self._stopped)
        found.places[self._pc >> 1] = 1
        return found

    def _stopped(self, _pc: int, _hit: Hit, _watched: Watched | None) -> None:
        self.stops += 1
        machine = self._core.processor
        for name, value in machine.register_file().items():
            if self.stops == 20 and Y <= plain(value) < Y + 64:
                machine.write_register(name, value - plain(value) + Y + 64)

    def begins(self, _array: Any) -> None: ...
    def between(self) -> None: ...
    def ended(self, _report: Any) -> None: ...


def test_a_loop_whose_pointer_a_debugger_moves_is_told(folder: Path) -> None:
    """It had worked out how often the loop goes on without a look."""
    (head,) = re.findall(r"pc (0x\w+)", run(folder, 53)[0])
    mover = PointerMover(int(head, 16))
    text = run(folder, 43, debugger=mover)[0]
    assert mover.stops == 20
    assert f"core (0,2) writes {BEHIND}" in text
