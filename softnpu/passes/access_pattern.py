"""How a design's n-dimensional access becomes the sizes and steps of a buffer descriptor.

A design counts elements; a descriptor counts 32-bit words, stores steps minus one, and knows
three dimensions (what the third repeats follows from the length) and an iteration above them.
Dimension 0 is the innermost; in the text of a design it stands last.

Facts: mlir-aie, AIEXDialect.cpp, `getHardwareStridesWraps` and `verifyStridesWraps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute, Operation

from softnpu.arch.dma import DmaEngine
from softnpu.dialects.sizes import element_bits
from softnpu.dialects.source import design_error
from softnpu.errors import DesignError

WORD_BITS = 32
"""What every length, offset and step of a DMA counts."""
DIMENSIONS = 4
ITERATION = 3
"""The dimension that repeats the whole descriptor."""
IN_WORDS = ("innermost", "second", "third", "outermost")


def bits_of(op: Operation, type: Attribute) -> int:
    """Width of the elements of a memref that `op` moves; DesignError if they have none."""
    try:
        return element_bits(type)
    except TypeError as error:
        raise design_error(op, f"a DMA cannot move {type}: {error}") from error


def is_contiguous(sizes: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether three dimensions, innermost first, go over one run without gaps, in order.

    Facts: mlir-aie, AIEXDialect.cpp, `isContiguousTransfer`.
    """
    if strides[0] != 1:
        return False
    run = sizes[0]
    for size, stride in zip(sizes[1:], strides[1:], strict=True):
        if size > 1 and stride != run:
            return False
        run *= size
    return True


