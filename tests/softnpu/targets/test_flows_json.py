from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.dialects.context import context
from softnpu.dialects.text import parse_file, parse_text
from softnpu.errors import DesignError
from softnpu.passes.find_flows import FindFlowsPass
from softnpu.targets import flows_json
from tests.conftest import DESIGNS


@pytest.mark.parametrize("design", DESIGNS)
def test_flows_are_reported_as_by_aie_translate(golden: Path, design: str) -> None:
    ctx = context()
    module = parse_file(golden / design / "input_physical.mlir", ctx)
    FindFlowsPass().apply(ctx, module)
    assert flows_json.emit(module) == (golden / design / "flows.json").read_text()


def test_a_device_that_is_not_there_is_named() -> None:
    module = parse_text("aie.device(npu1_1col) { }")
    with pytest.raises(DesignError, match="'other'"):
        flows_json.emit(module, "other")
