"""Designs that aie-opt would misroute, and artifacts as it would make them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import driver, finished, pipelines, routing
from tests.softnpu.emulator.designs import descriptor


def fan_in(ids: Sequence[int]) -> str:
    """Shims that each send 8 words in packets to the DMA of one core tile, which passes them on.

    Args:
        ids: of each shim's packets. With one id five shims' packets are lost and doubled where
            aie-opt lets them share wires.
    """
    count = len(ids)
    shims = "\n".join(f"%s{n} = aie.tile({n}, 0)" for n in range(count))
    flows = "\n".join(
        f"aie.packet_flow({id}) {{\n"
        f"aie.packet_source<%s{n}, DMA : 0>\naie.packet_dest<%c, DMA : 0> }}"
        for n, id in enumerate(ids)
    )
    names = "\n".join(f"aie.shim_dma_allocation @in{n}(%s{n}, MM2S, 0)" for n in range(count))
    sends = "\n".join(
        f"aiex.npu.dma_memcpy_nd(%a[0, 0, 0, {8 * n}][1, 1, 1, 8][0, 0, 0, 1], "
        f"packet = <pkt_id = {id}, pkt_type = 0>) {{id = 0 : i64, metadata = @in{n}}} "
        f": memref<{8 * count}xi32>"
        for n, id in enumerate(ids)
    )
    return f"""
      aie.device(npu2) {{
        {shims}
        %c = aie.tile(0, 2)
        %buf = aie.buffer(%c) {{sym_name = "buf"}} : memref<8xi32>
        %p = aie.lock(%c, 0) {{init = 1 : i32}}
        %q = aie.lock(%c, 1) {{init = 0 : i32}}
        {flows}
        aie.flow(%c, DMA : 0, %s0, DMA : 0)
        aie.mem(%c) {{
          %0 = aie.dma_start(S2MM, 0, ^in, ^next)
        {descriptor("in", "p", "%buf : memref<8xi32>, 0, 8", "q")}
        ^next:
          %1 = aie.dma_start(MM2S, 0, ^out, ^end)
        {descriptor("out", "q", "%buf : memref<8xi32>, 0, 8", "p")}
        ^end:
          aie.end
        }}
        {names}
        aie.shim_dma_allocation @out(%s0, S2MM, 0)
        aie.runtime_sequence(%a: memref<{8 * count}xi32>, %b: memref<{8 * count}xi32>) {{
          aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, {8 * count}][0, 0, 0, 1])
            {{id = 15 : i64, metadata = @out, issue_token = true}} : memref<{8 * count}xi32>
          {sends}
          aiex.npu.dma_wait {{symbol = @out}}
        }}
      }}"""


def as_aie_opt(module: ModuleOp) -> ModuleOp:
    """Routes a design as aie-opt does, right or wrong."""
    pipelines.run(pipelines.routing(), module)
    return module


def compile_as_aie_opt(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the artifacts that AMD's tools make of a design, right or wrong."""
    monkeypatch.setattr(routing, "route", as_aie_opt)
    monkeypatch.setattr(finished, "check_routes", lambda *_: None)
    (folder / "design.mlir").write_text(text)
    driver.compile_design(folder / "design.mlir", folder)
