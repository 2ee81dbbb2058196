"""Routes followed through the switches, against what AMD's tools write of them (flows.json)."""

import json
from collections import Counter
from pathlib import Path

import pytest

from softnpu.formats import xclbin
from softnpu.inspect.pdis import of_xclbin
from tests.conftest import MARCH_DESIGNS

Way = frozenset[tuple[tuple[int, int], frozenset[str]]]


def written(flows: Path) -> list[Way]:
    """AMD's routes: of each tile on the way, the sides by which the stream leaves its switch."""
    data = json.loads(flows.read_text())
    routes = [value for key, value in data.items() if key.startswith("route") and value]
    return [
        frozenset((tuple(step[0]), frozenset(step[1])) for step in route if step)
        for route in routes
    ]


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_every_route_of_the_tools_is_found_in_the_artifact(march: Path, design: str) -> None:
    array = of_xclbin(xclbin.parse((march / design / "final.xclbin").read_bytes())).shown[0].array
    found: Counter[Way] = Counter()
    for route in array.routes:
        sides: dict[tuple[int, int], set[str]] = {}
        for hop in route.hops:
            sides.setdefault(hop.tile, set()).add(hop.master.bundle.name)
        found[frozenset((tile, frozenset(names)) for tile, names in sides.items())] += 1
    assert not Counter(written(march / design / "flows.json")) - found


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_every_stream_ends_where_something_takes_it(march: Path, design: str) -> None:
    array = of_xclbin(xclbin.parse((march / design / "final.xclbin").read_bytes())).shown[0].array
    assert array.routes
    for route in array.routes:
        assert route.sinks
        assert route.is_control or all(sink.direction is not None for sink in route.sinks)
