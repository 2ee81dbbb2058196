"""Bodies of cores with one op too many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.errors import DesignError

VALUES = """
    memref.global "private" constant @table : memref<4xi32> = dense<1>
    func.func private @kernel(memref<16xi32>) -> ()
    %memory = aie.buffer(%core) {sym_name = "memory"} : memref<16xi32>
    %square = aie.buffer(%core) {sym_name = "square"} : memref<4x4xi32>
    %bytes = aie.buffer(%core) {sym_name = "bytes"} : memref<64xi8>
    %floats = aie.buffer(%core) {sym_name = "floats"} : memref<16xf32>
    %c = aie.core(%core) {
      %i = arith.constant 1 : i32
      %b = arith.constant 1 : i8
      %x = arith.constant 1 : index
      %t = arith.constant true
      %f = arith.constant 1.0 : f32
      %h = arith.constant 1.0 : bf16
      %v = arith.constant dense<1> : vector<16xi32>
      %w = arith.constant dense<1.0> : vector<16xf32>
      %k = arith.constant dense<true> : vector<16xi1>
"""
"""Values of each type, for a core's body to use."""


@pytest.fixture
def core(read: Callable[[str], ModuleOp]) -> Callable[[str], ModuleOp]:
    """The module with an op in a core's body."""
    return lambda line: read(f"{VALUES}{line}\n aie.end\n }}")


@pytest.fixture
def core_refusal(core: Callable[[str], ModuleOp]) -> Callable[[str], DesignError]:
    """The error that an op in a core's body gives."""

    def error(line: str) -> DesignError:
        with pytest.raises(DesignError) as caught:
            core(line)
        assert caught.value.location is not None
        return caught.value

    return error
