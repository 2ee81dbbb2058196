"""C = clip8((A B) >> 7), int8, of any size that divides into tiles, which stream through a core.

The shim's DMA cuts row-major matrices into tiles, the memory tile's lays each tile of B out in
panels of four columns, and the shim's puts C's tiles back in place. Buffers are double: while the
core multiplies one pair of tiles, the DMAs bring the next.
"""

import numpy as np

from pipeline import In, Out

from ._integers import matmul

# m x k times k x n; a tile of C is rows x columns, and depth is how much of k comes at a time.
parameters = {"m": 256, "k": 256, "n": 256, "rows": 64, "depth": 64, "columns": 64, "panel": 4}
variants = {"n256": {}}


def buffers(p):
    return {"a": In((p.m, p.k), "int8"), "b": In((p.k, p.n), "int8"), "c": Out((p.m, p.n), "int8")}


def work(p):
    return {"ops": 2 * p.m * p.k * p.n}


def reference(p, a, b):
    return matmul(a, b)


def vectors(p, rng):
    """Numbers whose products stay in range, and a unit matrix, which shows a tile out of place."""
    spread = 127 / np.sqrt(2 * np.sqrt(p.k))
    a = np.clip(np.rint(rng.normal(0, spread, (p.m, p.k))), -128, 127).astype(np.int8)
    b = np.clip(np.rint(rng.normal(0, spread, (p.k, p.n))), -128, 127).astype(np.int8)
    unit = (127 * np.eye(p.k, p.n)).astype(np.int8)
    return {"in_range": {"a": a, "b": b}, "unit": {"a": a, "b": unit}}
