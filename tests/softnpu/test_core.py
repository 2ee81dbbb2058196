"""`softnpu core`: one function of a kernel, its arguments and what is told about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import softnpu.core
from softnpu.__main__ import main
from softnpu.errors import EmulatorError
from softnpu.formats import elements, npy

NOPS = "\n".join(["nop"] * 5)
ADD = f"""
    .globl add
add:
    lda r1, [p0], #4
    {NOPS}
    nop
    add r1, r1, r0
    st r1, [p1], #4
    ret lr
    {NOPS}
"""
"""void add(const int32_t *x, int32_t *y, int32_t n): *y = *x + n."""


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "add.s"
    file.write_text(ADD)
    np.save("x.npy", np.array([40], np.int32))
    return file


def test_outputs_are_written_and_cycles_told(kernel: Path, capsys) -> None:
    arguments = ["--arg", "in:x.npy", "--arg", "out:int32:1:y.npy", "--arg", "2", "--cycles"]
    assert main(["core", str(kernel), "--entry", "add", *arguments]) == 0
    assert np.load("y.npy").tolist() == [42]
    # 8 bundles to the addition, the store, the return with its slots; then what is in flight lands.
    cycles = int(capsys.readouterr().out.removesuffix(" cycles\n"))
    assert 15 <= cycles <= 32


def test_an_array_that_goes_both_ways_keeps_its_file(kernel: Path) -> None:
    arguments = ["--arg", "inout:x.npy", "--arg", "in:x.npy", "--arg", "1"]
    assert main(["core", str(kernel), *arguments]) == 0
    assert np.load("x.npy").tolist() == [40]


def test_bfloat16_goes_in_and_out_by_its_name(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    bfloat16 = elements.dtype("bfloat16")
    npy.write(Path("x.npy"), np.array([1.5, -2], bfloat16))
    move = "lda r0, [p0, #0]\n" + "nop\n" * 6 + "st r0, [p1, #0]\n"
    Path("f.s").write_text(f".globl f\nf:\n{move}ret lr\n" + "nop\n" * 5)
    assert main(["core", "f.s", "--arg", "in:x.npy", "--arg", "out:bfloat16:2:y.npy"]) == 0
    assert npy.read(Path("y.npy")).astype(float).tolist() == [1.5, -2]


def test_an_object_runs_as_its_source_does(kernel: Path) -> None:
    assert main(["asm", str(kernel)]) == 0
    given = np.array([1], np.int32)
    done = softnpu.core.run(kernel.with_suffix(".o"), given, np.zeros_like(given), 5, entry="add")
    assert done.arrays[1].tolist() == [6]
    assert given.tolist() == [1]


def test_data_of_the_object_is_reached_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "table.s"
    text = f"f: movxm p0, #table\nlda r0, [p0, #4]\n{NOPS}\nnop\n{NOPS}\nret lr\n{NOPS}"
    file.write_text(f"{text}\n.data\n.p2align 5\ntable: .long 7, 11\n")
    assert softnpu.core.run(file, entry="f").result == 11


def test_a_stack_over_the_programs_own_data_is_told_with_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "deep.s"
    wrong = f"movxm p0, #0x90000\nlda r0, [p0, #0]\n{NOPS}\nret lr\n{NOPS}"
    deep = f"f: paddb [sp], #8192\npaddb [sp], #64\n{wrong}"
    file.write_text(f"{deep}\n.data\n.p2align 5\ntable: .long 7, 11\n")
    message = (
        "loads from 0x90000.*its stack reached up to 0x72040, over the program's own data from"
    )
    with pytest.raises(EmulatorError, match=message):
        softnpu.core.run(file, entry="f")


WRONG = {
    "in:missing.npy": "missing.npy cannot be read: No such file or directory",
    "out:int33:4:y.npy": "'int33' is no element type of a buffer; did you mean int32",
    "out:int32:4": "--arg out:int32:4: ",
    "from:x.npy": "expected in:FILE.npy, out:DTYPE:SHAPE:FILE.npy, inout:FILE.npy or a number",
    "many": "--arg many: invalid literal",
}


@pytest.mark.parametrize("argument", WRONG)
def test_an_argument_that_cannot_be_taken_is_told(kernel: Path, capsys, argument: str) -> None:
    assert main(["core", str(kernel), "--arg", argument]) == 1
    assert WRONG[argument] in capsys.readouterr().err


def test_what_is_referred_to_and_not_defined_is_named(tmp_path: Path) -> None:
    file = tmp_path / "calls.s"
    file.write_text(f"f: jl #elsewhere\n{NOPS}\nret lr\n{NOPS}\n")
    with pytest.raises(EmulatorError, match="elsewhere is referred to and not defined"):
        softnpu.core.run(file)


def test_another_machines_object_is_no_core(tmp_path: Path) -> None:
    from softnpu.emulator.aie2.image import load
    from softnpu.targets.standin.toolchain import clang

    source = tmp_path / "one.c"
    source.write_text("int one(void) { return 1; }\n")
    assert clang(source, tmp_path / "one.o", []).ok
    with pytest.raises(EmulatorError, match="is for RISC-V, not for an AIE core"):
        load(tmp_path / "one.o")


AIE2P = f"""
add:
    lda r1, [p0], #4; movx r2, #-3
    {NOPS}
    nop
    mac r1, r1, r0, r2; st r0, [p1, #4]
    popcount r0, r2
    st r1, [p1, #0]
    ret lr
    {NOPS}
copy:
    mova dj0, #32
    vlda bmll0, [p0, dj0]
    {NOPS}
    nop
    vst bmll0, [p1, #0]
    ret lr
    {NOPS}
event:
    event.error
"""
"""add: y[0] = x[0] - 3 n, y[1] = n; the result is 31."""


@pytest.fixture
def second(tmp_path: Path) -> Path:
    file = tmp_path / "second.s"
    file.write_text(AIE2P)
    return file


def test_npu2_s_cores_execute_their_own_scalar_instructions(second: Path) -> None:
    given = np.array([100, 0], np.int32)
    done = softnpu.core.run(second, given, given, 7, entry="add", device="npu2")
    assert done.arrays[1].tolist() == [79, 7]
    assert done.result == 31


def test_npu2_s_cores_move_64_bytes_at_once_whose_address_is_cut_to_that(second: Path) -> None:
    given = np.arange(32, dtype=np.int32)
    done = softnpu.core.run(second, given, np.zeros_like(given), entry="copy", device="npu2")
    assert done.arrays[1].tolist() == [*range(16), *[0] * 16]


def test_an_instruction_of_npu2_that_is_not_modelled_is_named(second: Path) -> None:
    with pytest.raises(
        EmulatorError, match=r"event \(event.error\) has an instruction that is not"
    ):
        softnpu.core.run(second, entry="event", device="npu2")


MATRICES = f"""
products:
    vlda x0, [p0, #0]
    vldb x1, [p0, #64]
    {NOPS}
    nop
    vmul dm1, x0, x1, r0
    nop
    vmac dm1, dm1, x0, x1, r0
    {NOPS}
    nop
    vmov.d dm2, dm1; movx r0, #0
    {NOPS}
    nop
    vsub dm0, dm2, dm1, r0
    vadd dm3, dm2, dm1, r0
    {NOPS}
    vst bmll3, [p1], #64
    vst bmlh3, [p1], #64
    vst bmhl3, [p1], #64
    vst bmhh3, [p1], #64
    vst bmll0, [p1, #0]
    ret lr
    {NOPS}
"""


@pytest.fixture
def matrices(tmp_path: Path) -> Path:
    file = tmp_path / "matrices.s"
    file.write_text(MATRICES)
    return file


@pytest.mark.parametrize(("dtypes", "signs"), [("bb", 3), ("bB", 2), ("Bb", 1)])
def test_npu2_s_cores_multiply_matrices_of_bytes(matrices: Path, dtypes: str, signs: int) -> None:
    bits = np.random.default_rng(7).integers(0, 256, (2, 8, 8)).astype(np.uint8)
    first, second = (
        one.view(dtype).astype(np.int32) for one, dtype in zip(bits, dtypes, strict=True)
    )
    out = np.ones((10, 8), np.int32)
    done = softnpu.core.run(matrices, bits, out, signs << 8 | 8, device="npu2")
    assert (done.arrays[1][:8] == 4 * (first @ second)).all()
    assert not done.arrays[1][8:].any()


@pytest.mark.parametrize(
    ("rows", "inner", "word", "lane"), [(8, 4, 2 << 3, np.int32), (4, 8, 1 << 1 | 2 << 3, np.int64)]
)
def test_npu2_s_cores_multiply_matrices_of_16_by_8_bits(
    matrices: Path, rows: int, inner: int, word: int, lane: type[np.signedinteger[Any]]
) -> None:
    random = np.random.default_rng(7)
    first = random.integers(-(1 << 15), 1 << 15, (rows, inner)).astype(np.int16)
    second = random.integers(-128, 128, (inner, 8)).astype(np.int8)
    given = np.zeros(128, np.int8)
    for vector, at in ((first, 0), (second, 64)):
        given[at : at + vector.nbytes] = vector.reshape(-1).view(np.int8)
    sums = f"movx r0, #{word & 2}"
    matrices.write_text(MATRICES.replace("movx r0, #0", sums))
    out = np.ones(320 // np.dtype(lane).itemsize, lane)
    done = softnpu.core.run(matrices, given, out, 3 << 8 | word, device="npu2")
    wanted = 4 * (first.astype(lane) @ second.astype(lane))
    assert done.arrays[1][: rows * 8].reshape(rows, 8).tolist() == wanted.tolist()
    assert not done.arrays[1][rows * 8 :].any()


def test_npu2_s_products_of_another_configuration_are_not_guessed(matrices: Path) -> None:
    with pytest.raises(
        EmulatorError, match=r"vmul dm1, x0, x1, ?r0\) has an instruction that is not"
    ):
        softnpu.core.run(matrices, np.zeros(128, np.int8), np.zeros(80, np.int32), 0, device="npu2")


def test_an_event_changes_nothing_for_a_function_alone(tmp_path: Path) -> None:
    file = tmp_path / "event.s"
    file.write_text(f"f: event #0; mova r0, #3\nevent #1\nret lr\n{NOPS}")
    assert softnpu.core.run(file, entry="f").result == 3


def test_what_reads_a_register_that_nothing_has_set_changes_with_it(tmp_path: Path, capsys) -> None:
    file = tmp_path / "unset.s"
    file.write_text(f".globl f\nf: mov r0, r9\nst r0, [p0, #0]\nret lr\n{NOPS}")
    for byte, held in (("0xa5", 0xA5A5A5A5), ("7", 0x07070707)):
        out = tmp_path / "y.npy"
        assert main(["core", str(file), "--arg", f"out:uint32:1:{out}", "--unset", byte]) == 0
        assert np.load(out).tolist() == [held]
    with pytest.raises(SystemExit):
        main(["core", str(file), "--unset", "256"])
    assert "256 is no byte: expected 0 to 0xff" in capsys.readouterr().err


def test_an_object_of_the_other_generation_is_refused(kernel: Path) -> None:
    assert main(["asm", str(kernel)]) == 0
    with pytest.raises(EmulatorError, match="for cores of another generation than npu2's"):
        softnpu.core.run(kernel.with_suffix(".o"), device="npu2")


def test_more_data_than_a_core_reaches_is_told(kernel: Path) -> None:
    with pytest.raises(EmulatorError, match="more than the 196,608 bytes that a core reaches"):
        softnpu.core.run(kernel, np.zeros(100_000, np.int32))


def test_stalls_at_memory_banks_are_told(tmp_path: Path, capsys) -> None:
    nops = "nop\n" * 8
    file = tmp_path / "meet.s"
    file.write_text(f"f: lda r0, [p0, #0]; vldb wl0, [p0, #32]\n{nops}ret lr\n{nops}")
    np.save(tmp_path / "x.npy", np.zeros(16, np.int32))
    assert main(["core", str(file), "--arg", f"in:{tmp_path / 'x.npy'}", "--cycles"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "1 of them stalls at memory banks"
