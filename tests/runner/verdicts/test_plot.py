"""A wrong output as a picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vl_convert import vegalite_to_svg

from runner.compare import compare
from runner.verdicts.degenerate import poisoned
from runner.verdicts.mismatch import Mismatch
from runner.verdicts.plot import COLOURS, INFINITE, NAN, UNWRITTEN, draw, panes, spec

EXPECTED = np.arange(32, dtype=np.float32).reshape(4, 8)


def _mismatch(got: np.ndarray, expected: np.ndarray = EXPECTED) -> Mismatch:
    """Of an output whose fill was never written over."""
    unwritten = poisoned(got)
    found = compare("y", got, expected, unwritten=unwritten).mismatch
    assert found is not None
    return found


def _spec(got: np.ndarray, expected: np.ndarray = EXPECTED) -> dict[str, Any]:
    found = _mismatch(got, expected)
    assert found.cells is not None
    return spec(found, found.cells, "a/b, vector v")


def _with(**elements: float) -> np.ndarray:
    """EXPECTED but for elements named by row and column: r1c2."""
    got = EXPECTED.copy()
    for name, value in elements.items():
        row, column = re.findall(r"\d+", name)
        got[int(row), int(column)] = value
    return got


def _drawn(picture: dict[str, Any], pane: int) -> list[dict[str, Any]]:
    return list(picture["hconcat"][pane]["data"]["values"])


def _svg(picture: dict[str, Any]) -> str:
    return str(vegalite_to_svg(picture, vl_version="5.20"))


def test_one_wrong_element_in_a_large_output_is_drawn_where_it_lies() -> None:
    expected = np.zeros((512, 512), np.int32)
    got = expected.copy()
    got[301, 77] = 9
    (cell,) = _drawn(_spec(got, expected), 2)
    assert (cell["y"], cell["y2"], cell["x"], cell["x2"]) == (295.5, 303.5, 71.5, 79.5)
    assert cell["value"] == 9


def test_the_picture_says_what_it_is_of_and_where_the_first_difference_is() -> None:
    title = _spec(_with(r2c3=-1, r3c0=7))["title"]
    assert title["text"].startswith("a/b, vector v, y float32[4, 8]: 2 of 32 elements differ")
    assert title["subtitle"] == ["ring: the first difference, at 2, 3: expected 19.0, got -1.0"]


def test_each_of_the_three_has_colours_axes_and_a_ring_at_the_first_difference() -> None:
    svg = _svg(_spec(_with(r2c3=-1)))
    for title in ("expected", "got (beyond expected's range: drawn as its ends)"):
        assert svg.count(f">{title}<") == 1
    assert svg.count("<linearGradient") == 3
    assert (svg.count(">row<"), svg.count(">column<")) == (3, 3)
    rings = [p for p in re.findall(r"<path[^>]*>", svg) if 'stroke="white"' in p and "A" in p]
    assert len(rings) == 3


def test_what_is_no_number_has_a_colour_and_lines_of_its_own() -> None:
    got = _with(r0c1=np.nan, r1c1=np.inf)
    got[3].view(np.uint32)[:] = 0xA5A5A5A5
    picture = _spec(got)
    for pane in (1, 2):
        kinds = {(c["y"] + 0.5, c["x"] + 0.5): c.get("kind") for c in _drawn(picture, pane)}
        assert (kinds[0, 1], kinds[1, 1], kinds[3, 0]) == (NAN, INFINITE, UNWRITTEN)
    svg = _svg(picture)
    cells = re.findall(r'<path[^>]*fill="(#\w+)"[^>]*>', svg)
    once = cells.count(COLOURS[NAN]), cells.count(COLOURS[INFINITE])
    assert once == (4, 4)  # a cell and its place in the legend, in got and in error
    assert cells.count(COLOURS[UNWRITTEN]) == 2 * (8 + 1)
    assert len(re.findall(r'<line[^>]*stroke="white"', svg)) == 2


def test_a_nan_on_both_sides_is_no_error() -> None:
    expected = EXPECTED.copy()
    expected[0, 0] = np.nan
    got = expected.copy()
    got[1, 1] = -1
    assert [(c["y"], c["x"]) for c in _drawn(_spec(got, expected), 2)] == [(0.5, 0.5)]


def test_a_wild_value_does_not_take_the_colours_from_the_others() -> None:
    found = _mismatch(_with(r0c0=1e30)).cells
    assert found is not None
    expected, got, error = panes(found)
    assert expected.domain == got.domain == (0, 31)
    assert error.domain == (0, float(np.float32(1e30)))


def test_errors_of_many_decades_have_a_logarithmic_scale() -> None:
    found = _mismatch(_with(r0c0=1, r1c1=1e6)).cells
    assert found is not None
    assert panes(found)[2].scale == "log"


@pytest.mark.parametrize("value", [np.finfo(np.float64).max, -np.finfo(np.float64).max])
def test_the_largest_numbers_are_drawn(value: float, tmp_path: Path) -> None:
    expected = np.array([[value, -value], [0, 1]])
    draw(_mismatch(-expected, expected), "a/b", tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_folded_dimensions_are_named_on_the_axis() -> None:
    expected = np.zeros((2, 3, 4), np.int8)
    got = expected.copy()
    got[1, 2, 3] = 1
    picture = _spec(got, expected)
    axes = picture["hconcat"][0]["encoding"]
    assert axes["y"]["title"] == "row: dimensions 0 to 1 (2 x 3) folded into one"
    assert axes["x"]["title"] == "column: dimension 2"
    assert "at 1, 2, 3 (row 5)" in picture["title"]["subtitle"][0]


def test_in_grey_numbers_go_one_way_and_the_rest_stands_outside_or_is_hatched() -> None:
    from runner.verdicts.plot import ERRORS, HATCHED, VALUES

    def light(colour: str) -> float:
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    values, errors = [light(c) for c in VALUES], [light(c) for c in ERRORS]
    assert values == sorted(values)
    assert errors == sorted(errors, reverse=True)
    assert light(COLOURS[INFINITE]) < min(errors) < min(values)
    assert max(values) < light(COLOURS[UNWRITTEN]) < 255
    assert set(HATCHED) == set(COLOURS)
