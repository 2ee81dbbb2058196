"""Designs of ours whose runtime sequences do more than start transfers, run against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.arch.packets import with_odd_parity
from softnpu.compiler.driver import Options
from softnpu.dialects.aiex.npu import NpuWriteBdOp
from tests.softnpu.emulator.designs import (
    I32,
    Run,
    halves,
    numbers,
    plus,
    there_and_back,
    transfer,
    worker,
    zeros,
)


def test_control_packets_set_locks_and_read_memory(run: Run) -> None:
    """The host releases a core by a control packet and reads its memory by another."""
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2) {{allocation_scheme = "basic-sequential"}}
      %go = aie.lock(%tile, 0) {{init = 0 : i32, sym_name = "go"}}
      %done = aie.lock(%tile, 1) {{init = 0 : i32, sym_name = "done"}}
      %data = aie.buffer(%tile) {{sym_name = "data", address = 1024 : i32}} : memref<4xi32>
      aie.packet_flow(1) {{
        aie.packet_source<%shim, DMA : 0>
        aie.packet_dest<%tile, TileControl : 0>
      }}
      aie.packet_flow(2) {{
        aie.packet_source<%tile, TileControl : 0>
        aie.packet_dest<%shim, DMA : 0>
      }}
      aie.packet_flow(3) {{
        aie.packet_source<%tile, DMA : 0>
        aie.packet_dest<%shim, DMA : 1>
      }}
      aie.shim_dma_allocation @control(%shim, MM2S, 0)
      aie.shim_dma_allocation @answer(%shim, S2MM, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 1)
      %core = aie.core(%tile) {{
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c4 = arith.constant 4 : index
        aie.use_lock(%go, AcquireGreaterEqual, 5)
        scf.for %j = %c0 to %c4 step %c1 {{
          %n = arith.index_cast %j : index to i32
          %v = arith.muli %n, %n : i32
          memref.store %v, %data[%j] : memref<4xi32>
        }}
        aie.use_lock(%done, Release, 1)
        aie.end
      }}
      %mem = aie.mem(%tile) {{
        %0 = aie.dma_start(MM2S, 0, ^send, ^end)
      ^send:
        aie.use_lock(%done, AcquireGreaterEqual, 1)
        aie.dma_bd(%data : memref<4xi32>, 0, 4)
          {{packet = #aie.packet_info<pkt_type = 0, pkt_id = 3>}}
        aie.use_lock(%done, Release, 0)
        aie.next_bd ^end
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%c: memref<3xi32>, %r: memref<4xi32>, %o: memref<4xi32>) {{
        {transfer("o", 4, "out", 3, 4)}
        {_packet_transfer("c", 2, 0)}
        aiex.npu.dma_wait {{symbol = @out}}
        {transfer("r", 4, "answer", 4, 4)}
        {_packet_transfer("c", 1, 2)}
        aiex.npu.dma_wait {{symbol = @answer}}
      }}
    }}"""
    set_lock = [with_odd_parity(0x1F000), 5]
    read_data = [with_odd_parity(0x400 | 3 << 20 | 1 << 22 | 2 << 24)]
    control = np.array(set_lock + read_data, np.uint32).view(I32)
    _, answer, out = run(design, control, zeros(4), zeros(4))
    assert out.tolist() == answer.tolist() == [0, 1, 4, 9]


def test_sixteen_host_buffers_get_through(run: Run) -> None:
    contents = list(numbers(16, 16))
    for given, found in zip(contents, run(halves(16), *contents), strict=True):
        assert (found == np.tile(given[:8], 2)).all()


def test_a_stream_that_does_not_translate_the_sixth_buffers_address_misses_it(run: Run) -> None:
    contents = list(numbers(6, 16))
    with pytest.raises(AssertionError, match="does not translate the address of buffer argument 5"):
        run(halves(6), *contents, options=Options(translate=False))


def _packet_transfer(argument: str, count: int, offset: int) -> str:
    return (
        f"aiex.npu.dma_memcpy_nd(%{argument}[0, 0, 0, {offset}][1, 1, 1, {count}][0, 0, 0, 1], "
        f"packet = <pkt_id = 1, pkt_type = 0>) {{id = {offset} : i64, metadata = @control}} "
        ": memref<3xi32>"
    )


