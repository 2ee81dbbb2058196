"""Checking a design: structure, then the dialects' rules; the first thing wrong is raised.

What MLIR's verifier checks, in its order: an op before the ops inside it. Messages are the
author's: file, line, the names in the design.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import count
from typing import Any, TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Block, BlockArgument, Operation, OpResult, Region, SSAValue
from xdsl.irdl.dominance import DominanceInfo
from xdsl.traits import IsolatedFromAbove, IsTerminator, NoTerminator
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.aie.streams import AMSelOp
from softnpu.dialects.aie.symbols import symbol_name, tables_read_once
from softnpu.dialects.aie.tiles import DeviceOp, LockOp, LogicalTileOp, NotPlacedError, TileOp
from softnpu.dialects.aiex.tasks import (
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
)
from softnpu.dialects.kinds import Kind, OfKinds, kind_but_for, kind_of, of_kinds
from softnpu.dialects.opdef import DefinedOp, OperandField
from softnpu.dialects.rules import rule_of
from softnpu.dialects.rules.common import title
from softnpu.dialects.rules.parents import ANCESTORS, PARENTS
from softnpu.dialects.rules.parts import check_parts
from softnpu.dialects.rules.tiles import check_tile_kind
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.walking import all_ops, ops_in
from softnpu.dialects.xdsl_texts import XDSL_ERRORS, of_definition

TILES = ("an aie.tile", (TileOp, LogicalTileOp))
TASKS = (
    "a task (aiex.dma_configure_task or the like)",
    (
        *(DMAConfigureTaskOp, DMAConfigureTaskForOp, DMAStartBdChainOp, DMAStartBdChainForOp),
        *(scf.ForOp, scf.IfOp),  # which hand a task on
    ),
)
Origin: TypeAlias = tuple[str, tuple[type[Operation], ...]]

ORIGINS: dict[str, Origin] = {
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

SELF_CONTAINED: dict[str, tuple[str, ...]] = {
    ConstantOp.name: (),
    "memref.get_global": ("name",),
    "memref.global": ("sym_name", "initial_value"),
}
"""Ops of which xDSL's definition asks nothing that depends on the ops around them; of a constant,
neither do the rules. Of these attributes, it asks for their class alone."""

BELONGING = PARENTS.keys() | ANCESTORS.keys()
"""Ops that cannot stand just anywhere."""

SINGLE_BLOCK = frozenset(
    (
        *("aie.device", "aie.runtime_sequence", "aie.switchbox", "aie.shim_switchbox"),
        *("aie.shim_mux", "aie.packet_rules", "aie.packet_flow", "aie.trace"),
        *("aie.trace.config", "aiex.multicast", "aiex.broadcast_packet", "aiex.bp_id"),
        "aiex.configure",
    )
)
"""Ops whose region is one block; nothing branches in them."""

ENDINGS = {"affine": "affine.yield", "func": "func.return", "scf": "scf.yield"}
"""What ends the blocks of each dialect's ops, the others' with aie.end."""

FLOW_ENDS = ("source", "dest")
FLOWS = ("aie.flow",)


def verify(top: Operation, closed: tuple[type[Operation], ...] = ()) -> None:
    """Check an op and all inside it; of ops of the classes `closed`, not what is in them.

    Raises:
        DesignError: for the first thing wrong.
    """
    every = all_ops(top, closed)
    ops = list(_unlike(every))
    kinds = list(map(_kind, ops))
    _check_parts(ops, kinds)
    order, places = _Order(), dict(zip(every, count()))
    with tables_read_once():
        for op in ops:
            if op.name in BELONGING:
                _check_parent(op)
            if op._operands:
                _check_operands(op, order, places)
            if op._successors:
                _check_branch(op)
            if op.regions and type(op) not in closed:
                _check_blocks(op)
                _check_symbols(op)
        sound = of_kinds("sound")
        for op, kind in zip(ops, kinds, strict=True):
            _check_op(op, kind, sound)


def _unlike(ops: Iterable[Operation]) -> Iterator[Operation]:
    """The ops without the integers among the constants, but for the first of each type."""
    integers = of_kinds("integers")
    for op in ops:
        if type(op) is ConstantOp and (kind := _kind_of_integer(op)):
            if kind in integers.known:
                continue
            integers.learn(kind, op, True)
        yield op


def _kind_of_integer(op: ConstantOp) -> Kind:
    """The types of the value and the result of a constant that is an integer and no more."""
    results, properties = op.results, op.properties
    plain = len(results) == len(properties) == 1 and not op.attributes and not op._operands
    value = properties.get("value")
    if not plain or op._successors or type(value) is not IntegerAttr:
        return ()
    return id(value.type), id(tuple.__getitem__(results, 0)._type)


def _check_parts(ops: Iterable[Operation], kinds: Iterable[Kind]) -> None:
    """All that the ops' definitions list is there, before anything asks for it; looked at once for
    all that are alike."""
    whole = of_kinds("whole")
    known = whole.known
    for op, kind in zip(ops, kinds, strict=True):
        if kind in known:
            continue
        if isinstance(op, DefinedOp):
            _explained(op, op.verify_parts)
        else:
            check_parts(op)
        if kind:
            whole.learn(kind, op, True)


def _kind(op: Operation) -> Kind:
    """What the parts of an op are whole by, and its definition kept; () if it does not tell."""
    if op.regions:
        return (len(op.regions), *kind_of(op)) if isinstance(op, DefinedOp) else ()
    by_class = SELF_CONTAINED.get(op.name)
    if not by_class or op._successors:
        return kind_of(op)
    return (*kind_but_for(op, *by_class), *[type(op.properties.get(name)) for name in by_class])


def _check_op(op: Operation, kind: Kind, sound: OfKinds[bool]) -> None:
    """The rules of an op, and what xDSL's definition asks of one that is not ours."""
    if isinstance(op, DefinedOp):
        if origins := _origins(type(op)):
            _check_origins(op, origins)
        if _has_rules(type(op)):
            _explained(op, partial(_check_rules, op))
        return
    if (rule := rule_of(op.name)) is not None:
        rule(op)
    if kind in sound.known:
        return
    try:
        op.verify_()
    except XDSL_ERRORS as error:
        raise design_error(op, f"'{op.name}': {of_definition(error)}", *_what_it_has(op)) from error
    if op.name in SELF_CONTAINED:
        sound.learn(kind, op, True)


