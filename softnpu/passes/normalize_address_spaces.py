"""`aie-normalize-address-spaces`: a core has one memory (AIENormalizeAddressSpaces.cpp)."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import MemRefType, ModuleOp, NoneAttr
from xdsl.ir import Attribute
from xdsl.passes import ModulePass

from softnpu.passes.rewriting.types import retype_arguments, retype_attributes, retype_results
from softnpu.passes.sequence_ops import devices


@dataclass(frozen=True)
class NormalizeAddressSpacesPass(ModulePass):
    """Take the memory spaces off the types of memrefs: of values, functions and globals."""

    name = "aie-normalize-address-spaces"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for each in device.walk():
                retype_results(each, _without_space)
                if isinstance(each, (func.FuncOp, memref.GlobalOp)):
                    retype_attributes(each, _without_space)
                    for region in each.regions:
                        for block in region.blocks:
                            retype_arguments(block, _without_space)


def _without_space(type: Attribute) -> Attribute:
    if not isinstance(type, MemRefType):
        return type
    return MemRefType(type.element_type, type.shape, type.layout, NoneAttr())
