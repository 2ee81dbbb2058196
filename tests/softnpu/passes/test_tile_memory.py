from __future__ import annotations

from xdsl.context import Context

from softnpu.arch.device import device
from softnpu.dialects.aie import BufferOp, TileOp
from softnpu.dialects.source import parse_text
from softnpu.passes.tile_memory import TileMemory, does_not_fit, size_of

DESIGN = """aie.device(npu1) {
  %t = aie.tile(1, 3)
  %matrix = aie.buffer(%t) {sym_name = "matrix"} : memref<64x128xf32>
  %blocks = aie.buffer(%t) {sym_name = "blocks"} : memref<100xvector<4xbf16>>
  %core = aie.core(%t) {
    aie.end
  } {stack_size = 40000 : i32}
}"""


def memory_of(mlir: Context) -> TileMemory:
    ops = list(parse_text(DESIGN, "design.mlir", mlir).walk())
    tile = next(op for op in ops if isinstance(op, TileOp))
    buffers = [op for op in ops if isinstance(op, BufferOp)]
    return TileMemory.of(tile, buffers, device("npu1"))


def test_buffers_are_measured_by_shape_and_element(mlir: Context) -> None:
    assert [size_of(buffer) for buffer in memory_of(mlir).buffers] == [32768, 800]


def test_the_table_adds_stack_and_buffers_up(mlir: Context) -> None:
    assert memory_of(mlir).table() == (
        "(stack)    40000 bytes",
        "matrix     32768 bytes  memref<64x128xf32>, design.mlir:3",
        "blocks       800 bytes  memref<100xvector<4xbf16>>, design.mlir:4",
        "needed     73568 bytes",
        "available  65536 bytes  in 4 banks of 16384",
        "free       -8032 bytes",
    )


def test_the_error_stands_at_the_tile_and_names_enough_to_shrink(mlir: Context) -> None:
    error = does_not_fit(memory_of(mlir), "")
    assert error.location is not None
    assert error.location.line == 2
    assert "8032 too many" in error.message
    assert "'matrix'" in error.notes[-1]
    assert "'blocks'" not in error.notes[-1]
