"""Run-time parameters get their entries; the host learns which."""

from __future__ import annotations

from pathlib import Path

from softnpu.passes.lower_scratchpad_parameters import LowerScratchpadParametersPass
from tests.softnpu.passes.conftest import Lower

DESIGN = """\
aiex.scratchpad_parameter @gain : bf16
aiex.scratchpad_parameter @start : i32
aie.device(npu2) {
  %shim = aie.tile(0, 0)
  aie.shim_dma_allocation @in(%shim, MM2S, 0)
  aie.runtime_sequence @go(%a: memref<64xi32>) {
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1])
      {id = 0 : i64, metadata = @in, offset_parameter = @start} : memref<64xi32>
  }
}
"""


def test_the_host_learns_each_parameters_entry_type_and_use(lower: Lower, tmp_path: Path) -> None:
    table = tmp_path / "params.txt"
    lower(DESIGN, LowerScratchpadParametersPass(output_params_file=str(table)))
    assert table.read_text() == "2\ngain 0 bf16 core\nstart 1 i32 addr\n"
