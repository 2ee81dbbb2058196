"""Templates: jinja for MLIR, and errors that name the template's own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import template
from pipeline.errors import PipelineError


def _template(folder: Path, text: str) -> Path:
    path = folder / "design.mlir.j2"
    path.write_text(text)
    return path


def test_mlir_braces_and_attributes_are_left_alone(tmp_path: Path) -> None:
    text = "aie.objectfifo @in(%s, {%w}, {{ depth }} : i32)\nx {#aie.bd_dim, a = {{ n }}}\n"
    rendered = template.render(_template(tmp_path, text), {"depth": 2, "n": 5})
    assert rendered.text == "aie.objectfifo @in(%s, {%w}, 2 : i32)\nx {#aie.bd_dim, a = 5}\n"


def test_every_rendered_line_knows_its_template_line(tmp_path: Path) -> None:
    text = "first\n%% for i in range(2)\n  in {{ i }}\n  and {{ i }}\n%% endfor\nlast\n"
    rendered = template.render(_template(tmp_path, text), {})
    lines = rendered.text.splitlines()
    assert lines == ["first", "  in 0", "  and 0", "  in 1", "  and 1", "last"]
    assert [rendered.template_line(i + 1) for i in range(len(lines))] == [1, 3, 4, 3, 4, 6]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a\n{{ facter }}\n", 2, "'facter' is undefined; the design's parameters are factor"),
        ("a\nb\n%% for i in\n", 3, "Expected an expression"),
        ("a\n\n{{ 1 // 0 }}\n", 3, "division"),
    ],
)
def test_an_error_names_the_template_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(PipelineError) as caught:
        template.render(_template(tmp_path, text), {"factor": 3})
    assert caught.value.line == line
    assert words in caught.value.message


def test_a_design_depends_on_the_templates_that_its_own_includes(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.mlir.j2", tmp_path / "outer.mlir.j2"
    inner.write_text('%% include "missing.mlir.j2"\n{{ n }}\n')
    outer.write_text('%% set kernel = "k"\n%% include "inner.mlir.j2"\n')
    assert template.files(outer) == (outer, inner, tmp_path / "missing.mlir.j2")
