"""The pass pipelines: the passes of aiecc, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from xdsl.passes import ModulePass

from softnpu.compiler import pipelines
from softnpu.dialects.aie import BufferOp
from softnpu.dialects.text import parse_file

TRACE = (
    "aie-insert-trace-flows",
    "aie-trace-to-config",
    "aie-trace-pack-reg-writes",
    "aie-inline-trace-config",
)
RESOURCE_ALLOCATION = (
    "convert-vector-to-aievec",
    "lower-affine",
    "aie-canonicalize-device",
    "aie-lower-scratchpad-parameters",
    "aie-objectFifo-stateful-transform",
    "aie-objectFifo-unroll",
    "aie-assign-lock-ids",
    "aie-assign-bd-ids",
    "aie-lower-cascade-flows",
    "aie-lower-broadcast-packet",
    "aie-lower-multicast",
    "aie-assign-tile-controller-ids",
    "aie-generate-column-control-overlay",
    "aie-assign-buffer-addresses",
    "aie-assign-core-link-files",
    "aie-vector-transfer-lowering",
    "aie-scf-to-control-flow",
)
NPU_LOWERING = (
    "aie-materialize-runtime-sequences",
    "aie-materialize-bd-chains",
    "aie-substitute-shim-dma-allocations",
    "aie-unroll-runtime-sequence-loops",
    "canonicalize",
    "aie-decompose-large-dma-bd",
    "aie-lower-dynamic-bd-pool",
    "canonicalize",
    "aie-assign-runtime-sequence-bd-ids",
    "aie-dma-tasks-to-npu",
    "aie-lower-dma-channel-reset",
    "aie-dma-to-npu",
    "aie-lower-set-lock",
    "aie-lower-core-reset",
)
OLDER = {"aie-register-objectFifos"}
"""Run for designs in older text, which aiecc no longer takes."""


def names(passes: Sequence[ModulePass]) -> list[str]:
    return [one.name for one in passes if one.name not in OLDER]


def test_each_pipeline_runs_the_passes_of_aiecc_in_its_order() -> None:
    choices = pipelines.Choices()
    assert names(pipelines.placement(choices)) == ["aie-place-tiles"]
    assert names(pipelines.trace()) == list(TRACE)
    assert names(pipelines.resource_allocation(choices)) == list(RESOURCE_ALLOCATION)
    assert names(pipelines.routing()) == ["aie-create-pathfinder-flows"]
    assert names(pipelines.npu_lowering()) == list(NPU_LOWERING)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("basic-sequential", [0x400, 0x800, 0xC00, 0x1000]),
        ("bank-aware", [0x400, 0x4000, 0x8000, 0xC000]),
        ("", [0x400, 0x4000, 0x8000, 0xC000]),
    ],
)
def test_the_allocation_scheme_decides_where_buffers_lie(
    golden: Path, scheme: str, expected: list[int]
) -> None:
    module = parse_file(golden / "passthrough_core" / "design.mlir")
    pipelines.run(pipelines.resource_allocation(pipelines.Choices(alloc=scheme)), module)
    buffers = [op for op in module.walk() if isinstance(op, BufferOp)]
    assert sorted(buffer.address or 0 for buffer in buffers) == expected
