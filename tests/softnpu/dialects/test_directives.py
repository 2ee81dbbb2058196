"""Custom pieces of syntax: lists of numbers and values, initial values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]

FIFO = "aie.objectfifo @f(%core, {{%north}}, 2 : i32) : !aie.objectfifo<memref<2xi8>> = {0}"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("[dense<0> : memref<2xi8>]", "1 initial values for 2 objects: give each object one"),
        ("[dense<0> : memref<2xi8>, 7 : i8]", "expected dense<...>, found 7 : i8"),
        ("[dense<[1, 2, 3]> : memref<2xi8>]", "dense<...> is of shape [3], its type of [2]"),
    ],
)
def test_initial_values_must_fit(values: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(FIFO.format(values)).message


def test_a_buffers_value_takes_its_type(lines: Callable[[str], list[str]]) -> None:
    (line,) = lines("%b = aie.buffer(%core) : memref<2x2xf32> = dense<1.5>")
    assert line.endswith("memref<2x2xf32> = dense<1.500000e+00>")