@dataclass(frozen=True)
class AccessPattern:
    """An access as the design says it, in elements.

    Attributes:
        sizes, strides: four of each, innermost dimension first, the iteration last.
        element_bits: width of one element.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    element_bits: int

    @staticmethod
    def of(sizes: Sequence[int], strides: Sequence[int], element_bits: int) -> AccessPattern:
        """From sizes and strides as written, outermost first; missing outer dimensions are 1."""
        missing = DIMENSIONS - len(sizes)
        return AccessPattern(
            sizes=(*reversed(sizes), *(1,) * missing),
            strides=(*reversed(strides), *(0,) * missing),
            element_bits=element_bits,
        )

    @property
    def is_linear(self) -> bool:
        """Whether it is one contiguous run, perhaps repeated: then no limit on sizes applies."""
        return is_contiguous(self.sizes[:ITERATION], self.strides[:ITERATION])

    @property
    def repeats_in_place(self) -> bool:
        """Whether the iteration moves on by nothing: the queue's repeat count does that."""
        return self.sizes[ITERATION] > 1 and self.strides[ITERATION] == 0

    @property
    def elements(self) -> int:
        """Elements that one run of the descriptor moves (the iteration not counted)."""
        return self.sizes[0] * self.sizes[1] * self.sizes[2]

    def words(self, elements: int) -> int:
        """Whole 32-bit words in `elements` elements."""
        return elements * self.element_bits // WORD_BITS

    def registers(self) -> RegisterPattern:
        """What the descriptor holds; asks for a pattern that `check` accepts."""
        innermost_step = self.words(self.strides[0])
        single_step = self.element_bits > WORD_BITS or innermost_step == 0
        steps = [0 if single_step else innermost_step - 1]
        for size, stride in zip(self.sizes[1:], self.strides[1:], strict=True):
            steps.append(self.words(stride) - 1 if size > 1 and stride > 0 else 0)
        iterations = self.sizes[ITERATION] - 1
        return RegisterPattern(
            sizes=(self.words(self.sizes[0]), self.sizes[1], self.sizes[2], iterations),
            steps=tuple(steps),
        )

    def check(self, op: Operation, engine: DmaEngine, *, as_run: bool = True) -> None:
        """Raise DesignError at `op` unless the DMA can do this access.

        Args:
            as_run: what is one run has no limits of its dimensions.
        """
        for dimension in range(DIMENSIONS):
            self._check_size(op, dimension)
        self._check_granularity(op)
        self._check_limits(op, engine, as_run and self.is_linear)

    def _check_size(self, op: Operation, dimension: int) -> None:
        size, stride = self.sizes[dimension], self.strides[dimension]
        if size <= 0:
            raise self._error(
                op, dimension, f"size {dimension} must be a positive integer, found {size}"
            )
        least = 0 if dimension == ITERATION else 1
        if (size > 1 and stride < least) or (dimension == 0 and stride < 0):
            kind = "positive" if least else "non-negative"
            raise self._error(
                op, dimension, f"stride {dimension} must be a {kind} integer, found {stride}"
            )

    def _check_granularity(self, op: Operation) -> None:
        width = self.element_bits // 8
        if self.sizes[0] * self.element_bits % WORD_BITS:
            raise self._error(
                op,
                0,
                f"a transfer moves whole 4-byte words: {self.sizes[0]} elements at {width} bytes "
                f"each equal {self.sizes[0] * width} bytes, which is not divisible by 4",
            )
        for dimension, stride in enumerate(self.strides):
            if dimension == 0 and stride == 1:
                continue
            if stride * self.element_bits % WORD_BITS:
                raise self._error(
                    op,
                    dimension,
                    f"a DMA steps over whole 4-byte words: stride {dimension} is {stride} elements"
                    f" * {width} bytes = {stride * width} bytes, which is not divisible by 4",
                )
        if self.element_bits != WORD_BITS and self.strides[0] > 1 and self.sizes[0] > 1:
            raise self._error(
                op,
                0,
                f"stride 0 is {self.strides[0]} elements of {width} bytes, but the innermost "
                "dimension moves whole 4-byte words; only elements of 4 bytes can be stepped over",
                f"move contiguous elements in dimension 0 (stride 1) and step in dimension 1: "
                f"[..., {self.sizes[0]}, N][..., {self.strides[0]}, 1]",
            )

    def _check_limits(self, op: Operation, engine: DmaEngine, one_run: bool) -> None:
        registers = self.registers()
        for dimension in (0, 1):
            if one_run:
                continue
            found, most = registers.sizes[dimension], engine.maximum(f"d{dimension}_wrap")
            if found > most:
                words = " 4-byte words" if dimension == 0 else ""
                raise self._error(
                    op, dimension, f"size {dimension} is {found}{words}, at most {most} fit"
                )
        self._check_iterations(op, engine, registers)
        for dimension in range(DIMENSIONS):
            self._check_step(op, engine, registers, dimension)

    def _check_iterations(
        self, op: Operation, engine: DmaEngine, registers: RegisterPattern
    ) -> None:
        """A repeat in place may run once more than a stepping iteration: it needs no field."""
        most = engine.maximum("iteration_wrap") + 1 + self.repeats_in_place
        if registers.sizes[ITERATION] + 1 > most:
            raise self._error(
                op, ITERATION, f"size 3 is {self.sizes[ITERATION]}, at most {most} fit"
            )

    def _check_step(
        self, op: Operation, engine: DmaEngine, registers: RegisterPattern, dimension: int
    ) -> None:
        key = "iteration_stepsize" if dimension == ITERATION else f"d{dimension}_stepsize"
        found, most = registers.steps[dimension] + 1, engine.maximum(key) + 1
        if found > most:
            raise self._error(
                op, dimension, f"stride {dimension} is {found} 4-byte words, at most {most} fit"
            )

    def _error(self, op: Operation, dimension: int, message: str, *notes: str) -> DesignError:
        shape = " ".join(
            f"{size}:{stride}"
            for size, stride in zip(self.sizes[::-1], self.strides[::-1], strict=True)
        )
        return design_error(
            op,
            message,
            f"dimension {dimension} is the {IN_WORDS[dimension]}; size:stride from the "
            f"outermost: {shape}",
            *notes,
        )


@dataclass(frozen=True)
class RegisterPattern:
    """An access as a buffer descriptor holds it.

    Attributes:
        sizes: words of dimension 0, then wraps, last the iterations minus one.
        steps: steps in words minus one.
    """

    sizes: tuple[int, ...]
    steps: tuple[int, ...]
