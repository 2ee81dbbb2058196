"""Waits for tokens that no transfer issues: the sequence would never go on.

A transfer issues a token where it asks for one, and a dma_memcpy_nd out of the array always
(mlir-aie, AIEDmaToNpu.cpp). aie-opt does not compare them with the waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation

from softnpu.dialects.aie import ObjectFifoCreateOp, RuntimeSequenceOp, ShimDMAAllocationOp
from softnpu.dialects.aiex import (
    DMAAwaitTaskOp,
    DMAConfigureTaskForOp,
    DMAStartBdChainForOp,
    DMAStartTaskOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
)
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.source import design_warning
from softnpu.passes.parameter_hazards import STARTS_NOTHING
from softnpu.passes.sequence_ops import Symbols, devices, sequences

PLAIN = (
    *(NpuDmaMemcpyNdOp, DMAConfigureTaskForOp, DMAStartTaskOp, DMAStartBdChainForOp),
    *STARTS_NOTHING,
)
"""What a sequence holds whose tokens are known: no loops, no queues that are written to by hand."""


def token_warnings(module: ModuleOp) -> Iterator[str]:
    """The warnings for all sequences of a design, the first of each channel."""
    for device in devices(module):
        symbols = Symbols(device)
        for sequence in sequences(device):
            if all(_is_plain(op) for block in sequence.body.blocks for op in block.ops):
                yield from _missing(sequence, symbols)


def _is_plain(op: Operation) -> bool:
    by_hand = getattr(op, "buffer", "") is None  # a write to an address
    return op.name.startswith(("arith.", "memref.")) or (isinstance(op, PLAIN) and not by_hand)


def _missing(sequence: RuntimeSequenceOp, symbols: Symbols) -> Iterator[str]:
    tokens: Counter[str] = Counter()
    transfers: Counter[str] = Counter()
    told: set[str] = set()
    for op in (op for block in sequence.body.blocks for op in block.ops):
        if isinstance(op, NpuDmaWaitOp):
            tokens[op.symbol] -= 1
            if tokens[op.symbol] < 0 and op.symbol not in told:
                told.add(op.symbol)
                yield _told(op, transfers[op.symbol])
        elif isinstance(op, DMAAwaitTaskOp):
            tokens[_channel(op.task.owner)] -= 1
        elif (found := _transfer(op, symbols)) is not None:
            name, token = found
            transfers[name] += 1
            tokens[name] += token


def _transfer(op: Operation, symbols: Symbols) -> tuple[str, bool] | None:
    """The channel that an op gives a transfer, and whether that issues a token."""
    if isinstance(op, NpuDmaMemcpyNdOp):
        return op.metadata, op.issue_token or _receives(op.metadata, symbols)
    if isinstance(op, DMAStartBdChainForOp):
        return op.alloc, op.issue_token
    if isinstance(op, DMAStartTaskOp) and isinstance(task := op.task.owner, DMAConfigureTaskForOp):
        return task.alloc, task.issue_token
    return None


def _channel(task: Operation | Block) -> str:
    """Whose a task is; "" if it is named by its tile."""
    return str(getattr(task, "alloc", ""))


def _receives(name: str, symbols: Symbols) -> bool:
    """Whether the host receives by a channel."""
    found = symbols.get(name.partition("::@")[0])
    if isinstance(found, ObjectFifoCreateOp):
        return found.producer_tile_op.row != 0
    return isinstance(found, ShimDMAAllocationOp) and found.channel_dir is DMAChannelDir.S2MM


def _told(op: NpuDmaWaitOp, transfers: int) -> str:
    if not transfers:
        return design_warning(
            op, f"no transfer of @{op.symbol} has been started before this wait: it never ends"
        )
    return design_warning(
        op,
        f"the transfers of @{op.symbol} before this wait issue no token that is left for it: it"
        " never ends",
        "a transfer issues one with issue_token = true, a dma_memcpy_nd out of the array always;"
        " each wait takes one",
    )
