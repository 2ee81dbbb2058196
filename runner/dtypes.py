"""Element types by name, true bfloat16 included."""

from __future__ import annotations

from typing import Any

import numpy as np

from runner.errors import RunnerError


def dtype(name: str) -> np.dtype[Any]:
    """The numpy dtype of that name; "bfloat16" is ml_dtypes' own.

    Raises:
        RunnerError: for a name that neither numpy nor ml_dtypes knows.
    """
    try:
        if name == "bfloat16":
            import ml_dtypes

            bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
            return bfloat16
        return np.dtype(name)
    except TypeError as error:
        raise RunnerError(f"{name!r} is no element type; use int8, int32, bfloat16, ...") from error


def finfo(kind: np.dtype[Any]) -> Any:
    """numpy's description of a floating-point type, for bfloat16 as well."""
    if kind.name == "bfloat16":
        import ml_dtypes

        describe: Any = ml_dtypes.finfo  # carries no types
        return describe(kind)
    return np.finfo(kind)


def is_float(kind: np.dtype[Any]) -> bool:
    """Whether the type holds floating-point numbers, bfloat16 included."""
    return kind.kind == "f" or kind.name == "bfloat16"
