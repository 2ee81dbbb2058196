"""Mel spectrogram, a frame at a time: 400 samples every `hop` -> 80 energies, int16 -> int8.

`stream_30s` is a whole 30 s window as Whisper has it: 3000 frames, a hop of 10 ms apart. Frames
overlap, so the shim's DMA reads most samples two or three times; the core meets nothing but
frames.
"""

import numpy as np

from pipeline import In, Out

from ._mel import mel_frames, sounds

parameters = {"frame": 400, "mels": 80, "batch": 1, "frames": 1, "hop": 160}
variants = {"frame": {}, "stream_30s": {"frames": 3000}}
long = ["stream_30s"]


def samples(p):
    """Samples from the first frame's start to the last one's end."""
    return (p.frames - 1) * p.hop + p.frame


def buffers(p):
    return {"samples": In(samples(p), "int16"), "energies": Out((p.frames, p.mels), "int8")}


def reference(p, x):
    starts = p.hop * np.arange(p.frames)
    return mel_frames(x[starts[:, None] + np.arange(p.frame)])


def vectors(p, rng):
    return {name: {"samples": x} for name, x in sounds(rng, samples(p)).items()}
