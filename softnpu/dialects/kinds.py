"""What ops have in common that differ in the values that they take, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeAlias, TypeVar

from xdsl.ir import Operation

T = TypeVar("T")
Kind: TypeAlias = tuple[object, ...]


def kind_of(op: Operation) -> Kind:
    """The class of an op without regions, its attributes, the types of its operands and results,
    and how many successors it has.

    Attributes and types, which never change, count by identity: a kind means something only as long
    as none of them goes (see `OfKinds`).
    """
    properties, attributes = op.properties, op.attributes
    return (
        type(op),
        *properties,
        None,
        *map(id, properties.values()),
        *attributes,
        None,
        *map(id, attributes.values()),
        *[id(value.type) for value in op._operands],
        None,
        *[id(value.type) for value in op.results],
        len(op._successors),
    )


class OfKinds(Generic[T]):
    """What is known of kinds; their attributes and types are kept, so that no others get their
    identities."""

    def __init__(self) -> None:
        self.known: dict[Kind, T] = {}
        self._kept: list[object] = []

    def learn(self, kind: Kind, op: Operation, what: T) -> None:
        """`kind` is that of `op`."""
        types = [value.type for value in (*op._operands, *op.results)]
        self._kept.append((*op.properties.values(), *op.attributes.values(), *types))
        self.known[kind] = what


def of_kinds(subject: str) -> OfKinds[Any]:
    """What is known about `subject`: something within `kinds_remembered`, else nothing yet."""
    return OfKinds() if _remembered is None else _remembered.setdefault(subject, OfKinds())


_remembered: dict[str, OfKinds[Any]] | None = None


@contextmanager
def kinds_remembered() -> Iterator[None]:
    """What one printing or check of a design finds out of kinds of ops, the next ones know."""
    global _remembered
    outer, _remembered = _remembered, {} if _remembered is None else _remembered
    try:
        yield
    finally:
        _remembered = outer
