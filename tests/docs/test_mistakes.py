"""docs/mistakes.md names a test for each mistake, and each is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mistakes.md"
ROWS = [
    line
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| mistake")
]
MISTAKES = 44
"""Of the record of how kernels have failed that this page answers."""

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_mistake_has_its_row() -> None:
    assert len(ROWS) == MISTAKES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_the_tests_of_a_row_exist(row: str) -> None:
    named = _TEST.findall(row)
    assert named, "no test is named"
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text())
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in defined, f"{file} has no {name}"
