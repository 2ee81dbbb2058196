"""What passes make says where it comes from, as what mlir-aie's make does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from softnpu.compiler import pipelines
from softnpu.compiler.pass_pipelines import make_pass
from softnpu.dialects.aie import EndOp, ShimMuxOp, SwitchboxOp, TileOp
from softnpu.dialects.locations import written_of
from softnpu.dialects.text import parse_file, parse_text
from tests.conftest import DESIGNS

ROUTER = "aie-create-pathfinder-flows"

CHOICES = {
    "default": pipelines.DEFAULTS,
    "unrolled": pipelines.Choices(dynamic_objfifos=False),
    "packets": pipelines.Choices(packet_sw_objfifos=True),
}


def nowhere(module: ModuleOp) -> Iterator[tuple[str, Operation | Block]]:
    """Ops and blocks' arguments that nothing is known of, each by its name."""
    for op in module.walk():
        if isinstance(written_of(op.location), UnknownLoc):
            yield op.name, op
        for block in (block for region in op.regions for block in region.blocks):
            for argument in block.args:
                if isinstance(written_of(argument.location), UnknownLoc):
                    yield f"argument of {op.name}", block


def is_the_routers(place: Operation | Block) -> bool:
    """mlir-aie's router says nothing of tiles and switches that no op of the design asks for
    (AIEPathFinder.cpp, getTile, getSwitchbox and getShimMux), nor then of what is in them."""
    if isinstance(place, EndOp):
        parent = place.parent_op()
        return parent is not None and is_the_routers(parent)
    if isinstance(place, SwitchboxOp | ShimMuxOp | TileOp):
        return True
    assert isinstance(place, Operation)
    around = [place.parent_op(), *(operand.owner for operand in place.operands)]
    switches = [op for op in around if isinstance(op, SwitchboxOp | ShimMuxOp | TileOp)]
    tiles = [op if isinstance(op, TileOp) else op.tile_op for op in switches]
    inside = [op.name for op in around if isinstance(op, Operation)]
    return "aie.packet_rules" in inside or any(
        isinstance(written_of(tile.location), UnknownLoc) for tile in tiles
    )


def stages(choices: pipelines.Choices) -> tuple[ModulePass, ...]:
    return (
        *pipelines.placement(choices),
        *pipelines.trace(),
        *pipelines.resource_allocation(choices),
        *pipelines.routing(),
        *pipelines.npu_lowering(),
    )


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES.keys())
@pytest.mark.parametrize("name", DESIGNS)
def test_what_passes_make_of_a_design_comes_from_somewhere_in_it(
    golden: Path, name: str, choices: pipelines.Choices
) -> None:
    module = parse_file(golden / name / "design.mlir")
    assert [what for what, _ in nowhere(module)] == []
    routed = False
    for one in stages(choices):
        pipelines.run([one], module)
        routed = routed or one.name == ROUTER
        lost = [what for what, at in nowhere(module) if not (routed and is_the_routers(at))]
        assert lost == [], f"{one.name} loses where these come from"


CONTROLLED = """
aie.device(npu2) @main {
  %t = aie.tile(0, 2)
  %b = aie.buffer(%t) {address = 1024 : i32, initial_value = dense<[1, 2]> : tensor<2xi32>}
    : memref<2xi32>
  aie.runtime_sequence @run() {
    aiex.npu.load_pdi {device_ref = @main}
  }
}
"""


@pytest.mark.parametrize(
    "passes",
    [
        ["convert-aie-to-transaction"],
        ["convert-aie-to-control-packets", "aie-legalize-ctrl-packet", "aie-ctrl-packet-to-dma"],
        ["convert-aie-to-transaction", "aie-txn-to-ctrl-packet"],
        ["aie-expand-load-pdi"],
    ],
)
def test_a_configuration_in_a_sequence_comes_from_the_design(passes: list[str]) -> None:
    module = parse_text(CONTROLLED, "design.mlir")
    for name in passes:
        pipelines.run([make_pass(name)], module)
    empty = {"aie.device", "aie.end"}  # the image that resets the array is in no design
    assert {what for what, _ in nowhere(module)} <= empty


def test_a_core_that_is_lowered_comes_from_the_design_but_for_the_intrinsics(golden: Path) -> None:
    module = parse_file(golden / "cascade_pair" / "input_physical.mlir")
    for name in ("aie-localize-locks", "aie-normalize-address-spaces", "aie-standard-lowering"):
        pipelines.run([make_pass(name)], module)
    lost = [place for _, place in nowhere(module)]
    assert len(lost) == 9, "which mlir-aie declares without a location (AIECoreToStandard.cpp)"
    assert all(isinstance(op, FuncOp) and not op.body.blocks for op in lost)
