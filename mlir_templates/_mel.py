"""What mel frames should be, in exact integers, and a signal like speech to try them on.

Written with whole-array operations, from the arithmetic's description and not from the C: the FFT
as a 2 x 2 x ... x 2 cube of samples, the filters as one dense matrix.
"""

import numpy as np

SAMPLE_RATE = 16_000
FFT = 512
MELS = 80


def q15(x):
    """Numbers from -1 to 1 as Q15."""
    return np.minimum(np.rint(np.asarray(x) * 32768), 32767).astype(np.int64)


def filter_bank():
    """The filters' weights from 0 to 1: 80 rows of 257 bins."""
    hz = np.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1)
    edges = np.linspace(0, 2595 * np.log10(1 + hz[-1] / 700), MELS + 2)
    edges = 700 * (np.power(10, edges / 2595) - 1)
    return np.array([np.interp(hz, edges[m : m + 3], [0, 1, 0]) for m in range(MELS)])


def spectrum(frames):
    """frames (n, 400) int16 -> real and imaginary parts of X / 512, (n, 512), in Q15."""
    count, length = frames.shape
    window = q15(np.hanning(length + 1)[:length])
    x = np.zeros((count, FFT), np.int64)
    x[:, :length] = (frames.astype(np.int64) * window + 2**14) >> 15
    # Reversing the order of nine binary axes reverses the bits of every index.
    cube = x.reshape(count, *(2,) * 9).transpose(0, *range(9, 0, -1))
    real, imaginary = cube.reshape(count, FFT).copy(), np.zeros((count, FFT), np.int64)
    for points in 2 ** np.arange(9):
        real, imaginary = _combine(real, imaginary, points)
    return real, imaginary


def _combine(real, imaginary, points):
    """Pairs of transforms of so many points -> transforms of twice as many, halved."""
    pairs = (len(real), -1, 2, points)
    (even_re, odd_re), (even_im, odd_im) = (
        np.moveaxis(part.reshape(pairs), 2, 0) for part in (real, imaginary)
    )
    angle = np.pi * np.arange(points) / points
    cos, sin = q15(np.cos(angle)), q15(np.sin(angle))
    turned_re = (cos * odd_re + sin * odd_im + 2**14) >> 15
    turned_im = (cos * odd_im - sin * odd_re + 2**14) >> 15
    halved = (
        np.stack([even + turned + 1, even - turned + 1], axis=2) >> 1
        for even, turned in ((even_re, turned_re), (even_im, turned_im))
    )
    return tuple(part.reshape(len(real), FFT) for part in halved)


def mel_frames(frames):
    """frames (n, 400) int16 -> energies (n, 80) int8, bit for bit."""
    real, imaginary = spectrum(frames)
    power = (real**2 + imaginary**2)[:, : FFT // 2 + 1]
    energies = (power @ q15(filter_bank()).T) >> 15
    return np.clip((energies * 127) >> 12, 0, 127).astype(np.int8)


def sounds(rng, samples):
    """Signals by name that fill the output's range; at full scale, noise drives it all to 127."""
    return {
        "noise": rng.integers(-1500, 1500, samples, np.int16),
        "speech": speech_like(rng, samples),
    }


def speech_like(rng, samples, peak=3000):
    """int16 samples that are broadband as speech is: a voice that glides in pitch through moving
    formants, hissing consonants and pauses, over a little noise."""
    seconds = np.arange(samples) / SAMPLE_RATE
    voice = _voice(rng, seconds)
    hiss = np.diff(rng.standard_normal(samples + 1))  # more of it the higher the frequency
    syllable = 2 * np.pi * rng.uniform(3, 5) * seconds + rng.uniform(0, 2 * np.pi)
    open_mouth, closed = np.clip(np.sin(syllable), 0, 1), np.clip(-np.sin(syllable), 0, 1) ** 4
    sound = open_mouth * voice + 0.08 * closed * hiss + 0.002 * rng.standard_normal(samples)
    return np.rint(peak * sound / np.abs(sound).max()).astype(np.int16)


def _voice(rng, seconds):
    pitch = 130 * np.exp(0.3 * np.sin(2 * np.pi * 0.7 * seconds + rng.uniform(0, 2 * np.pi)))
    cycles = np.cumsum(pitch) / SAMPLE_RATE
    vowel = np.sin(2 * np.pi * 1.3 * seconds + rng.uniform(0, 2 * np.pi))
    formants = ((550 + 250 * vowel, 90), (1500 - 600 * vowel, 120), (2600 + 200 * vowel, 180))
    voice = np.zeros(len(seconds))
    for harmonic in range(1, 60):
        hz = harmonic * pitch
        strength = sum(1 / (1 + ((hz - centre) / width) ** 2) for centre, width in formants)
        voice += np.where(hz < 7600, strength + 0.02, 0) * np.sin(2 * np.pi * harmonic * cycles)
    return voice / np.abs(voice).max()
