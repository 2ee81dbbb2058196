"""Designs of our own, one feature each, compiled here and run against numpy.

They are counterparts of what mlir-aie tries on hardware in test/npu-xrt.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.descriptors import with_odd_parity
from softnpu.emulator.explain import explain
from softnpu.formats import xclbin

I32 = np.int32

Run = Callable[..., list[np.ndarray]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Compiles a design and runs it on buffers with these contents; gives them back."""

    def compile_and_run(
        text: str,
        *contents: np.ndarray,
        runs: int = 1,
        options: Options | None = None,
        hazard: str = "",
    ) -> list[np.ndarray]:
        (tmp_path / "design.mlir").write_text(text)
        compile_design(tmp_path / "design.mlir", tmp_path, options)
        context = Context(xclbin.parse((tmp_path / "final.xclbin").read_bytes()))
        buffers = [context.allocate(a.nbytes, f"argument {i}") for i, a in enumerate(contents)]
        for _ in range(runs):
            for buffer, array in zip(buffers, contents, strict=True):
                buffer.data[:] = array.reshape(-1).view(np.uint8)
            report = context.run((tmp_path / "insts.bin").read_bytes(), buffers)
            assert report.completed, explain(report)
            assert [hazard in h for h in report.hazards] == ([True] if hazard else [])
        pairs = zip(buffers, contents, strict=True)
        return [buffer.data.view(a.dtype).reshape(a.shape) for buffer, a in pairs]

    return compile_and_run


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(-1000, 1000, shape).astype(I32)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, I32)


def transfer(argument: str, count: int, fifo: str, id: int, of: int, offset: int = 0) -> str:
    """One line of a runtime sequence; all but `in` can be waited for."""
    token = "" if fifo == "in" else ", issue_token = true"
    return (
        f"aiex.npu.dma_memcpy_nd(%{argument}[0, 0, 0, {offset}][1, 1, 1, {count}][0, 0, 0, 1]) "
        f"{{id = {id} : i64, metadata = @{fifo}{token}}} : memref<{of}xi32>"
    )


def worker(name: str, tile: str, source: str, to: str, size: int, body: str) -> str:
    """A core that goes over objects of two objectfifos; `body` makes %r of %x (and %j)."""
    kind = f"memref<{size}xi32>"
    return f"""
    %{name} = aie.core(%{tile}) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %size = arith.constant {size} : index
      %forever = arith.constant 9223372036854775807 : index
      scf.for %n = %c0 to %forever step %c1 {{
        %vi = aie.objectfifo.acquire @{source}(Consume, 1) : !aie.objectfifosubview<{kind}>
        %i = aie.objectfifo.subview.access %vi[0] : !aie.objectfifosubview<{kind}> -> {kind}
        %vo = aie.objectfifo.acquire @{to}(Produce, 1) : !aie.objectfifosubview<{kind}>
        %o = aie.objectfifo.subview.access %vo[0] : !aie.objectfifosubview<{kind}> -> {kind}
        scf.for %j = %c0 to %size step %c1 {{
          %x = memref.load %i[%j] : {kind}
          {body}
          memref.store %r, %o[%j] : {kind}
        }}
        aie.objectfifo.release @{source}(Consume, 1)
        aie.objectfifo.release @{to}(Produce, 1)
      }}
      aie.end
    }}"""


def plus(value: int) -> str:
    return f"%k = arith.constant {value} : i32\n          %r = arith.addi %x, %k : i32"


