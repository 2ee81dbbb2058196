"""Transfers too large for a descriptor become several."""

from __future__ import annotations

import re

import pytest

from softnpu.passes.decompose_large_dma_bd import DecomposeLargeDmaBdPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import design

PASS = DecomposeLargeDmaBdPass()


def task(configure: str, sizes: str, strides: str, length: int) -> str:
    return f"""%t = aiex.{configure} {{
      aie.dma_bd(%a : memref<4096xi32> offset = 0 len = {length} sizes = {sizes}
        strides = {strides})
      aie.end
    }}"""


@pytest.mark.parametrize(
    "configure", ["dma_configure_task(%shim, MM2S, 0)", "dma_configure_task_for @in"]
)
def test_a_prime_number_of_rows_is_cut_into_two_descriptors(lower: Lower, configure: str) -> None:
    """1031 rows of two words: more than a dimension counts, and no product of two numbers."""
    text = design(
        task(configure, "[1, 1, 1031, 2]", "[0, 0, 3, 1]", 2062), arguments="%a: memref<4096xi32>"
    )
    made = lower(text, PASS)
    parts = re.findall(r"offset = (\d+) len = (\d+) sizes = \[1, 1, (\d+), 2\]", made)
    assert parts == [("0", "2046", "1023"), (str(3 * 1023), "16", "8")]
    assert made.count("aie.next_bd") == 1


def test_a_task_on_a_tile_without_a_place_is_left_for_later(lower: Lower) -> None:
    steps = task("dma_configure_task(%t0, MM2S, 0)", "[1, 1, 1031, 2]", "[0, 0, 3, 1]", 2062)
    text = design(
        steps,
        before="%t0 = aie.logical_tile<ShimNOCTile>(?, ?)",
        arguments="%a: memref<4096xi32>",
    )
    assert lower(text, PASS).count("aie.dma_bd") == 1
