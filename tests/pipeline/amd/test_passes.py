"""Pass pipelines in the spelling of the version at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.amd import passes
from pipeline.amd.finding import AIE_OPT, Candidate
from pipeline.amd.probing import Prober, Tool
from softnpu.errors import ToolError
from tests.amd_tools.install import MARCH, NEWEST, OLDEST, install


def aie_opt(folder: Path, spelling: str = NEWEST) -> Tool:
    path = install(folder, [AIE_OPT], spelling=spelling) / AIE_OPT
    tool = Prober(folder / "cache").probe(AIE_OPT, Candidate(path, "PATH"))
    assert isinstance(tool, Tool)
    return tool


ALLOCATION = (
    "builtin.module(convert-vector-to-aievec{aie-target=aie2},lower-affine,"
    "aie-canonicalize-device,aie-lower-scratchpad-parameters,"
    "aie.device(aie-objectFifo-stateful-transform{packet-sw-objFifos=false},"
    "aie-objectFifo-unroll{default-dynamic=true},aie-assign-lock-ids,aie-assign-bd-ids,"
    "aie-lower-cascade-flows,aie-lower-broadcast-packet,aie-lower-multicast,"
    "aie-assign-tile-controller-ids),"
    "aie-generate-column-control-overlay{route-shim-to-tile-ctrl=false},"
    "aie.device(aie-assign-buffer-addresses,aie-assign-core-link-files,"
    "aie-vector-transfer-lowering),aie-scf-to-control-flow)"
)
NPU = (
    "builtin.module(aie-materialize-runtime-sequences,aie.device(aie-materialize-bd-chains,"
    "aie-substitute-shim-dma-allocations,aie-unroll-runtime-sequence-loops,canonicalize,"
    "aie-decompose-large-dma-bd,aie-lower-dynamic-bd-pool,canonicalize,"
    "aie-assign-runtime-sequence-bd-ids,aie-dma-tasks-to-npu,aie-lower-dma-channel-reset,"
    "aie-dma-to-npu,aie-lower-set-lock,aie-lower-core-reset))"
)
PLACEMENT = (
    "builtin.module(aie.device(aie-place-tiles{placer=sequential_placer cores-per-col=-1 "
    "sa-seed=1}))"
)
TRACE = (
    "builtin.module(aie.device(aie-insert-trace-flows,aie-trace-to-config,"
    "aie-trace-pack-reg-writes,aie-inline-trace-config))"
)
MARCH_ALLOCATION = (
    "builtin.module(convert-vector-to-aievec{aie-target=aie2 target-backend=llvmir},lower-affine,"
    "aie-canonicalize-device,aie.device(aie-trace-to-config,aie-trace-pack-reg-writes,"
    "aie-inline-trace-config,aie-assign-lock-ids,aie-register-objectFifos,"
    "aie-objectFifo-stateful-transform{dynamic-objFifos=false packet-sw-objFifos=false},"
    "aie-assign-bd-ids,aie-lower-cascade-flows,aie-lower-broadcast-packet,aie-lower-multicast,"
    "aie-assign-tile-controller-ids,"
    "aie-generate-column-control-overlay{route-shim-to-tile-ctrl=false},"
    "aie-assign-buffer-addresses,aie-vector-transfer-lowering{max-transfer-rank=1}),"
    "convert-scf-to-cf)"
)
MARCH_NPU = (
    "builtin.module(aie-materialize-runtime-sequences,aie.device(aie-materialize-bd-chains,"
    "aie-substitute-shim-dma-allocations,aie-assign-runtime-sequence-bd-ids,aie-dma-tasks-to-npu,"
    "aie-dma-to-npu,aie-lower-set-lock))"
)
CORE = (
    "builtin.module(aie.device(aie-localize-locks,aie-normalize-address-spaces,"
    "aie-transform-bfp-types),aie-standard-lowering{device=main tilecol=1 tilerow=3},"
    "aiex-standard-lowering,convert-aievec-to-llvm{aie-target=aie2p},canonicalize,cse,"
    "expand-strided-metadata,lower-affine,arith-expand,finalize-memref-to-llvm,"
    "convert-func-to-llvm{use-bare-ptr-memref-call-conv=true},convert-to-llvm{dynamic=true},"
    "convert-vector-to-llvm,convert-ub-to-llvm,canonicalize,cse)"
)
"""The pipelines that the golden artifacts were made with (mlir-aie 3ca0193ce), and those of 2026-03
(5ff2ab97), which lower a core in the same way."""


def test_the_pipelines_are_those_of_the_golden_artifacts(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path)
    assert passes.placement(tool) == PLACEMENT
    assert passes.traces_first(tool)
    assert passes.trace_flows(tool) == TRACE
    assert passes.resource_allocation(tool, "aie2", traces=False) == ALLOCATION
    assert passes.npu_lowering(tool) == NPU
    assert passes.core_lowering(tool, "main", (1, 3), "aie2p") == CORE
    assert passes.routing(tool) == "builtin.module(aie.device(aie-create-pathfinder-flows))"


def test_the_pipelines_of_2026_03(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path, MARCH)
    assert not passes.traces_first(tool)
    assert passes.resource_allocation(tool, "aie2", traces=True) == MARCH_ALLOCATION
    assert passes.npu_lowering(tool) == MARCH_NPU
    assert passes.core_lowering(tool, "main", (1, 3), "aie2p") == CORE
    assert passes.routing(tool) == "builtin.module(aie.device(aie-create-pathfinder-flows))"


def test_a_version_without_a_placer_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"has no pass aie-place-tiles.*1\.4 and newer can"):
        passes.placement(aie_opt(tmp_path, MARCH))


def test_traces_are_lowered_only_where_there_are_some(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path, MARCH)
    assert "trace" not in passes.resource_allocation(tool, "aie2", traces=False)


def test_an_older_version_gets_the_passes_that_it_has(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path, OLDEST)
    allocation = passes.resource_allocation(tool, "aie2", traces=False)
    assert "aie-vector-transfer-lowering" not in allocation
    assert "aie-materialize-runtime-sequences" not in passes.npu_lowering(tool)
    core = passes.core_lowering(tool, "main", (0, 2), "aie2")
    assert "convert-aievec-to-llvm,canonicalize" in core
    assert "convert-to-llvm{" not in core
    assert "convert-cf-to-llvm" in core


def test_a_newer_version_gets_its_further_pass(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path, MARCH)
    later = Tool(
        tool.name,
        tool.path,
        tool.reason,
        tool.version,
        tool.digest,
        tool.options,
        {**tool.passes, "aie-assign-core-link-files": frozenset()},
    )
    text = passes.resource_allocation(later, "aie2", traces=False)
    assert "aie-assign-buffer-addresses,aie-assign-core-link-files," in text


def test_a_version_that_cannot_do_it_is_refused_by_the_pass(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path, OLDEST)
    with pytest.raises(ToolError, match=r"has no pass aie-trace-to-config.*2026-03 and newer can"):
        passes.resource_allocation(tool, "aie2", traces=True)


def test_a_scheme_of_placing_buffers_is_passed_on(tmp_path: Path) -> None:
    text = passes.resource_allocation(
        aie_opt(tmp_path), "aie2", traces=False, alloc="basic-sequential"
    )
    assert "aie-assign-buffer-addresses{alloc-scheme=basic-sequential}" in text


def test_a_help_that_cannot_be_told_apart_still_serves(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path)
    flat = Tool(
        tool.name, tool.path, tool.reason, tool.version, tool.digest, tool.options, passes={}
    )
    assert passes.core_lowering(flat, "main", (1, 3), "aie2p") == CORE
    assert passes.placement(flat) == PLACEMENT
    assert passes.resource_allocation(flat, "aie2", traces=False) == ALLOCATION


LATER = {
    "aie-lower-scratchpad-parameters": (),
    "aie-objectFifo-stateful-transform": ("packet-sw-objFifos", "skip-verify"),
    "aie-objectFifo-unroll": ("default-dynamic",),
    "aie-normalize-dma-bd-dims": (),
    "aie-reserve-runtime-bd-ids": (),
    "aie-generate-column-control-overlay": ("route-shim-to-tile-ctrl", "emit-standalone-overlay"),
    "aie-prepare-buffers": (),
    "aie-assign-core-link-files": (),
    "convert-vector-to-aievec": ("aie-target", "bf16-emulation"),
    "aie-lower-scf-to-cf": (),
    "aie-resolve-address-patch-buffers": (),
    "aie-unroll-runtime-sequence-loops": (),
    "aie-decompose-large-dma-bd": (),
    "aie-lower-dynamic-bd-pool": ("enforce-queue-depth",),
    "aie-lower-dma-channel-reset": (),
    "aie-lower-core-reset": (),
    "aie-lower-buffer-clear": (),
    "arith-expand": ("include-bf16", "include-min-max-f"),
}
"""What mlir-aie of late 2026 has beyond 1.4, or otherwise (IRTransforms.h)."""


def test_the_pipelines_of_late_2026(tmp_path: Path) -> None:
    tool = aie_opt(tmp_path)
    known = {**tool.passes, **{name: frozenset(options) for name, options in LATER.items()}}
    del known["aie-scf-to-control-flow"]
    later = Tool(tool.name, tool.path, "", "", "", tool.options, known)
    assert passes.resource_allocation(later, "aie2", traces=False) == (
        "builtin.module(convert-vector-to-aievec{aie-target=aie2},lower-affine,"
        "aie-canonicalize-device,aie-lower-scratchpad-parameters,"
        "aie.device(aie-objectFifo-stateful-transform{packet-sw-objFifos=false skip-verify=false},"
        "aie-objectFifo-unroll{default-dynamic=true},aie-normalize-dma-bd-dims,"
        "aie-assign-lock-ids,aie-reserve-runtime-bd-ids,aie-assign-bd-ids,"
        "aie-lower-cascade-flows,aie-lower-broadcast-packet,aie-lower-multicast,"
        "aie-assign-tile-controller-ids),"
        "aie-generate-column-control-overlay{route-shim-to-tile-ctrl=false},"
        "aie.device(aie-prepare-buffers,aie-assign-buffer-addresses,aie-assign-core-link-files,"
        "aie-vector-transfer-lowering),aie-lower-scf-to-cf)"
    )
    assert passes.npu_lowering(later) == (
        "builtin.module(aie-materialize-runtime-sequences,"
        "aie.device(aie-resolve-address-patch-buffers,aie-materialize-bd-chains,"
        "aie-substitute-shim-dma-allocations,aie-unroll-runtime-sequence-loops,canonicalize,"
        "aie-normalize-dma-bd-dims,aie-decompose-large-dma-bd,aie-lower-dynamic-bd-pool,"
        "canonicalize,aie-assign-runtime-sequence-bd-ids,aie-dma-tasks-to-npu,"
        "aie-lower-dma-channel-reset,aie-dma-to-npu,aie-lower-set-lock,aie-lower-core-reset,"
        "aie-lower-buffer-clear))"
    )
    core = passes.core_lowering(later, "main", (0, 2), "aie2")
    assert "arith-expand{include-min-max-f=true}" in core
