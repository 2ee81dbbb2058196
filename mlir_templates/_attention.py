"""What int8 attention should be, in exact integers, and inputs that look like a model's.

Q and K hold sixteenths, so that scores count 256ths; see docs/kernels.md.
"""

import math

import numpy as np

EXPONENTIALS = np.array([max(math.floor(2**20 * math.exp(x)), 1) for x in range(-127, 1)])
"""exp(x) in Q20 for x from -127 to 0."""


def matmul(a, b):
    """The exact product of integer matrices: float64 holds all integers below 2**53."""
    return np.rint(a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)


def exponentials(q, k, shift):
    """exp(score - the row's largest score) in Q20."""
    scores = matmul(q, k.T) >> shift
    x = (scores - scores.max(axis=1, keepdims=True)) >> 8
    return EXPONENTIALS[np.clip(x, -127, 0) + 127]


def attention(q, k, v, shift):
    """One tile: (n, d) int8 matrices -> (n, d) int8, with 7-bit weights."""
    e = exponentials(q, k, shift)
    weights = (e >> 10) * 127 // (e.sum(axis=1, keepdims=True) >> 10)
    sums = matmul(weights, v)
    return np.clip((sums + np.where(sums < 0, -64, 64)) >> 7, -128, 127).astype(np.int8)


def attention_sequence(q, k, v, shift):
    """A long sequence: (n, d) int8 -> (n, d) int8, with 10-bit weights, divided at the end."""
    weights = exponentials(q, k, shift) >> 10
    sums, total = matmul(weights, v), weights.sum(axis=1, keepdims=True)
    magnitude = (2 * np.abs(sums) + total) // (2 * total)  # rounded, halves away from zero
    return (np.sign(sums) * magnitude).astype(np.int8)


def like_a_model(rng, rows, dim):
    """Q, K, V (3, rows, dim) int8 as trained attention has them: each query has a key that it
    looks for, among others that are somewhat like it."""
    k = rng.normal(0, 14, (rows, dim))
    q = 0.9 * k[rng.permutation(rows)] + rng.normal(0, 6, (rows, dim))
    v = rng.normal(0, 40, (rows, dim))
    return np.clip(np.rint(np.stack([q, k, v])), -128, 127).astype(np.int8)