@pytest.mark.parametrize(
    "options",
    [Options(), Options(expand_load_pdis=True), Options(load_pdi_to_ctrl_pkt=True)],
    ids=["images", "writes", "packets"],
)
def test_a_runtime_sequence_configures_the_array_twice(run: Run, options: Options) -> None:
    """Two devices in one file: the program is swapped between the two halves of the data."""
    design = "\n".join(
        [
            _adder("add_two", 2),
            _adder("add_three", 3),
            """
            aie.device(npu1_1col) @main {
              aie.runtime_sequence(%a: memref<32xi32>) {
                %low = memref.subview %a[0][16][1] : memref<32xi32> to memref<16xi32>
                %above = memref.subview %a[16][16][1] : memref<32xi32>
                  to memref<16xi32, strided<[1], offset: 16>>
                %high = memref.reinterpret_cast %above to offset: [0], sizes: [16], strides: [1]
                  : memref<16xi32, strided<[1], offset: 16>> to memref<16xi32>
                aiex.configure @add_two { aiex.run @go(%low) : (memref<16xi32>) }
                aiex.configure @add_three { aiex.run @go(%high) : (memref<16xi32>) }
              }
            }""",
        ]
    )
    data = numbers(32)
    (out,) = run(design, data, runs=2, options=options)
    assert (out == data + np.repeat([2, 3], 16)).all()


def test_a_devices_routes_are_gone_when_another_one_is_loaded(run: Run) -> None:
    """Both send to the north from the same channel; only the first one ends in the memory tile."""
    design = f"""
    aie.device(npu1_1col) @by_memory {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%mem, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in] -> [@out] ([] [])
      aie.runtime_sequence @go(%a: memref<64xi32>) {{
        {transfer("a", 16, "out", 0, 64, offset=16)}
        {transfer("a", 16, "in", 1, 64)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}
    aie.device(npu1_1col) @by_core {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 3)
      aie.objectfifo @in(%shim, {{%tile}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%tile, {{%shim}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
      {worker("core", "tile", "in", "out", 16, plus(5))}
      aie.runtime_sequence @go(%a: memref<64xi32>) {{
        {transfer("a", 16, "out", 0, 64, offset=32)}
        {transfer("a", 16, "in", 1, 64, offset=16)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}
    aie.device(npu1_1col) @main {{
      aie.runtime_sequence(%a: memref<64xi32>) {{
        aiex.configure @by_memory {{ aiex.run @go(%a) : (memref<64xi32>) }}
        aiex.configure @by_core {{ aiex.run @go(%a) : (memref<64xi32>) }}
      }}
    }}"""
    data = numbers(64)
    (out,) = run(design, data, runs=2)
    assert (out == np.concatenate([data[:16], data[:16], data[:16] + 5, data[48:]])).all()


def _adder(name: str, value: int) -> str:
    return f"""
    aie.device(npu1_1col) @{name} {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      aie.objectfifo @in(%shim, {{%tile}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%tile, {{%shim}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
      {worker("core", "tile", "in", "out", 16, plus(value))}
      aie.runtime_sequence @go(%a: memref<16xi32>) {{
        {transfer("a", 16, "out", 0, 16)}
        {transfer("a", 16, "in", 1, 16)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""


def test_tasks_chain_descriptors_and_repeat(run: Run) -> None:
    """The host's descriptors gather two halves in the other order, three times over."""
    design = """
    aie.device(npu1_1col) {
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in] -> [@out] ([] [])
      aie.runtime_sequence(%a: memref<32xi32>, %b: memref<96xi32>) {
        %t0 = aiex.dma_configure_task_for @in {
          aie.dma_bd(%a : memref<32xi32>, 16, 16) {bd_id = 0 : i32}
          aie.next_bd ^second
        ^second:
          aie.dma_bd(%a : memref<32xi32>, 0, 16) {bd_id = 1 : i32}
          aie.end
        } {repeat_count = 2 : i32}
        %t1 = aiex.dma_configure_task_for @out {
          aie.dma_bd(%b : memref<96xi32>, 0, 96) {bd_id = 2 : i32}
          aie.end
        } {issue_token = true}
        aiex.dma_start_task(%t0)
        aiex.dma_start_task(%t1)
        aiex.dma_await_task(%t1)
      }
    }"""
    data = numbers(32)
    _, out = run(design, data, zeros(96), runs=2)
    swapped = np.concatenate([data[16:], data[:16]])
    assert (out == np.tile(swapped, 3)).all()


