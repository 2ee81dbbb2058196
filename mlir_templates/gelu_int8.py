"""GELU of int8 numbers, 127 being 1.0, by a table."""

import numpy as np

from pipeline import In, Out

from ._bf16 import gelu

parameters = {"n": 512}
variants = {"n512": {}, "n2048": {"n": 2048}}


def buffers(p):
    return {"x": In(p.n, "int8"), "y": Out(p.n, "int8")}


def reference(p, x):
    return np.rint(127 * gelu(x / 127)).astype(np.int8)


def vectors(p, rng):
    return {
        "every_value": {"x": np.arange(p.n).astype(np.int8)},
        "small": {"x": rng.integers(-64, 64, p.n, np.int8)},
    }
