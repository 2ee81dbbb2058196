"""MLIR as npuforge reads it: the aie and aiex dialects on xDSL, and the upstream ones they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.context import Context
    from xdsl.ir import Dialect, Operation


def context() -> Context:
    """An xDSL context that knows every dialect of an NPU design."""
    from xdsl.context import Context
    from xdsl.dialects import affine, arith, builtin, cf, func, math, memref, scf, ub, vector
    from xdsl.ir import Dialect

    from softnpu.dialects import aie, aiex, upstream

    ctx = Context()
    for dialect in (
        builtin.Builtin,
        arith.Arith,
        func.Func,
        scf.Scf,
        cf.Cf,
        _with(memref.MemRef, upstream.REPLACED),
        affine.Affine,
        math.Math,
        ub.UB,
        vector.Vector,
        Dialect("aie", list(aie.OPS), list(aie.ATTRIBUTES)),
        Dialect("aiex", list(aiex.OPS), list(aiex.ATTRIBUTES)),
    ):
        ctx.load_dialect(dialect)
    return ctx


def _with(dialect: Dialect, replaced: tuple[type[Operation], ...]) -> Dialect:
    """A dialect with some of its op classes replaced by ours of the same name."""
    from xdsl.ir import Dialect

    ops = {op.name: op for op in (*dialect.operations, *replaced) if op.name}
    return Dialect(dialect.name, list(ops.values()), list(dialect.attributes))
