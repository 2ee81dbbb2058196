"""Blocks of floats as integers."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.transform_bfp_types import TransformBfpTypesPass
from tests.softnpu.passes.conftest import Lower

DESIGN = """aie.device(DEVICE) {
  %shim = aie.tile(1, 0)
  %tile = aie.tile(1, 2)
  func.func private @kernel(memref<16x!aiex.bfp<"v8bfp16ebs8">>)
  aie.objectfifo @in(%shim, {%tile}, 2 : i32) : !aie.objectfifo<memref<16x!aiex.bfp<"v8bfp16ebs8">>>
  %core = aie.core(%tile) {
    %view = aie.objectfifo.acquire @in(Consume, 1)
      : !aie.objectfifosubview<memref<16x!aiex.bfp<"v8bfp16ebs8">>>
    aie.end
  }
}"""


def test_a_block_is_an_integer_of_its_width_wherever_a_type_stands(lower: Lower) -> None:
    text = lower(DESIGN.replace("DEVICE", "npu2"), TransformBfpTypesPass())
    assert "bfp" not in text
    assert "@kernel(memref<16xi72>)" in text
    assert ": !aie.objectfifo<memref<16xi72>>" in text
    assert ": !aie.objectfifosubview<memref<16xi72>>" in text


def test_the_wider_block_has_136_bits(lower: Lower) -> None:
    text = DESIGN.replace("DEVICE", "npu2").replace("v8bfp16ebs8", "v16bfp16ebs16")
    assert "memref<16xi136>" in lower(text, TransformBfpTypesPass())


def test_the_first_generation_has_no_blocks(lower: Lower) -> None:
    with pytest.raises(DesignError, match="npu1 has no block floats") as refused:
        lower(DESIGN.replace("DEVICE", "npu1"), TransformBfpTypesPass())
    assert refused.value.location is not None
    assert refused.value.location.line == 4
