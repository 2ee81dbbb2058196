"""Element types of buffers by name (softnpu.formats.elements)."""

from __future__ import annotations

from typing import Any

import numpy as np

from runner.errors import RunnerError
from softnpu.errors import FormatError
from softnpu.formats import elements
from softnpu.formats.elements import NAMES, OF_MLIR, finfo, is_float, known

__all__ = ["NAMES", "OF_MLIR", "dtype", "finfo", "is_float", "known"]


def dtype(name: str) -> np.dtype[Any]:
    """The numpy dtype of that name.

    Raises:
        RunnerError: a buffer has no such elements.
    """
    try:
        return elements.dtype(name)
    except FormatError as error:
        raise RunnerError(str(error)) from error
