"""Tasks that pile up in a DMA channel's queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.compiler import pipelines
from softnpu.dialects.text import parse_text
from softnpu.passes.sequence_ops import devices, model_of, sequences
from softnpu.passes.task_queues import full_queues

DESIGN = """module {{
  aie.device(npu1) {{
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @out(%mem, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.runtime_sequence(%a : memref<512xi32>) {{
{steps}
    }}
  }}
}}
"""
PUSH = (
    "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) "
    "{{id = {id} : i64, metadata = @in{more}}} : memref<512xi32>"
)
WAIT = "aiex.npu.dma_wait {symbol = @in}"


def warnings(*steps: str) -> list[str]:
    text = DESIGN.format(steps="\n".join(steps))
    module = parse_text(text, Path("design.mlir"))
    for passes in (pipelines.resource_allocation(), pipelines.npu_lowering()):
        pipelines.run(passes, module)
    (device,) = devices(module)
    (sequence,) = sequences(device)
    return full_queues(sequence, model_of(device))


def push(id: int, *, token: bool = False) -> str:
    return PUSH.format(id=id, more=", issue_token = true" if token else "")


def test_four_tasks_fit() -> None:
    assert warnings(*(push(id) for id in range(4))) == []


def test_the_fifth_is_named_with_its_place_and_the_limit() -> None:
    (warning,) = warnings(*(push(id) for id in range(6)))
    assert warning.splitlines()[0] == (
        "design.mlir:12:1: warning: this is task 5 for MM2S 0 of tile (0, 0) without a wait; "
        "its queue holds 4"
    )


def test_a_wait_ends_all_tasks_up_to_the_one_that_gives_a_token() -> None:
    steps = [push(0), push(1), push(2), push(3, token=True), WAIT, push(4), push(5)]
    assert warnings(*steps) == []


@pytest.mark.parametrize("column", [0, 1])
def test_writes_that_name_their_tile_are_pushes_of_that_tile(column: int) -> None:
    queue = 0x1D214  # MM2S 0
    write = f"aiex.npu.write32 {{address = {queue} : ui32, column = {column} : i32, row = 0 : i32"
    other = f"{write}, value = 7 : ui32}}"
    assert bool(warnings(*(push(id) for id in range(4)), other)) == (column == 0)


def test_a_sync_with_a_direction_that_is_none_waits_for_nothing() -> None:
    sync = (
        "aiex.npu.sync {channel = 0 : i32, column = 0 : i32, column_num = 1 : i32, "
        "direction = 2 : i32, row = 0 : i32, row_num = 1 : i32}"
    )
    assert len(warnings(*(push(id) for id in range(4)), sync, push(4))) == 1


def take(id: int) -> list[str]:
    """Results are taken, and waited for."""
    return [push(id, token=True).replace("@in", "@out"), WAIT.replace("@in", "@out")]


def test_what_results_were_made_of_has_been_sent() -> None:
    assert warnings(*(step for id in range(6) for step in (push(2 * id), *take(2 * id + 1)))) == []


def test_what_was_sent_behind_a_transfer_that_still_takes_results_may_wait() -> None:
    early = [
        push(14, token=True).replace("@in", "@out"),
        push(15, token=True).replace("@in", "@out"),
    ]
    steps = [
        early[0],
        push(0),
        early[1],
        *(push(id) for id in range(1, 4)),
        WAIT.replace("@in", "@out"),
    ]
    assert warnings(*steps, push(4)) == []
    assert len(warnings(*steps, push(4), push(5))) == 1
