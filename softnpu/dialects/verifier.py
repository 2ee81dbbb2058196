"""Checking a design: structure, then the dialects' rules; the first thing wrong is raised.

What MLIR's verifier checks, in its order: an op before the ops inside it. Messages are the
author's: file, line, the names in the design.
"""

from __future__ import annotations

from typing import Any

from xdsl.dialects.arith import ConstantOp
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue
from xdsl.irdl.dominance import DominanceInfo
from xdsl.traits import IsolatedFromAbove, IsTerminator, NoTerminator
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.aie.streams import AMSelOp
from softnpu.dialects.aie.tiles import DeviceOp, LockOp, LogicalTileOp, TileOp
from softnpu.dialects.aiex.tasks import (
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
)
from softnpu.dialects.opdef import DefinedOp
from softnpu.dialects.rules.common import title
from softnpu.dialects.rules.parents import PARENTS
from softnpu.dialects.rules.tiles import check_tile_kind
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.symbols import symbol_name
from softnpu.dialects.upstream.forms import XDSL_ERRORS, xdsl_message

TILES = ("an aie.tile", (TileOp, LogicalTileOp))
TASKS = (
    "a task (aiex.dma_configure_task or the like)",
    (DMAConfigureTaskOp, DMAConfigureTaskForOp, DMAStartBdChainOp, DMAStartBdChainForOp),
)
ORIGINS: dict[str, tuple[str, tuple[type[Operation], ...]]] = {
    "tile": TILES,
    "producer_tile": TILES,
    "consumer_tiles": TILES,
    "delegate_tile": TILES,
    "source_tile": TILES,
    "dest_tile": TILES,
    "lock": ("an aie.lock", (LockOp, ConstantOp)),
    "amsel": ("an aie.amsel", (AMSelOp,)),
    "amsels": ("an aie.amsel", (AMSelOp,)),
    "task": TASKS,
}
"""What the values of an operand field must come from; block arguments may stand for any, and
a core's lock may be its number (what aie-localize-locks makes of it)."""

SINGLE_BLOCK = frozenset(
    (
        *("aie.device", "aie.runtime_sequence", "aie.switchbox", "aie.shim_switchbox"),
        *("aie.shim_mux", "aie.packet_rules", "aie.packet_flow", "aie.trace"),
        *("aie.trace.config", "aiex.multicast", "aiex.broadcast_packet", "aiex.bp_id"),
        "aiex.configure",
    )
)
"""Ops whose region is one block; nothing branches in them."""

FLOW_ENDS = ("source", "dest")
FLOWS = ("aie.flow",)


def verify(top: Operation) -> None:
    """Check an op and all inside it. Raises DesignError."""
    order = _Order()
    for op in top.walk():
        _check_parent(op)
        _check_operands(op, order)
        _check_blocks(op)
        _check_symbols(op)
    for op in top.walk():
        _check_op(op)


def _check_op(op: Operation) -> None:
    if isinstance(op, DefinedOp):
        _check_origins(op)
    try:
        op.verify_()
    except VerifyException as error:
        message = str(error)
        named = message.startswith(f"'{op.name}'")
        raise design_error(op, message if named else f"'{op.name}': {message}") from error
    except XDSL_ERRORS as error:
        if isinstance(op, DefinedOp):
            raise
        raise design_error(op, f"'{op.name}': {xdsl_message(error)}") from error


def _check_parent(op: Operation) -> None:
    wanted = PARENTS.get(op.name)
    parent = op.parent_op()
    if wanted is not None and parent is not None and parent.name not in wanted:
        raise design_error(
            op, f"'{op.name}' stands directly in {' or '.join(wanted)}, not in '{parent.name}'"
        )


def _check_origins(op: DefinedOp) -> None:
    for field in op.operand_fields:
        origin = ORIGINS.get(field.name)
        if origin is None and op.name in FLOWS and field.name in FLOW_ENDS:
            origin = TILES
        if origin is None:
            continue
        what, classes = origin
        start, stop = op.operand_range(field)
        for value in op.operands[start:stop]:
            owner = value.owner
            if isinstance(owner, Operation) and not isinstance(owner, classes):
                raise design_error(
                    op, f"'{op.name}': {field.name} must be {what}, not '{owner.name}'"
                )
            if isinstance(owner, TileOp):
                check_tile_kind(op, owner)


