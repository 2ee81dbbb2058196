"""Element types by name, true bfloat16 included."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np

from softnpu.errors import FormatError

NAMES = (
    *("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool"),
    *("float16", "bfloat16", "float32", "float64"),
)
"""What a buffer's elements can be, by numpy's (ml_dtypes') name."""

OF_MLIR = {
    **{f"{sign}i{bits}": f"int{bits}" for sign in ("", "s") for bits in (8, 16, 32, 64)},
    **{f"ui{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    **{"bf16": "bfloat16", "f16": "float16", "f32": "float32", "f64": "float64"},
}
"""The same by MLIR's."""


def dtype(name: str) -> np.dtype[Any]:
    """The numpy dtype of that name; "bfloat16" is ml_dtypes' own.

    Raises:
        FormatError: a buffer has no such elements.
    """
    if name not in NAMES:
        near = get_close_matches(name, NAMES, 1)
        hint = f"did you mean {near[0]}?" if near else f"they are {', '.join(NAMES)}"
        raise FormatError(f"{name!r} is no element type of a buffer; {hint}")
    return extended() if name == "bfloat16" else np.dtype(name)


def extended() -> np.dtype[Any]:
    """bfloat16. Once this has been asked for, numpy knows it by name, too."""
    import ml_dtypes

    bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return bfloat16


def known(kind: np.dtype[Any]) -> bool:
    """Whether a buffer can have elements of that type, in whatever byte order."""
    return kind.name in NAMES


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