@cache
def _has_rules(cls: type[DefinedOp]) -> bool:
    return cls.verify_rules is not DefinedOp.verify_rules or rule_of(cls.name) is not None


def _check_rules(op: DefinedOp) -> None:
    op.verify_rules()
    if (rule := rule_of(op.name)) is not None:
        rule(op)


def _explained(op: DefinedOp, check: Callable[[], None]) -> None:
    try:
        check()
    except NotPlacedError:
        pass  # What asks for a place is checked again when tiles have one.
    except VerifyException as error:
        message = str(error)
        named = message.startswith(f"'{op.name}'")
        raise design_error(op, message if named else f"'{op.name}': {message}") from error


def _what_it_has(op: Operation) -> list[str]:
    """The types that an op, which its definition refuses, takes and gives."""
    sides = (("takes", op.operand_types), ("gives", op.result_types))
    return [f"it {verb} {', '.join(map(str, types))}" for verb, types in sides if types]


def _check_parent(op: Operation) -> None:
    wanted, around = PARENTS.get(op.name), ANCESTORS.get(op.name)
    if wanted is None and around is None:
        return
    parent = op.parent_op()
    if wanted is not None and parent is not None and parent.name not in wanted:
        raise design_error(
            op, f"'{op.name}' stands directly in {' or '.join(wanted)}, not in '{parent.name}'"
        )
    if around is not None and parent is not None and not _stands_in(op, around):
        raise design_error(op, f"'{op.name}' stands in {around}, not in '{parent.name}'")


