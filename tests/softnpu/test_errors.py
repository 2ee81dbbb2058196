"""Errors in words."""

from __future__ import annotations

import shutil

import pytest

from softnpu.errors import of_the_system


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(2, "No such file or directory", "a.mlir"), "a.mlir: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (shutil.SameFileError("'a' and 'b' are the same file"), "'a' and 'b' are the same file"),
    ],
)
def test_an_error_of_the_system_is_told_with_what_it_says(error: OSError, told: str) -> None:
    assert of_the_system(error) == told
