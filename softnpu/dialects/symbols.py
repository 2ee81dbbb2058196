"""Finding ops by their symbol, in the nearest enclosing symbol table that has it."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation

from softnpu.dialects.aie.tiles import DeviceOp


def symbol_name(op: Operation) -> str | None:
    """The symbol that an op defines, if it defines one."""
    name = op.get_attr_or_prop("sym_name")
    if isinstance(name, StringAttr):
        return name.data
    default = getattr(type(op), "attr_fields", {}).get("sym_name")
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
    ops = (op for block in table.regions[0].blocks for op in block.ops)
    return next((op for op in ops if symbol_name(op) == name), None)
