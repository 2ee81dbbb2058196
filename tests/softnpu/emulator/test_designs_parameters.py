"""Designs of ours whose runtime sequences loop, and bring parameters to cores and transfers."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.errors import DesignError
from tests.softnpu.emulator.designs import Run, numbers, transfer, zeros


def test_a_loops_transfer_that_begins_within_a_word_is_refused(run: Run) -> None:
    """Its offset is a number only when the loop has been unrolled."""
    design = """
    aie.device(npu1_1col) {
      %shim = aie.tile(0, 0)
      aie.flow(%shim, DMA : 0, %shim, DMA : 0)
      aie.shim_dma_allocation @in(%shim, MM2S, 0)
      aie.runtime_sequence(%a: memref<64xi8>) {
        %zero = arith.constant 0 : index
        %three = arith.constant 3 : index
        %one = arith.constant 1 : index
        scf.for %k = %zero to %three step %one {
          %at = arith.index_cast %k : index to i64
          aiex.npu.dma_memcpy_nd(%a[0, 0, 0, %at][1, 1, 1, 8][0, 0, 0, 1])
            {id = 0 : i64, metadata = @in} : memref<64xi8>
        }
      }
    }"""
    with pytest.raises(DesignError, match="starts at a multiple of 4 bytes; this one at byte 1"):
        run(design, zeros(16))


def test_a_loop_of_the_sequence_writes_a_parameter_for_each_of_its_transfers(run: Run) -> None:
    """Six rounds, offsets and values by arithmetic; a lock lets the core read each value once."""
    design = """
    aie.device(npu1_1col) {
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      %factor = aie.buffer(%tile) {sym_name = "factor"} : memref<2xi32>
      %told = aie.lock(%tile, 12) {init = 0 : i32, sym_name = "told"}
      aie.objectfifo @in(%shim, {%tile}, 1 : i32) : !aie.objectfifo<memref<8xi32>>
      aie.objectfifo @out(%tile, {%shim}, 1 : i32) : !aie.objectfifo<memref<8xi32>>
      %core = aie.core(%tile) {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %size = arith.constant 8 : index
        %forever = arith.constant 9223372036854775807 : index
        scf.for %n = %c0 to %forever step %c1 {
          aie.use_lock(%told, AcquireGreaterEqual, 1)
          %f = memref.load %factor[%c1] : memref<2xi32>
          %vi = aie.objectfifo.acquire @in(Consume, 1) : !aie.objectfifosubview<memref<8xi32>>
          %i = aie.objectfifo.subview.access %vi[0]
            : !aie.objectfifosubview<memref<8xi32>> -> memref<8xi32>
          %vo = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<8xi32>>
          %o = aie.objectfifo.subview.access %vo[0]
            : !aie.objectfifosubview<memref<8xi32>> -> memref<8xi32>
          scf.for %j = %c0 to %size step %c1 {
            %x = memref.load %i[%j] : memref<8xi32>
            %r = arith.muli %x, %f : i32
            memref.store %r, %o[%j] : memref<8xi32>
          }
          aie.objectfifo.release @in(Consume, 1)
          aie.objectfifo.release @out(Produce, 1)
        }
        aie.end
      }
      aie.runtime_sequence(%a: memref<48xi32>, %b: memref<48xi32>) {
        %zero = arith.constant 0 : index
        %six = arith.constant 6 : index
        %one = arith.constant 1 : index
        %eight = arith.constant 8 : index
        %three = arith.constant 3 : i32
        scf.for %k = %zero to %six step %one {
          %offset = arith.muli %k, %eight : index
          %at = arith.index_cast %offset : index to i64
          %number = arith.index_cast %k : index to i32
          %value = arith.subi %number, %three : i32
          aiex.npu.rtp_write(@factor, 1, %value) : i32
          aiex.npu.write32 {address = 0x1F0C0 : ui32, column = 0 : i32, row = 2 : i32,
                             value = 1 : ui32}
          aiex.npu.dma_memcpy_nd(%b[0, 0, 0, %at][1, 1, 1, 8][0, 0, 0, 1])
            {id = 0 : i64, metadata = @out, issue_token = true} : memref<48xi32>
          aiex.npu.dma_memcpy_nd(%a[0, 0, 0, %at][1, 1, 1, 8][0, 0, 0, 1])
            {id = 1 : i64, metadata = @in} : memref<48xi32>
          aiex.npu.dma_wait {symbol = @out}
        }
      }
    }"""
    data = numbers(48)
    _, out = run(design, data, zeros(48), runs=2)
    assert (out == data * np.repeat(np.arange(-3, 3), 8)).all()


SCRATCHPAD = f"""
    aiex.scratchpad_parameter @gain : bf16
    aiex.scratchpad_parameter @shift : i32
    aiex.scratchpad_parameter @bias : i16
    aie.device(npu2_1col) {{
      %shim = aie.tile(0, 0)
      %tile = aie.tile(0, 2)
      aie.objectfifo @in(%shim, {{%tile}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%tile, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      %core = aie.core(%tile) {{
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %size = arith.constant 16 : index
        %forever = arith.constant 9223372036854775807 : index
        %short = aiex.read_scratchpad_parameter @gain : bf16
        %gain = arith.extf %short : bf16 to f32
        %little = aiex.read_scratchpad_parameter @bias : i16
        %bias = arith.extsi %little : i16 to i32
        scf.for %n = %c0 to %forever step %c1 {{
          %vi = aie.objectfifo.acquire @in(Consume, 1) : !aie.objectfifosubview<memref<16xi32>>
          %i = aie.objectfifo.subview.access %vi[0]
            : !aie.objectfifosubview<memref<16xi32>> -> memref<16xi32>
          %vo = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<16xi32>>
          %o = aie.objectfifo.subview.access %vo[0]
            : !aie.objectfifosubview<memref<16xi32>> -> memref<16xi32>
          scf.for %j = %c0 to %size step %c1 {{
            %x = memref.load %i[%j] : memref<16xi32>
            %f = arith.sitofp %x : i32 to f32
            %g = arith.mulf %f, %gain : f32
            %p = arith.fptosi %g : f32 to i32
            %r = arith.addi %p, %bias : i32
            memref.store %r, %o[%j] : memref<16xi32>
          }}
          aie.objectfifo.release @in(Consume, 1)
          aie.objectfifo.release @out(Produce, 1)
        }}
        aie.end
      }}
      aie.runtime_sequence @go(%a: memref<64xi32>, %b: memref<16xi32>) {{
        %t = aiex.dma_configure_task_for @in {{
          aie.dma_bd(%a : memref<64xi32>, 0, 16) {{offset_parameter = @shift}}
          aie.end
        }}
        aiex.dma_start_task(%t)
        {transfer("b", 16, "out", 3, 16)}
        aiex.npu.dma_wait {{symbol = @out}}
      }}
    }}"""
"""A core that scales and shifts what begins at a place that the host tells."""


@pytest.mark.parametrize(("gain", "shift", "bias"), [(2.5, 0, 7), (-0.5, 33, -300)])
def test_scratchpad_parameters_reach_cores_and_descriptors(
    run: Run, gain: float, shift: int, bias: int
) -> None:
    """The host writes what a core reads shifted by two bits, what is added to an address plain."""
    scale = int(np.float32(gain).view(np.uint32)) >> 16
    values = np.array([scale << 2, shift, (bias & 0xFFFF) << 2], np.uint32)
    data = 2 * numbers(64)
    _, out = run(SCRATCHPAD, data, zeros(16), runs=2, scratchpad=values)
    assert (out == np.trunc(data[shift : shift + 16] * gain) + bias).all()


def test_a_run_without_a_scratchpad_is_told_who_has_one(run: Run) -> None:
    with pytest.raises(AssertionError, match="XRT makes one for a kernel of a full ELF alone"):
        run(SCRATCHPAD, zeros(64), zeros(16))
