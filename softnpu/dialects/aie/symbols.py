"""Finding ops by their symbol, in the nearest enclosing symbol table that has it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation

from softnpu.dialects.aie.tiles import DeviceOp
from softnpu.dialects.walking import ops_in

OpT = TypeVar("OpT", bound=Operation)


def symbol_name(op: Operation) -> str | None:
    """The symbol that an op defines, if it defines one."""
    name = op.properties.get("sym_name") or op.attributes.get("sym_name")
    return name.data if isinstance(name, StringAttr) else _name_unless_given(type(op))


@cache
def _name_unless_given(cls: type[Operation]) -> str | None:
    default = getattr(cls, "attr_fields", {}).get("sym_name")
    value = getattr(default, "default", None)
    return value if isinstance(value, str) else None


def device_of(op: Operation) -> DeviceOp | None:
    """The `aie.device` that an op stands in (or is)."""
    current: Operation | None = op
    while current is not None and not isinstance(current, DeviceOp):
        current = current.parent_op()
    return current


def tables_around(op: Operation) -> Iterator[Operation]:
    """The ops around one that hold symbols, innermost first."""
    current: Operation | None = op
    while current is not None:
        if isinstance(current, (DeviceOp, ModuleOp)):
            yield current
        current = current.parent_op()


def lookup(op: Operation, name: str) -> Operation | None:
    """The op that defines `name`, as seen from `op`; `device::@name` looks into that device."""
    root, *nested = name.split("::@")
    for table in tables_around(op):
        found: Operation | None = lookup_in(table, root)
        for part in nested:
            found = lookup_in(found, part) if found else None
        if found is not None:
            return found
    return None


def lookup_in(table: Operation, name: str) -> Operation | None:
    """The op that defines `name` directly in a table."""
    if _tables is None:
        ops = (op for block in table.regions[0].blocks for op in ops_in(block))
        return next((op for op in ops if symbol_name(op) == name), None)
    if table not in _tables:
        _tables[table] = dict(reversed(list(_defined_in(table))))
    return _tables[table].get(name)


def defined_in(block: Block, names: Collection[str], kind: type[OpT]) -> dict[str, OpT]:
    """The first ops of a class in a block that define symbols of these names."""
    found: dict[str, OpT] = {}
    op = block.first_op
    while op is not None and len(found) < len(names):
        if isinstance(op, kind):
            name = symbol_name(op)
            if name is not None and name in names:
                found.setdefault(name, op)
        op = op._next_op
    return found


def _defined_in(table: Operation) -> Iterator[tuple[str, Operation]]:
    for block in table.regions[0].blocks:
        for op in ops_in(block):
            if (name := symbol_name(op)) is not None:
                yield name, op


_tables: dict[Operation, dict[str, Operation]] | None = None
"""The symbols of the tables that have been asked since `tables_read_once`."""


@contextmanager
def tables_read_once() -> Iterator[None]:
    """Where nothing gets or loses a symbol: each table is read when it is asked first."""
    global _tables
    _tables = {}
    try:
        yield
    finally:
        _tables = None
