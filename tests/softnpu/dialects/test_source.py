"""Designs as text: what AMD's tools wrote comes out as it went in; places and errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.context import Context

from softnpu.dialects.aie import CoreOp, LockOp
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.text import parse_file, parse_text, print_module, verify
from softnpu.errors import DesignError
from tests.conftest import DESIGNS

WRITTEN_BY_AMD = ("input_with_addresses", "input_physical", "npu_insts")


@pytest.mark.parametrize("name", DESIGNS)
def test_amds_files_are_printed_back_byte_for_byte(name: str, golden: Path, mlir: Context) -> None:
    for stage in WRITTEN_BY_AMD:
        path = golden / name / f"{stage}.mlir"
        assert print_module(parse_file(path, mlir)) == path.read_text()


@pytest.mark.parametrize("name", DESIGNS)
def test_authors_designs_read_back_as_printed(name: str, golden: Path, mlir: Context) -> None:
    printed = print_module(parse_file(golden / name / "design.mlir", mlir))
    assert print_module(parse_text(printed, "printed.mlir", mlir)) == printed


def test_every_op_knows_its_line_and_column(golden: Path, mlir: Context) -> None:
    path = golden / "passthrough_core" / "design.mlir"
    core = next(op for op in parse_file(path, mlir).walk() if isinstance(op, CoreOp))
    place = location_of(core)
    assert place is not None
    assert place.file == path
    line = path.read_text().splitlines()[place.line - 1]
    assert line[place.column - 1 :].startswith("aie.core(%worker)")


def test_an_op_made_by_a_pass_stands_where_its_surroundings_do(read) -> None:  # type: ignore[no-untyped-def]
    module = read("%c = aie.core(%core) {\n aie.end }")
    core = next(op for op in module.walk() if isinstance(op, CoreOp))
    made = LockOp(tile=core.tile)
    core.body.block.insert_op_before(made, core.body.block.ops.first)
    assert location_of(made) == location_of(core)
    error = design_error(made, "a message", "a note")
    assert str(error).startswith("design.mlir:7:6: error: a message")
    assert error.notes == ("a note",)


def test_an_error_shows_the_line_and_a_caret(tmp_path: Path, mlir: Context) -> None:
    path = tmp_path / "bad.mlir"
    path.write_text("module {\n  aie.device(npu1_1col) {\n\t%t = aie.tile(0, 9)\n  }\n}\n")
    with pytest.raises(DesignError) as caught:
        parse_file(path, mlir)
    shown = str(caught.value).splitlines()
    assert shown[0] == f"{path}:3:7: error: there is no tile (0, 9) in npu1_1col"
    assert shown[1:3] == ["  \t%t = aie.tile(0, 9)", "  \t     ^"]


def test_a_stage_may_trust_its_input_and_check_later(mlir: Context) -> None:
    text = "module { aie.device(npu1_1col) { %t = aie.tile(0, 9) } }"
    module = parse_text(text, "bad.mlir", mlir, check=False)
    with pytest.raises(DesignError, match="there is no tile"):
        verify(module)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot read"), (b"\xff\xfe\x00", "it is not UTF-8")],
)
def test_what_is_no_text_is_an_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "design.mlir"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DesignError, match=message):
        parse_file(path)
