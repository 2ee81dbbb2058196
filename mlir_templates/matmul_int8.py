"""C = clip8((A B) >> 7), int8, of a size that a core takes as a whole."""

import numpy as np

from pipeline import In, Out

from ._integers import matmul

parameters = {"n": 64}
variants = {"n16": {"n": 16}, "n32": {"n": 32}, "n64": {}}


def buffers(p):
    square = (p.n, p.n)
    return {"a": In(square, "int8"), "b": In(square, "int8"), "c": Out(square, "int8")}


def work(p):
    return {"ops": 2 * p.n**3}


def reference(p, a, b):
    return matmul(a, b)


def vectors(p, rng):
    """Numbers whose products stay in range: most of the default ones' do not."""
    spread = 127 / np.sqrt(2 * np.sqrt(p.n))
    a, b = (np.clip(np.rint(rng.normal(0, spread, (2, p.n, p.n))), -128, 127)).astype(np.int8)
    return {"in_range": {"a": a, "b": b}}
