"""What broke other mel kernels: ours is free of it, and a twin that has it is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.library import (
    Array,
    Kernel,
    built,
    correlation,
    module_at,
    project_of,
    refusal,
)
from tests.project import Project

mel = module_at("mlir_templates/_mel.py")

C, BATCH = "kernels_src/mel.c", "mlir_templates/mel_batch.py"
DEFAULT_STACK = 0x400


@pytest.fixture
def frame(tmp_path: Path) -> Project:
    """The project with the design that takes a frame at a time."""
    return project_of(tmp_path / "project", "mel/frame")


@pytest.fixture
def batch(tmp_path: Path) -> Project:
    """The project with the design that takes batches."""
    return project_of(tmp_path / "project", "mel_batch/n10")


# A stack of 3 KB and more, which runs into the input on the array.


def arrays_on_the_stack(project: Project) -> None:
    """The twin keeps its work arrays in the function, as the kernel did that failed."""
    project.edit(C, "static int16_t re[FFT], im[FFT];", "static int16_t *re, *im;")
    project.edit(C, "static int32_t power[BINS];", "static int32_t *power;")
    project.edit(
        C,
        "    for (int frame = 0;",
        "    int16_t real[FFT], imaginary[FFT];\n"
        "    int32_t powers[BINS];\n"
        "    re = real, im = imaginary, power = powers;\n"
        "    for (int frame = 0;",
    )


def test_the_kernel_needs_no_stack_to_speak_of(frame: Project) -> None:
    assert built(frame, "mel/frame").stack.size < DEFAULT_STACK / 2


def test_a_stack_that_is_too_small_is_refused_with_the_size_to_write(frame: Project) -> None:
    arrays_on_the_stack(frame)
    said = refusal(frame, "cores:mel/frame")
    found = re.search(
        r"needs ([\d,]+) bytes of stack, and has 1,024; on the array it would overwrite the first"
        r" buffer without a word.*write \{stack_size = (\d+) : i32\}",
        said,
    )
    assert found, said
    assert int(found[1].replace(",", "")) > 2 * 2 * 512 + 4 * 257
    template = "mlir_templates/mel.mlir.j2"
    frame.edit(template, '"mel.o"}', f'"mel.o", stack_size = {found[2]} : i32}}')
    assert frame.tasks_run("test_emu:mel/frame") >= {"cores", "test_emu"}


# Tests with sines only: correlation 1.0 there, 0.12 on speech.


def sine() -> Array:
    """60 frames of 1 kHz, not loud."""
    time = np.arange(60 * 400) / mel.SAMPLE_RATE
    wave = 250 * np.sin(2 * np.pi * 1000 * time)
    return np.rint(wave).astype(np.int16).reshape(60, 400)


def no_halving(project: Project) -> None:
    """The twin does not halve in the FFT and divides the powers instead: more exact, until a sum
    overflows its 16 bits."""
    project.edit(C, "return (int16_t)((x + 1) >> 1);", "return (int16_t)x;")
    project.edit(C, "re[k] * re[k] + im[k] * im[k];", "(re[k] * re[k] + im[k] * im[k]) >> 18;")


def on_sine_and_speech(kernel: Kernel) -> tuple[float, float]:
    """Correlation with what should be, on 1 kHz and on a loud signal like speech."""
    sound = mel.speech_like(np.random.default_rng(8), 60 * 400, 30_000).reshape(60, 400)
    pair = (
        correlation(kernel.run(samples=frames)["energies"], mel.mel_frames(frames))
        for frames in (sine(), sound)
    )
    return next(pair), next(pair)


def test_a_kernel_that_is_right_on_sines_only_fails_on_the_default_vectors(batch: Project) -> None:
    batch.edit(BATCH, '{"n10": {}, "n20": {"batch": 20}, ', "{")
    assert on_sine_and_speech(built(batch, "mel_batch/n30")) == pytest.approx((1.0, 1.0))
    no_halving(batch)
    on_sine, on_speech = on_sine_and_speech(built(batch, "mel_batch/n30"))
    assert on_sine > 0.99
    assert on_speech < 0.9
    assert re.search(r"random-0 .*elements differ", refusal(batch, "test_emu:mel_batch/n30"))


# Batches that do not fit, with and without the tables in the sum.


def test_a_batch_of_100_is_refused_with_the_tiles_memory(batch: Project) -> None:
    batch.edit(BATCH, '"n10": {}', '"n10": {"batch": 100}')
    said = refusal(batch, "lower:mel_batch/n10")
    assert (
        "the buffers of tile (0, 2) do not fit: 177024 bytes needed, 65536 available,"
        " 111488 too many" in said
    )
    assert "samples_cons_buff_0 80000 bytes memref<100x400xi16>" in said
    assert "energies_buff_1 8000 bytes" in said
    assert "mel_batch.mlir.j2:" in said


def taken_of(said: str, frames: int) -> int:
    """Bytes that the code's own data take, where two buffers of each kind leave too few."""
    room = 65_536 - DEFAULT_STACK - 2 * frames * (2 * 400 + 80)
    found = re.search(
        rf"the code's own data take ([\d,]+) bytes, and stack and buffers leave {room:,} in a row"
        r" of the 65,536 bytes of data memory",
        said,
    )
    assert found, said
    taken = int(found[1].replace(",", ""))
    assert f"{room:,} bytes in the largest gap, {taken - room:,} too few" in said
    return taken


