"""Designs of our own, one feature each, compiled here and run against numpy.

They are counterparts of what mlir-aie tries on hardware in test/npu-xrt.
"""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.compiler.driver import Options
from tests.softnpu.compiler.misrouting import fan_in
from tests.softnpu.emulator.designs import (
    I32,
    Run,
    descriptor,
    numbers,
    plus,
    there_and_back,
    transfer,
    worker,
    zeros,
)


@pytest.mark.parametrize(
    ("device", "channel", "value"),
    [("npu1_1col", 0, 0), ("npu2_1col", 0, 0), ("npu2_1col", 0, -7), ("npu2_1col", 5, 1 << 30)],
)
def test_padding_around_what_a_memory_tile_sends(
    run: Run, device: str, channel: int, value: int
) -> None:
    """Around three dimensions, on each side another width, with the channel's own value."""
    widths = ((1, 0), (0, 2), (3, 1))
    padded = ", ".join(
        f"<const_pad_before = {before}, const_pad_after = {after}>" for before, after in widths
    )
    pad_value = f"{{pad_value = {value} : i32}}" if value else ""
    design = f"""
    aie.device({device}) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %image = aie.buffer(%mem) {{sym_name = "image"}} : memref<2x3x4xi32>
      %free = aie.lock(%mem, 0) {{init = 1 : i32, sym_name = "free"}}
      %full = aie.lock(%mem, 1) {{init = 0 : i32, sym_name = "full"}}
      aie.flow(%shim, DMA : 0, %mem, DMA : 0)
      aie.flow(%mem, DMA : {channel}, %shim, DMA : 0)
      aie.shim_dma_allocation @in(%shim, MM2S, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %dma = aie.memtile_dma(%mem) {{
        %0 = aie.dma_start(S2MM, 0, ^fill, ^send)
      {descriptor("fill", "free", "%image : memref<2x3x4xi32>, 0, 24", "full")}
      ^send:
        %1 = aie.dma_start(MM2S, {channel}, ^pad, ^end) {pad_value}
      ^pad:
        aie.use_lock(%full, AcquireGreaterEqual, 1)
        aie.dma_bd(%image : memref<2x3x4xi32>, 0, 120,
          [<size = 2, stride = 12>, <size = 3, stride = 4>, <size = 4, stride = 1>], [{padded}])
        aie.use_lock(%free, Release, 1)
        aie.next_bd ^pad
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<24xi32>, %b: memref<120xi32>) {{
        {there_and_back(24, 120)}
      }}
    }}"""
    image = numbers(2, 3, 4)
    _, out = run(design, image, zeros(120))
    wanted = np.pad(image, widths, constant_values=value)
    assert (out.reshape(wanted.shape) == wanted).all()


def test_a_buffer_in_the_neighbouring_memory_tile(run: Run) -> None:
    design = f"""
    aie.device(npu1_2col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %beside = aie.tile(1, 1)
      %there = aie.buffer(%beside) {{sym_name = "there"}} : memref<64xi32>
      %free = aie.lock(%beside, 0) {{init = 1 : i32, sym_name = "free"}}
      %full = aie.lock(%beside, 1) {{init = 0 : i32, sym_name = "full"}}
      aie.flow(%shim, DMA : 0, %mem, DMA : 0)
      aie.flow(%mem, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @in(%shim, MM2S, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %dma = aie.memtile_dma(%mem) {{
        %0 = aie.dma_start(S2MM, 0, ^fill, ^send)
      {descriptor("fill", "free", "%there : memref<64xi32>, 0, 64", "full")}
      ^send:
        %1 = aie.dma_start(MM2S, 0, ^drain, ^end)
      {descriptor("drain", "full", "%there : memref<64xi32>, 0, 64", "free")}
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<256xi32>, %b: memref<256xi32>) {{
        {there_and_back(256, 256)}
      }}
    }}"""
    data = numbers(256)
    _, out = run(design, data, zeros(256), runs=3)
    assert (out == data).all()


