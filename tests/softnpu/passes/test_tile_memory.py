from __future__ import annotations

from xdsl.context import Context

from softnpu.arch.device import device
from softnpu.dialects.aie import BufferOp, TileOp
from softnpu.dialects.text import parse_text
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
        "missing     8032 bytes",
    )


def test_the_error_stands_at_the_tile_and_names_enough_to_shrink(mlir: Context) -> None:
    error = does_not_fit(memory_of(mlir), "")
    assert error.location is not None
    assert error.location.line == 2
    assert "8032 too many" in error.message
    assert "'matrix'" in error.notes[-1]
    assert "'blocks'" not in error.notes[-1]


def deep(count: int, size: int) -> str:
    """A design with the buffers of an objectfifo of that depth, as its lowering leaves them."""
    buffers = " ".join(
        f'%b{n} = aie.buffer(%t) {{sym_name = "far_cons_buff_{n}"}} : memref<{size}xi8>'
        for n in range(count)
    )
    small = '%s = aie.buffer(%t) {sym_name = "small"} : memref<32xi8>'
    return f"aie.device(npu1) {{\n  %t = aie.tile(1, 3)\n  {small}\n  {buffers}\n}}"


def refused(text: str, mlir: Context) -> tuple[str, ...]:
    ops = list(parse_text(text, "design.mlir", mlir).walk())
    tile = next(op for op in ops if isinstance(op, TileOp))
    buffers = [op for op in ops if isinstance(op, BufferOp)]
    return does_not_fit(TileMemory.of(tile, buffers, device("npu1")), "").notes


def test_a_deep_objectfifo_is_one_line_with_the_depth_that_fits(mlir: Context) -> None:
    assert refused(deep(200, 1024), mlir) == (
        "far_cons_buff_0 to 199  204800 bytes  200 of 1024 bytes, memref<1024xi8>, design.mlir:4",
        "small                       32 bytes  memref<32xi8>, design.mlir:3",
        "needed                  204832 bytes",
        "available                65536 bytes  in 4 banks of 16384",
        "missing                 139296 bytes",
        "make objectfifo 'far' at most 63 deep here",
    )


def test_ping_and_pong_are_told_one_by_one(mlir: Context) -> None:
    *table, remedy = refused(deep(2, 40000), mlir)
    assert [line.split()[0] for line in table[:3]] == [
        "far_cons_buff_0",
        "far_cons_buff_1",
        "small",
    ]
    assert remedy.startswith("make 'far_cons_buff_0' smaller, use a depth of 1 where")
