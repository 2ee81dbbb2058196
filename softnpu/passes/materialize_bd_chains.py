"""`aie-materialize-bd-chains`: put BD chains where the runtime sequence starts them.

Each `aiex.dma_start_bd_chain` becomes the configuration of a task with the chain's blocks,
the chain's parameters replaced by the arguments, and the start of that task
(mlir-aie, AIEMaterializeBDChains.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Region, SSAValue
from xdsl.passes import ModulePass

from softnpu.dialects.aie import BDChainOp
from softnpu.dialects.aiex import (
    DMAConfigureTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
    DMAStartTaskOp,
)
from softnpu.dialects.enums import DMAChannelDir
from softnpu.passes.concerns import Concerns
from softnpu.passes.sequence_ops import Symbols, devices, sequence_ops


@dataclass(frozen=True)
class MaterializeBDChainsPass(ModulePass):
    """Make tasks of the BD chains that runtime sequences start."""

    name = "aie-materialize-bd-chains"
    concerns: ClassVar[Concerns] = (DMAStartBdChainOp, DMAStartBdChainForOp)

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            symbols = Symbols(device)
            for start in sequence_ops(device):
                if isinstance(start, (DMAStartBdChainOp, DMAStartBdChainForOp)):
                    _inline(start, symbols)


@dataclass(frozen=True)
class _Channel:
    tile: SSAValue
    direction: DMAChannelDir
    channel: int


def _inline(start: DMAStartBdChainOp | DMAStartBdChainForOp, symbols: Symbols) -> None:
    """Replace a start of a chain by a task and its start."""
    channel = _channel(start, symbols)
    chain = symbols.get(start.symbol)
    if not isinstance(chain, BDChainOp):
        raise symbols.unknown(start, start.symbol, BDChainOp, "BD chain")
    task = DMAConfigureTaskOp(
        tile=channel.tile,
        direction=channel.direction,
        channel=channel.channel,
        issue_token=start.issue_token,
        repeat_count=start.repeat_count,
        body=_body_with_arguments(start, chain),
        location=start.location,
    )
    block = start.parent_block()
    assert block is not None
    run = DMAStartTaskOp(task=task.result, location=start.location)
    block.insert_ops_before((task, run), start)
    start.result.replace_all_uses_with(task.result)
    block.erase_op(start)


def _channel(start: DMAStartBdChainOp | DMAStartBdChainForOp, symbols: Symbols) -> _Channel:
    if isinstance(start, DMAStartBdChainOp):
        return _Channel(start.tile, start.direction, start.channel)
    allocation = symbols.shim_allocation(start, start.alloc)
    return _Channel(allocation.tile, allocation.channel_dir, allocation.channel_index)


def _body_with_arguments(
    start: DMAStartBdChainOp | DMAStartBdChainForOp, chain: BDChainOp
) -> Region:
    """A copy of the chain's blocks, arguments in the place of its parameters."""
    copy = Region()
    chain.body.clone_into(copy)
    entry = copy.blocks[0]
    for parameter, argument in zip(list(entry.args), start.args, strict=True):
        parameter.replace_all_uses_with(argument)
        entry.erase_arg(parameter)
    return copy
