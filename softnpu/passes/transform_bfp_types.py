"""`aie-transform-bfp-types`: blocks of floats as integers (AIETransformBfpTypes.cpp)."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerType, ModuleOp
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from softnpu.dialects.attributes import BlockFloatType
from softnpu.dialects.sizes import BLOCK_FLOAT_BITS
from softnpu.dialects.source import design_error
from softnpu.passes.rewriting.types import retype_arguments, retype_attributes, retype_results
from softnpu.passes.sequence_ops import devices, model_of


@dataclass(frozen=True)
class TransformBfpTypesPass(ModulePass):
    """Replace `!aiex.bfp` wherever a type stands; cores of the first generation have none."""

    name = "aie-transform-bfp-types"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            model = model_of(device)
            for each in device.walk():
                convert = _Converter(each, model.name, supported=model.has_block_floats)
                retype_results(each, convert)
                retype_attributes(each, convert)
                for region in each.regions:
                    for block in region.blocks:
                        retype_arguments(block, convert)


@dataclass
class _Converter:
    op: Operation
    device: str
    supported: bool

    def __call__(self, type: Attribute) -> Attribute:
        if not isinstance(type, BlockFloatType):
            return type
        if not self.supported:
            raise design_error(
                self.op,
                f"{self.device} has no block floats, found {type}",
                "npu2 and its partitions have them",
            )
        return IntegerType(BLOCK_FLOAT_BITS[type.block_type])
