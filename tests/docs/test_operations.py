"""docs/operations.md has the modes that modes.h has, and every result that is left out.

`UPDATE_DOCS=1 pytest tests/docs/test_operations.py` writes the tables anew.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operations.md"
HEADER = ROOT / "softnpu" / "emulator" / "semantics" / "modes.h"
POINTS = ROOT / "tests" / "data"


def _rows(name: str) -> list[list[str]]:
    """The rows of a table of numbers in the header."""
    text = HEADER.read_text()
    body = re.search(rf"{name}\[.*?\] = \{{(.*?)\}};", text, re.DOTALL)
    assert body is not None
    numbers = re.sub(r"/\*.*?\*/", "", body[1], flags=re.DOTALL)
    return [re.findall(r"[\w-]+", row) for row in re.findall(r"[^{}]*\w[^{}]*", numbers)]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"


def _shape(row: list[str]) -> tuple[str, str]:
    a, b, _, rows, inner, columns, channels = map(int, row[:7])
    kind = row[7].removeprefix("NPU_").lower()
    bits = f"{a} by {b}" if row[2] != "0" else "bfloat16"
    if kind == "complex":
        return f"{bits}, complex", f"{channels // 2} channels, {_count(inner // 2, 'product')} each"
    if kind == "convolution":
        return bits, f"convolution, {rows} outputs of {inner}, {_count(channels, 'channel')}"
    inner *= 2 if kind == "sparse" else 1
    if rows * columns == 1:
        return bits, f"{channels} channels, {_count(inner, 'product')} each"
    beside = f", {channels} channels" if channels > 1 else ""
    return bits, f"{rows} x {inner} x {columns}{beside}{', sparse' if kind == 'sparse' else ''}"


def modes() -> list[str]:
    """The page's rows for the modes."""
    table = _rows("npu_mac_modes")
    words = [(f"{n >> 2}", f"{n & 3}", row) for n, row in enumerate(_rows("npu_mac_variants"))]
    words.append(("2, 3", "any", _rows("npu_mac_float_variants")[0]))
    return [
        "| {} | {} | {} | {} | {} |".format(amode, bmode, variant, *_shape(table[int(mode)]))
        for amode, bmode, variants in words
        for variant, mode in enumerate(variants)
        if mode != "-1"
    ]


def points(kind: str) -> list[str]:
    """The page's rows for results that do not come out, by what their reason begins with: how many
    there are, and each one's program and place in it."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (POINTS / f"aie2_points_{kind}.tsv").read_text().splitlines():
        place, _, reason = line.split("\t")
        found[reason.partition(";")[0]].append(place)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [f"| {reason} | {len(places)} | {', '.join(places)} |" for reason, places in ranked]


@pytest.mark.parametrize(
    ("name", "rows"),
    [("modes", modes()), ("left out", points("left_out")), ("in order", points("in_order"))],
)
def test_the_page_has_the_table(name: str, rows: list[str]) -> None:
    text = PAGE.read_text()
    pattern = rf"(<!-- {name} -->\n\|.*\n\|.*\n)((?:\|.*\n)*)(<!-- /{name} -->)"
    match = re.search(pattern, text)
    assert match is not None
    if os.environ.get("UPDATE_DOCS"):
        new = match[1] + "".join(f"{row}\n" for row in rows) + match[3]
        PAGE.write_text(text.replace(match[0], new))
    else:
        assert match[2].splitlines() == rows
