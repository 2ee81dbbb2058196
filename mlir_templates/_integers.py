"""What the int8 kernels should be, bit for bit, written from their arithmetic."""

import numpy as np


def clip8(x):
    """To the nearest number that int8 holds."""
    return np.clip(x, -128, 127).astype(np.int8)


def matmul(a, b):
    """clip8((a @ b) >> 7). float64 holds all integers below 2**53, so its product is exact."""
    return clip8(np.rint(a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64) >> 7)


def layernorm(x, gamma, beta):
    """Along the last axis: (..., n) int8 with gamma in Q7 -> (..., n) int8."""
    x = x.astype(np.int64)
    n = x.shape[-1]
    total = x.sum(axis=-1, keepdims=True)
    centred = x - np.sign(total) * (np.abs(total) // n)
    variance = (centred**2).sum(axis=-1, keepdims=True) // n + 1
    # The square root of an integer below 2**52 is never rounded up to the next integer.
    inverse = 32768 // np.floor(np.sqrt(variance)).astype(np.int64)
    return clip8((gamma * ((centred * inverse) >> 8) >> 7) + beta)


def gelu(x):
    """GELU in its tanh form, of numbers that count 127ths: int8 -> int8."""
    v = x.astype(np.float64) / 127
    return clip8(np.rint(127 * v * (1 + np.tanh(np.sqrt(2 / np.pi) * (v + 0.044715 * v**3))) / 2))
