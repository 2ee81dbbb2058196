"""Layer normalisation of a row of int8 numbers, with gamma (Q7) and beta."""

import numpy as np

from pipeline import In, Out

from ._integers import layernorm

parameters = {"n": 256}
variants = {"n256": {}}


def buffers(p):
    return {"x_gamma_beta": In((3, p.n), "int8"), "y": Out(p.n, "int8")}


def reference(p, x_gamma_beta):
    return layernorm(*x_gamma_beta)


def vectors(p, rng):
    """As a model has them: activations of some spread, gamma near 0.25, beta near 0."""
    columns = rng.normal(5, 30, p.n), rng.normal(32, 8, p.n), rng.normal(0, 8, p.n)
    model = np.clip(np.rint(np.stack(columns)), -128, 127).astype(np.int8)
    constant = model.copy()
    constant[0] = 17
    return {"model": {"x_gamma_beta": model}, "no_spread": {"x_gamma_beta": constant}}
