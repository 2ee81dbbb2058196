"""Descriptors of tasks in loops and conditions that the run decides on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softnpu.compiler.pipelines import npu_lowering
from softnpu.errors import DesignError
from softnpu.passes.assign_runtime_sequence_bd_ids import AssignRuntimeSequenceBDIDsPass
from softnpu.passes.lower_dynamic_bd_pool import LowerDynamicBDPoolPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import design, steps_of

POOL = LowerDynamicBDPoolPass()
ARGUMENTS = "%a: memref<1024xi32>, %n: index, %c: i1"


def task(name: str, channel: int = 0, bd: str = "") -> str:
    return f"""%{name} = aiex.dma_configure_task(%shim, MM2S, {channel}) {{
      aie.dma_bd(%a : memref<1024xi32> offset = 0 len = 64) {bd}
      aie.end
    }} {{issue_token = true}}
    aiex.dma_start_task(%{name})"""


def lowered(lower: Lower, steps: str) -> list[str]:
    return steps_of(lower(design(steps, arguments=ARGUMENTS), POOL))


def ids(steps: list[str]) -> str:
    """What happens to the pool and to tasks, in order, with the values' names."""
    kinds = "pool_pop|pool_push|configure_task|scf.for|scf.if|scf.yield|await|else"
    return "\n".join(step for step in steps if re.search(kinds, step))


PING_PONG = f"""
  %one = arith.constant 1 : index
  {task("first")}
  %last = scf.for %i = %one to %n step %one iter_args(%before = %first) -> (index) {{
    {task("next")}
    aiex.dma_await_task(%before)
    aiex.dma_free_task(%before)
    scf.yield %next : index
  }}
  aiex.dma_await_task(%last)
  aiex.dma_free_task(%last)
"""


def test_a_loop_that_hands_a_task_on_hands_on_its_number(lower: Lower) -> None:
    found = ids(lowered(lower, PING_PONG))
    numbers = re.match(
        r"(%\d+) = aiex.dma_bd_pool_pop\(0, 0\) : i32\n"
        r"(%\d+) = aiex.dma_configure_task\(%shim_noc_tile_0_0, MM2S, 0\) bd_id \1 : i32 {\n"
        r"(%\d+):2 = scf.for .* iter_args\(%\w+ = \2, (%\w+) = \1\) -> \(index, i32\) {\n"
        r"(%\d+) = aiex.dma_bd_pool_pop\(0, 0\) : i32\n"
        r"(%\d+) = aiex.dma_configure_task\(.*\) bd_id \5 : i32 {\n"
        r"aiex.dma_await_task\(%\w+\)\n"
        r"aiex.dma_bd_pool_push\(0, 0\) bd_id \4 : i32\n"
        r"scf.yield \6, \5 : index, i32\n"
        r"aiex.dma_await_task\(\3#0\)\n"
        r"aiex.dma_bd_pool_push\(0, 0\) bd_id \3#1 : i32",
        found,
    )
    assert numbers is not None, found


def test_a_task_of_either_branch_is_freed_by_its_number(lower: Lower) -> None:
    steps = f"""
      %t = scf.if %c -> (index) {{
        {task("yes")}
        scf.yield %yes : index
      }} else {{
        {task("no")}
        scf.yield %no : index
      }}
      aiex.dma_free_task(%t)
    """
    found = lowered(lower, steps)
    yields = [step for step in found if step.startswith("scf.yield")]
    pops = [step.split(" ")[0] for step in found if "pool_pop" in step]
    assert [step.split(" : ")[0].split(", ")[1] for step in yields] == pops
    assert "aiex.dma_bd_pool_push(0, 0) bd_id %0#1 : i32" in found


def test_a_straight_sequence_is_left_to_numbers_given_beforehand(lower: Lower) -> None:
    assert not [step for step in lowered(lower, task("t")) if "pool" in step]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (task("t", bd="{bd_id = 3 : i32}"), "BD 3 is asked for in a sequence that draws"),
        (
            task("t").replace("aie.end", "aie.next_bd ^b\n ^b:\n aie.dma_bd(%a : "
            "memref<1024xi32> offset = 64 len = 64)\n aie.end"),
            "has one, this one has 2",
        ),
        (
            f"{task('o')}\n%t = scf.if %c -> (index) {{\n {task('x')}\n scf.yield %x : index\n"
            f"}} else {{\n scf.yield %n : index\n}}",
            "result 0 of this scf.if is a task in one branch only",
        ),
        (
            f"%t = scf.if %c -> (index) {{\n {task('x')}\n scf.yield %x : index\n"
            f"}} else {{\n {task('y', 1)}\n scf.yield %y : index\n}}",
            "a task of one channel or of another",
        ),
    ],
)  # fmt: skip
def test_what_the_run_could_not_give_back_is_refused(
    lower: Lower, steps: str, message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        lowered(lower, f"scf.if %c {{\n {steps}\n }}")


def test_numbers_given_beforehand_do_for_no_loop(lower: Lower) -> None:
    text = design(PING_PONG, arguments=ARGUMENTS)
    with pytest.raises(DesignError, match=r"a task in an scf\.for that the run decides on"):
        lower(text, AssignRuntimeSequenceBDIDsPass())


def test_a_loop_of_unknown_count_is_lowered_as_aie_opt_lowers_it(
    lower: Lower, golden: Path
) -> None:
    """Descriptors word by word at an address that their number decides, op by op as there."""
    folder = golden / "runtime_bound"
    made = lower((folder / "input_physical.mlir").read_text(), *npu_lowering())
    expected = lower((folder / "npu_insts.mlir").read_text())
    assert steps_of(made) == steps_of(expected)


def test_what_a_loop_hands_on_for_waits_alone_goes_with_them(lower: Lower) -> None:
    steps = steps_of(lower(design(PING_PONG, arguments=ARGUMENTS), *npu_lowering()))
    (loop,) = [step for step in steps if "scf.for" in step]
    assert loop.endswith("-> (i32) {")
    assert len([step for step in steps if "aiex.npu.sync" in step]) == 2
    assert not [step for step in steps if "dma_configure_task" in step]
