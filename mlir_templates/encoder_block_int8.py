"""An encoder block on one column, int8: attention, layer normalisation, a matrix, GELU.

Four cores, one above the other, each hand a tile of one head (64 rows of 64) to the next in the
memory that the two share. The memory tile deals out the weights: gamma and beta to the second
core, the matrix to the third. Whisper-base has 24 such tiles a head, 8 heads and 6 blocks.
"""

import numpy as np

from pipeline import In, Out

from ._attention import attention, like_a_model
from ._integers import clip8, gelu, layernorm, matmul

# n and count are what the kernels of layer normalisation, matrix product and GELU call the sizes
# of a row and of a tile.
parameters = {"rows": 64, "dim": 64, "shift": 3, "n": 64, "count": 4096, "tiles": 2}
variants = {"head64": {}}


def buffers(p):
    return {
        "qkv": In((p.tiles, 3, p.rows, p.dim), "int8"),
        "weights": In(2 * p.n + p.n * p.n, "int8"),
        "out": Out((p.tiles, p.rows, p.dim), "int8"),
    }


def work(p):
    """Three matrix products a tile: attention's two, and the matrix."""
    return {"ops": p.tiles * (4 * p.rows**2 * p.dim + 2 * p.rows * p.n**2)}


def reference(p, qkv, weights):
    gamma, beta, matrix = np.split(weights, (p.n, 2 * p.n))
    return np.stack([_block(*tile, gamma, beta, matrix.reshape(p.n, p.n), p) for tile in qkv])


def _block(q, k, v, gamma, beta, matrix, p):
    return gelu(matmul(layernorm(attention(q, k, v, p.shift), gamma, beta), matrix))


def vectors(p, rng):
    """As a model has them: gamma near 0.25, beta near 0, a matrix that keeps the range."""
    tiles = np.stack([like_a_model(rng, p.rows, p.dim) for _ in range(p.tiles)])
    gamma, beta = rng.normal(32, 8, p.n), rng.normal(0, 8, p.n)
    matrix = rng.normal(0, 127 / np.sqrt(p.n) * 1.5, p.n * p.n)
    weights = clip8(np.rint(np.concatenate([gamma, beta, matrix])))
    return {"model": {"qkv": tiles, "weights": weights}}
