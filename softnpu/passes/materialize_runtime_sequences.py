"""`aie-materialize-runtime-sequences`: sequences that configure devices and run their sequences.

`aiex.run` is replaced by a copy of the sequence that it names, with what that sequence uses of
its own device (tiles, locks, buffers, shim DMA allocations); `aiex.configure` becomes the load
of that device's image. Calls are resolved from the last to the first, as mlir-aie's rewrite
driver does: names of copies follow from that, and constants go to the heads of their sequences,
where none stands between one load and the next (mlir-aie, AIEMaterializeRuntimeSequences.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.dialects.memref import GlobalOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from softnpu.dialects.aie import (
    BDChainOp,
    BufferOp,
    DeviceOp,
    ObjectFifoCreateOp,
    ObjectFifoRearmBindingOp,
    RuntimeSequenceOp,
    ShimDMAAllocationOp,
)
from softnpu.dialects.aie.symbols import lookup, tables_read_once
from softnpu.dialects.aiex import ConfigureOp, NpuLoadPdiOp, RunOp, ScratchpadParameterOp
from softnpu.dialects.aside import set_aside
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops, nothing_changes, ops_in, ops_of
from softnpu.passes.rewriting.constants import unique_constants
from softnpu.passes.rewriting.ir import block_of
from softnpu.passes.rewriting.rest import at_rest
from softnpu.passes.sequence_inliner import SequenceInliner, symbol_references
from softnpu.passes.sequence_ops import devices, replace, sequences

USABLE = (
    ShimDMAAllocationOp,
    DeviceOp,
    RuntimeSequenceOp,
    BufferOp,
    GlobalOp,
    BDChainOp,
    ObjectFifoRearmBindingOp,
    ScratchpadParameterOp,
)
"""What a runtime sequence may name."""


@dataclass(frozen=True)
class MaterializeRuntimeSequencesPass(ModulePass):
    """Resolve `aiex.configure` and `aiex.run`."""

    name = "aie-materialize-runtime-sequences"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            found = sequences(device)
            if not found:
                continue
            with nothing_changes(), tables_read_once():
                for sequence in found:
                    _check_references(sequence)
                for sequence in found:
                    _check_acyclic(sequence, [])
                runs = [run for sequence in found for run in ops_of(sequence, RunOp)]
                loading = [one for one in found if ops_of(one, ConfigureOp, NpuLoadPdiOp)]
            with set_aside(at_rest(device, {}, merges=False)):
                unique_constants(device)
            if runs:
                _inline_runs(device, runs)
            for sequence in loading:
                _load_configurations(sequence)


def _check_references(sequence: RuntimeSequenceOp) -> None:
    for op in all_ops(sequence):
        for reference in symbol_references(op):
            found = lookup(sequence, reference.root_reference.data)
            if found is not None:
                _check_reference(op, reference, found)
            elif isinstance(op, NpuLoadPdiOp):
                raise design_error(op, f"there is no device '@{reference.root_reference.data}'")


def _check_reference(op: Operation, reference: SymbolRefAttr, found: Operation) -> None:
    name = reference.root_reference.data
    if isinstance(found, ObjectFifoCreateOp):
        raise design_error(
            op, f"'@{name}' is an objectfifo: run aie-objectFifo-stateful-transform first"
        )
    if not isinstance(found, USABLE):
        raise design_error(op, f"a runtime sequence cannot use '@{name}', it is {found.name}")
    if isinstance(found, BufferOp) and found.address is None:
        raise design_error(op, f"buffer '@{name}' has no address: assign addresses first")


def _check_acyclic(sequence: RuntimeSequenceOp, callers: list[RuntimeSequenceOp]) -> None:
    if sequence in callers:
        path = [*callers[callers.index(sequence) :], sequence]
        raise design_error(
            sequence,
            f"runtime sequence '@{sequence.sym_name}' runs itself",
            " -> ".join(f"@{step.sym_name}" for step in path),
        )
    for run in ops_of(sequence, RunOp):
        _check_acyclic(callee_of(run), [*callers, sequence])


def callee_of(run: RunOp) -> RuntimeSequenceOp:
    """The sequence that `run` names; DesignError if there is none."""
    device = run.callee_device_op
    if device is None:
        configure = run.parent_op()
        name = configure.symbol if isinstance(configure, ConfigureOp) else ""
        raise design_error(run, f"there is no device '@{name}' to run a sequence of")
    sequence = run.callee_runtime_sequence_op
    if sequence is None:
        names = ", ".join(f"@{known.sym_name}" for known in sequences(device))
        raise design_error(
            run,
            f"device '@{device.sym_name}' has no runtime sequence '@{run.runtime_sequence_symbol}'",
            f"sequences: {names or 'none'}",
        )
    return sequence


def _inline_runs(device: DeviceOp, pending: list[RunOp]) -> None:
    """Resolve each `aiex.run` of a device, the last one first, those that come in by it too."""
    inliner = SequenceInliner(device)
    while pending:
        run = pending.pop()
        copies = inliner.inline(run, callee_of(run))
        pending += [op for copy in copies for op in ops_of(copy, RunOp)]
    unique_constants(device)


def _load_configurations(sequence: RuntimeSequenceOp) -> None:
    """Turn the configurations of a sequence into loads of device images."""
    configurations = [op for op in sequence.body.block.ops if isinstance(op, ConfigureOp)]
    for configure in configurations:
        _check_not_nested(configure)
        load = NpuLoadPdiOp(
            device_ref=configure.symbol,
            expand_mode=configure.expand_mode,
            location=configure.location,
        )
        block = _body(configure)
        if block.first_op is None:
            block.add_op(load)
        else:
            block.insert_op_before(load, block.first_op)
    for block in dict.fromkeys(map(block_of, ops_of(sequence, NpuLoadPdiOp))):
        _drop_repeated_loads(block)
    for configure in configurations:
        replace(configure, _take_ops(_body(configure)))


def _check_not_nested(configure: ConfigureOp) -> None:
    for op in ops_of(configure, ConfigureOp):
        if op is not configure:
            raise design_error(
                op,
                "a configuration within another cannot be loaded: loading an image resets the "
                "whole device",
            )


def _body(configure: ConfigureOp) -> Block:
    """The block of a configuration, made if it has none."""
    if not configure.body.blocks:
        configure.body.add_block(Block())
    return configure.body.blocks[0]


def _take_ops(block: Block) -> list[Operation]:
    return [block.detach_op(op) for op in list(block.ops)]


def _drop_repeated_loads(block: Block) -> None:
    """Of loads of the same image that follow one another, keep the last."""
    for op in ops_in(block):
        following = op.next_op
        if isinstance(op, NpuLoadPdiOp) and isinstance(following, NpuLoadPdiOp):
            same = (op.device_ref, op.id, op.size, op.address) == (
                following.device_ref,
                following.id,
                following.size,
                following.address,
            )
            if same:
                block.erase_op(op)
