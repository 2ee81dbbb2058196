"""The table of docs/kernels.md: complete, within a core's limits, and compared as it should be."""

from __future__ import annotations

import re

import pytest

from benchmarks.kernel_table import KNOWN, PAGE, differences, split_page
from pipeline.discovery import discover
from tests.project import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|\n ").split("|")]
    for line in split_page(PAGE.read_text())[1].splitlines()[2:]
]


def number(text: str) -> int:
    """A whole number as the table writes it."""
    return int(text.replace(",", ""))


def test_the_page_has_a_row_for_every_variant_of_the_library() -> None:
    assert [row[0] for row in ROWS] == [
        variant.label for variant in discover(ROOT).variants if variant.label in KNOWN
    ]
    assert len(ROWS) == len(KNOWN)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_kernel_stays_within_what_a_core_has(row: list[str]) -> None:
    needed, declared = (number(n) for n in row[2].split(" of "))
    vectors = row[0].partition("/")[0].endswith("_aie")  # their stack lies beside the memory
    assert 0 <= needed <= declared
    assert (needed == 0) == vectors
    assert 0 < number(row[3]) <= 16_384
    assert 0 < number(row[4]) <= 65_536


def test_small_changes_of_a_compiler_are_no_difference() -> None:
    row = "| mel/frame | 1 frame | 96 of 1,024 | 120,310 | 0.120 ms |"
    assert not differences(row, row.replace("120,310", "121,310").replace("0.120", "0.121"))


@pytest.mark.parametrize("old, new", [("120,310", "140,310"), ("mel/", "mal/"), ("1 f", "2 f")])
def test_a_page_that_says_something_else_is_noticed(old: str, new: str) -> None:
    row = "| mel/frame | 1 frame | 96 of 1,024 | 120,310 | 0.120 ms |"
    assert differences(row.replace(old, new), row) == [row]


def test_every_column_says_what_it_is() -> None:
    heading = split_page(PAGE.read_text())[1].splitlines()[0]
    assert heading.count("estimated") == 2
    assert re.search(r"measured by others on a Phoenix NPU \|$", heading)
