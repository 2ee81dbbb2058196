"""MLIR types in C.

Integers are signless in MLIR; here each is held sign-extended in the signed C type of the next
width, `i1` as bool. `index` has 64 bits, as mlir-aie's data layout says (a counter or a sum of
counters that provably fits is computed in C's int: see `Expr.span`). Vectors of any rank
are clang's ext_vector_type with all elements in a row; a vector of i1 has elements 0 and -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import cast

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IndexType,
    IntegerType,
    MemRefType,
    VectorType,
)
from xdsl.ir import Attribute

INDEX_BITS = 64
CASCADE_BITS = 512
CONTAINERS = (8, 16, 32, 64)


@dataclass(frozen=True)
class CType:
    """A C type and what is known of its values.

    Attributes:
        name: as C spells it.
        kind: "bool", "int", "float", "vector" or "pointer".
        bits: width of an integer or float, of a vector's element.
        element: of a vector or pointer.
        count: elements of a vector.
    """

    name: str
    kind: str
    bits: int
    element: CType | None = None
    count: int = 1

    @property
    def container(self) -> int:
        """Bits of the C type that holds an integer."""
        return next(width for width in CONTAINERS if width >= self.bits)

    @property
    def exact(self) -> bool:
        """Whether an integer fills its C type."""
        return self.kind == "int" and self.container == self.bits

    @property
    def unsigned(self) -> str:
        """The unsigned C type of an integer's width."""
        return f"u{self.name}"

    @property
    def is_float(self) -> bool:
        return self.kind == "float"

    @property
    def size(self) -> int:
        """Bytes in memory."""
        if self.element is not None and self.kind == "vector":
            return self.count * self.element.size
        return (self.bits + 7) // 8 if self.is_float else self.container // 8

    def declare(self, name: str) -> str:
        """`type name`, the stars at the name."""
        gap = "" if self.name.endswith("*") else " "
        return f"{self.name}{gap}{name}"


BOOL = CType("bool", "bool", 1)
INDEX = CType("int64_t", "int", INDEX_BITS)
I32 = CType("int32_t", "int", 32)
BF16 = CType("__bf16", "float", 16)
F16 = CType("_Float16", "float", 16)
F32 = CType("float", "float", 32)
F64 = CType("double", "float", 64)

_FLOATS: dict[type[Attribute], CType] = {
    BFloat16Type: BF16,
    Float16Type: F16,
    Float32Type: F32,
    Float64Type: F64,
}
_SHORT = {"__bf16": "bf16", "_Float16": "f16", "float": "f32", "double": "f64", "bool": "i1"}
WIDEST = 64


def integer(bits: int) -> CType:
    """The type of an integer of `bits` bits, at most 64."""
    if bits == 1:
        return BOOL
    container = next(width for width in CONTAINERS if width >= bits)
    return CType(f"int{container}_t", "int", bits)


def vector(element: CType, count: int) -> CType:
    """A vector of `count` elements."""
    short = _SHORT.get(element.name) or f"i{element.bits}"
    return CType(f"v{count}{short}", "vector", element.bits, element, count)


def pointer(element: CType) -> CType:
    """A pointer to elements of a type."""
    return CType(f"{element.name} *", "pointer", 32, element)


def element_of(type: CType) -> CType:
    """The element of a vector, or the type itself."""
    return type.element if type.kind == "vector" and type.element else type


def vector_typedef(type: CType) -> str:
    """The line of C that defines a vector type."""
    assert type.element is not None
    element = "int8_t" if type.element is BOOL else type.element.name
    return f"typedef {element} {type.name} __attribute__((ext_vector_type({type.count})));"


def c_type(type: Attribute) -> CType | None:
    """The C type of a value of an MLIR type, None if there is none.

    A memref's is the pointer to its elements, i512 (a cascade word) is a vector of 16 i32.
    """
    if isinstance(type, IndexType):
        return INDEX
    if isinstance(type, IntegerType):
        bits = type.width.data
        if bits == CASCADE_BITS:
            return vector(I32, CASCADE_BITS // 32)
        return integer(bits) if 0 < bits <= WIDEST else None
    if isinstance(type, VectorType):
        element = c_type(cast(Attribute, type.element_type))
        if element is None or any(flag.value.data for flag in type.scalable_dims):
            return None
        return vector(element, prod(type.get_shape()))
    if isinstance(type, MemRefType):
        element = c_type(cast(Attribute, type.element_type))
        return None if element is None else pointer(element)
    for mlir, known in _FLOATS.items():
        if isinstance(type, mlir):
            return known
    return None