def test_tables_count_in_what_must_fit(batch: Project) -> None:
    """Buffers of 34 frames alone would fit; with work arrays and tables they do not."""
    batch.edit(BATCH, '"n10": {}', '"n10": {"batch": 34}')
    said = refusal(batch, "cores:mel_batch/n10")
    arrays = "power 1,028, re 1,024, im 1,024, WEIGHTS 1,004,"
    assert f"constants and variables of the code: {arrays}" in said
    assert taken_of(said, 34) > 1028 + 1024 + 1024 + 1004


def test_a_full_matrix_of_filters_does_not_fit_beside_30_frames(batch: Project) -> None:
    """The twin keeps zeros, too: 80 x 257 weights are 41 KB."""
    batch.edit(BATCH, '"n10": {}, ', "")
    batch.edit(
        C,
        "// A sum of powers",
        "static const int16_t MATRIX[MELS][BINS] = {{1}};\n// A sum of powers",
    )
    batch.edit(C, "*bin++ * *weight++", "*bin++ * *weight++ * MATRIX[m][i]")
    said = refusal(batch, "cores:mel_batch/n30")
    assert "MATRIX 41,120" in said
    assert 41_120 + 4 * 1024 < taken_of(said, 30) < 41_120 + 8 * 1024


# Only frame 0: an offset that gets lost between the design and a bare pointer.

LOOP = """\
        %frames = arith.constant {{ batch }} : index
        scf.for %f = %c0 to %frames step %c1 {
          %xf = memref.subview %x[%f, 0] [1, 400] [1, 1] : memref<{{ batch }}x400xi16> to memref<1x400xi16, strided<[400, 1], offset: ?>>
          %yf = memref.subview %y[%f, 0] [1, 80] [1, 1] : memref<{{ batch }}x80xi8> to memref<1x80xi8, strided<[80, 1], offset: ?>>
          %xc = memref.cast %xf : memref<1x400xi16, strided<[400, 1], offset: ?>> to memref<1x400xi16>
          %yc = memref.cast %yf : memref<1x80xi8, strided<[80, 1], offset: ?>> to memref<1x80xi8>
          func.call @mel(%xc, %yc) : (memref<1x400xi16>, memref<1x80xi8>) -> ()
        }
"""  # noqa: E501
CALL = (
    "        func.call @mel(%x, %y) : (memref<{{ batch }}x{{ frame }}xi16>,"
    " memref<{{ batch }}x{{ mels }}xi8>) -> ()\n"
)
DECLARATION = (
    "@mel(memref<{{ batch }}x{{ frame }}xi16>, memref<{{ batch }}x{{ mels }}xi8>)\n\n    %shim"
)


def test_a_cast_that_drops_a_dynamic_offset_is_refused(batch: Project) -> None:
    template = "mlir_templates/mel_batch.mlir.j2"
    batch.edit(template, CALL, LOOP)
    batch.edit(template, DECLARATION, "@mel(memref<1x400xi16>, memref<1x80xi8>)\n\n    %shim")
    batch.edit(C, "frame < BATCH", "frame < 1")
    said = refusal(batch, "cores:mel_batch/n10")
    assert "this cast drops the offset" in said
    assert "would always start at the buffer's first element" in said
    assert "pass the whole buffer and the offset as an argument" in said


def test_a_batch_of_which_only_the_first_frame_is_computed_fails(batch: Project) -> None:
    batch.edit(C, "frame < BATCH", "frame < 1")
    said = refusal(batch, "test_emu:mel_batch/n10")
    assert re.search(r"FAIL mel_batch/n10 noise .*elements differ", said)
    assert "energies: first at 8" in said  # the second frame's


def test_one_frame_repeated_is_reported(batch: Project) -> None:
    batch.edit(C, "window(samples + frame * FRAME)", "window(samples)")
    said = refusal(batch, "test_emu:mel_batch/n10")
    assert re.search(r"FAIL mel_batch/n10 noise .*elements differ", said)
