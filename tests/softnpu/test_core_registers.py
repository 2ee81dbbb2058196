"""What a function finds in registers: what the program before left there, as on an NPU."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import softnpu.core
from softnpu import core_registers
from softnpu.__main__ import main
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.semantics.machine import INPUT, OUTPUT
from tests.softnpu.emulator.semantics.operand import STREAM

PROGRAMS = Path(__file__).parents[1] / "data" / "aie2_programs.jsonl"
NOPS = "\n".join(["nop"] * 8)
RETURN = "\n".join(["ret lr", *["nop"] * 5])
SHOWS = f".globl f\nf: st r9, [p0, #0]\nmova r9, #7\n{RETURN}\n"
"""void f(int32_t *y): *y = r9; then r9 is 7."""


@pytest.fixture
def shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    Path("shows.s").write_text(SHOWS)
    return ["core", "shows.s", "--arg", "out:int32:1:y.npy"]


def test_a_program_begins_with_what_the_one_before_left(shows: list[str]) -> None:
    assert main([*shows, "--registers-to", "left.json"]) == 0
    assert np.load("y.npy").view(np.uint32).tolist() == [0xA5A5A5A5]
    assert main([*shows, "--registers-from", "left.json"]) == 0
    assert np.load("y.npy").tolist() == [7]


def test_a_register_that_the_file_leaves_out_is_unset(shows: list[str]) -> None:
    Path("one.json").write_text('{"r8": "0x1f"}')
    assert main([*shows, "--registers-from", "one.json", "--unset", "7"]) == 0
    assert np.load("y.npy").tolist() == [0x07070707]


def test_what_a_reset_sets_is_not_left_but_may_be_given(tmp_path: Path) -> None:
    """Rounding: 3 / 2 is 1 to minus infinity, which a reset sets, and 2 to plus infinity."""
    file = tmp_path / "rounds.s"
    text = f"""f: vlda wl0, [p0, #0]
        mova r1, #0; movx r0, #1
        mov s0, r1
        {NOPS}
        mov s1, r0
        nop
        vups.s32.s16 bml0, wl0, s0
        {NOPS}
        vsrs.s16.s32 wl1, bml0, s1
        mov crRnd, r0
        {NOPS}
        vst wl1, [p0, #0]
        {RETURN}
    """
    file.write_text(text)
    given = np.full(16, 3, np.int16)
    first = softnpu.core.run(file, given)
    assert set(first.arrays[0]) == {1}
    assert not {"crRnd", "srCarry", "lr", "sp", "lc"} & first.registers.keys()
    assert set(softnpu.core.run(file, given, registers=first.registers).arrays[0]) == {1}
    assert set(softnpu.core.run(file, given, registers={"crRnd": 1}).arrays[0]) == {2}


WRONG = {
    "[7]": "list is no set of registers; expected registers as --registers-to writes them",
    '{"r0": "all"}': "invalid literal for int() with base 0: 'all'; expected registers",
    '{"x0": 1}': "register x0 is made of wl0, wh0: give these",
    '{"rr9": 1}': "npu1's cores have no register rr9; did you mean r9?",
    '{"s0": 64}': "register s0 has 6 bits: it cannot hold 0x40",
}


@pytest.mark.parametrize("text", WRONG)
def test_registers_that_cannot_be_given_are_told_with_their_file(
    shows: list[str], capsys: pytest.CaptureFixture[str], text: str
) -> None:
    Path("by_hand.json").write_text(text)
    assert main([*shows, "--registers-from", "by_hand.json"]) == 1
    assert f"error: by_hand.json: {WRONG[text]}" in capsys.readouterr().err


def test_registers_come_back_from_their_file(tmp_path: Path) -> None:
    left = {"r0": 0xFFFFFFFF, "wl0": 1 << 255}
    core_registers.write(tmp_path / "left.json", left)
    assert core_registers.read(tmp_path / "left.json") == left


def lines_of(program: dict[str, Any]) -> Iterator[str]:
    for line in program["asm"]:
        count, _, repeated = line.partition(" ")
        yield from [repeated] * int(count) if count.isdigit() else [line]


def results(folder: Path, program: dict[str, Any], registers: Mapping[str, int]) -> Any:
    """A measured program's run, and which of its results are the NPU's."""
    file = folder / f"program{program['program']}.s"
    file.write_text("\n".join([*lines_of(program), RETURN]))
    given = np.frombuffer(STREAM[: program["input"]], np.int8)
    empty = np.zeros(0x4000, np.int8)
    done = softnpu.core.run(file, given, empty, registers=registers, at=(INPUT, OUTPUT))
    output = done.arrays[1].tobytes().hex()
    right = [output[2 * at :].startswith(shown) for at, shown in program["results"]]
    return done, right


def test_programs_in_order_compute_what_a_phoenix_computed(tmp_path: Path) -> None:
    """Each result shows a register that an earlier program set, and its own did not."""
    registers: dict[str, int] = {}
    for line in PROGRAMS.read_text().splitlines():
        program = json.loads(line)
        _, alone = results(tmp_path, program, {})
        done, right = results(tmp_path, program, registers)
        assert not any(alone), program["program"]
        assert all(right), program["program"]
        registers = done.registers


def test_arrays_lie_where_a_design_has_them(shows: list[str]) -> None:
    """Two loads of one bundle hold each other up where their arrays share a bank."""
    Path("two.s").write_text(f"f: lda r0, [p0, #0]; vldb wl0, [p1, #0]\n{NOPS}\n{RETURN}\n")
    given = np.zeros(16, np.int32)
    beside = softnpu.core.run("two.s", given, given, at=(0x70000, 0x74000))
    together = softnpu.core.run("two.s", given, given, at=(0x70000, 0x70040))
    assert (beside.stalls, together.stalls) == (0, 1)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ((0x70000, 0x70020), "an array reaches up to 0x70040, over one at 0x70020"),
        ((0x7FFF0,), "64 bytes of data at 0x7fff0: no window is there"),
        ((0x70000,) * 3, "3 addresses are given for 2 arrays"),
    ],
)
def test_arrays_that_cannot_lie_there_are_told(
    shows: list[str], at: tuple[int, ...], message: str
) -> None:
    given = np.zeros(16, np.int32)
    with pytest.raises(EmulatorError, match=message):
        softnpu.core.run("shows.s", given, given, at=at)
