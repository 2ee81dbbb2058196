"""Mel spectrogram, several frames a call: 10, 20 or 30 frames of 400 samples -> 80 energies each.

A larger batch saves calls and locks, and takes memory: every object is there twice, for the DMA to
fill one while the core works on the other. 30 frames and the kernel's own data take 59 of the
65 KB; 33 is the most.
"""

from pipeline import In, Out

from ._mel import mel_frames, sounds

parameters = {"frame": 400, "mels": 80, "batch": 10, "calls": 2}
variants = {"n10": {}, "n20": {"batch": 20}, "n30": {"batch": 30}}


def buffers(p):
    frames = p.calls * p.batch
    return {
        "samples": In((frames, p.frame), "int16"),
        "energies": Out((frames, p.mels), "int8"),
    }


def reference(p, x):
    return mel_frames(x)


def vectors(p, rng):
    frames = p.calls * p.batch
    made = sounds(rng, frames * p.frame)
    return {name: {"samples": x.reshape(frames, p.frame)} for name, x in made.items()}
