"""What the bfloat16 kernels should be, in float64, and inputs that stretch them."""

import ml_dtypes
import numpy as np

BF16 = np.dtype(ml_dtypes.bfloat16)
EPSILON = 1e-5


def softmax(x):
    """Along the last axis; (..., n) of any float type -> (..., n) float64."""
    e = np.exp(x.astype(np.float64) - x.max(axis=-1, keepdims=True).astype(np.float64))
    return e / e.sum(axis=-1, keepdims=True)


def gelu(x):
    """The tanh form, float64."""
    x = x.astype(np.float64)
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def layernorm(x):
    """Along the last axis; (..., n) of any float type -> (..., n) float64."""
    x = x.astype(np.float64)
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + EPSILON)


def rounded(x):
    """To bfloat16, as a kernel hands it on."""
    return x.astype(BF16)


def stretches(rng, shape):
    """Inputs by name: far from 0, of very different sizes, and in order."""
    count = int(np.prod(shape))
    return {
        "wide": rng.normal(0, 20, shape).astype(BF16),
        "offset": (12 + rng.normal(0, 1, shape)).astype(BF16),
        "mixed": (rng.normal(0, 1, shape) * 2.0 ** rng.integers(-30, 4, shape)).astype(BF16),
        "ramp": np.linspace(-12, 12, count).reshape(shape).astype(BF16),
    }
