"""Layer normalisation, softmax and GELU of a row, on three neighbouring cores.

Each hands its row to the next in the memory that the two share: no DMA moves it, and while one
core works on a row, the one before it already has the next.
"""

from pipeline import In, Out, ulp

from ._bf16 import gelu, layernorm, rounded, softmax, stretches

parameters = {"n": 1024, "rows": 4}
variants = {"n1024": {}}

# The softmax's five units (see softmax_bf16.py), one for rounding it and one for GELU. The rounded
# normalisation is the reference's: it is exact to a float's precision before.
checks = {"y": ulp(7, absolute=2.0**-126)}


def buffers(p):
    return {"x": In((p.rows, p.n), "bfloat16"), "y": Out((p.rows, p.n), "bfloat16")}


def reference(p, x):
    return gelu(rounded(softmax(rounded(layernorm(x)))))


def vectors(p, rng):
    return {name: {"x": x} for name, x in stretches(rng, (p.rows, p.n)).items()}
