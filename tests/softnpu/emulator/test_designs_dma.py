"""Designs of ours whose descriptors iterate and chain, and whose tokens come from many tiles."""

from __future__ import annotations

import numpy as np
import pytest

from tests.softnpu.emulator.designs import Run, numbers, there_and_back, transfer, zeros

SLOTS = 4


@pytest.mark.parametrize("start", [0, 3])
@pytest.mark.parametrize("receives", [True, False])
@pytest.mark.parametrize(("row", "program"), [(1, "memtile_dma"), (2, "mem")])
def test_a_descriptor_iterates_over_the_slots_of_its_buffer(
    run: Run, row: int, program: str, receives: bool, start: int
) -> None:
    """One that is its own successor fills them, or one that hardware repeats sends them."""
    iterated = (
        "aie.dma_bd(%slots : memref<64xi32>, 0, 16) {iteration = "
        f"#aie.bd_iteration<size = {SLOTS}, stride = 16, current = {start}>}}"
    )
    whole = "aie.dma_bd(%slots : memref<64xi32>, 0, 64)"
    repeats = "" if receives else f", repeat_count = {SLOTS - 1}"
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, {row})
      %slots = aie.buffer(%tile) {{sym_name = "slots"}} : memref<64xi32>
      %free = aie.lock(%tile, 0) {{init = {SLOTS} : i32, sym_name = "free"}}
      %full = aie.lock(%tile, 1) {{init = 0 : i32, sym_name = "full"}}
      aie.flow(%shim, DMA : 0, %tile, DMA : 0)
      aie.flow(%tile, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @in(%shim, MM2S, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %dma = aie.{program}(%tile) {{
        %0 = aie.dma_start(S2MM, 0, ^fill, ^send)
      ^fill:
        aie.use_lock(%free, AcquireGreaterEqual, {1 if receives else SLOTS})
        {iterated if receives else whole}
        aie.use_lock(%full, Release, {1 if receives else SLOTS})
        aie.next_bd ^fill
      ^send:
        %1 = aie.dma_start(MM2S, 0, ^drain, ^end{repeats})
      ^drain:
        aie.use_lock(%full, AcquireGreaterEqual, {SLOTS if receives else 1})
        {whole if receives else iterated}
        aie.use_lock(%free, Release, {SLOTS if receives else 1})
        aie.next_bd ^stop
      ^stop:
        aie.end
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>) {{
        {there_and_back(64, 64)}
      }}
    }}"""
    data = numbers(64)
    _, out = run(design, data, zeros(64))
    turned = np.roll(data.reshape(SLOTS, 16), start if receives else -start, axis=0)
    assert (out == turned.reshape(-1)).all()


def _loop(column: int) -> str:
    return f"""
      %shim{column} = aie.tile({column}, 0)
      %mem{column} = aie.tile({column}, 1)
      aie.objectfifo @in{column}(%shim{column}, {{%mem{column}}}, 2 : i32)
        : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out{column}(%mem{column}, {{%shim{column}}}, 2 : i32)
        : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in{column}] -> [@out{column}] ([] [])"""


def test_one_sync_waits_for_the_tokens_of_several_columns(run: Run) -> None:
    """The last column is started last; what the wait leaves out, the host would read too early."""
    columns = range(4)
    transfers = [
        transfer("b", 16, f"out{column}", 0, 64, offset=16 * column) for column in columns
    ] + [
        transfer("a", 16, f"in{column}", 1, 64, offset=16 * column).replace(
            ", issue_token = true", ""
        )
        for column in columns
    ]
    design = f"""
    aie.device(npu1) {{{"".join(map(_loop, columns))}
      aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>) {{
        {"".join(f"{step}{chr(10)}" for step in transfers)}
        aiex.npu.sync {{column = 0 : i32, row = 0 : i32, direction = 0 : i32, channel = 0 : i32,
                        column_num = COLUMNS : i32, row_num = 1 : i32}}
      }}
    }}"""
    data = numbers(64)
    _, out = run(design.replace("COLUMNS", "4"), data, zeros(64), runs=2)
    assert (out == data).all()
    run(
        design.replace("COLUMNS", "3"),
        data,
        zeros(64),
        hazard="1 task-complete tokens of tile (3,0) S2MM 0 were never waited for",
        races=True,
    )


def test_one_sync_waits_for_the_tokens_of_several_rows(run: Run) -> None:
    """A memory tile's and a core tile's, which packets bring to the shim; each sends its half."""

    def tile(row: int, value: int) -> str:
        words = ", ".join(str(value + i) for i in range(4))
        return f"""
      %tile{row} = aie.tile(0, {row})
        {{controller_id = #aie.packet_info<pkt_type = 0, pkt_id = {20 + row}>}}
      %data{row} = aie.buffer(%tile{row}) {{sym_name = "data{row}"}} : memref<4xi32>
        = dense<[{words}]>
      aie.flow(%tile{row}, DMA : 0, %shim, DMA : {row - 1})
      aie.shim_dma_allocation @out{row}(%shim, S2MM, {row - 1})
      aie.packet_flow({20 + row}) {{
        aie.packet_source<%tile{row}, TileControl : 0>
        aie.packet_dest<%shim, South : 0>
      }} {{keep_pkt_header = true}}"""

    design = f"""
    aie.device(npu2_1col) {{
      %shim = aie.tile(0, 0)
{tile(1, 10)}
{tile(2, 20)}
      aie.runtime_sequence(%a: memref<8xi32>) {{
        {transfer("a", 4, "out1", 0, 8)}
        {transfer("a", 4, "out2", 1, 8, offset=4)}
        STARTS
        aiex.npu.sync {{column = 0 : i32, row = 1 : i32, direction = 1 : i32, channel = 0 : i32,
                        column_num = 1 : i32, row_num = 2 : i32}}
        aiex.npu.dma_wait {{symbol = @out1}}
        aiex.npu.dma_wait {{symbol = @out2}}
      }}
    }}"""
    starts = "".join(
        f"""
        %t{row} = aiex.dma_configure_task(%tile{row}, MM2S, 0) {{
          aie.dma_bd(%data{row} : memref<4xi32>, 0, 4) {{bd_id = 0 : i32}}
          aie.end
        }} {{issue_token = true}}
        aiex.dma_start_task(%t{row})"""
        for row in (1, 2)
    )
    (out,) = run(design.replace("STARTS", starts), zeros(8))
    assert out.tolist() == [10, 11, 12, 13, 20, 21, 22, 23]
