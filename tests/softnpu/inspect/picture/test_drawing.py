"""The picture as SVG: well-formed, complete, and safe whatever things are called."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from softnpu.compiler import names as compiler_names
from softnpu.emulator.naming import names
from softnpu.emulator.naming.names import Buffer, Names
from softnpu.formats import txn, xclbin
from softnpu.inspect.array import ConfiguredArray, of_operations
from softnpu.inspect.pdis import of_xclbin
from softnpu.inspect.picture import draw, width
from tests.conftest import MARCH_DESIGNS

SVG = "{http://www.w3.org/2000/svg}"


def configured(folder: Path) -> ConfiguredArray:
    sequence = txn.parse((folder / "insts.bin").read_bytes()).operations
    return of_xclbin(xclbin.parse((folder / "final.xclbin").read_bytes()), sequence).shown[0].array


def titles(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SVG}title")]


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_the_picture_is_well_formed_and_has_every_tile_and_route(march: Path, design: str) -> None:
    array = configured(march / design)
    picture = ElementTree.fromstring(draw(array))
    tiles = [g.get("data-tile") for g in picture.iter(f"{SVG}g") if g.get("data-tile")]
    assert sorted(tiles) == sorted(f"{column},{row}" for column, row in array.tiles)
    drawn = [g for g in picture.iter(f"{SVG}g") if "route" in (g.get("class") or "").split()]
    assert len(drawn) == len(array.routes)


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_no_line_leaves_the_picture(march: Path, design: str) -> None:
    array = configured(march / design)
    picture = ElementTree.fromstring(draw(array))
    _, _, right, bottom = map(float, (picture.get("viewBox") or "").split())
    assert right == width(array)
    for path in picture.iter(f"{SVG}path"):
        numbers = [float(word) for word in (path.get("d") or "").split() if word[-1].isdigit()]
        if len(numbers) % 2 == 0:
            assert all(0 <= x <= right for x in numbers[::2])
            assert all(0 <= y <= bottom for y in numbers[1::2])


def test_everything_tells_its_names_and_addresses(march: Path, tmp_path: Path) -> None:
    folder = march / "broadcast_add"
    placed = folder / "input_physical.mlir"
    compiler_names.write(placed, placed, ["a", "b", "c"], tmp_path / "names.json")
    text = draw(configured(folder), names.load(tmp_path / "names.json"))
    picture = ElementTree.fromstring(text)
    told = "\n".join(titles(picture))
    for piece in (
        "lock 0 shared_0_cons_prod_lock_0\nobjectfifo shared\nstarts at 2\naddress 0x1f000",
        "shared_0_cons_buff_0\n0x8000 to 0x8080, 128 bytes",
        "32 words (128 bytes) at 0x8000",
        "shared\n(0,0) MM2S 0 → (0,2) S2MM 0, (1,3) S2MM 0",
    ):
        assert piece in told
    legend = [t.text for t in picture.iter(f"{SVG}tspan") if t.get("class") == "strong"]
    assert legend == ["shared", "out0", "out1", "task-complete tokens"]


def test_a_cascade_is_an_arrow_between_two_cores(march: Path) -> None:
    told = titles(ElementTree.fromstring(draw(configured(march / "cascade_pair"))))
    assert "cascade from core (0, 3) to core (0, 2)" in told


def test_names_cannot_break_out_of_the_picture(march: Path) -> None:
    bad = '<script>"&'
    named = Names(
        locks={((0, 2), 0): (bad, bad)},
        buffers={(0, 2): (Buffer(0x400, 64, bad),)},
        channels={((0, 0), "MM2S", 0): bad},
    )
    text = draw(configured(march / "passthrough_core"), named)
    assert "<script>" not in text
    assert any(bad in title for title in titles(ElementTree.fromstring(text)))


def test_an_array_that_nothing_was_written_to_is_drawn_as_unused() -> None:
    picture = ElementTree.fromstring(draw(of_operations([], columns=2)))
    words = [element.text for element in picture.iter(f"{SVG}text")]
    assert words.count("unused") == 12


def test_a_page_with_several_pictures_needs_the_style_once(march: Path) -> None:
    array = configured(march / "passthrough_core")
    assert "<style>" in draw(array)
    assert "<style>" not in draw(array, styled=False)


def test_memory_shared_between_cores_is_a_line_between_their_tiles(
    march: Path, tmp_path: Path
) -> None:
    folder = march / "neighbour_memory"
    placed = folder / "input_physical.mlir"
    compiler_names.write(placed, placed, ["a", "b"], tmp_path / "names.json")
    named = names.load(tmp_path / "names.json")
    picture = ElementTree.fromstring(draw(configured(folder), named))
    assert "mid\nmemory of (0,2), used by (0,3)" in titles(picture)
    bare = ElementTree.fromstring(draw(configured(folder)))
    routes = [g for g in picture.iter(f"{SVG}g") if (g.get("class") or "") == "route"]
    without = [g for g in bare.iter(f"{SVG}g") if (g.get("class") or "") == "route"]
    assert len(routes) == len(without) + 1


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_no_wire_crosses_a_label(march: Path, tmp_path: Path, design: str) -> None:
    folder = march / design
    placed = folder / "input_physical.mlir"
    compiler_names.write(placed, placed, [], tmp_path / "names.json")
    picture = ElementTree.fromstring(draw(configured(folder), names.load(tmp_path / "names.json")))
    tiles = [g for g in picture.iter(f"{SVG}g") if g.get("data-tile")]
    boxes = [(label.text, *box(label)) for g in tiles for label in g.iter(f"{SVG}text")]
    assert boxes
    for route in (g for g in picture.iter(f"{SVG}g") if "route" in (g.get("class") or "").split()):
        for path in route.iter(f"{SVG}path"):
            for x, y in along(path.get("d") or ""):
                crossed = [
                    words
                    for words, left, top, right, bottom in boxes
                    if left < x < right and top < y < bottom
                ]
                assert not crossed, (x, y)


def box(label: ElementTree.Element) -> tuple[float, float, float, float]:
    """About where a label's letters are: left, top, right, bottom."""
    classes = (label.get("class") or "").split()
    size = 7.5 if "small" in classes else 12 if "name" in classes else 10
    x, y, width = (
        float(label.get("x", 0)),
        float(label.get("y", 0)),
        0.6 * size * len(label.text or ""),
    )
    left = x - width / 2 if "middle" in classes else x
    return left, y - 0.75 * size, left + width, y


