"""GELU of int8 numbers, 127 being 1.0, by a table."""

import numpy as np

from pipeline import In, Out

from ._integers import gelu

parameters = {"count": 512}
variants = {"n512": {}, "n2048": {"count": 2048}}


def buffers(p):
    return {"x": In(p.count, "int8"), "y": Out(p.count, "int8")}


def reference(p, x):
    return gelu(x)


def vectors(p, rng):
    return {
        "every_value": {"x": np.arange(p.count).astype(np.int8)},
        "small": {"x": rng.integers(-64, 64, p.count, np.int8)},
    }
