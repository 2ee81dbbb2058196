"""Rules of scf, cf and func: what goes into a loop, a block or a function fits, and comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from xdsl.dialects import cf, func, scf
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import (
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    SymbolRefAttr,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from softnpu.dialects.aie.symbols import lookup, lookup_in, symbol_name, tables_around
from softnpu.dialects.rules.common import did_you_mean, title
from softnpu.dialects.rules.types import check_same, listed
from softnpu.dialects.source import design_error, location_of

# loops and branches


def _types(values: Sequence[SSAValue]) -> list[Attribute]:
    return [value.type for value in values]


def _check_yields(op: Operation, region: Region, wanted: Sequence[Attribute], what: str) -> None:
    """Each end of the region yields what the op gives or takes round."""
    for block in region.blocks:
        last = block.last_op
        if isinstance(last, scf.YieldOp):
            check_same(
                last, f"scf.yield gives {what} of '{op.name}'", _types(last.operands), wanted
            )
        elif len(region.blocks) == 1:
            raise design_error(
                op if last is None else last, f"a region of '{op.name}' ends with scf.yield"
            )


def check_for(op: scf.ForOp) -> None:
    """Bounds and step of one type, and as many values in as go round and come out."""
    bounds = _types([op.lb, op.ub, op.step])
    if len(set(bounds)) > 1 or not isinstance(bounds[0], (IndexType, IntegerType)):
        raise design_error(
            op,
            f"bounds and step of a loop are of one type, index or integer, found {listed(bounds)}",
        )
    step = op.step.owner
    if isinstance(step, ConstantOp) and isinstance(step.value, IntegerAttr):
        number = step.value.value.data
        if number < 1:
            raise design_error(op, f"the step of a loop is at least 1, found {number}")
    carried = _types(op.iter_args)
    check_same(
        op,
        "the loop's block takes the index, then what iter_args gives",
        _types(op.body.block.args),
        [bounds[0], *carried],
    )
    check_same(op, "the loop's results are what iter_args gives", list(op.result_types), carried)
    _check_yields(op, op.body, carried, "what goes round in iter_args")


def check_if(op: scf.IfOp) -> None:
    """A condition, and both branches yield the results."""
    _check_condition(op, op.cond)
    results = list(op.result_types)
    if results and not op.false_region.blocks:
        raise design_error(op, "scf.if has results, but no else that gives them")
    for region in op.regions:
        _check_yields(op, region, results, "the results")


def _check_condition(op: Operation, value: SSAValue) -> None:
    if value.type != IntegerType(1):
        raise design_error(op, f"the condition of '{op.name}' is an i1, found {value.type}")


def check_while(op: scf.WhileOp) -> None:
    """What goes in comes to the condition, and from there out and to the body."""
    before, after = op.before_region, op.after_region
    check_same(
        op,
        "the condition's block takes what goes in",
        _types(before.block.args),
        _types(op.arguments),
    )
    condition = before.block.last_op
    if not isinstance(condition, scf.ConditionOp):
        raise design_error(op, "the first region of scf.while ends with scf.condition")
    results = list(op.result_types)
    _check_condition(condition, condition.condition)
    check_same(
        condition,
        "scf.condition passes on the results of scf.while",
        _types(condition.args),
        results,
    )
    check_same(op, "the body's block takes the results", _types(after.block.args), results)
    _check_yields(op, after, _types(op.arguments), "what goes in again")


def check_regions(op: scf.IndexSwitchOp | scf.ExecuteRegionOp) -> None:
    """Each region yields the results."""
    for region in op.regions:
        if not region.blocks:
            raise design_error(op, f"a region of '{op.name}' is empty: end it with scf.yield")
        _check_yields(op, region, list(op.result_types), "the results")


def check_branch(op: cf.BranchOp) -> None:
    """The block takes what is given."""
    _check_arguments(op, op.successor, _types(op.arguments))


def check_conditional_branch(op: cf.ConditionalBranchOp) -> None:
    """A condition, and each block takes what is given."""
    _check_condition(op, op.cond)
    _check_arguments(op, op.then_block, _types(op.then_arguments))
    _check_arguments(op, op.else_block, _types(op.else_arguments))


def check_switch(op: cf.SwitchOp) -> None:
    """Each block takes what is given."""
    _check_arguments(op, op.default_block, _types(op.default_operands))
    for block, arguments in zip(op.case_blocks, op.case_operand, strict=False):
        _check_arguments(op, block, _types(arguments))


def _check_arguments(op: Operation, block: Block, given: Sequence[Attribute]) -> None:
    check_same(op, f"'{op.name}' gives the block what it takes", given, _types(block.args))


# functions


def check_call(op: func.CallOp) -> None:
    """The function exists and takes these arguments."""
    callee = op.properties["callee"]
    if not isinstance(callee, SymbolRefAttr):
        raise design_error(op, f"func.call needs the name of a function, found {callee}")
    name = callee.root_reference.data
    table = next(tables_around(op))
    found = lookup_in(table, name)
    if found is None and (outside := lookup(op, name)) is not None:
        raise design_error(
            op,
            f"'@{name}' stands outside of {title(table)}, where this call does not see it",
            f"it is declared at {location_of(outside)}: move it into {title(table)}",
        )
    if found is None:
        raise design_error(
            op,
            f"there is no function '@{name}'{did_you_mean(name, _functions(op))}",
            *_declarations(op, name),
        )
    if not isinstance(found, func.FuncOp):
        near = did_you_mean(name, _functions(op))
        raise design_error(op, f"'@{name}' is no function, but '{found.name}'{near}", *_at(found))
    type = found.function_type
    for what, given, wanted in (
        ("takes", list(op.operand_types), list(type.inputs.data)),
        ("gives", list(op.result_types), list(type.outputs.data)),
    ):
        _check_signature(op, found, what, given, wanted)


def _check_signature(
    op: Operation,
    function: func.FuncOp,
    what: str,
    given: list[Attribute],
    wanted: list[Attribute],
) -> None:
    name = function.sym_name.data
    word = "argument" if what == "takes" else "result"
    if len(given) != len(wanted):
        plural = "" if len(wanted) == 1 else "s"
        raise design_error(
            op,
            f"@{name} {what} {len(wanted)} {word}{plural}, found {len(given)}",
            f"it {what} {listed(wanted)}",
            *_at(function),
        )
    for index, (found, type) in enumerate(zip(given, wanted, strict=True)):
        if found != type:
            raise design_error(
                op, f"{word} {index} of @{name} is of type {type}, found {found}", *_at(function)
            )


def _at(op: Operation) -> tuple[str, ...]:
    return (f"it is declared at {location_of(op)}",)


def _functions(op: Operation) -> Iterator[str]:
    """The functions that an op sees."""
    for table in tables_around(op):
        for block in table.regions[0].blocks:
            yield from (symbol_name(o) or "" for o in block.ops if isinstance(o, func.FuncOp))


def _declarations(op: Operation, name: str) -> tuple[str, ...]:
    """How to declare a function, where nothing is near."""
    if did_you_mean(name, _functions(op)):
        return ()
    given = ", ".join(map(str, op.operand_types))
    return (f"declare it in the device: func.func private @{name}({given})",)


def check_function(op: func.FuncOp) -> None:
    """The first block takes the arguments; each return gives the results."""
    type = op.function_type
    if not op.body.blocks:
        return
    check_same(
        op,
        "the function's block takes its arguments",
        _types(op.body.blocks[0].args),
        type.inputs.data,
    )
    for block in op.body.blocks:
        last = block.last_op
        if isinstance(last, func.ReturnOp):
            _check_return(last, op.sym_name.data, type)


def _check_return(op: func.ReturnOp, name: str, type: FunctionType) -> None:
    check_same(op, f"what func.return gives from @{name}", _types(op.operands), type.outputs.data)


def check_return(op: func.ReturnOp) -> None:
    """A function's last op."""
    parent = op.parent_op()
    if not isinstance(parent, func.FuncOp):
        found = "" if parent is None else f", not '{parent.name}'"
        raise design_error(op, f"func.return ends a function{found}")
    if cast(Block, op.parent_block()).last_op is not op:
        raise design_error(op, "func.return must be the last op of its block")


RULES: dict[str, Callable[[Any], None]] = {
    "cf.br": check_branch,
    "cf.cond_br": check_conditional_branch,
    "cf.switch": check_switch,
    "func.call": check_call,
    "func.func": check_function,
    "func.return": check_return,
    "scf.execute_region": check_regions,
    "scf.for": check_for,
    "scf.if": check_if,
    "scf.index_switch": check_regions,
    "scf.while": check_while,
}
