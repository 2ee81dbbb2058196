"""Running a function of a lowered module, to see that it still does the same."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from xdsl.context import Context
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.interpreters.arith import ArithFunctions
from xdsl.interpreters.cf import CfFunctions
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.memref import MemRefFunctions
from xdsl.passes import ModulePass

from softnpu.dialects.text import parse_text
from softnpu.dialects.upstream.arith import COMPARISONS

(CMPI, PREDICATES), _ = COMPARISONS.items()
SIGNED = {
    "eq": operator.eq,
    "ne": operator.ne,
    "slt": operator.lt,
    "sle": operator.le,
    "sgt": operator.gt,
    "sge": operator.ge,
}


@register_impls
class Comparisons(InterpreterFunctions):
    """Comparisons of integers as designs are read; xDSL's interpreter knows its own only."""

    @impl(CMPI)
    def run_cmpi(self, interpreter: Interpreter, op: Any, arguments: PythonValues) -> PythonValues:
        """One bit."""
        predicate = PREDICATES[op.predicate.value.data]
        return (SIGNED[predicate](*arguments),)


def run_function(mlir: Context, text: str, passes: Sequence[ModulePass], *arguments: Any) -> Any:
    """What `@f` gives after some passes, which must leave no structured control flow."""
    module = parse_text(f"module {{\n{text}\n}}\n", "design.mlir", mlir)
    for each in passes:
        each.apply(mlir, module)
    interpreter = Interpreter(module)
    for functions in (ArithFunctions, Comparisons, CfFunctions, FuncFunctions, MemRefFunctions):
        interpreter.register_implementations(functions())
    return interpreter.call_op("f", arguments)
