"""MLIR's own dialects: xDSL's, with the syntax and the ops that it lacks, loaded when met.

Each module here stands for one dialect. `dialect()` gives its ops; `PARSERS` and `PRINTERS`
hold, by op name, the custom syntax of ops whose class is xDSL's. A class of ours under an
xDSL op's name is a subclass of xDSL's, so that passes meet one class however an op came about.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from xdsl.context import Context
from xdsl.ir import Dialect, Operation
from xdsl.parser import Parser
from xdsl.printer import Printer

OURS = ("affine", "arith", "cf", "func", "index", "math", "memref", "scf", "vector")
"""Dialects with a module here."""

XDSLS = {
    "dlti": "DLTI",
    "llvm": "LLVM",
    "tensor": "Tensor",
    "ub": "UB",
}
"""Dialects that are xDSL's as they are, and their names in its modules."""


def register(ctx: Context) -> None:
    """Make the dialects known to a context, each to be loaded when an op of it is met."""
    for name in OURS:
        ctx.register_dialect(name, lambda name=name: _module(name).dialect())  # type: ignore[misc]
    for name, attribute in XDSLS.items():
        ctx.register_dialect(
            name,
            lambda name=name, attribute=attribute: getattr(  # type: ignore[misc]
                import_module(f"xdsl.dialects.{name}"), attribute
            ),
        )


def op_parser(op_name: str) -> Callable[[Parser], Operation] | None:
    """The parser of an op whose class has none."""
    found: Callable[[Parser], Operation] | None = _special(op_name, "PARSERS")
    return found


def op_printer(op_name: str) -> Callable[[Printer, Operation], None] | None:
    """The printer of an op whose class has none, or not MLIR's."""
    found: Callable[[Printer, Operation], None] | None = _special(op_name, "PRINTERS")
    return found


@cache
def _special(op_name: str, table: str) -> Any:
    dialect = op_name.partition(".")[0]
    return getattr(_module(dialect), table).get(op_name) if dialect in OURS else None


def _module(name: str) -> Any:
    return import_module(f"softnpu.dialects.upstream.{name}")


def with_ops(dialect: Dialect, *ops: type[Operation]) -> Dialect:
    """A dialect with further ops, which replace those of the same name."""
    by_name = {op.name: op for op in (*dialect.operations, *ops)}
    return Dialect(dialect.name, list(by_name.values()), list(dialect.attributes))
