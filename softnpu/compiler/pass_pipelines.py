"""Passes by name: the table of all, and pipelines as aie-opt's options write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from softnpu.errors import ToolError

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

PASSES: dict[str, str] = {
    "aie-assign-bd-ids": "assign_bd_ids:AssignBufferDescriptorIDsPass",
    "aie-assign-buffer-addresses": "assign_buffer_addresses:AssignBufferAddressesPass",
    "aie-assign-core-link-files": "assign_core_link_files:AssignCoreLinkFilesPass",
    "aie-assign-lock-ids": "assign_lock_ids:AssignLockIDsPass",
    "aie-assign-runtime-sequence-bd-ids": (
        "assign_runtime_sequence_bd_ids:AssignRuntimeSequenceBDIDsPass"
    ),
    "aie-assign-tile-controller-ids": "assign_tile_controller_ids:AssignTileCtrlIDsPass",
    "aie-canonicalize-device": "canonicalize_device:CanonicalizeDevicePass",
    "aie-create-cores": "create_cores:CreateCoresPass",
    "aie-create-locks": "create_locks:CreateLocksPass",
    "aie-create-pathfinder-flows": "create_pathfinder_flows:CreatePathfinderFlowsPass",
    "aie-ctrl-packet-infer-tiles": "ctrl_packet_to_dma:CtrlPacketInferTilesPass",
    "aie-ctrl-packet-to-dma": "ctrl_packet_to_dma:CtrlPacketToDmaPass",
    "aie-decompose-large-dma-bd": "decompose_large_dma_bd:DecomposeLargeDmaBdPass",
    "aie-dma-tasks-to-npu": "dma_tasks_to_npu:DMATasksToNPUPass",
    "aie-dma-to-npu": "dma_to_npu:DmaToNpuPass",
    "aie-expand-load-pdi": ".targets.aie_to_configuration:ExpandLoadPdiPass",
    "aie-find-flows": "find_flows:FindFlowsPass",
    "aie-generate-column-control-overlay": (
        "generate_column_control_overlay:GenerateColumnControlOverlayPass"
    ),
    "aie-inline-trace-config": "inline_trace_config:InlineTraceConfigPass",
    "aie-insert-trace-flows": "insert_trace_flows:InsertTraceFlowsPass",
    "aie-legalize-ctrl-packet": "txn_to_control_packet:LegalizeControlPacketPass",
    "aie-localize-locks": "localize_locks:LocalizeLocksPass",
    "aie-lower-broadcast-packet": "lower_broadcast_packet:LowerBroadcastPacketPass",
    "aie-lower-cascade-flows": "lower_cascade_flows:LowerCascadeFlowsPass",
    "aie-lower-core-reset": "lower_core_reset:LowerCoreResetPass",
    "aie-lower-dma-channel-reset": "lower_dma_channel_reset:LowerDmaChannelResetPass",
    "aie-lower-memcpy": "lower_memcpy:LowerMemcpyPass",
    "aie-lower-dynamic-bd-pool": "lower_dynamic_bd_pool:LowerDynamicBDPoolPass",
    "aie-lower-multicast": "lower_multicast:LowerMulticastPass",
    "aie-lower-scratchpad-parameters": (
        "lower_scratchpad_parameters:LowerScratchpadParametersPass"
    ),
    "aie-lower-set-lock": "lower_set_lock:LowerSetLockPass",
    "aie-materialize-bd-chains": "materialize_bd_chains:MaterializeBDChainsPass",
    "aie-materialize-runtime-sequences": (
        "materialize_runtime_sequences:MaterializeRuntimeSequencesPass"
    ),
    "aie-normalize-address-spaces": "normalize_address_spaces:NormalizeAddressSpacesPass",
    "aie-objectFifo-stateful-transform": (
        "objectfifo_stateful_transform:ObjectFifoStatefulTransformPass"
    ),
    "aie-objectFifo-unroll": "objectfifo_unroll:ObjectFifoUnrollPass",
    "aie-objectfifo-liveness": "objectfifo_liveness:ObjectFifoLivenessPass",
    "aie-place-tiles": "place_tiles:PlaceTilesPass",
    "aie-register-objectFifos": "register_objectfifos:RegisterObjectFifosPass",
    "aie-scf-to-control-flow": "scf_to_control_flow:SCFToControlFlowPass",
    "aie-standard-lowering": "standard_lowering:StandardLoweringPass",
    "aie-substitute-shim-dma-allocations": (
        "substitute_shim_dma_allocations:SubstituteShimDMAAllocationsPass"
    ),
    "aie-trace-pack-reg-writes": "trace_pack_reg_writes:TraceRegPackWritesPass",
    "aie-trace-to-config": "trace_to_config:TraceToConfigPass",
    "aie-transform-bfp-types": "transform_bfp_types:TransformBfpTypesPass",
    "aie-txn-to-ctrl-packet": "txn_to_control_packet:TxnToControlPacketPass",
    "aie-unroll-runtime-sequence-loops": (
        "unroll_runtime_sequence_loops:UnrollRuntimeSequenceLoopsPass"
    ),
    "aie-vector-transfer-lowering": "vector_transfer_lowering:VectorTransferLoweringPass",
    "aiex-standard-lowering": "aiex_standard_lowering:AIEXStandardLoweringPass",
    "aie-verify-runtime-rearm": "verify_runtime_rearm:VerifyRuntimeRearmPass",
    "canonicalize": "canonicalize:CanonicalizePass",
    "convert-aie-to-control-packets": (
        ".targets.aie_to_configuration:ConvertAIEToControlPacketsPass"
    ),
    "convert-aie-to-transaction": ".targets.aie_to_configuration:ConvertAIEToTransactionPass",
    "convert-vector-to-aievec": "convert_vector_to_aievec:ConvertVectorToAIEVecPass",
    "cse": "cse:CommonSubexpressionsPass",
    "lower-affine": "lower_affine:LowerAffinePass",
}
"""Every pass by mlir-aie's name: its module, as seen from `softnpu.passes`, and its class."""

