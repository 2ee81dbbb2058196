"""Softmax of rows of bfloat16 numbers: one row, four on one core, or four on four cores."""

from pipeline import In, Out, ulp

from ._bf16 import softmax, stretches

parameters = {"n": 1024, "rows": 1, "workers": 1, "columns": 1}
variants = {
    "n1024": {},
    "rows4": {"rows": 4},
    "tiles4": {"rows": 4, "workers": 4, "columns": 2, "device": "npu1_2col"},
}

# An exponential is off by -0.5 % to 0.9 %, and so is the sum that it is divided by: together 1.4 %,
# or 3.7 units where a unit is smallest. Rounding takes a half on either side. An exponential below
# 2**-126 is 0.
checks = {"y": ulp(5, absolute=2.0**-126)}


def buffers(p):
    return {"x": In((p.rows, p.n), "bfloat16"), "y": Out((p.rows, p.n), "bfloat16")}


def reference(p, x):
    return softmax(x)


def vectors(p, rng):
    return {name: {"x": x} for name, x in stretches(rng, (p.rows, p.n)).items()}
