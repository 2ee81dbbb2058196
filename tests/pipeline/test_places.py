"""Errors and warnings speak of the author's file; the rendered one is a note."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import template
from pipeline.places import in_authors_file
from softnpu.errors import DesignError, SourceLocation

TEMPLATE = """\
%% for c in range(2)
  %t{{ c }} = aie.tile({{ c }}, 2) // a tile
%% endfor
  aie.flow(%t0, DMA : 0, %t1, DMA : 0)
"""


@pytest.fixture
def variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "two.mlir.j2"
    source.write_text(TEMPLATE)
    rendered = template.render(source, {})
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "design.mlir").write_text(rendered.text)
    return SimpleNamespace(
        rendered=rendered, design=SimpleNamespace(source=source, program=None), folder=folder
    )


def test_where_both_lines_begin_alike_the_column_is_the_authors(variant: Any) -> None:
    place = SourceLocation(variant.folder / "design.mlir", 3, 12)
    text = str(DesignError("no such tile", place, ("see here",)))
    assert in_authors_file(variant, text).splitlines() == [
        "two.mlir.j2:4:12: error: no such tile",
        "    aie.flow(%t0, DMA : 0, %t1, DMA : 0)",
        "             ^",
        "  note: see here",
        "  note: rendered as build/design.mlir:3:12: aie.flow(%t0, DMA : 0, %t1, DMA : 0)",
    ]


def test_where_they_differ_the_line_is_marked_at_its_start(variant: Any) -> None:
    place = SourceLocation(variant.folder / "design.mlir", 2, 17)
    text = str(DesignError("no such tile", place))
    assert in_authors_file(variant, text).splitlines() == [
        "two.mlir.j2:2:3: error: no such tile",
        "    %t{{ c }} = aie.tile({{ c }}, 2) // a tile",
        "    ^",
        "  note: rendered as build/design.mlir:2:17: %t1 = aie.tile(1, 2) // a tile",
    ]


def test_other_places_in_the_rendered_design_are_the_authors_too(variant: Any) -> None:
    file = variant.folder / "design.mlir"
    notes = (f"first at {file}:1:3", "buff_0  64 bytes, design.mlir:2", f"{file}:3")
    told = in_authors_file(variant, str(DesignError("twice", SourceLocation(file, 3, 3), notes)))
    assert told.splitlines()[3:6] == [
        "  note: first at two.mlir.j2:2",
        "  note: buff_0  64 bytes, two.mlir.j2:2",
        "  note: two.mlir.j2:4",
    ]


@pytest.mark.parametrize("text", ["no place at all", "kernel.c:3:4: error: no design", ""])
def test_what_speaks_of_no_place_in_the_design_stays(variant: Any, text: str) -> None:
    assert in_authors_file(variant, text) == text
