"""What the reference of `affine` promises, in numbers worked out by hand.

Every run holds the kernel against its reference; this holds the reference against the truth.
"""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np

AFFINE = runpy.run_path(str(Path(__file__).parents[1] / "mlir_templates" / "affine.py"))
P = SimpleNamespace(**AFFINE["parameters"] | {"a": 5, "b": -3})


def expected(*x: int) -> list[int]:
    return AFFINE["reference"](P, np.array(x, np.int32)).tolist()


def test_numbers_are_scaled_and_shifted() -> None:
    assert expected(0, 1, -2) == [-3, 2, -13]


def test_what_is_too_large_wraps_as_on_the_npu() -> None:
    assert expected(2**31 - 1) == [2**31 - 8]
