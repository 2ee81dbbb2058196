"""Attention over one tile, int8: Q, K, V -> softmax(Q K^T / sqrt(dim)) V."""

from pipeline import In, Out

from ._attention import attention, like_a_model

# shift: log2(sqrt(dim)), which the C file checks.
parameters = {"rows": 64, "dim": 64, "shift": 3}
variants = {"t16": {"rows": 16, "dim": 16, "shift": 2}, "t64": {}}


def buffers(p):
    return {"qkv": In((3, p.rows, p.dim), "int8"), "out": Out((p.rows, p.dim), "int8")}


def work(p):
    """Two matrix products; the softmax between them is not counted."""
    return {"ops": 4 * p.rows**2 * p.dim}


def reference(p, qkv):
    return attention(*qkv, p.shift)


def vectors(p, rng):
    return {"model": {"qkv": like_a_model(rng, p.rows, p.dim)}}
