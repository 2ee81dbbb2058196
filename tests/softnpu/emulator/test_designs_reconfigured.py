"""Designs of ours whose array is configured by what runs, not by the xclbin's first image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context as Passes
from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import kernel, packaging, programs, streams
from softnpu.compiler.driver import PHYSICAL, Options, compile_design
from softnpu.dialects.text import parse_file, parse_text, print_module
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import RunReport
from softnpu.formats.xclbin import parse
from softnpu.passes.ctrl_packet_to_dma import CtrlPacketToDmaPass
from softnpu.passes.dma_to_npu import DmaToNpuPass
from softnpu.passes.generate_column_control_overlay import GenerateColumnControlOverlayPass
from softnpu.passes.rewriting.ir import erase
from softnpu.passes.sequence_ops import devices
from softnpu.passes.substitute_shim_dma_allocations import SubstituteShimDMAAllocationsPass
from softnpu.passes.txn_to_control_packet import LegalizeControlPacketPass, TxnToControlPacketPass
from softnpu.targets.aie_to_configuration import ConvertAIEToTransactionPass, ExpandLoadPdiPass
from softnpu.targets.control_packets import emit_control_packets
from softnpu.targets.npu_binary import emit
from tests.softnpu.emulator.designs import I32, numbers, plus, there_and_back, worker

SEEDS = (None, 0, 1)


def array_of(folder: Path, seed: int | None) -> Context:
    """An array; what its xclbin holds has no cores, and so no mark of what they execute."""
    return Context(parse((folder / "final.xclbin").read_bytes()), seed=seed)


def run(context: Context, insts: bytes, *contents: np.ndarray) -> tuple[RunReport, np.ndarray]:
    """Runs a stream on buffers with these contents; the last one's is given back."""
    buffers = [context.allocate(a.nbytes, f"argument {i}") for i, a in enumerate(contents)]
    for buffer, array in zip(buffers, contents, strict=True):
        buffer.data[: array.nbytes] = array.view(np.uint8)
    report = context.run(insts, buffers)
    assert report.completed, explain(report)
    return report, buffers[-1].words.view(I32)


def adder(device: str, name: str, value: int) -> str:
    """Sixteen numbers go up to a core, which adds to them, and back."""
    return f"""
    aie.device({device}) @{name} {{
      %shim = aie.tile(0, 0)
      %mem = aie.tile(0, 1)
      %tile = aie.tile(0, 2)
      aie.objectfifo @in(%shim, {{%tile}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      aie.objectfifo @out(%tile, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
      {worker("core", "tile", "in", "out", 16, plus(value))}
      aie.runtime_sequence @go(%a: memref<16xi32>, %b: memref<16xi32>) {{
        {there_and_back(16, 16)}
      }}
    }}"""


def handed_over(path: Path) -> ModuleOp:
    module = parse_file(path)
    programs.hand_over(module)
    return module


@pytest.mark.parametrize("device", ["npu1_1col", "npu2_1col"])
def test_control_packets_bring_in_a_design_with_its_core(tmp_path: Path, device: str) -> None:
    """The xclbin has nothing but the ways for them; then the design's own stream runs."""
    tiles = "".join(f"%t{row} = aie.tile(0, {row})\n" for row in range(3))
    base = f"aie.device({device}) @base {{ {tiles} }}"
    module = parse_text(base + adder(device, "main", 5), "design.mlir")
    GenerateColumnControlOverlayPass(route_shim_to_tile_ctrl=True).apply(Passes(), module)
    (tmp_path / "design.mlir").write_text(print_module(module))
    for name in ("base", "main"):
        compile_design(tmp_path / "design.mlir", tmp_path / name, Options(device_name=name))
    main = tmp_path / "main"
    module = handed_over(main / PHYSICAL)
    ConvertAIEToTransactionPass(elf_dir=str(main)).apply(Passes(), module)
    TxnToControlPacketPass().apply(Passes(), module)
    LegalizeControlPacketPass().apply(Passes(), module)
    packets = np.frombuffer(emit_control_packets(module, "main", "configure"), np.uint32)
    for step in (CtrlPacketToDmaPass(), SubstituteShimDMAAllocationsPass(), DmaToNpuPass()):
        step.apply(Passes(), module)
    insts = emit(module, "main", "configure")
    data = numbers(16)
    for seed in SEEDS:
        context = array_of(tmp_path / "base", seed)
        run(context, insts, packets)
        _, out = run(context, (main / "insts.bin").read_bytes(), data, np.zeros(16, I32))
        assert (out == data + 5).all()


def test_writes_behind_an_empty_image_bring_in_one_design_after_the_other(tmp_path: Path) -> None:
    """What `aie-expand-load-pdi` makes of two loads: the xclbin's images are empty."""
    device = "npu2_1col"
    main = f"""
    aie.device({device}) @main {{
      aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {{
        aiex.configure @two {{ aiex.run @go(%a, %b) : (memref<16xi32>, memref<16xi32>) }}
        aiex.configure @three {{ aiex.run @go(%b, %b) : (memref<16xi32>, memref<16xi32>) }}
      }}
    }}"""
    text = main + adder(device, "two", 2) + adder(device, "three", 3)
    (tmp_path / "design.mlir").write_text(text)
    compile_design(tmp_path / "design.mlir", tmp_path)
    module = handed_over(tmp_path / "npu_insts.mlir")
    ExpandLoadPdiPass(elf_dir=str(tmp_path)).apply(Passes(), module)
    for device_op in [d for d in devices(module) if d.sym_name in ("two", "three")]:
        erase(device_op)
    streams.number_pdis(module)
    packaging.write_configuration(module, tmp_path, tmp_path)
    for device_op in devices(module):
        packaging.write_pdi(tmp_path, device_op.sym_name)
    packaging.write_xclbin(module, tmp_path, tmp_path, kernel.of_module(module))
    data = numbers(16)
    for seed in SEEDS:
        context = array_of(tmp_path, seed)
        for _ in range(2):
            report, out = run(context, emit(module, "main"), data, np.zeros(16, I32))
            assert (out == data + 5).all()
            assert not report.hazards
