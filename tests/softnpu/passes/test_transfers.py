"""Host transfers of a design, as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.arch.dma import Direction
from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.text import parse_file
from softnpu.formats.transfers import stream_transfers
from softnpu.formats.txn import parse
from softnpu.passes.transfers import HostTransfer, host_transfers, outside
from tests.conftest import DESIGNS
from tests.softnpu.passes.sequence_designs import SHIM, design, sequence

TRACES = {"trace_tiles": 2}
"""The argument that the trace goes to: its transfers are no author's, and raw words."""


def transfers(text: str) -> list[HostTransfer]:
    return host_transfers(sequence(text))


@pytest.mark.parametrize("stage", ["design", "input_physical"])
@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_says_what_its_instruction_stream_does(
    golden: Path, name: str, stage: str
) -> None:
    module = parse_file(golden / name / f"{stage}.mlir")
    runtime = next(op for op in module.walk() if isinstance(op, RuntimeSequenceOp))
    insts = "insts_main_all.bin" if name == "configure_two" else "insts.bin"
    stream = stream_transfers(parse((golden / name / insts).read_bytes()).operations)
    assert [
        (it.argument, it.endpoint.direction, it.start, it.end)
        for it in host_transfers(runtime)
        if it.argument != TRACES.get(name)
    ] == [
        (it.argument, it.direction, it.start, it.end)
        for it in stream
        if it.argument != TRACES.get(name)
    ]


def test_each_iteration_of_a_loop_is_told_of_with_its_place() -> None:
    steps = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      scf.for %i = %c0 to %c3 step %c1 {
        aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 8][1, 1, 1, 8][0, 0, 0, 1])
          {id = 0 : i64, metadata = @in} : memref<1024xi32>
      }
    """
    found = transfers(design(steps))
    assert [(it.start, it.end) for it in found] == [(32, 64)] * 3
    assert all(it.location is not None for it in found)


def test_objectfifos_give_direction_and_tile_and_leave_the_channel_open() -> None:
    before = """
      %shim = aie.tile(1, 0)
      %memory = aie.tile(1, 1)
      aie.objectfifo @read(%shim, {%memory}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @written(%memory, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """
    steps = "\n".join(
        f"aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1]) "
        f"{{id = {id} : i64, metadata = @{name}}} : memref<1024xi32>"
        for id, name in enumerate(("read", "written"))
    )
    first, second = transfers(design(steps, before=before, device="npu1_2col"))
    assert first.reads_host and first.endpoint.tile == (1, 0) and first.endpoint.channel is None
    assert second.writes_host and second.endpoint.symbol == "written"


def test_a_tile_that_is_not_placed_yet_gives_the_direction_only() -> None:
    before = """
      %shim = aie.logical_tile<ShimNOCTile>(?, ?)
      %memory = aie.logical_tile<MemTile>(?, ?)
      aie.objectfifo @written(%memory, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """
    step = (
        "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1]) "
        "{id = 0 : i64, metadata = @written} : memref<1024xi32>"
    )
    (transfer,) = transfers(design(step, before=before))
    assert transfer.writes_host
    assert transfer.endpoint.tile is None


def test_tasks_and_chains_and_patches_are_transfers() -> None:
    before = (
        SHIM
        + """
      aie.bd_chain @one(%x: memref<1024xi32>) {
        aie.dma_bd(%x : memref<1024xi32>, 4, 8)
        aie.end
      }
    """
    )
    steps = """
      %t = aiex.dma_configure_task_for @out {
        aie.dma_bd(%b : memref<1024xi32>, 0, 16, [<size = 2, stride = 64>, <size = 8, stride = 1>])
        aie.end
      }
      %u = aiex.dma_start_bd_chain @one(%a) : (memref<1024xi32>) on (%shim, MM2S, 0)
      aiex.npu.address_patch {addr = 118788 : ui32, arg_idx = 1 : i32, arg_plus = 256 : i32}
    """
    task, chain, patch = transfers(design(steps, before=before))
    assert (task.argument, task.start, task.end) == (1, 0, 4 * (64 + 8))
    assert (task.endpoint.direction, task.endpoint.channel) == (Direction.S2MM, 1)
    assert (chain.argument, chain.start, chain.end) == (0, 16, 48)
    assert (patch.argument, patch.start, patch.end, patch.pattern) == (1, 256, None, None)


def test_sequences_that_are_run_get_their_part_of_the_callers_buffer() -> None:
    text = """module {
      aie.device(npu2) {
        aie.runtime_sequence(%a: memref<64xi32>) {
          aiex.configure @other {
            %s = memref.subview %a[32] [16] [1]
              : memref<64xi32> to memref<16xi32, strided<[1], offset: 32>>
            %c = memref.reinterpret_cast %s to offset: [0], sizes: [16], strides: [1]
              : memref<16xi32, strided<[1], offset: 32>> to memref<16xi32>
            aiex.run @go(%c) : (memref<16xi32>)
          }
        }
      }
      aie.device(npu2) @other {
        %shim = aie.tile(0, 0)
        aie.shim_dma_allocation @in(%shim, MM2S, 0)
        aie.runtime_sequence @go(%x: memref<16xi32>) {
          aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 4][1, 1, 1, 8][0, 0, 0, 1])
            {id = 0 : i64, metadata = @in} : memref<16xi32>
        }
      }
    }"""
    (transfer,) = transfers(text)
    assert (transfer.argument, transfer.start, transfer.end) == (0, 144, 176)
    assert transfer.argument_bytes == 256


def test_a_transfer_outside_its_buffer_is_told_with_its_place() -> None:
    step = (
        "aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 1000][1, 1, 1, {0}][0, 0, 0, 1]) "
        "{{id = 0 : i64, metadata = @in}} : memref<1024xi32>"
    )
    (inside,) = transfers(design(step.format(24)))
    assert outside(inside) is None
    error = outside(transfers(design(step.format(25)))[0])
    assert error is not None
    assert "reads bytes 4000 to 4100 of argument 1, which has 4096 bytes" in error.message
    assert str(error).startswith("design.mlir:8:")
