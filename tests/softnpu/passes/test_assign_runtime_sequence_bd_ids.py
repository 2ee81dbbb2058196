"""Numbers for the descriptors of tasks."""

from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_runtime_sequence_bd_ids import AssignRuntimeSequenceBDIDsPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import ARGUMENTS, SHIM, design

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


def test_each_sequence_begins_with_all_numbers(lower: Lower) -> None:
    """A run is of one sequence; the other may have given the same numbers."""
    other = task("u0", rest="{bd_id = 1 : i32}") + task("u1")
    text = design(task("t0") + task("t1"))
    both = text.replace(
        "  aie.runtime_sequence(", f"  aie.runtime_sequence @other({ARGUMENTS}) {{ {other} }}\n"
        "  aie.runtime_sequence(", 1
    )  # fmt: skip
    assert ids(lower(both, ASSIGN)) == [1, 0, 0, 1]


def test_numbers_that_are_given_are_kept(lower: Lower) -> None:
    steps = [task("t0", rest="{bd_id = 1 : i32}"), task("t1"), task("t2")]
    assert ids(lower(design("\n".join(steps)), ASSIGN)) == [1, 0, 2]


START, AWAIT, FREE = (f"aiex.dma_{what}_task(%t0)" for what in ("start", "await", "free"))


@pytest.mark.parametrize("end", [AWAIT, FREE, f"{AWAIT}\n{FREE}", f"{START}\n{AWAIT}\n{AWAIT}"])
def test_a_finished_task_gives_its_numbers_back(lower: Lower, end: str) -> None:
    assigned = lower(design("\n".join([task("t0"), START, task("t1"), end, task("t2")])), ASSIGN)
    assert ids(assigned) == [0, 1, 0]
    assert "dma_free_task" not in assigned


@pytest.mark.parametrize("between", ["", task("t1")])
def test_a_task_that_is_free_already_cannot_be_freed(lower: Lower, between: str) -> None:
    """aie-opt would take the number from the task that has got it since."""
    with pytest.raises(DesignError, match=r"BD id 0 of tile \(0, 0\) is free already"):
        lower(design("\n".join([task("t0"), START, FREE, between, FREE])), ASSIGN)


def test_what_is_freed_after_a_wait_stays_with_the_task_that_has_it_now(lower: Lower) -> None:
    steps = [task("t0"), START, AWAIT, task("t1"), FREE, task("t2")]
    assert ids(lower(design("\n".join(steps)), ASSIGN)) == [0, 0, 1]


@pytest.mark.parametrize("steps", [[AWAIT], [START, AWAIT, AWAIT]])
def test_a_wait_that_no_task_ends_is_refused(lower: Lower, steps: list[str]) -> None:
    with pytest.raises(DesignError, match=r"MM2S 0 of tile \(0, 0\) has no token left to wait"):
        lower(design("\n".join([task("t0"), *steps])), ASSIGN)


PROGRAM = """
  %core = aie.tile(0, 2)
  %data = aie.buffer(%core) {sym_name = "data"} : memref<64xi32>
  %mem = aie.mem(%core) {
    %0 = aie.dma_start(MM2S, 1, ^bd, ^end)
  ^bd:
    aie.dma_bd(%data : memref<64xi32>, 0, 64) {bd_id = 0 : i32}
    aie.next_bd ^bd
  ^end:
    aie.end
  }
"""


def core_task(name: str, rest: str = "") -> str:
    return task(name, "core", rest).replace("%a : memref<1024xi32>", "%data : memref<64xi32>")


def test_descriptors_of_the_tiles_dma_program_are_not_free(lower: Lower) -> None:
    """aie-opt has the task overwrite them, and the program's channel goes on with the task's."""
    text = lower(design(core_task("t0"), before=SHIM + PROGRAM), ASSIGN)
    assert ids(text) == [0, 1]


def test_a_given_number_that_overwrites_the_programs_is_told_of(
    lower: Lower, caplog: pytest.LogCaptureFixture
) -> None:
    lower(design(core_task("t0", "{bd_id = 0 : i32}"), before=SHIM + PROGRAM), ASSIGN)
    (told,) = [record.getMessage() for record in caplog.records]
    assert "this task overwrites BD 0 of tile (0, 2), which its DMA program has at design.mlir" in (
        told
    )


def transfer(number: int, channel: str = "in", rest: str = "") -> str:
    return (
        "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) "
        f"{{id = {number} : i64, metadata = @{channel}{rest}}} : memref<1024xi32>"
    )


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([transfer(0), transfer(1, "out")], 0),
        ([transfer(0), transfer(0, "out")], 1),
        ([transfer(3), transfer(0), transfer(3), transfer(3)], 2),
        (
            [
                transfer(0, "out", ", issue_token = true"),
                "aiex.npu.dma_wait {symbol = @out}",
                transfer(0),
            ],
            0,
        ),
    ],
)
def test_a_number_that_is_given_again_before_a_wait_is_told_of(
    lower: Lower, caplog: pytest.LogCaptureFixture, steps: list[str], told: int
) -> None:
    lower(design("\n".join(steps)), ASSIGN)
    found = [record.getMessage() for record in caplog.records]
    assert len(found) == told
    for text in found:
        assert re.search(r"overwrites BD \d of tile \(0, 0\), while a transfer may still", text)


def test_descriptors_that_transfers_name_come_last(lower: Lower) -> None:
    named = "\n".join(transfer(number) for number in range(15))
    assert ids(lower(design(f"{named}\n{task('t0')}\n{task('t1')}"), ASSIGN)) == [15, 0]


def test_odd_channels_of_a_memory_tile_have_descriptors_of_their_own(lower: Lower) -> None:
    tiles = (
        SHIM
        + """
  %memory = aie.tile(0, 1)
  %data = aie.buffer(%memory) {sym_name = "data"} : memref<64xi32>
"""
    )

    def on(channel: int, rest: str = "") -> str:
        text = core_task(f"t{channel}", rest).replace("%core, MM2S, 0", f"%memory, MM2S, {channel}")
        return lower(design(text, before=tiles), ASSIGN)

    assert ids(on(0)) == [0]
    assert ids(on(1)) == [24]
    with pytest.raises(DesignError, match=r"channel 1 of tile \(0, 1\) cannot use BD 3, only 24"):
        on(1, "{bd_id = 3 : i32}")


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
