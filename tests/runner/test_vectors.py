"""The default inputs reach the edges of every type."""

from __future__ import annotations

import numpy as np
import pytest

from runner.artifact import Argument
from runner.dtypes import dtype
from runner.vectors import default_vectors

KINDS = ["int8", "uint8", "int16", "int32", "int64", "float32", "bfloat16"]


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_have_the_declared_shape_and_dtype(kind: str) -> None:
    argument = Argument("a", "in", (3, 5), kind)
    names = []
    for vector in default_vectors([argument, Argument("out", "out", (4,), "int8")]):
        argument.check(vector.inputs["a"])
        assert set(vector.inputs) == {"a"}
        names.append(vector.name)
    assert names == ["random-0", "random-1", "random-2", "min", "max", "zeros", "impulse"]


def test_integer_edges_are_the_types_own() -> None:
    by_name = {v.name: v.inputs["a"] for v in default_vectors([Argument("a", "in", (8,), "int8")])}
    assert (by_name["min"] == -128).all()
    assert (by_name["max"] == 127).all()
    assert np.count_nonzero(by_name["impulse"]) == 1


def test_random_inputs_are_broadband_and_differ_between_seeds() -> None:
    made = [v.inputs["a"] for v in default_vectors([Argument("a", "in", (4096,), "int8")])][:3]
    assert all(len(np.unique(values)) == 256 for values in made)
    assert not np.array_equal(made[0], made[1])


def test_a_design_without_inputs_still_runs_three_times() -> None:
    assert len(list(default_vectors([Argument("out", "out", (8,), "int8")]))) == 3


def test_dtype_names_bfloat16() -> None:
    assert dtype("bfloat16").itemsize == 2