_VECTORS = "a core's vector ops are compiled as they are, aievec is neither made nor read"
_LLVM = "a core's body becomes C, not LLVM's dialect"
_CERT = "it makes code for a controller that no npu1 or npu2 has"
OUT_OF_SCOPE: dict[str, str] = {
    "aie-hoist-vector-transfer-pointers": _VECTORS,
    "aie-npu-to-cert": _CERT,
    "aie-vector-to-pointer-loops": _VECTORS,
    "canonicalize-vector-for-aievec": _VECTORS,
    "cert-legalize-pages": _CERT,
    "convert-aievec-to-llvm": _LLVM,
    "convert-aiex-to-emitc": "npuforge translate --aie-npu-to-cpp writes the C++ at once",
    "convert-func-to-llvm": _LLVM,
    "convert-to-llvm": _LLVM,
    "convert-vector-to-llvm": _LLVM,
    "finalize-memref-to-llvm": _LLVM,
    "optimize-aievec": _VECTORS,
}
"""Passes of aie-opt's that npuforge does without, and why."""

ANCHORS = ("any", "builtin.module", "aie.device", "aie.core", "aie.runtime_sequence", "func.func")
"""Ops around which a pipeline nests passes; ours find what is theirs in the whole module."""

_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_OPTION = re.compile(r"([\w-]+)(?:=(\{[^{}]*\}|'[^']*'|\"[^\"]*\"|[^\s{}]+))?\s*")
_TOKEN = re.compile(r"\s*([\w.-]+)\s*(\(|\{|)")