def _check_blocks(op: Operation) -> None:
    """Blocks end in terminators, and branches stay in their region."""
    for region in op.regions:
        blocks = region.blocks
        if op.name in SINGLE_BLOCK:
            _check_single(op, len(blocks))
        for block in blocks:
            last = block.last_op
            if last is None or not last.has_trait(IsTerminator, value_if_unregistered=True):
                free = op.has_trait(NoTerminator, value_if_unregistered=True)
                if len(blocks) > 1 or not free:
                    _raise_unterminated(op, block)
            for inner in block.ops:
                if inner.successors and inner is not last:
                    raise design_error(inner, f"'{inner.name}' must be the last op of its block")
                if any(target.parent is not region for target in inner.successors):
                    raise design_error(inner, f"'{inner.name}' leaves its region")


def _check_single(op: Operation, blocks: int) -> None:
    """One block; a configuration that runs nothing may have none."""
    if blocks > 1 or (blocks == 0 and op.name != "aiex.configure"):
        raise design_error(op, f"{title(op)} must have one block, found {blocks}")


def _raise_unterminated(op: Operation, block: Block) -> None:
    last = block.last_op
    ending = "func.return" if op.name == "func.func" else "aie.end"
    raise design_error(
        op if last is None else last,
        f"{title(op)}: this block does not end",
        f"end it with {ending} or a branch",
    )


def _check_symbols(op: Operation) -> None:
    """No symbol twice in a module or a device."""
    if not isinstance(op, DeviceOp) and op.name != "builtin.module":
        return
    seen: dict[str, Operation] = {}
    for block in op.regions[0].blocks:
        for inner in block.ops:
            name = symbol_name(inner)
            if name is None:
                continue
            if (first := seen.get(name)) is not None:
                raise design_error(
                    inner, f"'{name}' is defined twice", f"first at {location_of(first)}"
                )
            seen[name] = inner


class _Order:
    """Which op comes before which, and which block before which."""

    def __init__(self) -> None:
        self.positions: dict[Block, dict[Operation, int]] = {}
        self.dominance: dict[Region, DominanceInfo] = {}

    def precedes(self, block: Block, first: Operation, second: Operation) -> bool:
        if block not in self.positions:
            self.positions[block] = {op: index for index, op in enumerate(block.ops)}
        positions = self.positions[block]
        return positions[first] < positions[second]

    def dominates(self, region: Region, first: Block, second: Block) -> bool:
        if region not in self.dominance:
            self.dominance[region] = DominanceInfo(region)
        return self.dominance[region].dominates(first, second)


def _check_operands(op: Operation, order: _Order) -> None:
    for value in op.operands:
        _check_operand(op, value, order)


def _check_operand(op: Operation, value: SSAValue[Any], order: _Order) -> None:
    """The value is defined before the op, and no isolated op stands between them."""
    home = value.block if isinstance(value, BlockArgument) else value.owner.parent_block()
    if home is None or home.parent is None:
        return
    user = op
    while user.parent_block() is not None and user.parent_region() is not home.parent:
        parent = user.parent_op()
        if parent is None:
            raise design_error(op, f"{_value_name(value)} is defined elsewhere, not visible here")
        if parent.has_trait(IsolatedFromAbove):
            raise design_error(
                op, f"{_value_name(value)} is defined outside of '{parent.name}', which is isolated"
            )
        user = parent
    here = user.parent_block()
    assert here is not None
    if here is home:
        owner = value.owner
        if isinstance(owner, Operation) and not order.precedes(home, owner, user):
            raise design_error(
                op,
                f"{_value_name(value)} is used before it is defined",
                f"it is defined at {location_of(owner)}",
            )
    elif not order.dominates(home.parent, home, here):
        raise design_error(op, f"{_value_name(value)} is not defined on every way to this op")


def _value_name(value: SSAValue[Any]) -> str:
    return f"%{value.name_hint}" if value.name_hint else "an operand"