def test_an_objectfifo_that_repeats_its_objects(run: Run) -> None:
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      aie.objectfifo @in(%shim, {{%mem}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%mem, {{%shim}}, 1 : i32) {{repeat_count = 3 : i32}}
        : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in] -> [@out] ([] [])
      aie.runtime_sequence(%a: memref<32xi32>, %b: memref<96xi32>) {{
        {there_and_back(32, 96)}
      }}
    }}"""
    data = numbers(32)
    _, out = run(design, data, zeros(96), runs=2)
    assert (out.reshape(2, 3, 16) == data.reshape(2, 1, 16)).all()


def test_packets_from_two_cores_share_a_way_back(run: Run) -> None:
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %low = aie.tile(0, 2)
      %high = aie.tile(0, 3)
      %a = aie.buffer(%low) {{sym_name = "a"}} : memref<8xi32>
      %b = aie.buffer(%high) {{sym_name = "b"}} : memref<8xi32>
      %a_full = aie.lock(%low, 0) {{init = 0 : i32, sym_name = "a_full"}}
      %b_full = aie.lock(%high, 0) {{init = 0 : i32, sym_name = "b_full"}}
      aie.packet_flow(1) {{
        aie.packet_source<%low, DMA : 0>
        aie.packet_dest<%shim, DMA : 0>
      }}
      aie.packet_flow(2) {{
        aie.packet_source<%high, DMA : 0>
        aie.packet_dest<%shim, DMA : 0>
      }}
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      {_filler("core_a", "low", "a", "a_full", 100)}
      {_filler("core_b", "high", "b", "b_full", 200)}
      {_packet_sender("mem_a", "low", "a", "a_full", 1)}
      {_packet_sender("mem_b", "high", "b", "b_full", 2)}
      aie.runtime_sequence(%o: memref<16xi32>) {{
        {transfer("o", 16, "out", 0, 16)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    (out,) = run(design, zeros(16), races=True)
    halves = {tuple(half) for half in out.reshape(2, 8).tolist()}
    assert halves == {tuple(range(100, 108)), tuple(range(200, 208))}


def _filler(name: str, tile: str, buffer: str, lock: str, first: int) -> str:
    return f"""
      %{name} = aie.core(%{tile}) {{
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c8 = arith.constant 8 : index
        %k = arith.constant {first} : i32
        scf.for %j = %c0 to %c8 step %c1 {{
          %n = arith.index_cast %j : index to i32
          %v = arith.addi %n, %k : i32
          memref.store %v, %{buffer}[%j] : memref<8xi32>
        }}
        aie.use_lock(%{lock}, Release, 1)
        aie.end
      }}"""


def _packet_sender(name: str, tile: str, buffer: str, lock: str, id: int) -> str:
    return f"""
      %{name} = aie.mem(%{tile}) {{
        %0 = aie.dma_start(MM2S, 0, ^send, ^end)
      ^send:
        aie.use_lock(%{lock}, AcquireGreaterEqual, 1)
        aie.dma_bd(%{buffer} : memref<8xi32>, 0, 8)
          {{packet = #aie.packet_info<pkt_type = 0, pkt_id = {id}>}}
        aie.use_lock(%{lock}, Release, 0)
        aie.next_bd ^end
      ^end:
        aie.end
      }}"""


def test_a_layout_changes_on_both_sides_of_a_core(run: Run) -> None:
    """dimensionsToStream and dimensionsFromStream transpose there and back."""
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %tile = aie.tile(0, 2)
      aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
      aie.objectfifo @turned(%mem dimensionsToStream [<size = 8, stride = 1>,
        <size = 8, stride = 8>], {{%tile}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
      aie.objectfifo.link [@in] -> [@turned] ([] [])
      aie.objectfifo @back(%tile, {{%mem dimensionsFromStream [<size = 8, stride = 1>,
        <size = 8, stride = 8>]}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
      aie.objectfifo @out(%mem, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
      aie.objectfifo.link [@back] -> [@out] ([] [])
      {worker("core", "tile", "turned", "back", 64, _PLUS_INDEX)}
      aie.runtime_sequence(%a: memref<128xi32>, %b: memref<128xi32>) {{
        {there_and_back(128, 128)}
      }}
    }}"""
    data = numbers(2, 8, 8)
    _, out = run(design, data, zeros(2, 8, 8), runs=2)
    turned = data.transpose(0, 2, 1) + np.arange(64, dtype=I32).reshape(8, 8)
    assert (out == turned.transpose(0, 2, 1)).all()


_PLUS_INDEX = "%m = arith.index_cast %j : index to i32\n          %r = arith.addi %x, %m : i32"


def test_three_cores_hand_objects_on_in_shared_memory(run: Run) -> None:
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %t2 = aie.tile(0, 2)
      %t3 = aie.tile(0, 3)
      %t4 = aie.tile(0, 4)
      aie.objectfifo @in(%shim, {{%t2}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @first(%t2, {{%t3}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @second(%t3, {{%t4}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%t4, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      {worker("c2", "t2", "in", "first", 16, plus(1))}
      {worker("c3", "t3", "first", "second", 16, "%r = arith.muli %x, %x : i32")}
      {worker("c4", "t4", "second", "out", 16, plus(-7))}
      aie.runtime_sequence(%a: memref<80xi32>, %b: memref<80xi32>) {{
        {there_and_back(80, 80)}
      }}
    }}"""
    data = numbers(80)
    _, out = run(design, data, zeros(80), runs=3)
    assert (out == (data + 1) ** 2 - 7).all()


def test_two_channels_share_a_semaphore_fairly(run: Run) -> None:
    """One buffer, two readers that take one unit each: neither may take both.

    A design that only works because the lock's arbiter serves who asked first.
    """
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %data = aie.buffer(%mem) {{sym_name = "data"}} : memref<128xi32>
      %free = aie.lock(%mem, 0) {{init = 2 : i32, sym_name = "free"}}
      %full = aie.lock(%mem, 1) {{init = 0 : i32, sym_name = "full"}}
      aie.flow(%shim, DMA : 0, %mem, DMA : 0)
      aie.flow(%mem, DMA : 0, %shim, DMA : 0)
      aie.flow(%mem, DMA : 1, %shim, DMA : 1)
      aie.shim_dma_allocation @in(%shim, MM2S, 0)
      aie.shim_dma_allocation @low(%shim, S2MM, 0)
      aie.shim_dma_allocation @high(%shim, S2MM, 1)
      %dma = aie.memtile_dma(%mem) {{
        %0 = aie.dma_start(S2MM, 0, ^fill, ^first)
      {descriptor("fill", "free", "%data : memref<128xi32>, 0, 128", "full", units=2)}
      ^first:
        %1 = aie.dma_start(MM2S, 0, ^send_low, ^second)
      {descriptor("send_low", "full", "%data : memref<128xi32>, 0, 64", "free")}
      ^second:
        %2 = aie.dma_start(MM2S, 1, ^send_high, ^end)
      {descriptor("send_high", "full", "%data : memref<128xi32>, 64, 64", "free")}
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<512xi32>, %l: memref<256xi32>, %h: memref<256xi32>) {{
        {transfer("l", 256, "low", 0, 256)}
        {transfer("h", 256, "high", 1, 256)}
        {transfer("a", 512, "in", 2, 512)}
        aiex.npu.dma_wait {{symbol = @low}}
        aiex.npu.dma_wait {{symbol = @high}}
      }}
    }}"""
    data = numbers(4, 2, 64)
    _, low, high = run(design, data, zeros(256), zeros(256), runs=2, races=True)
    assert (low == data[:, 0].reshape(-1)).all()
    assert (high == data[:, 1].reshape(-1)).all()


def test_a_channel_has_several_tasks_from_its_configuration(run: Run) -> None:
    """Four words for a head, then three bodies over each other; a counting lock drains both."""
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      %head = aie.buffer(%tile) {{sym_name = "head"}} : memref<4xi32>
      %body = aie.buffer(%tile) {{sym_name = "body"}} : memref<8xi32>
      %came = aie.lock(%tile, 0) {{init = 0 : i32, sym_name = "came"}}
      %room = aie.lock(%tile, 1) {{init = 4 : i32, sym_name = "room"}}
      aie.flow(%shim, DMA : 0, %tile, DMA : 0)
      aie.flow(%tile, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @in(%shim, MM2S, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %mem = aie.mem(%tile) {{
        %0 = aie.dma_start(S2MM, 0, ^head, ^then)
      {descriptor("head", "room", "%head : memref<4xi32>, 0, 4", "came", then="end")}
      ^then:
        %1 = aie.dma_start(S2MM, 0, ^body, ^back, repeat_count = 2)
      {descriptor("body", "room", "%body : memref<8xi32>, 0, 8", "came", then="end")}
      ^back:
        %2 = aie.dma_start(MM2S, 0, ^first, ^end)
      ^first:
        aie.use_lock(%came, AcquireGreaterEqual, 4)
        aie.dma_bd(%head : memref<4xi32>, 0, 4)
        aie.use_lock(%came, Release, 0)
        aie.next_bd ^second
      ^second:
        aie.dma_bd(%body : memref<8xi32>, 0, 8)
        aie.next_bd ^first
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<28xi32>, %b: memref<12xi32>) {{
        {transfer("a", 28, "in", 0, 28)}
        {transfer("b", 12, "out", 1, 12)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    data = numbers(28)
    _, out = run(design, data, zeros(12))
    assert (out == np.concatenate([data[:4], data[20:]])).all()


def test_packets_of_five_sources_with_one_id_all_arrive(run: Run) -> None:
    """aie-opt lets their ways meet and part again, so that some are lost and others doubled."""
    sent = numbers(5, 8)
    _, out = run(fan_in([1] * 5), sent.reshape(-1), zeros(40), races=True)
    assert sorted(map(tuple, out.reshape(5, 8))) == sorted(map(tuple, sent))


@pytest.mark.parametrize("packets", [False, True])
def test_objectfifos_go_by_packets_as_well(run: Run, packets: bool) -> None:
    """Distributed, and joined again, by packet flows; the host's transfers name theirs."""
    sends = transfer("a", 64, "in", 1, 64)
    if packets:
        sends = sends.replace("0, 1])", "0, 1], packet = <pkt_id = 0, pkt_type = 0>)")
    design = f"""
    aie.device(npu1_2col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %left = aie.tile(0, 2)
      %right = aie.tile(1, 3)
      aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<32xi32>>
      aie.objectfifo @to_left(%mem, {{%left}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @to_right(%mem, {{%right}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo.link [@in] -> [@to_left, @to_right] ([] [0, 16])
      aie.objectfifo @of_left(%left, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @of_right(%right, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%mem, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<32xi32>>
      aie.objectfifo.link [@of_left, @of_right] -> [@out] ([0, 16] [])
      {worker("core_left", "left", "to_left", "of_left", 16, plus(1))}
      {worker("core_right", "right", "to_right", "of_right", 16, plus(2))}
      aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>) {{
        {transfer("b", 64, "out", 0, 64)}
        {sends}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    data = numbers(64)
    options = Options(packet_sw_objfifos=packets)
    _, out = run(design, data, zeros(64), runs=2, options=options)
    assert (out == data + np.tile(np.repeat([1, 2], 16), 2)).all()
