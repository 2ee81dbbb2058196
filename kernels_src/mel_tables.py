"""Writes mel_tables.h, the constants of mel.c: `python kernels_src/mel_tables.py`.

All numbers are Q15: round(x * 2**15), with 2**15 itself, which int16 cannot hold, as 2**15 - 1.

- Hann window, periodic as Whisper's and librosa's: 0.5 - 0.5 cos(2 pi n / 400).
- Twiddle factors of a 512-point FFT: cos and sin of 2 pi k / 512.
- 80 triangular filters on the HTK mel scale, mel = 2595 log10(1 + f / 700) (The HTK Book, 5.4),
  between 0 Hz and 8 kHz, peak 1. Of each row of the 80 x 257 matrix only the run of bins that are
  not zero is kept: 1 KB instead of the 41 KB that the full matrix takes of a core's 64 KB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import cos, log10, pi, sin
from pathlib import Path

SAMPLE_RATE = 16_000
FRAME = 400
FFT = 512
FILTERS = 80
BINS = FFT // 2 + 1
PER_LINE = 12


def q15(x: float) -> int:
    """A number from -1 to 1 in Q15."""
    return min(round(x * 2**15), 2**15 - 1)


def hann() -> list[int]:
    """The window, FRAME numbers."""
    return [q15(0.5 - 0.5 * cos(2 * pi * n / FRAME)) for n in range(FRAME)]


def mel_edges() -> list[float]:
    """FILTERS + 2 frequencies in Hz, evenly spaced in mel: each filter's ends are its
    neighbours' peaks."""
    top = 2595 * log10(1 + SAMPLE_RATE / 2 / 700)
    mels = (top * i / (FILTERS + 1) for i in range(FILTERS + 2))
    return [700 * (10 ** (mel / 2595) - 1) for mel in mels]


def triangles() -> list[tuple[int, list[int]]]:
    """Each filter as its first bin and its weights; no weights if it falls between two bins."""
    edges = mel_edges()
    found = []
    for low, peak, high in zip(edges, edges[1:], edges[2:], strict=False):
        weights = {}
        for k in range(BINS):
            hz = k * SAMPLE_RATE / FFT
            weight = q15(max(0.0, min((hz - low) / (peak - low), (high - hz) / (high - peak))))
            if weight:
                weights[k] = weight
        found.append((min(weights, default=0), list(weights.values())))
    return found


def table(kind: str, name: str, values: Iterable[int]) -> Iterator[str]:
    """The lines of one C array."""
    numbers = list(values)
    yield f"static const {kind} {name}[{len(numbers)}] = {{"
    for start in range(0, len(numbers), PER_LINE):
        yield "    " + " ".join(f"{n}," for n in numbers[start : start + PER_LINE])
    yield "};"


def header() -> str:
    """The text of mel_tables.h."""
    filters = triangles()
    lines = [
        "// Written by mel_tables.py, which says what the numbers are. Do not edit.",
        "#ifndef MEL_TABLES_H",
        "#define MEL_TABLES_H",
        "",
        "#include <stdint.h>",
        "",
        "// The window.",
        *table("int16_t", "HANN", hann()),
        "",
        "// Twiddle factors: exp(-2 pi i k / 512) = COS[k] - i SIN[k].",
        *table("int16_t", "COS", (q15(cos(2 * pi * k / FFT)) for k in range(FFT // 2))),
        *table("int16_t", "SIN", (q15(sin(2 * pi * k / FFT)) for k in range(FFT // 2))),
        "",
        "// The filters: the first bin of each, how many bins it has, and the weights of all.",
        *table("uint8_t", "FIRST_BIN", (first for first, _ in filters)),
        *table("uint8_t", "BIN_COUNT", (len(weights) for _, weights in filters)),
        *table("int16_t", "WEIGHTS", (w for _, weights in filters for w in weights)),
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("mel_tables.h").write_text(header())
