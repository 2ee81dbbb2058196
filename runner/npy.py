"""Arrays in .npy files (softnpu.formats.npy), and their elements in the types of buffers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from runner.dtypes import dtype, known
from runner.errors import RunnerError
from softnpu.errors import FormatError
from softnpu.formats import npy

Array = np.ndarray[Any, Any]


def read(path: Path) -> Array:
    """The array in a file; elements without a type stay so (kind V), see `typed`.

    Raises:
        RunnerError: it is no such file, is damaged, or holds what no buffer can.
    """
    try:
        return npy.read(path)
    except FormatError as error:
        raise RunnerError(str(error)) from error


def write(path: Path, values: Array) -> None:
    """Writes a file that `read` gives the same array of.

    Raises:
        RunnerError: it cannot be written.
    """
    try:
        npy.write(path, values)
    except FormatError as error:
        raise RunnerError(str(error)) from error


def is_typed(values: Array) -> bool:
    """Whether the file said what its elements are."""
    return known(values.dtype)


def typed(values: Array, kind: str) -> Array:
    """Elements without a type, taken as of that type.

    Raises:
        RunnerError: they are of another size.
    """
    wanted = dtype(kind)
    if values.dtype.itemsize != wanted.itemsize:
        raise RunnerError(
            f"its elements have {values.dtype.itemsize} bytes and no type, {kind} has"
            f" {wanted.itemsize}"
        )
    return np.ascontiguousarray(values).view(wanted)


def converted(values: Array, kind: str) -> Array:
    """The values in another type: rounded to a floating-point one, else as they are.

    Raises:
        RunnerError: the type cannot hold them.
    """
    wanted = dtype(kind)
    with np.errstate(over="ignore", invalid="ignore"):
        found = values.astype(wanted)
        back = found.astype(np.float64)
        given = values.astype(np.float64)
    lost = np.isfinite(given) & ~np.isfinite(back) if wanted.kind not in "biu" else back != given
    exact = wanted.kind in "biu" and values.dtype.kind in "biu"
    if exact:  # float64 cannot tell large integers apart
        lost = found.astype(object) != values.astype(object)
    if lost.any():
        first = values[lost].flat[0]
        raise RunnerError(f"{kind} cannot hold its values, e.g. {first}")
    return found
