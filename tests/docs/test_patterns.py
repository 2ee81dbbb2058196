"""docs/patterns.md shows lines of the designs, in their order, and messages as they are printed."""

from __future__ import annotations

import re

import pytest

from tests.project import ROOT

PAGE = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^From `([^`]+)`:\n\n```mlir\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_each_pattern_shows_lines_of_its_design() -> None:
    assert len(SHOWN) == PAGE.count("```mlir")
    assert len(SHOWN) == 4


@pytest.mark.parametrize(("file", "lines"), SHOWN)
def test_the_lines_shown_are_the_designs(file: str, lines: str) -> None:
    template = iter([line.strip() for line in (ROOT / file).read_text().splitlines()])
    missing = [line for line in lines.splitlines() if line and line.strip() not in template]
    assert missing == [], "not there, or not in this order"


@pytest.mark.parametrize("design", sorted(set(re.findall(r"`(\w+_\w+)`(?= \||,)", PAGE))))
def test_the_designs_that_it_names_are_there(design: str) -> None:
    assert (ROOT / "mlir_templates" / f"{design}.mlir.j2").is_file()
