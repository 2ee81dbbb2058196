from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.create_pathfinder_flows import CreatePathfinderFlowsPass
from tests.softnpu.passes.conftest import Lower

ROUTE = CreatePathfinderFlowsPass()


def refused(lower: Lower, design: str) -> DesignError:
    with pytest.raises(DesignError) as error:
        lower(design, ROUTE)
    return error.value


def test_a_flow_whose_way_the_author_has_blocked_is_named(lower: Lower) -> None:
    ends = [("North", channel) for channel in range(6)] + [("South", c) for c in range(4)]
    ends += [("DMA", 0), ("TileControl", 0)]
    every = "\n".join(f"aie.connect<DMA : 0, {side} : {channel}>" for side, channel in ends)
    error = refused(
        lower,
        f"""aie.device(npu1) {{
          %a = aie.tile(0, 1)
          %b = aie.tile(0, 3)
          aie.flow(%a, DMA : 0, %b, DMA : 1)
          %s = aie.switchbox(%a) {{
            {every}
          }}
        }}""",
    )
    assert "no way from tile (0, 1) DMA 0 to tile (0, 3) DMA 1" in str(error)
    assert "aie.switchbox" in str(error)
    assert error.location is not None
    assert error.location.line == 4


def test_too_many_flows_name_the_border_the_flows_and_a_remedy(lower: Lower) -> None:
    down = "\n".join(
        f"aie.flow(%t{row}, DMA : {channel}, %m, DMA : {2 * (row - 2) + channel})"
        for row in (2, 3, 4)
        for channel in (0, 1)
    )
    tiles = "\n".join(f"%t{row} = aie.tile(0, {row})" for row in range(2, 6))
    error = refused(lower, f"aie.device(npu1_1col) {{ %m = aie.tile(0, 1)\n{tiles}\n{down} }}")
    text = str(error)
    assert "6 streams have to enter tiles (0, 0) to (0, 1), and 4 ports" in text
    assert "flow from tile (0, 4) DMA 1 to tile (0, 1) DMA 5 at design.mlir:11" in text
    assert "packet flows share" in text


def test_packet_flows_that_a_switch_cannot_tell_apart_name_the_flow(lower: Lower) -> None:
    """No two of the ids that go one way differ in a bit alone: each would need a rule."""
    ends = {0: "a", 3: "a", 5: "a", 6: "a", 1: "b", 2: "b", 4: "b", 7: "b"}
    flows = "\n".join(
        f"aie.packet_flow({id}) {{ aie.packet_source<%shim, DMA : 0>\n"
        f"aie.packet_dest<%{end}, DMA : 0> }}"
        for id, end in ends.items()
    )
    error = refused(
        lower,
        f"aie.device(npu1) {{ %shim = aie.tile(0, 0)\n %a = aie.tile(0, 2)\n"
        f"%b = aie.tile(0, 3)\n{flows} }}",
    )
    assert "need more than the 4 rules that a port has" in str(error)
    assert "let flows with the same destinations have ids that differ in few bits" in str(error)
    assert error.location is not None
