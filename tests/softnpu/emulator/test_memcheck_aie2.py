"""Planted mistakes of AIE2 code in memory: what the memory check says of each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.naming import names
from softnpu.formats.xclbin import parse
from tests.softnpu.emulator.machine_code import linked

DESIGN = """
aie.device(npu1_1col) {
  %tile = aie.tile(0, 2)
  %above = aie.tile(0, 3)
  %x = aie.buffer(%tile) {address = 8192 : i32, sym_name = "x"} : memref<16xi32>
  %y = aie.buffer(%tile) {address = 8256 : i32, sym_name = "y"} : memref<16xi32>
  %a0 = aie.buffer(%tile) {address = 8448 : i32, sym_name = "a_cons_buff_0"} : memref<4xi32>
  %a1 = aie.buffer(%tile) {address = 8480 : i32, sym_name = "a_cons_buff_1"} : memref<4xi32>
  %b0 = aie.buffer(%tile) {address = 8512 : i32, sym_name = "b_buff_0"} : memref<4xi32>
  %b1 = aie.buffer(%tile) {address = 8528 : i32, sym_name = "b_buff_1", aligned = false}
      : memref<4xi32>
  %rtp = aie.buffer(%tile) {address = 8704 : i32, sym_name = "rtp"} : memref<1xi32>
  %z = aie.buffer(%above) {address = 4096 : i32, sym_name = "z"} : memref<4xi32>
  %a_free = aie.lock(%tile, 0) {init = 0 : i32, sym_name = "a_cons_prod_lock_0"}
  %a_full = aie.lock(%tile, 1) {init = 2 : i32, sym_name = "a_cons_cons_lock_0"}
  %b_free = aie.lock(%tile, 2) {init = 2 : i32, sym_name = "b_prod_lock_0"}
  %b_full = aie.lock(%tile, 3) {init = 0 : i32, sym_name = "b_cons_lock_0"}
  %core = aie.core(%tile) {
    aie.end
  } {elf_file = "worker.elf"}
  aie.runtime_sequence() {}
}
"""
X, Y, A0, A1, B0, B1, RTP, Z = (
    0x72000,
    0x72040,
    0x72100,
    0x72120,
    0x72140,
    0x72150,
    0x72200,
    0x61000,
)
STACK = 0x70000
WORKER = """
start:
    movxm p0, #{X}
    movxm p1, #{Y}
    movxm p2, #{A0}
    movxm p3, #{B0}
    movxm sp, #{STACK}
    mova r1, #-1
    acq #49, r1
    acq #50, r1
    lda r0, [p2, #0]
    vlda wl0, [p0, #0]
    padda [sp], #64
    @
    st r0, [p3, #0]
    st r0, [sp, #-4]
    vst wl0, [p1, #0]
    {held}
    @
    mova r1, #1
    rel #48, r1
    rel #51, r1
    {late}
    @
    done
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("memcheck")


def run(
    folder: Path, held: str = "", late: str = "", limit: int = 0, known: Any = None
) -> tuple[str, MemoryCheck]:
    """What is said of a run with such code at either place, and what was checked."""
    places = {"X": X, "Y": Y, "A0": A0, "B0": B0, "STACK": STACK}
    (folder / "worker.elf").write_bytes(
        linked(WORKER.format(held=held, late=late, **places), STACK)
    )
    (folder / "design.mlir").write_text(DESIGN)
    compile_design(folder / "design.mlir", folder, Options(elf_dir=folder))
    if known is not None:
        (folder / "names.json").write_text(json.dumps(known))
    known = names.beside(folder / "final.xclbin")
    check = MemoryCheck(known, limit)
    context = Context(parse((folder / "final.xclbin").read_bytes()), memcheck=check)
    context.configure()
    tile = context.array.core_tile(0, 2)
    for word in range(16):
        tile.write(X - STACK + 4 * word, word)
    for word in range(4):
        tile.write(A0 - STACK + 4 * word, 70 + word)
    report = context.run((folder / "insts.bin").read_bytes(), [])
    assert report.outcome in (Outcome.COMPLETED, Outcome.FAULT)
    if report.completed:
        assert (tile.memory[Y - STACK :].view(np.int32)[:8] == np.arange(8)).all()
        assert tile.memory[B0 - STACK :].view(np.int32)[0] == 70
    return "" if report.completed else explain(report, known), check


def at(address: int, code: str, register: str = "p4") -> str:
    """Code that has a pointer."""
    return f"movxm {register}, #{address}\n{code}"


NOWHERE = "where neither a buffer lies nor the stack or the code's own data: "
TABLE = f"""movxm r0, #{{}}
    {at(X, "st r0, [p4], #4")}
    st r0, [p4], #4
    st r0, [p4], #4
    st r0, [p4], #-12
    vlda wl1, [p4, #0]
    @
    vldb.4x32.lo wl2, wl1"""
COMPRESSED = f"""{at(RTP - 32, "vldb.compr.reset [p4]")}
    vldb.compr.fill [p4]
    vldb.compr.pop wl3, [p4]"""


@pytest.mark.parametrize(
    ("held", "late", "said"),
    [
        (
            at(Y + 64, "st r0, [p4, #8]"),
            "",
            f"writes {Y + 72:#x} (4 bytes), {NOWHERE}nearest is y, 8 bytes behind its end",
        ),
        (
            at(X - 4, "lda r0, [p4, #0]"),
            "",
            f"reads {X - 4:#x} (4 bytes), {NOWHERE}nearest is x, 4 bytes before it",
        ),
        (at(B0, "vst wl0, [p4, #0]"), "", "writes 32 bytes from b_buff_0[0] (i32) on, 16 of them"),
        (at(A1, "lda r0, [p4, #12]"), "", "reads a_cons_buff_1[3] (i32) before it was acquired"),
        (at(B1, "st r0, [p4, #8]"), "", "writes b_buff_1[2] (i32) before it was acquired"),
        (
            "",
            at(A0 + 5, "lda.s8 r0, [p4, #0]"),
            "reads a_cons_buff_0[1] byte 1 (i32) after it was rel",
        ),
        ("", at(B0, "st r0, [p4, #8]"), "writes b_buff_0[2] (i32) after it was released"),
        (at(RTP, "lda r0, [p4, #0]"), "", "reads rtp[0] (i32), which nothing has written"),
        (at(Z, "lda r0, [p4, #4]"), "", "reads z[1] (i32), which nothing has written"),
        (TABLE.format(RTP + 256), "", f"reads {RTP + 256:#x} (16 bytes)"),
        (TABLE.format(0x48160), "", "reads from 0x48160, where there is no memory"),
        (
            COMPRESSED,
            "",
            f"reads {RTP - 32:#x} (4 bytes), {NOWHERE}nearest is rtp, 32 bytes before",
        ),
    ],
)
def test_a_mistake_is_told_with_place_and_function(
    folder: Path, held: str, late: str, said: str
) -> None:
    told, _ = run(folder, held, late)
    assert told.startswith("core (0,2) ")
    assert said in told
    assert "in start" in told


def test_a_sound_program_is_told_nothing_and_its_accesses_are_counted(folder: Path) -> None:
    written_first = at(RTP, "st r0, [p4, #0]\nlda r0, [p4, #0]\n@\nst r0, [p4, #0]")
    told, check = run(folder, written_first)
    assert not told
    assert check.summary() == "8 accesses of 1 cores' code held"


def test_a_stack_whose_size_nobody_tells_ends_where_a_buffer_begins(folder: Path) -> None:
    assert (
        "nearest is an array on the stack, 0 bytes behind"
        in run(folder, at(STACK + 1024, "st r0, [p4, #0]"))[0]
    )
    known = json.loads((folder / "names.json").read_text())
    del known["cores"][0]["stack"]
    assert not run(folder, at(X - 4, "st r0, [p4, #0]"), known=known)[0]


def test_a_stack_that_grows_into_a_buffer_is_told_as_that(folder: Path) -> None:
    grown = f"movxm sp, #{X + 32}\nst r0, [sp, #-24]"
    end = f"{STACK + 1024:#x}"
    assert (
        f"core (0,2) runs out of stack: its 1,024 bytes end at {end}, and it has come to"
        f" {X + 8:#x}, in x[2] (i32); give the core a larger stack_size"
    ) in run(folder, grown)[0]
    beside = f"movxm sp, #{X + 32}\nst r0, [p1, #0]\nmovxm sp, #{STACK + 64}"
    assert not run(folder, late=beside + "\nvlda wl0, [p0, #0]\n@\nvst wl0, [p1, #0]")[0]


@pytest.mark.parametrize("limit", [1, 3, 4, 5])
def test_the_core_goes_on_without_checks_behind_those_that_are_wanted(
    folder: Path, limit: int
) -> None:
    """Its registers and what is on its way stay as they are: the results are right."""
    told, check = run(folder, late=at(B0, "st r0, [p4, #8]"), limit=limit)
    assert not told
    assert "the first ones of 1 cores alone" in check.summary()
    assert run(folder, late=at(B0, "st r0, [p4, #8]"), limit=6)[0]


def test_a_program_that_is_not_that_of_its_file_is_run_unchecked(folder: Path) -> None:
    run(folder)
    known = replace(names.beside(folder / "final.xclbin"), programs={})
    check = MemoryCheck(known)
    context = Context(parse((folder / "final.xclbin").read_bytes()), memcheck=check)
    assert context.run((folder / "insts.bin").read_bytes(), []).completed
    assert check.summary() == "core (0,2) is not checked: there is no file of its program"
