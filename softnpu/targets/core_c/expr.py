"""C expressions as the generator handles them: text, precedence, and what the text depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum


class Prec(IntEnum):
    """How tightly a C operator binds."""

    COMMA = 0
    ASSIGN = 1
    CONDITIONAL = 2
    LOGICAL_OR = 3
    LOGICAL_AND = 4
    OR = 5
    XOR = 6
    AND = 7
    EQUAL = 8
    RELATION = 9
    SHIFT = 10
    ADD = 11
    MULTIPLY = 12
    UNARY = 13
    PRIMARY = 14


Span = tuple[int, int]
INT_MIN, INT_MAX = -(2**31), 2**31 - 1

_BITWISE = frozenset({Prec.OR, Prec.XOR, Prec.AND, Prec.SHIFT, Prec.EQUAL, Prec.RELATION})
"""Operators whose precedence readers do not remember; their operands get parentheses."""


@dataclass(frozen=True)
class Expr:
    """One C expression.

    Attributes:
        text: the C text.
        prec: its outermost operator.
        reads: the variables in it.
        memory: it reads memory, so it must not move past a store, a call or a lock.
        literal: its value, when it is an integer constant.
        loose: the C value may have more bits than the MLIR type; its lower bits are right.
        span: for a 64-bit value that C computes as an int, its least and greatest value.
    """

    text: str
    prec: Prec = Prec.PRIMARY
    reads: frozenset[str] = frozenset()
    memory: bool = False
    literal: int | None = None
    loose: bool = False
    span: Span | None = None

    def __str__(self) -> str:
        return self.text

    def at(self, prec: Prec) -> str:
        """The text as an operand of an operator that binds as `prec` does."""
        unclear = prec in _BITWISE and self.prec not in (prec, Prec.UNARY, Prec.PRIMARY)
        return f"({self.text})" if self.prec < prec or unclear else self.text

    def as_loose(self) -> Expr:
        """The same, marked as right in its lower bits only."""
        return replace(self, loose=True)


def variable(name: str, span: Span | None = None) -> Expr:
    """A C variable."""
    return Expr(name, reads=frozenset({name}), span=span)


def literal(value: int, text: str | None = None) -> Expr:
    """An integer constant, in the given spelling."""
    text = str(value) if text is None else text
    prec = Prec.UNARY if text.startswith("-") else Prec.PRIMARY
    return Expr(text, prec, literal=value, span=int_span(value, value))


def joined(text: str, prec: Prec, parts: Iterable[Expr]) -> Expr:
    """An expression made of others, depending on what they depend on."""
    parts = tuple(parts)
    return Expr(
        text,
        prec,
        frozenset().union(*(part.reads for part in parts)),
        any(part.memory for part in parts),
    )


def binary(operator: str, left: Expr, right: Expr, prec: Prec) -> Expr:
    """`left operator right`, associating to the left."""
    right_text = right.at(Prec(prec + 1)) if right.prec <= prec else right.at(prec)
    return joined(f"{left.at(prec)} {operator} {right_text}", prec, (left, right))


def int_span(low: int, high: int) -> Span | None:
    """A range of values, None unless C's int holds them (its least has no literal of that type)."""
    return (low, high) if low > INT_MIN and high <= INT_MAX else None


def counter_span(first: Expr, bound: Expr, step: Expr) -> Span | None:
    """What a loop's counter is while it is below `bound`, if an int can count so far."""
    low, high, by = first.literal, bound.literal, step.literal
    if low is None or high is None or by is None or by <= 0:
        return None
    if int_span(low, high - 1 + by) is None:
        return None
    return low, max(low, high - 1)


def binary64(operator: str, left: Expr, right: Expr, prec: Prec) -> Expr:
    """The same for 64-bit values: in C's int where the operands' ranges show that it suffices."""
    if left.span is None or right.span is None:
        return binary(operator, left, right, prec)
    span = _RANGES[operator](left.span, right.span)
    if span is None:
        left = cast("int64_t", left)
    return replace(binary(operator, left, right, prec), span=span)


def _products(a: Span, b: Span) -> Span | None:
    ends = [x * y for x in a for y in b]
    return int_span(min(ends), max(ends))


def _shifted_left(a: Span, b: Span) -> Span | None:
    return _products(a, (1 << b[0], 1 << b[1])) if b[0] >= 0 and b[1] < 32 else None


def _quotients(a: Span, b: Span) -> Span | None:
    return int_span(min(a[0], 0), max(a[1], 0)) if b[0] > 0 else None


_RANGES: dict[str, Callable[[Span, Span], Span | None]] = {
    "+": lambda a, b: int_span(a[0] + b[0], a[1] + b[1]),
    "-": lambda a, b: int_span(a[0] - b[1], a[1] - b[0]),
    "*": _products,
    "/": _quotients,
    "%": _quotients,
    "<<": _shifted_left,
    ">>": _quotients,
    "&": lambda a, b: (INT_MIN, INT_MAX),  # noqa: ARG005
    "|": lambda a, b: (INT_MIN, INT_MAX),  # noqa: ARG005
    "^": lambda a, b: (INT_MIN, INT_MAX),  # noqa: ARG005
}
"""What range a result has, None where int may not hold it."""


def call(function: str, *arguments: Expr) -> Expr:
    """`function(arguments)`."""
    return joined(f"{function}({', '.join(map(str, arguments))})", Prec.PRIMARY, arguments)


def cast(type_name: str, value: Expr) -> Expr:
    """`(type_name)value`."""
    return joined(f"({type_name}){value.at(Prec.UNARY)}", Prec.UNARY, (value,))


def negated(value: Expr) -> Expr:
    """`!value`, by the opposite comparison where that says the same of any operands."""
    if value.text.startswith("!") and value.prec is Prec.UNARY:
        inner = value.text[1:]
        if inner.startswith("(") and inner.endswith(")"):
            inner = inner[1:-1]
        if _balanced(inner):
            return replace(value, text=inner, prec=Prec.COMMA if " " in inner else Prec.PRIMARY)
    return joined(f"!{value.at(Prec.UNARY)}", Prec.UNARY, (value,))


def conditional(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    """`condition ? then : otherwise`."""
    text = (
        f"{condition.at(Prec.LOGICAL_OR)} ? {then.at(Prec.LOGICAL_OR)} : "
        f"{otherwise.at(Prec.LOGICAL_OR)}"
    )
    made = joined(text, Prec.CONDITIONAL, (condition, then, otherwise))
    if then.span is None or otherwise.span is None:
        return made
    low, high = zip(then.span, otherwise.span, strict=True)
    return replace(made, span=(min(low), max(high)))


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0
