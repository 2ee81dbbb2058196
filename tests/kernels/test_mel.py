"""The mel kernel's tables and results against librosa: what fixed point costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.kernels.library import Array, Kernel, correlation, module_at
from tests.project import ROOT

mel = module_at("mlir_templates/_mel.py")
tables = module_at("kernels_src/mel_tables.py")

BATCH, STREAM = "mel_batch/n30", "mel/stream_30s"
KERNELS = (BATCH, STREAM)

FRAMES, FRAME, HOP = 60, 400, 160
AUDIBLE = (1_000, 3_000, 10_000, 30_000)
"""Peaks of the sample values: -30 dB to -1 dB of full scale."""


@pytest.fixture(scope="module")
def kernel(kernels: dict[str, Kernel]) -> Kernel:
    """60 frames a run."""
    return kernels[BATCH]


def speech(peak: int) -> Array:
    """60 frames of a signal like speech, a hop of 10 ms apart, from several places of 20 s."""
    sound = mel.speech_like(np.random.default_rng(5), 20 * 16_000, peak)
    starts = np.concatenate([place + HOP * np.arange(12) for place in range(0, 250_000, 50_000)])
    return sound[starts[:, None] + np.arange(FRAME)]


def filters() -> Array:
    """librosa's filters; where librosa is not installed, the published formula's.

    `test_the_filters_are_librosas_htk_filters` holds the two to be the same.
    """
    try:
        from librosa.filters import mel as librosa_mel
    except ImportError:
        return np.asarray(mel.filter_bank())
    bank: Array = librosa_mel(
        sr=16_000, n_fft=512, n_mels=80, htk=True, norm=None, dtype=np.float64
    )
    return bank


def float_energies(frames: Array) -> Array:
    """The same function in float64, without the clip."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    power = np.abs(np.fft.rfft(frames * window, 512) / 512) ** 2
    energies: Array = power @ filters().T * 127 / 4096
    return energies


def test_the_header_is_what_its_generator_writes() -> None:
    assert (ROOT / "kernels_src/mel_tables.h").read_text() == tables.header()


def test_the_filters_are_librosas_htk_filters() -> None:
    pytest.importorskip("librosa", exc_type=ImportError)
    bank = filters()
    assert np.abs(mel.filter_bank() - bank).max() < 1e-9
    for row, (first, weights) in zip(bank, tables.triangles(), strict=True):
        kernels = np.zeros(257)
        kernels[first : first + len(weights)] = weights
        assert np.abs(kernels / 2**15 - row).max() < 2**-15


def test_the_window_is_librosas() -> None:
    librosa = pytest.importorskip("librosa.filters", exc_type=ImportError)
    window = librosa.get_window("hann", FRAME)
    assert np.abs(np.array(tables.hann()) / 2**15 - window).max() <= 2**-15


@pytest.mark.parametrize("peak", AUDIBLE)
def test_energies_of_speech_follow_librosas(
    kernel: Kernel, peak: int, accuracy: Callable[[str], None]
) -> None:
    frames = speech(peak)
    got = kernel.run(samples=frames)["energies"]
    expected = np.clip(float_energies(frames), 0, 127)
    found, worst = correlation(got, expected), np.abs(got - expected).max()
    accuracy(
        f"mel, speech-like, peak {peak}: correlation {found:.4f},"
        f" worst deviation {worst:.1f} of 127"
    )
    assert found >= 0.95
    assert worst < 12


def test_speech_below_30_db_is_too_quiet_for_the_format(
    kernel: Kernel, accuracy: Callable[[str], None]
) -> None:
    """What int8 with this scale loses is part of what docs/kernels.md promises to say."""
    frames = speech(300)
    got = kernel.run(samples=frames)["energies"]
    found = correlation(got, float_energies(frames))
    accuracy(f"mel, speech-like, peak 300: correlation {found:.4f}: too quiet for this format")
    assert 0.5 < found < 0.95
    assert (got == 0).mean() > 0.9


def test_every_frame_of_a_batch_is_computed(kernel: Kernel) -> None:
    frames = np.random.default_rng(7).integers(-1500, 1500, (FRAMES, FRAME), np.int16)
    one_at_a_time = [mel.mel_frames(frame[None])[0] for frame in frames]
    assert len({energies.tobytes() for energies in one_at_a_time}) == FRAMES
    assert np.array_equal(kernel.run(samples=frames)["energies"], one_at_a_time)


def test_30_s_of_frames_are_the_hops_of_one_sound(
    kernels: dict[str, Kernel], accuracy: Callable[[str], None]
) -> None:
    streaming = kernels[STREAM]
    sound = mel.speech_like(np.random.default_rng(6), 2999 * HOP + FRAME)
    got = streaming.run(samples=sound)["energies"]
    expected = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    found = correlation(got, np.clip(float_energies(expected), 0, 127))
    accuracy(f"mel, 30 s of a speech-like signal, 3000 frames: correlation {found:.4f}")
    assert found >= 0.95