def test_a_loop_hands_its_tasks_on(run: Run) -> None:
    """Ping-pong: each round starts a task and awaits that of the round before."""
    design = """
    aie.device(npu1_1col) {
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in] -> [@out] ([] [])
      aie.runtime_sequence(%a: memref<80xi32>, %b: memref<80xi32>) {
        %one = arith.constant 1 : index
        %five = arith.constant 5 : index
        %width = arith.constant 16 : i32
        %all = aiex.dma_configure_task_for @out {
          aie.dma_bd(%b : memref<80xi32> offset = 0 len = 80)
          aie.end
        } {issue_token = true}
        aiex.dma_start_task(%all)
        %first = aiex.dma_configure_task_for @in {
          aie.dma_bd(%a : memref<80xi32> offset = 0 len = 16)
          aie.end
        } {issue_token = true}
        aiex.dma_start_task(%first)
        %last = scf.for %i = %one to %five step %one iter_args(%before = %first) -> (index) {
          %number = arith.index_cast %i : index to i32
          %offset = arith.muli %number, %width : i32
          %next = aiex.dma_configure_task_for @in {
            aie.dma_bd(%a : memref<80xi32> offset = %offset len = 16)
            aie.end
          } {issue_token = true}
          aiex.dma_start_task(%next)
          aiex.dma_await_task(%before)
          scf.yield %next : index
        }
        aiex.dma_await_task(%last)
        aiex.dma_await_task(%all)
      }
    }"""
    data = numbers(80)
    _, out = run(design, data, zeros(80))
    assert (out == data).all()


