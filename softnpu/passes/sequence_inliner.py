"""Copying a runtime sequence into another device, with the definitions that it uses."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue

from softnpu.dialects.aie import DeviceOp, LockOp, RuntimeSequenceOp, TileOp
from softnpu.dialects.aie.symbols import lookup, symbol_name
from softnpu.dialects.aiex import RunOp
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.passes.sequence_ops import replace, sequences, tile_at

POSITION = ("col", "row")
Values = dict[SSAValue, SSAValue]


class SequenceInliner:
    """Copies sequences of other devices into those of one device.

    Values that a sequence uses go to the device's beginning, definitions of symbols before its
    first sequence; a symbol whose name is taken gets a number.
    """

    def __init__(self, device: DeviceOp) -> None:
        self.device = device
        self._names = {name for op in device.body.ops if (name := symbol_name(op)) is not None}
        self._first_op = device.body.first_op
        self._first_sequence = sequences(device)[0]

    def inline(self, run: RunOp, callee: RuntimeSequenceOp) -> list[Operation]:
        """Replace `run` by a copy of the ops of `callee`; gives the copies."""
        body = callee.body.block
        values: Values = dict(zip(body.args, run.args, strict=True))
        used = _outside_values(callee, values)
        self._copy_values(run, used, values, before=self._first_op or run)
        renamed: dict[str, str] = {}
        copies = []
        for op in body.ops:
            copy = op.clone(values)
            self._copy_symbols(copy, callee, values, renamed)
            copies.append(copy)
        replace(run, copies)
        return copies

    def _copy_values(
        self, user: Operation, used: list[SSAValue], values: Values, before: Operation
    ) -> None:
        """Copy the tiles and locks that define `used`, tiles first, and map them in `values`."""
        for op in _definitions(user, used):
            if isinstance(op, TileOp):
                values[op.result] = self._tile_like(user, op, before).result
            else:
                _insert_before(op.clone(values), before)

    def _tile_like(self, user: Operation, tile: TileOp, before: Operation) -> TileOp:
        existing = tile_at(self.device, tile.col, tile.row)
        if existing is None:
            copy = tile.clone()
            _insert_before(copy, before)
            return copy
        if _other_attributes(tile) != _other_attributes(existing):
            raise design_error(
                user,
                f"tile ({tile.col}, {tile.row}) has other attributes in device "
                f"'@{self.device.sym_name}'",
            )
        return existing

    def _copy_symbols(
        self, copy: Operation, callee: RuntimeSequenceOp, values: Values, renamed: dict[str, str]
    ) -> None:
        """Define what `copy` names in this device too, and have it name that."""
        for attributes in (copy.properties, copy.attributes):
            for key, attribute in list(attributes.items()):
                if isinstance(attribute, SymbolRefAttr):
                    name = attribute.root_reference.data
                    if name not in renamed:
                        renamed[name] = self._define(copy, name, callee, values)
                    attributes[key] = SymbolRefAttr(renamed[name])

    def _define(self, user: Operation, name: str, callee: RuntimeSequenceOp, values: Values) -> str:
        """The name in this device of a copy of what `name` is for `callee`; devices stay."""
        definition = lookup(callee, name)
        if definition is None:
            raise design_error(user, f"'@{name}' is not defined in the device of this sequence")
        if isinstance(definition, DeviceOp):
            return name
        unique = self._unique(name)
        local = dict(values)
        self._copy_values(
            user, _outside_values(definition, local), local, before=self._first_sequence
        )
        copy = definition.clone(local)
        copy.properties["sym_name"] = StringAttr(unique)
        _insert_before(copy, self._first_sequence)
        return unique

    def _unique(self, name: str) -> str:
        unique, number = name, 0
        while unique in self._names:
            unique, number = f"{name}_{number}", number + 1
        self._names.add(unique)
        return unique


def symbol_references(op: Operation) -> Iterator[SymbolRefAttr]:
    """The symbols that an op itself names."""
    for attributes in (op.properties, op.attributes):
        for attribute in attributes.values():
            if isinstance(attribute, SymbolRefAttr):
                yield attribute


def _outside_values(op: Operation, known: Values) -> list[SSAValue]:
    """The values that `op` and what is in it use but neither it nor `known` defines."""
    inside = {result for inner in all_ops(op) for result in inner.results}
    found: dict[SSAValue, None] = {}
    for inner in op.walk():
        for operand in inner.operands:
            if operand not in known and operand not in inside and not _is_argument_of(op, operand):
                found[operand] = None
    return list(found)


def _is_argument_of(op: Operation, value: SSAValue) -> bool:
    """Whether a value is an argument of a block within `op`."""
    return isinstance(value, BlockArgument) and op.is_ancestor(value.owner)


def _definitions(user: Operation, used: list[SSAValue]) -> list[Operation]:
    """The ops to copy for `used`: tiles before the locks on them, the last used first."""
    pending = list(used)
    tiles: list[Operation] = []
    locks: list[Operation] = []
    while pending:
        op = pending.pop().owner
        if op in tiles or op in locks:
            continue
        if isinstance(op, TileOp):
            tiles.insert(0, op)
        elif isinstance(op, LockOp):
            locks.append(op)
            if op.tile not in pending:
                pending.append(op.tile)
        else:
            what = op.name if isinstance(op, Operation) else "an argument"
            raise design_error(
                user,
                f"a sequence that another device runs cannot use a value of {what}",
                "only tiles and locks of its device",
            )
    return tiles + locks


def _other_attributes(tile: TileOp) -> dict[str, Attribute]:
    every = {**tile.properties, **tile.attributes}
    return {key: value for key, value in every.items() if key not in POSITION}


def _insert_before(op: Operation, place: Operation) -> None:
    block = place.parent_block()
    assert block is not None
    block.insert_op_before(op, place)