def _stands_in(op: Operation, name: str) -> bool:
    above = op.parent_op()
    while above is not None and above.name != name:
        above = above.parent_op()
    return above is not None


@cache
def _origins(cls: type[DefinedOp]) -> list[tuple[OperandField, Origin]]:
    """The operand fields of a class whose values must come from something."""
    flow_ends = dict.fromkeys(FLOW_ENDS, TILES) if cls.name in FLOWS else {}
    known = {**flow_ends, **ORIGINS}
    return [(field, known[field.name]) for field in cls.operand_fields if field.name in known]


def _check_origins(op: DefinedOp, origins: Iterable[tuple[OperandField, Origin]]) -> None:
    for field, (what, classes) in origins:
        start, stop = op.operand_range(field)
        for value in op.operands[start:stop]:
            owner = value.owner
            if isinstance(owner, Operation) and not isinstance(owner, classes):
                raise design_error(
                    op, f"'{op.name}': {field.name} must be {what}, not '{owner.name}'"
                )
            if isinstance(owner, TileOp | LogicalTileOp):
                check_tile_kind(op, owner)


def _check_blocks(op: Operation) -> None:
    """Blocks end in terminators."""
    for region in op.regions:
        blocks = region.blocks
        if op.name in SINGLE_BLOCK:
            _check_single(op, len(blocks))
        for block in blocks:
            last = block._last_op
            if last is None or not last.has_trait(IsTerminator, value_if_unregistered=True):
                free = op.has_trait(NoTerminator, value_if_unregistered=True)
                if len(blocks) > 1 or not free:
                    _raise_unterminated(op, block)


def _check_branch(op: Operation) -> None:
    """A branch ends its block, and stays in its region."""
    block = op.parent
    if block is not None and op is not block.last_op:
        raise design_error(op, f"'{op.name}' must be the last op of its block")
    if block is not None and any(target.parent is not block.parent for target in op.successors):
        raise design_error(op, f"'{op.name}' leaves its region")


def _check_single(op: Operation, blocks: int) -> None:
    """One block; a configuration that runs nothing may have none."""
    if blocks > 1 or (blocks == 0 and op.name != "aiex.configure"):
        raise design_error(op, f"{title(op)} must have one block, found {blocks}")


def _raise_unterminated(op: Operation, block: Block) -> None:
    last = block.last_op
    ending = ENDINGS.get(op.name.partition(".")[0], "aie.end")
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
        for inner in ops_in(block):
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
            self.positions[block] = {op: index for index, op in enumerate(ops_in(block))}
        positions = self.positions[block]
        return positions[first] < positions[second]

    def dominates(self, region: Region, first: Block, second: Block) -> bool:
        if region not in self.dominance:
            self.dominance[region] = DominanceInfo(region)
        return self.dominance[region].dominates(first, second)


def _check_operands(op: Operation, order: _Order, places: Mapping[Operation, int]) -> None:
    """`places`: those of ops in the text."""
    block = op.parent
    for value in op._operands:
        if type(value) is not OpResult or value.op.parent is not block or block is None:
            _check_operand(op, value, order)
        elif places.get(value.op, len(places)) >= places[op]:
            _raise_too_early(op, value)


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
            _raise_too_early(op, value)
    elif not order.dominates(home.parent, home, here):
        raise design_error(op, f"{_value_name(value)} is not defined on every way to this op")


def _raise_too_early(op: Operation, value: SSAValue[Any]) -> None:
    owner = value.owner
    assert isinstance(owner, Operation)
    raise design_error(
        op,
        f"{_value_name(value)} is used before it is defined",
        f"it is defined at {location_of(owner)}",
    )


def _value_name(value: SSAValue[Any]) -> str:
    """The author's name of a value; mlir's own numbers are told by what gives the value."""
    if value.name_hint:
        return f"%{value.name_hint}"
    owner = value.owner
    return f"a value of '{owner.name}'" if isinstance(owner, Operation) else "an argument"
