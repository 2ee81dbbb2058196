"""Where a program goes: branches, calls and hardware loops."""

from __future__ import annotations

import pytest

from tests.softnpu.emulator.aie2.calling import NOPS, RETURN, Call


def test_five_bundles_behind_a_branch_still_run(call: Call) -> None:
    counted = "\n".join(["add r0, r0, #1"] * 7)
    assert call(f"j #end\n{counted}\nend: {RETURN}", 0).result == 5


@pytest.mark.parametrize(("test", "given", "taken"), [("jz", 0, True), ("jnz", 0, False)])
def test_a_conditional_branch_goes_where_its_register_says(
    call: Call, test: str, given: int, taken: bool
) -> None:
    text = f"{test} r1, #end\n{NOPS}\nadd r0, r0, #1\nend: {RETURN}"
    assert call(text, 0, given).result == (0 if taken else 1)


@pytest.mark.parametrize("trips", [1, 2, 9])
def test_a_hardware_loop_runs_as_often_as_lc_says(call: Call, trips: int) -> None:
    text = f"""
    movxm ls, #first
    movxm le, #last
    mov lc, r0
    {NOPS}
    mov r0, r1
first:
    add r0, r0, #1
last:
    add r0, r0, #16
    {RETURN}"""
    assert call(text, trips, 0).result == 17 * trips


def test_jnzd_counts_down_and_branches(call: Call) -> None:
    text = f"""
    movxm p1, #again
again:
    jnzd r0, r0, p1
    add r1, r1, #3
    {NOPS.removeprefix("nop" + chr(10))}
    mov r0, r1
    {RETURN}"""
    assert call(text, 4, 0).result == 3 * 5


def test_a_call_comes_back_behind_its_delay_slots(call: Call) -> None:
    text = f"""
    mov r8, lr
    jl #twice
    {NOPS}
    jl #twice
    {NOPS}
    mov lr, r8
    {RETURN}
twice:
    ret lr
    add r0, r0, r0
    nop
    nop
    nop
    nop"""
    assert call(text, 5).result == 20


def test_a_call_by_a_register_finds_its_function(call: Call) -> None:
    text = f"""
    mov r8, lr
    movxm p1, #twice
    jl p1
    {NOPS}
    mov lr, r8
    {RETURN}
twice:
    ret lr
    add r0, r0, r0
    nop
    nop
    nop
    nop"""
    assert call(text, 21).result == 42


def test_the_loops_of_a_function_that_is_called_by_a_register_are_loops(call: Call) -> None:
    text = f"""
    mov r8, lr
    movxm p1, #looping
    jl p1
    {NOPS}
    mov lr, r8
    {RETURN}
looping:
    movxm ls, #again
    movxm le, #again
    mov lc, r0
    {NOPS}
again:
    add r1, r1, #2
    mov r0, r1
    {RETURN}"""
    assert call(text, 21, 0).result == 42


def test_each_target_of_a_register_is_found_as_it_comes_up(call: Call) -> None:
    """And what was found is gone back to: twice round, by four jumps that name nothing."""
    text = f"""
    movxm p0, #back
    mov r2, #2
    mova r0, #0
again:
    movxm p1, #one
    j p1
    {NOPS}
one:
    movxm p1, #two
    j p1
    add r0, r0, #1
    nop
    nop
    nop
    nop
two:
    j p0
    add r0, r0, #16
    nop
    nop
    nop
    nop
back:
    add r2, r2, #-1
    jnz r2, #again
    {NOPS}
    {RETURN}"""
    assert call(text).result == 2 * (16 + 1)


def test_a_loop_that_a_register_leads_to_may_end_in_code_that_was_there_before(call: Call) -> None:
    text = f"""
    mov r8, lr
    movxm p1, #looping
    jnz r2, #again
    {NOPS}
again:
    add r1, r1, #2
last:
    add r2, r2, #1
    nop
    jz r3, #out
    {NOPS}
    j p1
    {NOPS}
looping:
    movxm ls, #again
    movxm le, #last
    mov lc, r0
    mov r3, #0
    {NOPS}
    j #again
    {NOPS}
out:
    add r0, r1, r2
    mov lr, r8
    {RETURN}"""
    assert call(text, 5, 0, 0, 1).result == 6 * (2 + 1)
