"""What ops have in common that differ in the values that they take, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeAlias, TypeVar

from xdsl.dialects.arith import ConstantOp
from xdsl.ir import Attribute, Operation, OpResult

T = TypeVar("T")
Kind: TypeAlias = tuple[object, ...]


def kind_of(op: Operation) -> Kind:
    """The class of an op without regions, its attributes, the types of its operands and results,
    and how many successors it has.

    Attributes and types, which never change, count by identity: a kind means something only as long
    as none of them goes (see `OfKinds`).
    """
    properties, attributes = op.properties, op.attributes
    kind: Kind = (
        type(op),
        len(op._successors),
        *properties,
        *map(id, properties.values()),
        *[id(value._type) for value in op._operands],
    )
    if op.results:
        kind = (*kind, None, *[id(value._type) for value in op.results])
    return (*kind, *attributes, *map(id, attributes.values())) if attributes else kind


def kind_but_for(op: Operation, *left_out: str) -> Kind:
    """The kind of an op without successors, some of its properties left out."""
    properties, attributes = op.properties, op.attributes
    return (
        type(op),
        *properties,
        None,
        *[id(one) for name, one in properties.items() if name not in left_out],
        *attributes,
        None,
        *map(id, attributes.values()),
        *[id(value._type) for value in op._operands],
        None,
        *[id(value._type) for value in op.results],
    )


def said_by(op: Operation) -> Kind | None:
    """All that an op without results says: its kind, and the values of its constants; None if an
    operand is none."""
    constants = constants_of(op)
    if len(constants) < len(op._operands):
        return None
    return (*kind_of(op), *[id(one.properties["value"]) for one in constants])


def constants_of(op: Operation) -> list[ConstantOp]:
    """The constants that are operands of an op, in order."""
    owners = [value.op for value in op._operands if type(value) is OpResult]
    return [one for one in owners if type(one) is ConstantOp]


class OfKinds(Generic[T]):
    """What is known of kinds; their attributes and types are kept, so that no others get their
    identities."""

    def __init__(self) -> None:
        self.known: dict[Kind | None, T] = {}
        self._kept: list[object] = []

    def learn(self, kind: Kind, op: Operation, what: T, *others: Operation) -> None:
        """`kind` is that of `op`, or of it and `others`."""
        for one in (op, *others):
            types = [value.type for value in (*one._operands, *one.results)]
            self._kept.append((*one.properties.values(), *one.attributes.values(), *types))
        self.known[kind] = what


class OfAttributes(Generic[T]):
    """The same for single attributes, by their identities."""

    def __init__(self) -> None:
        self.known: dict[int, T] = {}
        self._kept: list[Attribute] = []

    def learn(self, attribute: Attribute, what: T) -> None:
        self._kept.append(attribute)
        self.known[id(attribute)] = what


def of_kinds(subject: str) -> OfKinds[Any]:
    """What is known about `subject`: something within `kinds_remembered`, else nothing yet."""
    return OfKinds() if _remembered is None else _remembered.setdefault(subject, OfKinds())


def of_attributes(subject: str) -> OfAttributes[Any]:
    """The same of attributes."""
    if _remembered_attributes is None:
        return OfAttributes()
    return _remembered_attributes.setdefault(subject, OfAttributes())


_remembered: dict[str, OfKinds[Any]] | None = None
_remembered_attributes: dict[str, OfAttributes[Any]] | None = None


@contextmanager
def kinds_remembered() -> Iterator[None]:
    """What one printing or check of a design finds out of kinds of ops, the next ones know."""
    global _remembered, _remembered_attributes
    outer = _remembered, _remembered_attributes
    if _remembered is None:
        _remembered, _remembered_attributes = {}, {}
    try:
        yield
    finally:
        _remembered, _remembered_attributes = outer