def along(path: str) -> Iterator[tuple[float, float]]:
    """Points on a path of moves, lines and cubic curves, close together."""
    at = (0.0, 0.0)
    for command, numbers in re.findall(r"([MLC])([^MLC]*)", path):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        corners = [at, *zip(values[::2], values[1::2], strict=True)]
        if command != "M":
            yield from (bezier(corners, step / 100) for step in range(101))
        at = corners[-1]


def bezier(corners: list[tuple[float, float]], t: float) -> tuple[float, float]:
    """De Casteljau's point of a curve of any degree."""
    while len(corners) > 1:
        corners = [
            (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in pairwise(corners)
        ]
    return corners[0]


def explained(picture: ElementTree.Element) -> list[str]:
    """The words behind the legend's signs."""
    signs = [g for g in picture.iter(f"{SVG}g") if g.get("class") == "symbol"]
    return [list(sign.iter(f"{SVG}text"))[-1].text or "" for sign in signs]


def test_the_legend_explains_the_signs_that_are_there_and_no_others(
    march: Path, tmp_path: Path
) -> None:
    everywhere = [
        "data memory, and what of it is used",
        "lock, and the value that it starts at",
        "buffer descriptor of a DMA",
        "S2MM, in: DMA channel into memory",
        "MM2S, out: DMA channel out of memory",
        "stream switch",
        "stream, from source to sink",
    ]
    assert explained(ElementTree.fromstring(draw(of_operations([], columns=1)))) == []
    simple = ElementTree.fromstring(draw(configured(march / "passthrough_core")))
    assert explained(simple) == everywhere
    cascade = ElementTree.fromstring(draw(configured(march / "cascade_pair")))
    assert explained(cascade)[-1] == "cascade between cores"
    placed = march / "neighbour_memory" / "input_physical.mlir"
    compiler_names.write(placed, placed, ["a", "b"], tmp_path / "names.json")
    shared = draw(configured(placed.parent), names.load(tmp_path / "names.json"))
    assert explained(ElementTree.fromstring(shared))[-1] == "memory that two cores share"


def test_no_word_of_the_legend_leaves_the_picture(march: Path) -> None:
    array = configured(march / "broadcast_add")
    picture = ElementTree.fromstring(draw(array))
    signs = [g for g in picture.iter(f"{SVG}g") if g.get("class") == "symbol"]
    for sign in signs:
        x, y = map(float, re.findall(r"[\d.]+", sign.get("transform") or ""))
        words = list(sign.iter(f"{SVG}text"))[-1]
        assert x + box(words)[2] <= width(array)
        assert y <= float(picture.get("height") or 0)
