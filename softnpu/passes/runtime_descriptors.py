"""Descriptors of which the run decides something: number, length, sizes, strides or offset.

What is known is written as a descriptor is, or word by word where its number is not known; what
the run decides is computed in the sequence, by the formulas that the fields of known descriptors
come from (mlir-aie, AIEX/Utils/BdLowering.cpp, whose order of ops this is). Values that would not
fit their fields are told at run time by `aiex.npu.assert_bd_field` and `assert_bd_divisible`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from operator import mul

from xdsl.ir import Operation, SSAValue

from softnpu.arch.device import Device
from softnpu.dialects.aie import DMABDOp
from softnpu.dialects.aiex import (
    DMAConfigureTaskOp,
    NpuAddressPatchOp,
    NpuAssertBdDivisibleOp,
    NpuAssertBdFieldOp,
    NpuDmaMemcpyNdOp,
    NpuWrite32Op,
    NpuWriteBdOp,
)
from softnpu.dialects.scalars import number_of, numbers_of
from softnpu.dialects.source import design_error
from softnpu.passes.access_pattern import DIMENSIONS, ITERATION
from softnpu.passes.bd_words import bd_words
from softnpu.passes.host_memory import REMEDY, trace
from softnpu.passes.runtime_arithmetic import WORD_BITS, Arithmetic, Number

WORD_BYTES = 4
LENGTH, INNER, MIDDLE, OUTER, ITERATIONS = 0, 3, 4, 5, 6
"""Words of a shim descriptor: its length, and those with sizes and strides."""
TEMPLATE = (1, 2, 4, 5, 7)
"""Words that do not depend on the run, or whose other bits do not."""
SIZE_LSB, SIZE_MASK, STRIDE_MASK = 20, 0x3FF, 0xFFFFF
ITERATIONS_MASK = 0x3F


def runtime_ops(
    task: DMAConfigureTaskOp, bd: DMABDOp, template: NpuWriteBdOp, model: Device
) -> list[Operation]:
    """The ops that write a task's descriptor of which the run decides something.

    Args:
        template: the descriptor without what the run may decide.

    Raises:
        DesignError: anywhere but in a shim tile, with padding or without a length, or numbers that
            no descriptor can hold.
    """
    if bd.pad_dimensions is not None:
        raise design_error(bd, "a descriptor of which the run decides something cannot pad")
    length = bd.len_value if bd.len_value is not None else bd.static_len
    if length is None:
        raise design_error(
            bd, "a descriptor of which the run decides something needs a length", "write len = ..."
        )
    number: Number = bd.bd_id or 0
    if task.bd_id_val is not None:
        known = number_of(task.bd_id_val)
        number = task.bd_id_val if known is None else known
    made = ShimDescriptor(bd, template, number, bd.element_bytes * 8, model)
    made.begin(bd.mixed_sizes, bd.mixed_strides)
    words = made.divided(made.scaled(made.value(length), made.bits), WORD_BITS)
    made.shape(words)
    offset = bd.offset if bd.offset is not None else bd.offset_value
    made.address(bd.buffer, [offset or 0], [1])
    return made.finished()


def runtime_transfer(
    op: NpuDmaMemcpyNdOp, template: NpuWriteBdOp, model: Device
) -> tuple[list[Operation], SSAValue]:
    """The ops that write a transfer's descriptor, and how often the queue is to repeat it.

    Args:
        template: as for `runtime_ops`.

    Raises:
        DesignError: as for `runtime_ops`.
    """
    made = ShimDescriptor(op, template, op.id, op.element_bits, model)
    made.begin(op.mixed_sizes, op.mixed_strides)
    repeats = made.shape(None)
    made.address(op.memref, op.mixed_offsets[::-1], op.mixed_strides[::-1])
    return made.finished(), repeats


def _innermost_first(numbers: Sequence[Number], missing: int) -> list[Number]:
    known = [n if isinstance(n, int) or (k := number_of(n)) is None else k for n in numbers]
    return [*reversed(known), *(missing for _ in range(DIMENSIONS - len(known)))]


class ShimDescriptor(Arithmetic):
    """One descriptor of a shim tile: `begin`, `shape`, `address`, `finished`.

    Attributes:
        bits: of one element.
    """

    def __init__(
        self,
        op: DMABDOp | NpuDmaMemcpyNdOp,
        template: NpuWriteBdOp,
        number: Number,
        bits: int,
        model: Device,
    ) -> None:
        super().__init__(op.location)
        self.op, self.template, self.number, self.model = op, template, number, model
        self.bits = bits
        self._tile = template.column, template.row
        self._words = bd_words(template, model)
        self._sizes: list[Number] = []
        self._strides: list[Number] = []

    def finished(self) -> list[Operation]:
        """All ops, in order."""
        for op in self.made:
            op.location = self.op.location
        return self.made

    def begin(self, sizes: Sequence[Number], strides: Sequence[Number]) -> None:
        """What does not depend on the run; sizes and strides are given outermost first."""
        if not self.model.is_shim(*self._tile):
            raise design_error(
                self.op,
                f"the run can decide what a shim tile's descriptor does, not one of tile "
                f"{self._tile}",
                "make its sizes, strides, length and number constants",
            )
        if len(sizes) > DIMENSIONS:
            raise design_error(
                self.op, f"a descriptor has at most {DIMENSIONS} dimensions, found {len(sizes)}"
            )
        self._sizes = _innermost_first(sizes, 1)
        self._strides = _innermost_first(strides, 0)
        self._check(self._sizes, self._strides)
        if isinstance(self.number, int):
            self.made.append(self.template)
            return
        base = self._base()
        for index in TEMPLATE:
            address = self.add(base, self.constant(WORD_BYTES * index))
            self._write(address, self.constant(self._words[index]))

    def _check(self, sizes: list[Number], strides: list[Number]) -> None:
        """What is known fits its field, and counts whole words but for steps of one element."""
        known = (0 if isinstance(size, SSAValue) else size for size in sizes)
        for dimension, (size, most) in enumerate(zip(known, self._limits(), strict=True)):
            if most is not None and size > most:
                raise design_error(self.op, f"size {dimension} is {size}, at most {most} fit")
        unit = WORD_BITS // gcd(self.bits, WORD_BITS)
        for kind, numbers in (("size", sizes[:1]), ("stride", strides)):
            for dimension, number in enumerate(numbers):
                alone = kind == "stride" and dimension == 0 and number == 1
                if isinstance(number, int) and number % unit and not alone:
                    raise design_error(
                        self.op,
                        f"{kind} {number} of elements of {self.bits // 8} bytes is no whole number "
                        f"of {WORD_BYTES}-byte words",
                        f"use a multiple of {unit}",
                    )

    def _limits(self) -> tuple[int | None, ...]:
        """The most that the field of each size holds, in elements; None: the design's length."""
        inner: tuple[int | None, ...] = (SIZE_MASK * WORD_BITS // self.bits, SIZE_MASK, None)
        linear = _is_contiguous(self._sizes, self._strides)
        return *((None,) * ITERATION if linear else inner), ITERATIONS_MASK + 1

    def _base(self) -> SSAValue:
        """Where the descriptor lies, computed from its number."""
        tile = self._tile
        first = self.model.dma_bd_address(*tile, 0)
        if isinstance(self.number, int):
            return self.constant(self.model.dma_bd_address(*tile, self.number))
        size = self.model.dma_bd_address(*tile, 1) - first
        start = self.constant(first)
        return self.add(start, self.scaled(self.number, size))

    def _write(self, address: SSAValue, value: SSAValue) -> None:
        self.made.append(NpuWrite32Op(address=address, value=value))

    def shape(self, moved: SSAValue | None) -> SSAValue:
        """Length, sizes and strides, by the formulas of `access_pattern`.

        Args:
            moved: the words that the descriptor moves; None for the product of its sizes.

        Returns:
            How often a queue push would repeat it.
        """
        sizes, strides = self._sizes, self._strides
        counts, steps = [], []
        for size, stride in zip(sizes, strides, strict=True):
            counts.append(self.value(size))
            steps.append(self.value(stride))
        hardware = self._fields(counts, steps)
        (d0, s0), (d1, s1), (_, s2), (rounds, s3) = hardware
        if moved is None:
            moved = self.multiply(self.multiply(d0, counts[1]), counts[2])
        linear = _is_contiguous(sizes, strides)
        self._guard(counts, steps, hardware, linear=linear)
        base = self._base()
        self._override(base, LENGTH, moved)
        if not linear:
            self._override(base, INNER, self._wrap(d0, s0))
            fixed = self.constant(self._words[MIDDLE])
            self._override(base, MIDDLE, self.either(fixed, self._wrap(d1, s1)))
            fixed = self.constant(self._words[OUTER])
            self._override(base, OUTER, self.either(fixed, self.word((s2, STRIDE_MASK, 0))))
        zero = self.constant(0)
        rounds_field = self.select(steps[ITERATION], "sgt", zero, rounds, zero)
        self._override(
            base,
            ITERATIONS,
            self.word((rounds_field, ITERATIONS_MASK, SIZE_LSB), (s3, STRIDE_MASK, 0)),
        )
        times = sizes[ITERATION]
        return self.constant(max(times - 1, 0)) if isinstance(times, int) else rounds

    def _wrap(self, size: SSAValue, stride: SSAValue) -> SSAValue:
        return self.word((size, SIZE_MASK, SIZE_LSB), (stride, STRIDE_MASK, 0))

    def _override(self, base: SSAValue, index: int, value: SSAValue) -> None:
        if isinstance(self.number, int):
            # The address is one constant then; that of the base stays for nobody.
            known = number_of(base)
            assert known is not None
            self._write(self.constant(known + WORD_BYTES * index), value)
        else:
            self._write(self.add(base, self.constant(WORD_BYTES * index)), value)

    def _fields(
        self, sizes: list[SSAValue], strides: list[SSAValue]
    ) -> list[tuple[SSAValue, SSAValue]]:
        """What the hardware has for (size, stride) of each dimension."""
        d0 = self.divided(self.scaled(sizes[0], self.bits), WORD_BITS)
        if self.bits > WORD_BITS:
            s0 = self.constant(0)
        else:
            extent = self.scaled(strides[0], self.bits)
            word, none = self.constant(WORD_BITS), self.constant(0)
            s0 = self.select(extent, "slt", word, none, self._biased(strides[0]))
        fields = [(d0, s0)]
        for size, stride in zip(sizes[1:ITERATION], strides[1:ITERATION], strict=True):
            fields.append((size, self._if_more(size, self._biased(stride))))
        rounds = self._if_more(sizes[ITERATION], self.less_one(sizes[ITERATION]))
        biased = self._biased(strides[ITERATION])
        none = self.constant(0)
        step = self.select(strides[ITERATION], "sgt", self.constant(0), biased, none)
        fields.append((rounds, self._if_more(sizes[ITERATION], step)))
        return fields

    def _biased(self, stride: SSAValue) -> SSAValue:
        return self.less_one(self.divided(self.scaled(stride, self.bits), WORD_BITS))

    def _if_more(self, size: SSAValue, value: SSAValue) -> SSAValue:
        """`value` for a dimension of more than one, else 0."""
        none = self.constant(0)
        return self.select(size, "sgt", self.constant(1), value, none)

    def _guard(
        self,
        counts: list[SSAValue],
        steps: list[SSAValue],
        hardware: list[tuple[SSAValue, SSAValue]],
        *,
        linear: bool,
    ) -> None:
        """Have the run check what it decides: fields' widths, and whole words."""
        sizes, strides = self._sizes, self._strides
        limits = {0: SIZE_MASK, 1: SIZE_MASK} if not linear else {}
        for dimension, most in (*limits.items(), (ITERATION, ITERATIONS_MASK)):
            if not isinstance(sizes[dimension], int):
                value = hardware[dimension][0]
                self.made.append(NpuAssertBdFieldOp(value=value, max=most))
        unit = WORD_BITS // gcd(self.bits, WORD_BITS)
        if unit == 1:
            return
        asked = [(sizes[0], counts[0], False), (strides[0], steps[0], True)]
        asked += [(strides[k], steps[k], False) for k in range(1, DIMENSIONS)]
        for number, value, alone in asked:
            if not isinstance(number, int):
                check = NpuAssertBdDivisibleOp(value=value, divisor=unit, allow_unit=alone)
                self.made.append(check)

    def address(
        self, buffer: SSAValue, offsets: Sequence[Number], strides: Sequence[Number]
    ) -> None:
        """The patch of the buffer's address, at the sum of offsets by strides."""
        word = self.model.dma_bd_address_offset(*self._tile)
        register: SSAValue | None = None
        known = self.number if isinstance(self.number, int) else 0
        if not isinstance(self.number, int):
            register = self.add(self._base(), self.constant(word))
        memory = trace(buffer)
        if memory is None:
            raise design_error(
                self.op,
                "the run cannot decide how an aie.buffer is moved, only host memory",
                REMEDY,
            )
        self.made.append(
            NpuAddressPatchOp(
                addr=self.model.dma_bd_address(*self._tile, known) + word,
                addr_val=register,
                arg_idx=memory.argument.index,
                arg_plus=self._offset(memory.offset, offsets, strides),
            )
        )

    def _offset(self, start: int, offsets: Sequence[Number], strides: Sequence[Number]) -> SSAValue:
        """Bytes from the start of the argument."""
        bytes = self.bits // 8
        known, steps = numbers_of(offsets), numbers_of(strides)
        if known is not None and steps is not None:
            return self.constant(start + sum(map(mul, known, steps)) * bytes)
        sum_ = self.constant(0)
        for offset, stride in zip(offsets, strides, strict=True):
            first = self.value(offset)
            sum_ = self.add(sum_, self.multiply(first, self.value(stride)))
        sum_ = self.scaled(sum_, bytes)
        return self.add(sum_, self.constant(start)) if start else sum_


def _is_contiguous(sizes: list[Number], strides: list[Number]) -> bool:
    """Whether, as far as is known, the inner three dimensions are one run."""
    if strides[0] != 1:
        return False
    run = sizes[0]
    for size, stride in zip(sizes[1:ITERATION], strides[1:ITERATION], strict=True):
        if size != 1 and (not isinstance(run, int) or stride != run):
            return False
        run = run * size if isinstance(run, int) and isinstance(size, int) else size
    return True
