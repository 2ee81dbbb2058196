"""Attention over a sequence of 1500 rows, int8: four cores share the rows of Q, all see K and V.

K and V of a head are 192 KB, three times a core's memory. They come by in tiles of `tile` rows,
once for each group of 4 x `block` rows of Q: the DMA repeats the transfer, so the host passes them
once.
"""

from pipeline import In, Out

from ._attention import attention_sequence, like_a_model

parameters = {"n": 1500, "dim": 64, "shift": 3, "block": 5, "tile": 50, "cores": 4}
variants = {"n1500": {}}
long = ["n1500"]


def buffers(p):
    return {"qkv": In((3, p.n, p.dim), "int8"), "out": Out((p.n, p.dim), "int8")}


def work(p):
    """Two matrix products; the softmax between them is not counted."""
    return {"ops": 4 * p.n**2 * p.dim}


def reference(p, qkv):
    return attention_sequence(*qkv, p.shift)


def vectors(p, rng):
    return {"model": {"qkv": like_a_model(rng, p.n, p.dim)}}
