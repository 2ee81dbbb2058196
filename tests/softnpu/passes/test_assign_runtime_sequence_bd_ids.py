"""Numbers for the descriptors of tasks."""

from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_runtime_sequence_bd_ids import AssignRuntimeSequenceBDIDsPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import SHIM, design

ASSIGN = AssignRuntimeSequenceBDIDsPass()
TILES = SHIM + "  %core = aie.tile(0, 2)\n"


def task(name: str, tile: str = "shim", rest: str = "") -> str:
    return f"""%{name} = aiex.dma_configure_task(%{tile}, MM2S, 0) {{
      aie.dma_bd(%a : memref<1024xi32>, 0, 64) {rest}
      aie.end
    }} {{issue_token = true}}"""


def ids(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"bd_id = (\d+)", text)]


def test_each_tile_counts_from_zero(lower: Lower) -> None:
    steps = [task("t0"), task("t1"), task("t2", "core"), task("t3")]
    assert ids(lower(design("\n".join(steps), before=TILES), ASSIGN)) == [0, 1, 0, 2]


def test_numbers_that_are_given_are_kept(lower: Lower) -> None:
    steps = [task("t0", rest="{bd_id = 1 : i32}"), task("t1"), task("t2")]
    assert ids(lower(design("\n".join(steps)), ASSIGN)) == [1, 0, 2]


@pytest.mark.parametrize("end", ["aiex.dma_await_task(%t0)", "aiex.dma_free_task(%t0)"])
def test_a_finished_task_gives_its_numbers_back(lower: Lower, end: str) -> None:
    assigned = lower(design("\n".join([task("t0"), task("t1"), end, task("t2")])), ASSIGN)
    assert ids(assigned) == [0, 1, 0]
    assert "dma_free_task" not in assigned


def test_a_number_in_use_is_an_error_that_names_its_user(lower: Lower) -> None:
    steps = [task("t0", rest="{bd_id = 7 : i32}"), task("t1", rest="{bd_id = 7 : i32}")]
    with pytest.raises(DesignError) as error:
        lower(design("\n".join(steps)), ASSIGN)
    assert "BD id 7 of tile (0, 0) is already in use" in str(error.value)
    assert "by the task configured at design.mlir:8" in str(error.value)


def test_running_out_is_an_error_that_says_what_to_do(lower: Lower) -> None:
    steps = "\n".join(task(f"t{number}") for number in range(17))
    with pytest.raises(DesignError) as error:
        lower(design(steps), ASSIGN)
    assert "no buffer descriptor is left on tile (0, 0): all 16 are in use" in str(error.value)
    assert "await or free a task" in str(error.value)


def test_a_task_that_an_earlier_pass_lowers_is_named_with_that_pass(lower: Lower) -> None:
    steps = """%t = aiex.dma_configure_task_for @in {
      aie.dma_bd(%a : memref<1024xi32>, 0, 64)
      aie.end
    }
    aiex.dma_await_task(%t)"""
    with pytest.raises(DesignError, match="aie-substitute-shim-dma-allocations"):
        lower(design(steps), ASSIGN)
