"""aie-opt's pass pipelines, in the spelling of the version at hand.

The lists are those of mlir-aie's driver (aiecc.cpp: runResourceAllocationPipeline,
runRoutingPipeline, runNpuLoweringPipeline, runLLVMLoweringPipeline; since the middle of 2026
IRTransforms.h; before 2026 python/compiler/aiecc/main.py). Versions differ in names, in which
passes there are, and in the options of a pass: what `aie-opt --help` lists decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.amd.probing import Tool
from softnpu.errors import ToolError

_SCF_TO_CF = re.compile(r"aiex?-\S*scf-to-(?:cf|control-?flow)")


@dataclass(frozen=True)
class Pass:
    """One pass of a pipeline.

    Attributes:
        names: its spellings, the newest first.
        options: written when the version at hand has them.
        needed: whether a version without the pass cannot do the work; one that is not needed is
            left out there (it came later, and what it does was not asked for before).
        since: the first release that has it, for a message.
    """

    names: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    needed: bool = True
    since: str = "1.1"


def _pass(name: str, /, **options: str) -> Pass:
    return Pass((name,), {key.replace("_", "-"): value for key, value in options.items()})


def _later(*names: str, **options: str) -> Pass:
    """A pass that older versions do without."""
    return Pass(names, {key.replace("_", "-"): value for key, value in options.items()}, False)


_PLACE = Pass(
    ("aie-place-tiles",),
    {"placer": "sequential_placer", "cores-per-col": "-1", "sa-seed": "1"},
    since="1.4",
)

ALWAYS = frozenset(("tilecol", "tilerow", "use-bare-ptr-memref-call-conv", "dynamic"))
"""Options without which a pass would do something else: written whatever is listed."""

TRACES = (
    _later("aie-insert-trace-flows"),
    Pass(("aie-trace-to-config",), since="2026-03"),
    Pass(("aie-trace-pack-reg-writes",), since="2026-03"),
    Pass(("aie-inline-trace-config", "aiex-inline-trace-config"), since="2026-03"),
)
"""Only where a design traces."""

_FIFOS = (
    _pass("aie-assign-lock-ids"),
    _pass("aie-register-objectFifos"),
    Pass(
        ("aie-objectFifo-stateful-transform",),
        {"dynamic-objFifos": "false", "packet-sw-objFifos": "false"},
    ),
)
_FIFOS_SINCE_1_4 = (
    Pass(
        ("aie-objectFifo-stateful-transform",),
        {"packet-sw-objFifos": "false", "skip-verify": "false"},
    ),
    _pass("aie-objectFifo-unroll", default_dynamic="true"),
    _later("aie-normalize-dma-bd-dims"),
    _pass("aie-assign-lock-ids"),
    _later("aie-reserve-runtime-bd-ids"),
)
"""For versions that unroll objectfifos in a pass of its own; locks get their numbers behind it."""
_FLOWS = (
    _pass("aie-assign-bd-ids"),
    _pass("aie-lower-cascade-flows"),
    _pass("aie-lower-broadcast-packet"),
    _pass("aie-lower-multicast"),
    _later("aie-assign-tile-controller-ids"),
)
_OVERLAY = _later("aie-generate-column-control-overlay", route_shim_to_tile_ctrl="false")


def places(tool: Tool) -> bool:
    """Whether every design goes through a placer, as in aiecc (since 1.4)."""
    return tool.pass_options(_PLACE.names[0]) is not None


def placement(tool: Tool) -> str:
    """Logical tiles -> tiles.

    Raises:
        ToolError: a version before 1.4, which has none.
    """
    return _module(_nested(tool, [_PLACE]))


def traces_first(tool: Tool) -> bool:
    """Whether traces are lowered in a run of their own, ahead of all but placement (since 1.4)."""
    return tool.pass_options(TRACES[0].names[0]) is not None


def trace_flows(tool: Tool) -> str:
    """Traces -> flows, and register writes in runtime sequences; where `traces_first`."""
    return _module(_nested(tool, TRACES))


def resource_allocation(tool: Tool, target: str, *, traces: bool, alloc: str = "") -> str:
    """The design -> locks, BDs and buffers with their numbers.

    Args:
        target: "aie2" or "aie2p".
        traces: whether the design has aie.trace ops, and no run of `trace_flows` went before.
        alloc: how buffers are placed; "" for the default.
    """
    module = (
        _pass("convert-vector-to-aievec", aie_target=target, target_backend="llvmir"),
        _pass("lower-affine"),
        _pass("aie-canonicalize-device"),
        _later("aie-lower-scratchpad-parameters"),
    )
    unrolls = tool.pass_options("aie-objectFifo-unroll") is not None
    numbers = (
        *(TRACES if traces else ()),
        *(_FIFOS_SINCE_1_4 if unrolls else _FIFOS),
        *_FLOWS,
    )
    buffers = (
        _later("aie-prepare-buffers"),
        Pass(("aie-assign-buffer-addresses",), {"alloc-scheme": alloc} if alloc else {}),
        _later("aie-assign-core-link-files"),
        _later("aie-vector-transfer-lowering", **({} if unrolls else {"max_transfer_rank": "1"})),
    )
    if "emit-standalone-overlay" in (tool.pass_options(_OVERLAY.names[0]) or ()):
        middle = [*_nested(tool, numbers), *_spelt(tool, [_OVERLAY]), *_nested(tool, buffers)]
    else:
        middle = _nested(tool, (*numbers, _OVERLAY, *buffers))
    return _module(_spelt(tool, module), middle, _spelt(tool, [_to_branches(tool)]))


def _to_branches(tool: Tool) -> Pass:
    """scf -> cf; newer versions have a pass of their own that spares runtime sequences."""
    own = (name for name in sorted(tool.passes or tool.options) if _SCF_TO_CF.fullmatch(name))
    return _pass(next(own, "convert-scf-to-cf"))


def routing(tool: Tool) -> str:
    """Flows -> connections in stream switches."""
    return _module(_nested(tool, [_pass("aie-create-pathfinder-flows")]))


def npu_lowering(tool: Tool) -> str:
    """Runtime sequences -> what the NPU's controller does."""
    module = [_later("aie-materialize-runtime-sequences")]
    loops = (
        _pass("aie-unroll-runtime-sequence-loops"),
        _pass("canonicalize"),
        _later("aie-normalize-dma-bd-dims"),
        _later("aie-decompose-large-dma-bd"),
        _later("aie-lower-dynamic-bd-pool"),
        _pass("canonicalize"),
    )
    unrolls = tool.pass_options(loops[0].names[0]) is not None
    device = (
        _later("aie-resolve-address-patch-buffers"),
        _pass("aie-materialize-bd-chains"),
        _pass("aie-substitute-shim-dma-allocations"),
        *(loops if unrolls else ()),
        _pass("aie-assign-runtime-sequence-bd-ids"),
        _pass("aie-dma-tasks-to-npu"),
        _later("aie-lower-dma-channel-reset"),
        _pass("aie-dma-to-npu"),
        _later("aie-lower-set-lock"),
        _later("aie-lower-core-reset"),
        _later("aie-lower-buffer-clear"),
    )
    return _module(_spelt(tool, module), _nested(tool, device))


