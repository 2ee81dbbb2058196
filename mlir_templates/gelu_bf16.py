"""GELU of bfloat16 numbers, in its tanh form."""

from pipeline import In, Out, ulp

from ._bf16 import gelu, stretches

parameters = {"n": 1024}
variants = {"n1024": {}}

# The kernel's tanh is off by 1e-4 at the most, near its limit of u = 4.97, which is x = 3.8. Half
# of x times that is left where x is negative and tanh close to -1. Elsewhere there is rounding.
checks = {"y": ulp(1, absolute=2e-4)}


def buffers(p):
    return {"x": In(p.n, "bfloat16"), "y": Out(p.n, "bfloat16")}


def reference(p, x):
    return gelu(x)


def vectors(p, rng):
    return {name: {"x": x} for name, x in stretches(rng, p.n).items()}