def test_zero_padding_on_the_memory_tile(run: Run) -> None:
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %image = aie.buffer(%mem) {{sym_name = "image"}} : memref<5x6xi32>
      %free = aie.lock(%mem, 0) {{init = 1 : i32, sym_name = "free"}}
      %full = aie.lock(%mem, 1) {{init = 0 : i32, sym_name = "full"}}
      aie.flow(%shim, DMA : 0, %mem, DMA : 0)
      aie.flow(%mem, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @in(%shim, MM2S, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      %dma = aie.memtile_dma(%mem) {{
        %0 = aie.dma_start(S2MM, 0, ^fill, ^send)
      ^fill:
        aie.use_lock(%free, AcquireGreaterEqual, 1)
        aie.dma_bd(%image : memref<5x6xi32>, 0, 30)
        aie.use_lock(%full, Release, 1)
        aie.next_bd ^fill
      ^send:
        %1 = aie.dma_start(MM2S, 0, ^pad, ^end)
      ^pad:
        aie.use_lock(%full, AcquireGreaterEqual, 1)
        aie.dma_bd(%image : memref<5x6xi32>, 0, 72,
          [<size = 5, stride = 6>, <size = 6, stride = 1>],
          [<const_pad_before = 2, const_pad_after = 1>,
           <const_pad_before = 1, const_pad_after = 2>])
        aie.use_lock(%free, Release, 1)
        aie.next_bd ^pad
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<30xi32>, %b: memref<72xi32>) {{
        {transfer("b", 72, "out", 0, 72)}
        {transfer("a", 30, "in", 1, 30)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    image = numbers(5, 6)
    _, out = run(design, image, zeros(72))
    assert (out.reshape(8, 9) == np.pad(image, ((2, 1), (1, 2)))).all()


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
      ^fill:
        aie.use_lock(%free, AcquireGreaterEqual, 1)
        aie.dma_bd(%there : memref<64xi32>, 0, 64)
        aie.use_lock(%full, Release, 1)
        aie.next_bd ^fill
      ^send:
        %1 = aie.dma_start(MM2S, 0, ^drain, ^end)
      ^drain:
        aie.use_lock(%full, AcquireGreaterEqual, 1)
        aie.dma_bd(%there : memref<64xi32>, 0, 64)
        aie.use_lock(%free, Release, 1)
        aie.next_bd ^drain
      ^end:
        aie.end
      }}
      aie.runtime_sequence(%a: memref<256xi32>, %b: memref<256xi32>) {{
        {transfer("b", 256, "out", 0, 256)}
        {transfer("a", 256, "in", 1, 256)}
        aiex.npu.dma_wait {{symbol = @out}}
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
        {transfer("b", 96, "out", 0, 96)}
        {transfer("a", 32, "in", 1, 32)}
        aiex.npu.dma_wait {{symbol = @out}}
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
    (out,) = run(design, zeros(16))
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


def _packet_transfer(argument: str, count: int, offset: int) -> str:
    return (
        f"aiex.npu.dma_memcpy_nd(%{argument}[0, 0, 0, {offset}][1, 1, 1, {count}][0, 0, 0, 1], "
        f"packet = <pkt_id = 1, pkt_type = 0>) {{id = {offset} : i64, metadata = @control}} "
        ": memref<3xi32>"
    )


def test_a_runtime_sequence_configures_the_array_twice(run: Run) -> None:
    """Two devices in one file: load_pdi swaps the program between the two halves of the data."""
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
    (out,) = run(design, data, runs=2, options=Options(number_pdis=True))
    assert (out == data + np.repeat([2, 3], 16)).all()


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
        {transfer("b", 128, "out", 0, 128)}
        {transfer("a", 128, "in", 1, 128)}
        aiex.npu.dma_wait {{symbol = @out}}
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
        {transfer("b", 80, "out", 0, 80)}
        {transfer("a", 80, "in", 1, 80)}
        aiex.npu.dma_wait {{symbol = @out}}
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
      ^fill:
        aie.use_lock(%free, AcquireGreaterEqual, 2)
        aie.dma_bd(%data : memref<128xi32>, 0, 128)
        aie.use_lock(%full, Release, 2)
        aie.next_bd ^fill
      ^first:
        %1 = aie.dma_start(MM2S, 0, ^send_low, ^second)
      ^send_low:
        aie.use_lock(%full, AcquireGreaterEqual, 1)
        aie.dma_bd(%data : memref<128xi32>, 0, 64)
        aie.use_lock(%free, Release, 1)
        aie.next_bd ^send_low
      ^second:
        %2 = aie.dma_start(MM2S, 1, ^send_high, ^end)
      ^send_high:
        aie.use_lock(%full, AcquireGreaterEqual, 1)
        aie.dma_bd(%data : memref<128xi32>, 64, 64)
        aie.use_lock(%free, Release, 1)
        aie.next_bd ^send_high
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
    _, low, high = run(design, data, zeros(256), zeros(256), runs=2)
    assert (low == data[:, 0].reshape(-1)).all()
    assert (high == data[:, 1].reshape(-1)).all()


def test_a_runtime_descriptor_of_a_memory_tile_lies_in_the_neighbour(run: Run) -> None:
    """What mlir-aie writes at run time leaves the tile's own base address out: it works, beside."""
    design = f"""
    aie.device(npu1_1col) {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %data = aie.buffer(%mem) {{sym_name = "data"}} : memref<64xi32>
      aie.flow(%shim, DMA : 0, %mem, DMA : 0)
      aie.flow(%mem, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @fill(%shim, MM2S, 0)
      aie.shim_dma_allocation @out(%shim, S2MM, 0)
      aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>) {{
        %t0 = aiex.dma_configure_task(%mem, S2MM, 0) {{
          aie.dma_bd(%data : memref<64xi32>, 0, 64) {{bd_id = 0 : i32}}
          aie.end
        }}
        aiex.dma_start_task(%t0)
        {transfer("a", 64, "fill", 0, 64)}
        aiex.npu.dma_wait {{symbol = @fill}}
        %t1 = aiex.dma_configure_task(%mem, MM2S, 0) {{
          aie.dma_bd(%data : memref<64xi32>, 0, 64) {{bd_id = 1 : i32}}
          aie.end
        }}
        aiex.dma_start_task(%t1)
        {transfer("b", 64, "out", 1, 64)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
    data = numbers(64)
    _, out = run(design, data, zeros(64), hazard="reaches the memory tile west of the partition")
    assert (out == data).all()
