"""Layer normalisation of a row of bfloat16 numbers: (x - mean) / sqrt(variance + 1e-5)."""

from pipeline import In, Out, ulp

from ._bf16 import layernorm, stretches

parameters = {"n": 1024}
variants = {"n512": {"n": 512}, "n1024": {}}

# All is computed in float and rounded once. The mean of n floats is off by up to n / 2 units of
# 2**-24 of the sum's size, which counts where an element lies close to the mean.
checks = {"y": ulp(1, absolute=2.0**-12)}


def buffers(p):
    return {"x": In(p.n, "bfloat16"), "y": Out(p.n, "bfloat16")}


def reference(p, x):
    return layernorm(x)


def vectors(p, rng):
    return {name: {"x": x} for name, x in stretches(rng, p.n).items()}
