"""Designs between stages keep the places of their ops."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import UnknownLoc

from softnpu.compiler.modules import places_file, read_module, write_module
from softnpu.dialects.aie import BufferOp, TileOp
from softnpu.dialects.locations import origin_of
from softnpu.dialects.source import location_of
from softnpu.dialects.text import parse_file, parse_text, print_module

DESIGN = """\
module {
  aie.device(npu1_1col) {


    %tile = aie.tile(0, 2)
    %buffer = aie.buffer(%tile) {sym_name = "b"} : memref<4xi32>
  }
}
"""


def test_a_design_read_back_stands_where_its_author_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "next.mlir"
    write_module(path, parse_text(DESIGN, "design.mlir"))
    tile = next(op for op in read_module(path).walk() if isinstance(op, TileOp))
    assert str(location_of(tile)) == "design.mlir:5:13"


def test_what_a_text_says_of_an_ops_origin_stays_with_it(tmp_path: Path) -> None:
    text = DESIGN.replace("aie.tile(0, 2)", 'aie.tile(0, 2) loc("design.py":3:5)')
    write_module(tmp_path / "next.mlir", parse_text(text, "design.mlir"))
    tile = next(op for op in read_module(tmp_path / "next.mlir").walk() if isinstance(op, TileOp))
    assert str(location_of(tile)) == "design.mlir:5:13"
    assert str(origin_of(tile.location)) == "design.py:3:5"


def test_what_a_pass_has_made_stands_where_its_parent_does(tmp_path: Path) -> None:
    module = parse_text(DESIGN, "design.mlir")
    buffer = next(op for op in module.walk() if isinstance(op, BufferOp))
    copy = buffer.clone()
    copy.location = UnknownLoc()
    copy.sym_name = "copy"
    block = buffer.parent_block()
    assert block is not None
    block.insert_op_after(copy, buffer)
    write_module(tmp_path / "next.mlir", module)
    buffers = [op for op in read_module(tmp_path / "next.mlir").walk() if isinstance(op, BufferOp)]
    assert [str(location_of(op)) for op in buffers] == ["design.mlir:6:15", "design.mlir:2:3"]


def test_the_text_does_not_depend_on_the_places(tmp_path: Path) -> None:
    write_module(tmp_path / "a.mlir", parse_text(DESIGN, "design.mlir"))
    write_module(tmp_path / "b.mlir", parse_text("\n\n" + DESIGN, "design.mlir"))
    assert (tmp_path / "a.mlir").read_text() == (tmp_path / "b.mlir").read_text()
    assert places_file(tmp_path / "a.mlir").read_text() != (
        places_file(tmp_path / "b.mlir").read_text()
    )


def test_places_of_another_text_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "next.mlir"
    write_module(path, parse_text(DESIGN, "design.mlir"))
    path.write_text(print_module(parse_text("module { aie.device(npu1_1col) {} }")))
    device = next(op for op in read_module(path).walk() if op.name == "aie.device")
    location = location_of(device)
    assert location is not None
    assert location.file == path


def test_a_design_without_places_stands_in_its_own_file(golden: Path) -> None:
    path = golden / "explicit_dma" / "input_physical.mlir"
    ours, plain = read_module(path), parse_file(path)
    assert [op.location for op in ours.walk()] == [op.location for op in plain.walk()]
