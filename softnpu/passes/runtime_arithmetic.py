"""Ops that compute in the run what a runtime sequence cannot know before."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import LocationAttr, i32
from xdsl.ir import Operation, SSAValue

from softnpu.dialects.scalars import loose_constant, number_of

Number = int | SSAValue
"""What is known, or what the run decides."""

WORD_BITS = 32


class Arithmetic:
    """Ops of a sequence that compute i32 values, in the order in which they are asked for."""

    def __init__(self, location: LocationAttr) -> None:
        self.location = location
        self.made: list[Operation] = []

    def constant(self, number: int) -> SSAValue:
        return self._add(loose_constant(number))

    def value(self, number: Number) -> SSAValue:
        """A number as an i32 value; wider ones are cut, narrower ones extended."""
        known = number if isinstance(number, int) else number_of(number)
        if known is not None:
            return self.constant(known)
        assert isinstance(number, SSAValue)
        width = getattr(number.type, "width", None)
        bits = WORD_BITS if width is None else width.data
        if bits > WORD_BITS:
            return self._add(arith.TruncIOp(number, i32))
        return number if bits == WORD_BITS else self._add(arith.ExtUIOp(number, i32))

    def _add(self, op: Operation) -> SSAValue:
        op.location = self.location
        self.made.append(op)
        return op.results[0]

    def add(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._add(arith.AddiOp(a, b))

    def multiply(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._add(arith.MuliOp(a, b))

    def scaled(self, value: SSAValue, factor: int) -> SSAValue:
        return self.multiply(value, self.constant(factor))

    def divided(self, value: SSAValue, divisor: int) -> SSAValue:
        return self._add(arith.DivUIOp(value, self.constant(divisor)))

    def less_one(self, value: SSAValue) -> SSAValue:
        return self._add(arith.SubiOp(value, self.constant(1)))

    def masked(self, value: SSAValue, mask: int) -> SSAValue:
        return self._add(arith.AndIOp(value, self.constant(mask)))

    def shifted(self, value: SSAValue, bits: int) -> SSAValue:
        return self._add(arith.ShLIOp(value, self.constant(bits)))

    def either(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._add(arith.OrIOp(a, b))

    def select(
        self, a: SSAValue, relation: str, b: SSAValue, then: SSAValue, otherwise: SSAValue
    ) -> SSAValue:
        """`then` where the relation ("slt", "sgt") of `a` and `b` holds."""
        holds = self._add(arith.CmpiOp(a, b, relation))
        return self._add(arith.SelectOp(holds, then, otherwise))

    def word(self, *fields: tuple[SSAValue, int, int]) -> SSAValue:
        """A word of (value, mask, lowest bit)."""
        word = self.constant(0)
        for value, mask, lsb in fields:
            part = self.masked(value, mask)
            word = self.either(word, self.shifted(part, lsb) if lsb else part)
        return word
