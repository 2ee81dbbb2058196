"""A reference that does not fit the outputs is told in one message, with its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runner.artifact import Argument
from runner.errors import RunnerError
from runner.expected import Expected

ARGUMENTS = (
    Argument("x", "in", (4,), "int32"),
    Argument("y", "out", (4,), "int32"),
    Argument("z", "out", (2, 3), "float32"),
)
INPUTS = {"x": np.arange(4, dtype=np.int32)}
Y, Z = np.zeros(4, np.int32), np.zeros((2, 3), np.float32)


def told(given: dict[str, Any]) -> list[str]:
    expected = Expected(lambda _: given, place="mlir_templates/two.py:7")
    with pytest.raises(RunnerError) as failure:
        expected.answers(INPUTS, ARGUMENTS)
    head, *lines = str(failure.value).splitlines()
    assert head.startswith("mlir_templates/two.py:7: error: what the reference gives does not fit")
    return lines


def test_arrays_that_fit_are_given_in_the_outputs_types() -> None:
    found = Expected(lambda _: {"y": [1, 2, 3, 4], "z": Z.astype(float)}).answers(INPUTS, ARGUMENTS)
    assert found is not None
    assert (found["y"].dtype, found["z"].dtype) == (np.int32, np.float32)
    assert Expected().answers(INPUTS, ARGUMENTS) is None


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert told({"y": Z, "z": Y[:3]}) == [
        "- y must be int32[4], and float32[2, 3] was given: 6 elements, not 4",
        "- z must be float32[2, 3], and int32[3] was given: 3 elements, not 6",
    ]


def test_arrays_in_another_order_are_recognised() -> None:
    assert told({"y": Z, "z": Y})[-1] == (
        "In another order they fit: give a dict by output, or the arrays in the order of"
        " buffers(p): y, z"
    )


def test_names_that_are_wrong_or_missing_are_told() -> None:
    assert told({"y": Y, "Z": Z}) == [
        "- z (float32[2, 3]) is missing",
        "- there is no output 'Z'; outputs are y, z",
    ]


def test_a_reference_that_changes_its_inputs_changes_no_others() -> None:
    def reference(inputs: dict[str, Any]) -> dict[str, Any]:
        inputs["x"] += 1
        return {"y": inputs["x"], "z": Z}

    expected = Expected(reference)
    for _ in range(2):
        found = expected.answers(INPUTS, ARGUMENTS)
        assert found is not None
        assert found["y"].tolist() == [1, 2, 3, 4]
    assert INPUTS["x"].tolist() == [0, 1, 2, 3]