def test_a_runtime_task_of_a_memory_tile_sends_what_its_configuration_put_there(run: Run) -> None:
    """mlir-aie's tasks reach the western neighbour's memory on the first generation."""
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %data = aie.buffer(%mem) {{sym_name = "data"}} : memref<4xi32> = dense<[3, 1, 4, 1]>
      aie.flow(%mem, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      aie.runtime_sequence(%a: memref<4xi32>) {{
        %t = aiex.dma_configure_task(%mem, MM2S, 0) {{
          aie.dma_bd(%data : memref<4xi32>, 0, 4) {{bd_id = 1 : i32}}
          aie.end
        }}
        aiex.dma_start_task(%t)
        {transfer("a", 4, "out", 0, 4)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    (out,) = run(design, zeros(4))
    assert out.tolist() == [3, 1, 4, 1]


def test_a_raw_descriptor_of_a_memory_tile_lies_in_the_neighbour(run: Run) -> None:
    """Without the tile's own base address it is west of it, which may be outside."""
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      aie.flow(%shim, DMA : 0, %mem, DMA : 0)
      aie.flow(%mem, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @fill(%shim, MM2S, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      aie.runtime_sequence(%a: memref<8xi32>, %b: memref<8xi32>) {{
        {_write_descriptor(row=1, bd_id=0)}
        {_push(row=1, direction="S2MM", bd=0)}
        {transfer("a", 8, "fill", 0, 8)}
        aiex.npu.dma_wait {{symbol = @fill}}
        {_write_descriptor(row=1, bd_id=1)}
        {_push(row=1, direction="MM2S", bd=1)}
        {transfer("b", 8, "out", 1, 8)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    data = numbers(8)
    _, out = run(design, data, zeros(8), hazard="reaches the memory tile west of the partition")
    assert (out == data).all()


def test_packets_from_the_host_fill_slots_that_their_headers_name(run: Run) -> None:
    """Out of order: the host's first packet is for the second slot; a counting lock drains."""
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      %slots = aie.buffer(%tile) {{sym_name = "slots"}} : memref<16xi32>
      %full = aie.lock(%tile, 5) {{init = 0 : i32, sym_name = "full"}}
      aie.packet_flow(3) {{
        aie.packet_source<%shim, DMA : 0>
        aie.packet_dest<%tile, DMA : 0>
      }} {{keep_pkt_header = true}}
      aie.flow(%tile, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %mem = aie.mem(%tile) {{
        %0 = aie.dma_start(MM2S, 0, ^drain, ^end)
      ^drain:
        aie.use_lock(%full, AcquireGreaterEqual, 2)
        aie.dma_bd(%slots : memref<16xi32>, 0, 16) {{bd_id = 0 : i32}}
        aie.use_lock(%full, Release, 0)
        aie.next_bd ^drain
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {{
        aiex.npu.write32 {{address = 0x1DE00 : ui32, column = 0 : i32, row = 2 : i32,
                           value = 8 : ui32}}
        {_write_descriptor(row=2, bd_id=6, buffer_offset=0, lock_rel_id=5, lock_rel_val=1)}
        {_write_descriptor(row=2, bd_id=7, buffer_offset=32, lock_rel_id=5, lock_rel_val=1)}
        aiex.npu.write32 {{address = 0x1DE04 : ui32, column = 0 : i32, row = 2 : i32,
                           value = 0x10000 : ui32}}
        {_send_to(7, bd=0, offset=0)}
        {_send_to(6, bd=1, offset=32)}
        {transfer("b", 16, "out", 2, 16)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    data = numbers(16)
    _, out = run(design, data, zeros(16), runs=2)
    assert (out == np.concatenate([data[8:], data[:8]])).all()


def _write_descriptor(**fields: int) -> str:
    """A descriptor of eight words, written at run time."""
    values = dict.fromkeys(NpuWriteBdOp.attr_fields, 0) | {"buffer_length": 8, "valid_bd": 1}
    text = ", ".join(f"{name} = {value} : i32" for name, value in (values | fields).items())
    return f"aiex.npu.writebd {{{text}}}"


def _send_to(slot: int, *, bd: int, offset: int) -> str:
    """Eight words of argument 0 from byte `offset`, as a packet for a slot."""
    packet = {"enable_packet": 1, "packet_id": 3, "out_of_order_id": slot}
    return f"""{_write_descriptor(row=0, bd_id=bd, **packet)}
        aiex.npu.address_patch {{addr = {0x1D004 + 0x20 * bd} : ui32, arg_idx = 0 : i32,
                                 arg_plus = {offset} : i32}}
        {_push(row=0, direction="MM2S", bd=bd)}"""


def _push(*, row: int, direction: str, bd: int) -> str:
    return (
        f"aiex.npu.push_queue (0, {row}, {direction}:0) "
        f"{{bd_id = {bd} : i32, issue_token = false, repeat_count = 0 : i32}}"
    )


def test_packet_lengths_that_nobody_reads_are_noted(run: Run) -> None:
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%mem, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in] -> [@out] ([] [])
      aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {{
        aiex.npu.write32 {{address = 0xA0600 : ui32, column = 0 : i32, row = 1 : i32,
                           value = 0x30000 : ui32}}
        {there_and_back(16, 16)}
      }}
    }}"""
    data = numbers(16)
    _, out = run(design, data, zeros(16), hazard="S2MM 0 holds 1 finish-on-TLAST counts")
    assert (out == data).all()


def test_a_memory_tile_keeps_its_data_when_another_device_is_loaded(run: Run) -> None:
    design = f"""
    aie.device(npu1_1col) @fill {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      aie.objectfifo @in(%shim, {{%mem}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%mem, {{%shim}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in] -> [@out] ([] [])
      aie.runtime_sequence @go(%a: memref<16xi32>, %b: memref<16xi32>) {{
        {there_and_back(16, 16)}
      }}
    }}
    aie.device(npu1_1col) @fetch {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %kept = aie.buffer(%mem) {{sym_name = "kept"}} : memref<16xi32>
      aie.flow(%mem, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %dma = aie.memtile_dma(%mem) {{
        %0 = aie.dma_start(MM2S, 0, ^send, ^end)
      ^send:
        aie.dma_bd(%kept : memref<16xi32>, 0, 16)
        aie.next_bd ^end
      ^end:
        aie.end
      }}
      aie.runtime_sequence @go(%c: memref<16xi32>) {{
        {transfer("c", 16, "out", 0, 16)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}
    aie.device(npu1_1col) @main {{
      aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>, %c: memref<16xi32>) {{
        aiex.configure @fill {{ aiex.run @go(%a, %b) : (memref<16xi32>, memref<16xi32>) }}
        aiex.configure @fetch {{ aiex.run @go(%c) : (memref<16xi32>) }}
      }}
    }}"""
    data = numbers(16)
    _, there, kept = run(design, data, zeros(16), zeros(16))
    assert (there == data).all()
    assert (kept == data).all()
