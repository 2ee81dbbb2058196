"""What sizes and strides do to an object, element by element."""

from __future__ import annotations

import numpy as np

from tests.fuzz.choices import Choices
from tests.fuzz.spelling import Dims, Pads


def places(dims: Dims) -> np.ndarray:
    """The element that each step of a pattern is at."""
    found = np.array([0])
    for size, stride in dims:
        found = (found[:, None] + np.arange(size) * stride).reshape(-1)
    return found


def gathered(objects: np.ndarray, dims: Dims) -> np.ndarray:
    """Objects, a row each, in the order in which `dims` reads them."""
    return objects[:, places(dims)] if dims else objects


def scattered(streams: np.ndarray, dims: Dims) -> np.ndarray:
    """Objects, a row each, as `dims` puts them into memory."""
    if not dims:
        return streams
    objects = np.empty_like(streams)
    objects[:, places(dims)] = streams
    return objects


def padded(streams: np.ndarray, dims: Dims, pads: Pads, value: float = 0) -> np.ndarray:
    """What `dims` has read, a row each, with `value` around it."""
    if not pads:
        return streams
    shaped = streams.reshape(len(streams), *(size for size, _ in dims))
    widths = ((0, 0), *pads)
    return np.pad(shaped, widths, constant_values=value).reshape(len(streams), -1)


def inside(choices: Choices, size: int, unit: int) -> tuple[Dims, Pads]:
    """A rectangle in an object of `size` elements, and zeros that make it as large again."""
    rows = choices.one_of([n for n in (2, 1, 3, 4) if size // unit % n == 0])
    pads = []
    sizes = []
    for length, step in ((rows, 1), (size // rows, unit)):
        left = choices.below(min(length // step, 3))
        right = choices.below(min(length // step - left, 3))
        pads.append((left * step, right * step))
        sizes.append(length - (left + right) * step)
    return ((sizes[0], size // rows), (sizes[1], 1)), tuple(pads)


def permutation(choices: Choices, size: int, unit: int, most: int = 3) -> Dims:
    """Dimensions that visit each of `size` elements once; `unit` elements stay together."""
    left = size // unit
    if left * unit != size:
        return ()
    sizes = []
    for _ in range(most - 1 - (unit > 1)):
        sizes.append(choices.one_of([n for n in (1, 2, 3, 4, 8) if left % n == 0]))
        left //= sizes[-1]
    sizes.append(left)
    strides = [1] * len(sizes)
    step = unit
    for dim in choices.shuffled(list(reversed(range(len(sizes))))):
        strides[dim] = step
        step *= sizes[dim]
    dims = [(s, t) for s, t in zip(sizes, strides, strict=True) if s > 1]
    return (*dims, (unit, 1)) if unit > 1 else tuple(dims)
