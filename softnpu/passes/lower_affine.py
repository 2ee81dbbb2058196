"""`lower-affine`: affine loops, branches and subscripts become scf, arith and memref ops."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.walking import all_ops


class LowerAffinePass(ModulePass):
    """Lowers all affine ops of a module."""

    name = "lower-affine"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        found = [inner for inner in all_ops(op) if inner.name.startswith("affine.")]
        if not found:
            return
        from softnpu.passes.rewriting.affine import lower

        for inner in found:
            lower(inner)