def pass_class(name: str) -> type[ModulePass]:
    """The class of a pass.

    Raises:
        ToolError: there is none of that name; the nearest is suggested.
    """
    if name in OUT_OF_SCOPE:
        raise ToolError(f"pass '{name}' is out of scope: {OUT_OF_SCOPE[name]}")
    if name not in PASSES:
        near = get_close_matches(name, PASSES, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ToolError(f"there is no pass '{name}'{hint}")
    module, cls = PASSES[name].split(":")
    found: type[ModulePass] = getattr(import_module(f".{module}", "softnpu.passes"), cls)
    return found


def pass_options(name: str) -> dict[str, Any]:
    """The options of a pass by mlir-aie's names for them, with their defaults."""
    return {
        field.name.replace("_", "-"): field.default for field in _option_fields(pass_class(name))
    }


def make_pass(name: str, options: str = "") -> ModulePass:
    """A pass with options as aie-opt takes them: `placer=sa_placer sa-seed=3`.

    Raises:
        ToolError: a pass or an option that is unknown, or a value that will not do.
    """
    cls = pass_class(name)
    known = {field.name: field for field in _option_fields(cls)}
    types = get_type_hints(cls)
    values: dict[str, Any] = {}
    for option, text in _split_options(name, options):
        field = option.replace("-", "_").lower()
        if field not in known:
            listed = ", ".join(key.replace("_", "-") for key in known) or "none"
            raise ToolError(f"pass '{name}' has no option '{option}'; its options: {listed}")
        values[field] = _value(name, option, text, types[field])
    return cls(**values)


def parse_pipeline(text: str) -> list[ModulePass]:
    """The passes of `builtin.module(aie.device(aie-assign-lock-ids, ...))`, in their order.

    Raises:
        ToolError: text that is no pipeline, or what `make_pass` refuses.
    """
    found: list[ModulePass] = []
    rest = _parse_list(text, found)
    if rest.strip():
        raise ToolError(f"the pass pipeline cannot be read from here on: {rest.strip()[:40]}")
    return found


def _parse_list(text: str, found: list[ModulePass]) -> str:
    """Read passes, separated by commas; what stands behind them is returned."""
    while (token := _TOKEN.match(text)) is not None:
        name, opening = token.groups()
        text = text[token.end() :]
        if opening == "(":
            if name not in ANCHORS:
                raise ToolError(f"a pass pipeline cannot nest at '{name}'")
            text = _parse_list(text, found).lstrip()
            if not text.startswith(")"):
                raise ToolError(f"the pass pipeline misses a ')' for '{name}('")
            text = text[1:]
        else:
            options = ""
            if opening == "{":
                options, text = _braced(text)
            found.append(make_pass(name, options))
        text = text.lstrip()
        if not text.startswith(","):
            return text
        text = text[1:]
    return text


def _braced(text: str) -> tuple[str, str]:
    """What stands before the brace that closes, and what stands behind it."""
    depth = 1
    for index, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return text[:index], text[index + 1 :]
    raise ToolError(f"the pass pipeline misses a '}}' behind '{text[:40]}'")


def _split_options(name: str, text: str) -> Iterator[tuple[str, str]]:
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    end = 0
    for match in _OPTION.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        option, value = match.groups()
        yield option, "true" if value is None else value.strip("{}'\"")
    if end != len(text):
        raise ToolError(f"the options of pass '{name}' cannot be read: {text[end:]}")


def _option_fields(cls: type[ModulePass]) -> list[Any]:
    return [field for field in fields(cls) if field.name != "name" and field.init]


def _value(name: str, option: str, text: str, type: Any) -> Any:
    choices: Mapping[str, Any] | None = None
    if type is bool:
        choices = _TRUTH
    elif get_origin(type) is not None:
        choices = {str(choice): choice for choice in get_args(type)}
    if choices is not None:
        if text not in choices:
            raise ToolError(f"pass '{name}': {option} is one of {', '.join(choices)}, not {text}")
        return choices[text]
    try:
        return type(text)
    except ValueError:
        raise ToolError(f"pass '{name}': {option} is a number, not {text}") from None
