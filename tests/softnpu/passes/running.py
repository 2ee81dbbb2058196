"""Running a function of a lowered module, to see that it still does the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.context import Context
from xdsl.interpreter import Interpreter
from xdsl.interpreters.arith import ArithFunctions
from xdsl.interpreters.cf import CfFunctions
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.memref import MemRefFunctions
from xdsl.passes import ModulePass

from softnpu.dialects.source import parse_text


def run_function(mlir: Context, text: str, passes: Sequence[ModulePass], *arguments: Any) -> Any:
    """What `@f` gives after some passes, which must leave no structured control flow."""
    module = parse_text(f"module {{\n{text}\n}}\n", "design.mlir", mlir)
    for each in passes:
        each.apply(mlir, module)
    interpreter = Interpreter(module)
    for functions in (ArithFunctions, CfFunctions, FuncFunctions, MemRefFunctions):
        interpreter.register_implementations(functions())
    return interpreter.call_op("f", arguments)
