"""Attention over four tiles at a time, one on each of four cores; one host buffer in, one out.

With mlir-aie before 1.4 a host passes five buffers at the most, and four inputs and four outputs do
not get through: the tiles are packed one behind the other. `columns` spreads them over the shims of
four columns, each with a core of its own; `column` has one shim, whose column's memory tile deals
the tiles out to the four cores above it and joins what they give.
"""

import numpy as np

from pipeline import In, Out

from ._attention import attention, like_a_model

parameters = {"rows": 64, "dim": 64, "shift": 3, "tiles": 4, "columns": 1}
variants = {"columns": {"device": "npu1", "columns": 4}, "column": {}}


def buffers(p):
    return {
        "qkv": In((p.tiles, 3, p.rows, p.dim), "int8"),
        "out": Out((p.tiles, p.rows, p.dim), "int8"),
    }


def work(p):
    """Two matrix products a tile; the softmax between them is not counted."""
    return {"ops": p.tiles * 4 * p.rows**2 * p.dim}


def reference(p, qkv):
    return np.stack([attention(*tile, p.shift) for tile in qkv])


def vectors(p, rng):
    tiles = [like_a_model(rng, p.rows, p.dim) for _ in range(p.tiles)]
    return {"model": {"qkv": np.stack(tiles)}}