_TO_LLVM = (
    _pass("canonicalize"),
    _pass("cse"),
    _pass("expand-strided-metadata"),
    _pass("lower-affine"),
    # LLVM 24 leaves minima and maxima of floats to intrinsics, which Peano does not select
    _pass("arith-expand", include_min_max_f="true"),
    _pass("finalize-memref-to-llvm"),
    _pass("convert-func-to-llvm", use_bare_ptr_memref_call_conv="true"),
    _pass("convert-to-llvm", dynamic="true"),
    _pass("convert-vector-to-llvm"),
    _later("convert-ub-to-llvm"),
    _pass("canonicalize"),
    _pass("cse"),
)
_TO_LLVM_BEFORE_2026 = (
    _pass("canonicalize"),
    _pass("cse"),
    _pass("convert-vector-to-llvm"),
    _pass("expand-strided-metadata"),
    _pass("lower-affine"),
    _pass("convert-math-to-llvm"),
    _pass("convert-index-to-llvm"),
    _pass("arith-expand"),
    _pass("convert-arith-to-llvm"),
    _pass("finalize-memref-to-llvm"),
    _pass("convert-func-to-llvm", use_bare_ptr_memref_call_conv="true"),
    _pass("convert-cf-to-llvm"),
    _pass("canonicalize"),
    _pass("cse"),
)
"""For versions whose convert-aievec-to-llvm takes no target yet (mlir-aie 1.1)."""


def core_lowering(tool: Tool, device: str, tile: tuple[int, int], target: str) -> str:
    """One core's body -> the LLVM dialect."""
    column, row = tile
    newer = "aie-target" in (tool.pass_options("convert-aievec-to-llvm") or ())
    body = (
        _pass("aie-standard-lowering", device=device, tilecol=str(column), tilerow=str(row)),
        _pass("aiex-standard-lowering"),
        _pass("convert-aievec-to-llvm", aie_target=target),
        *(_TO_LLVM if newer else _TO_LLVM_BEFORE_2026),
    )
    locks = (
        _pass("aie-localize-locks"),
        _pass("aie-normalize-address-spaces"),
        _later("aie-transform-bfp-types"),
    )
    return _module(_nested(tool, locks), _spelt(tool, body))


def _module(*parts: Sequence[str]) -> str:
    return f"builtin.module({','.join(step for part in parts for step in part)})"


def _nested(tool: Tool, passes: Iterable[Pass]) -> list[str]:
    return [f"aie.device({','.join(_spelt(tool, passes))})"]


def _spelt(tool: Tool, passes: Iterable[Pass]) -> list[str]:
    """The passes as the version at hand writes them.

    Raises:
        ToolError: a needed pass that it does not have.
    """
    steps = []
    for one in passes:
        name = next((name for name in one.names if tool.pass_options(name) is not None), None)
        if name is not None:
            known = (tool.pass_options(name) or frozenset()) | ALWAYS
            options = " ".join(f"{k}={v}" for k, v in one.options.items() if k in known)
            steps.append(f"{name}{{{options}}}" if options else name)
        elif one.needed:
            raise ToolError(
                f"{tool.path} ({tool.version}) has no pass {' or '.join(one.names)}: this version "
                f"of mlir-aie cannot be used for it ({one.since} and newer can)"
            )
    return steps
