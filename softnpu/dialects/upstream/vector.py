"""vector: the ops that xDSL does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from xdsl.dialects import vector
from xdsl.dialects.builtin import ArrayAttr, VectorType
from xdsl.ir import Attribute, Dialect, Operation, OpResult, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.array_codecs import DENSE_I64
from softnpu.dialects.codecs import ANY, TypedCodec
from softnpu.dialects.opdef import DefinedOp, attr, operand, operands, result, result_type
from softnpu.dialects.parts import Parts
from softnpu.dialects.upstream import with_ops
from softnpu.dialects.upstream.forms import PureOp, print_attributes

KIND = TypedCodec[Any](cast(Any, vector.CombiningKindAttr), "a kind such as <add>")


class ShapeCastOp(PureOp):
    """The same elements in another shape."""

    name = "vector.shape_cast"
    source: SSAValue = operand()
    syntax = "$source attr-dict `:` type($source) `to` type($result)"


class TypeCastOp(PureOp):
    """A memref of scalars as a memref of one vector."""

    name = "vector.type_cast"
    memref: SSAValue = operand()
    syntax = "$memref attr-dict `:` type($memref) `to` type($result)"


class ExtractStridedSliceOp(PureOp):
    """A slice of a vector."""

    name = "vector.extract_strided_slice"
    source: SSAValue = operand()
    offsets: ArrayAttr[Attribute] = attr(ANY)
    sizes: ArrayAttr[Attribute] = attr(ANY)
    strides: ArrayAttr[Attribute] = attr(ANY)
    syntax = "$source attr-dict `:` type($source) `to` type($result)"


class InsertStridedSliceOp(PureOp):
    """A vector with a slice of it replaced."""

    name = "vector.insert_strided_slice"
    value_to_store: SSAValue = operand()
    dest: SSAValue = operand()
    offsets: ArrayAttr[Attribute] = attr(ANY)
    strides: ArrayAttr[Attribute] = attr(ANY)
    syntax = "$valueToStore `,` $dest attr-dict `:` type($valueToStore) `into` type($dest)"

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        parts.types["result"] = parts.types["dest"]


class TransposeOp(PureOp):
    """A vector with its dimensions in another order."""

    name = "vector.transpose"
    vector: SSAValue = operand()
    permutation: tuple[int, ...] = attr(DENSE_I64)
    syntax = "$vector `,` $permutation attr-dict `:` type($vector) `to` type($result)"

    def verify_rules(self) -> None:
        super().verify_rules()
        order = ", ".join(map(str, self.permutation))
        source, target = self.vector.type, self.result.type
        if not isinstance(source, VectorType) or not isinstance(target, VectorType):
            raise VerifyException("transposes vectors")
        if sorted(self.permutation) != list(range(len(source.get_shape()))):
            raise VerifyException(f"[{order}] does not name each dimension of {source} once")
        wanted = [source.get_shape()[n] for n in self.permutation]
        if list(target.get_shape()) != wanted:
            raise VerifyException(f"{source} in the order [{order}] is no {target}")


class ConstantMaskOp(PureOp):
    """A mask with its first elements set."""

    name = "vector.constant_mask"
    mask_dim_sizes: tuple[int, ...] = attr(DENSE_I64)
    syntax = "$mask_dim_sizes attr-dict `:` type($result)"


class MultiDimReductionOp(DefinedOp):
    """A reduction over some dimensions."""

    name = "vector.multi_reduction"
    kind: Attribute = attr(KIND)
    source: SSAValue = operand()
    acc: SSAValue = operand()
    reduction_dims: tuple[int, ...] = attr(DENSE_I64)
    dest_type: Attribute = result_type()
    dest: OpResult = result()
    traits = traits_def(Pure())
    syntax = (
        "$kind `,` $source `,` $acc attr-dict $reduction_dims `:` type($source) `to` type($dest)"
    )

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        parts.types["acc"] = parts.types["dest"]


class FromElementsOp(DefinedOp):
    """A vector of given elements."""

    name = "vector.from_elements"
    elements: tuple[SSAValue, ...] = operands()
    dest_type: VectorType = result_type(VectorType, "a vector")
    dest: OpResult = result()
    traits = traits_def(Pure())
    syntax = "$elements attr-dict `:` type($dest)"

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        element = cast("VectorType[Any]", parts.types["dest"][0]).element_type
        parts.types["elements"] = [element] * len(parts.operands["elements"])


class SplatOp(DefinedOp):
    """A vector of one value over and over (older MLIR; `vector.broadcast` in newer)."""

    name = "vector.splat"
    input: SSAValue = operand()
    aggregate_type: VectorType = result_type(VectorType, "a vector")
    aggregate: OpResult = result()
    traits = traits_def(Pure())
    syntax = "$input attr-dict `:` type($aggregate)"

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        parts.types["input"] = [cast("VectorType[Any]", parts.types["aggregate"][0]).element_type]


class InterleaveOp(PureOp):
    """The elements of two vectors by turns."""

    name = "vector.interleave"
    lhs: SSAValue = operand()
    rhs: SSAValue = operand()
    syntax = "$lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)"

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        parts.types["rhs"] = parts.types["lhs"]


class StepOp(PureOp):
    """0, 1, 2, ..."""

    name = "vector.step"
    syntax = "attr-dict `:` type($result)"


class OuterProductOp(PureOp):
    """The products of all pairs, added to an accumulator if there is one."""

    name = "vector.outerproduct"
    lhs: SSAValue = operand()
    rhs: SSAValue = operand()
    acc: tuple[SSAValue, ...] = operands()
    kind: Attribute | None = attr(KIND, default=None)
    syntax = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)"

    @classmethod
    def parse(cls, parser: Parser) -> OuterProductOp:
        values = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        lhs: Any = parser.parse_type()
        parser.parse_punctuation(",")
        rhs: Any = parser.parse_type()
        shape = lhs.get_shape()
        if isinstance(rhs, VectorType):
            shape = (*shape, *rhs.get_shape())
        product = VectorType(lhs.element_type, shape)
        types = [lhs, rhs, product][: len(values)]
        return cls.create(
            operands=parser.resolve_operands(values, types, parser.pos),
            result_types=[product],
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        print_attributes(printer, self, "kind")
        printer.print_string(" : ")
        printer.print_list([self.lhs.type, self.rhs.type], printer.print_attribute)


class ContractionOp(PureOp):
    """A contraction: matrix products and their like."""

    name = "vector.contract"
    lhs: SSAValue = operand()
    rhs: SSAValue = operand()
    acc: SSAValue = operand()
    indexing_maps: ArrayAttr[Attribute] = attr(ANY)
    iterator_types: ArrayAttr[Attribute] = attr(ANY)
    kind: Attribute | None = attr(KIND, default=None)
    syntax = "attr-dict $lhs `,` $rhs `,` $acc `:` type($lhs) `,` type($rhs) `into` type($acc)"

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        parts.types["result"] = parts.types["acc"]


PARSERS: dict[str, Callable[[Parser], Operation]] = {}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {}


def dialect() -> Dialect:
    """vector with our ops in it."""
    return with_ops(
        vector.Vector,
        ShapeCastOp,
        TypeCastOp,
        ExtractStridedSliceOp,
        InsertStridedSliceOp,
        TransposeOp,
        ConstantMaskOp,
        MultiDimReductionOp,
        FromElementsOp,
        SplatOp,
        InterleaveOp,
        StepOp,
        OuterProductOp,
        ContractionOp,
    )
