"""What rules of upstream ops ask of types, and how they name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType, MemRefType, VectorType
from xdsl.ir import Attribute, Operation

from softnpu.dialects.source import design_error


def element(type: Attribute) -> Attribute:
    """The type of the elements of a vector or memref, or the type itself."""
    return type.element_type if isinstance(type, (VectorType, MemRefType)) else type


def shape(type: Attribute) -> tuple[int, ...] | None:
    """The shape of a vector; None for a scalar."""
    return tuple(type.get_shape()) if isinstance(type, VectorType) else None


@dataclass(frozen=True)
class Kind:
    """A kind of scalar, which may also be the element of a vector."""

    words: str
    has: Callable[[Attribute], bool]

    def __call__(self, type: Attribute) -> bool:
        """Whether a type is of the kind, or a vector of it."""
        return not isinstance(type, MemRefType) and self.has(element(type))


INTEGERS = Kind("integers", lambda type: isinstance(type, (IntegerType, IndexType)))
FIXED_INTEGERS = Kind("integers of a fixed width", lambda type: isinstance(type, IntegerType))
FLOATS = Kind("floats", lambda type: isinstance(type, AnyFloat))
NUMBERS = Kind("numbers of a fixed width", lambda type: isinstance(type, (IntegerType, AnyFloat)))
TRUTHS = Kind("truth values (i1)", lambda type: type == IntegerType(1))


def listed(types: Sequence[Attribute]) -> str:
    """`i32, f32 and i8`"""
    words = [str(type) for type in types]
    return (
        " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "nothing"
    )


def check_same(
    op: Operation, what: str, found: Sequence[Attribute], wanted: Sequence[Attribute]
) -> None:
    """As many values as wanted, each of the type wanted."""
    if list(found) != list(wanted):
        raise design_error(op, f"{what}: expected {listed(wanted)}, found {listed(found)}")


def memref_of(op: Operation, type: Attribute) -> MemRefType:
    """The type as that of a memref with a shape."""
    if not isinstance(type, MemRefType):
        raise design_error(op, f"'{op.name}' needs a memref, found {type}")
    return type
