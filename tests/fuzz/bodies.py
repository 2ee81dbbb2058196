"""What the cores of random designs compute: as MLIR, and as numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tests.fuzz import spelling
from tests.fuzz.choices import Choices
from tests.fuzz.spelling import constant, loop, memref

OPERATIONS: dict[str, tuple[str, str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "add": ("addi", "addf", np.add),
    "subtract": ("subi", "subf", np.subtract),
    "multiply": ("muli", "mulf", np.multiply),
}
"""The op for integers, for floats, and what it does; integers wrap."""

KERNEL = "fuzz_double"
KERNEL_OBJECT = "fuzz_kernels.o"
KERNEL_SIZES = (4, 8, 16, 32, 64)
KERNEL_SOURCE = "".join(
    f"void {KERNEL}_{size}(const int *in, int *out) {{ "
    f"for (int i = 0; i < {size}; i++) out[i] = 2 * in[i] + {size}; }}\n"
    for size in KERNEL_SIZES
)


@dataclass(frozen=True)
class End:
    """A fifo as a core uses it.

    Attributes:
        size: elements of an object.
        count: objects that an iteration has in hand.
        step: objects that it gives back; fewer than it has for a window that slides, none for
            what is kept for ever.
    """

    fifo: str
    size: int
    count: int
    step: int

    @property
    def before(self) -> int:
        """Objects that are acquired before the first iteration."""
        return self.count - self.step

    def iterations(self, objects: int) -> int:
        """How many there can be with so many objects."""
        return (objects - self.before) // self.step

    def cut(self, objects: np.ndarray, iterations: int) -> np.ndarray:
        """What each iteration has in hand, [iterations][objects][elements]."""
        places = np.arange(iterations)[:, None] * self.step + np.arange(self.count)
        cut: np.ndarray = objects[places]
        return cut


@dataclass(frozen=True)
class Term:
    """One operand: an object of an input, its elements turned round by `turn`."""

    source: int
    object: int
    turn: int
    operation: str


@dataclass(frozen=True)
class Memory:
    """What a core has besides its fifos, each a buffer's name and its contents at the start.

    Attributes:
        sums: one for each object that an iteration makes, which is added to it and is then the
            object; or none.
        parameter: a buffer that the host writes a number to, which is added to all elements.
    """

    sums: tuple[tuple[str, np.ndarray], ...] = ()
    parameter: tuple[str, int] | None = None


@dataclass(frozen=True)
class Body:
    """One core's work, iteration by iteration.

    Attributes:
        terms: of each object that an iteration makes, output by output, what it is the sum of.
        constants: what each of them starts with.
        calls: whether a kernel makes the objects instead.
    """

    dtype: str
    sources: tuple[End, ...]
    drains: tuple[End, ...]
    terms: tuple[tuple[Term, ...], ...]
    constants: tuple[int, ...]
    calls: bool
    memory: Memory

    @classmethod
    def random(
        cls,
        choices: Choices,
        dtype: str,
        sources: Sequence[End],
        drains: Sequence[End],
        memory: Memory,
    ) -> Body:
        terms: list[tuple[Term, ...]] = []
        for drain in drains:
            for number in range(drain.count):
                terms.append(tuple(_terms(choices, sources, number)))
        constants = tuple(choices.one_of([0, 1, 3, -7]) for _ in terms)
        alike = {end.size for end in (*sources, *drains)}
        can_call = dtype == "i32" and len(sources) == 1 and alike <= set(KERNEL_SIZES)
        can_call = can_call and len(alike) == 1 and memory == Memory()
        calls = can_call and choices.chance(15)
        return cls(dtype, tuple(sources), tuple(drains), tuple(terms), constants, calls, memory)

    # values

    def values(self, sources: Sequence[np.ndarray], iterations: int) -> list[np.ndarray]:
        """The objects of each output, made of all those of the inputs."""
        cut = [
            end.cut(objects, iterations) for objects, end in zip(sources, self.sources, strict=True)
        ]
        made = []
        number = 0
        for drain in self.drains:
            objects = []
            for _ in range(drain.count):
                objects.append(self._object(cut, drain.size, number))
                number += 1
            made.append(np.stack(objects, axis=1).reshape(-1, drain.size))
        return made

    def _object(self, cut: list[np.ndarray], size: int, number: int) -> np.ndarray:
        elements = np.arange(size)
        kind = cut[0].dtype
        if self.calls:
            first = self.terms[number][0]
            doubled: np.ndarray = 2 * cut[0][:, first.object] + kind.type(size)
            return doubled.astype(kind)
        result = np.full((len(cut[0]), size), self.constants[number], kind)
        if self.memory.parameter is not None:
            result += kind.type(self.memory.parameter[1])
        for term in self.terms[number]:
            source = cut[term.source][:, term.object]
            operand = source[:, (elements + term.turn) % source.shape[1]]
            result = OPERATIONS[term.operation][2](result, operand)
        if self.memory.sums:
            _, start = self.memory.sums[number]
            result = start + np.cumsum(result, axis=0, dtype=kind)
        return result

    # text

    def declarations(self) -> list[str]:
        """What stands in the device for the core's sake."""
        if not self.calls:
            return []
        type = memref(self.sources[0].size, self.dtype)
        return [f"func.func private @{KERNEL}_{self.sources[0].size}({type}, {type})"]

    def prologue(self) -> list[str]:
        """What is acquired once."""
        lines = []
        for n, end in enumerate(self.sources):
            if end.before:
                lines.append(self._acquire(f"kept{n}", end, "Consume", end.before))
            if end.step == 0:
                lines += self._accesses(f"i{n}_", f"kept{n}", end)
        return lines

    def iteration(self, choices: Choices, mark: str) -> list[str]:
        """Acquire, compute, release; `mark` makes names unlike those of other iterations."""
        ends = [("Consume", "i", n, end) for n, end in enumerate(self.sources) if end.step]
        ends += [("Produce", "o", n, end) for n, end in enumerate(self.drains)]
        lines = []
        for port, letter, n, end in choices.shuffled(ends):
            view = f"{mark}v{letter}{n}"
            lines.append(self._acquire(view, end, port, end.count))
            lines += self._accesses(f"{mark}{letter}{n}_", view, end)
        number = 0
        for n, drain in enumerate(self.drains):
            for place in range(drain.count):
                lines += self._compute(mark, f"{mark}o{n}_{place}", drain.size, number)
                number += 1
        for port, _, _, end in choices.shuffled(ends):
            lines.append(spelling.release(end.fifo, port, end.step))
        return lines

    def _acquire(self, view: str, end: End, port: str, count: int) -> str:
        return spelling.acquire(view, end.fifo, port, count, (end.size, self.dtype))

    def _accesses(self, stem: str, view: str, end: End) -> list[str]:
        type = (end.size, self.dtype)
        return [spelling.access(f"{stem}{n}", view, n, type) for n in range(end.count)]

    def _source(self, mark: str, term: Term) -> str:
        """The name of an operand's object."""
        kept = self.sources[term.source].step == 0
        return f"{'' if kept else mark}i{term.source}_{term.object}"

    def _compute(self, mark: str, target: str, size: int, number: int) -> list[str]:
        terms = self.terms[number]
        type = memref(size, self.dtype)
        if self.calls:
            source = self._source(mark, terms[0])
            return [f"func.call @{KERNEL}_{size}(%{source}, %{target}) : ({type}, {type}) -> ()"]
        add = "addf" if self.dtype == "f32" else "addi"
        start = self.constants[number]
        lines = [constant("k", f"{start}.0" if self.dtype == "f32" else start, self.dtype)]
        result = "k"
        if self.memory.parameter is not None:
            name, _ = self.memory.parameter
            lines += [
                f"%told = memref.load %{name}[%c0] : {memref(1, self.dtype)}",
                f"%more = arith.{add} %k, %told : {self.dtype}",
            ]
            result = "more"
        for n, term in enumerate(terms):
            lines += self._operand(mark, n, term, size, result)
            result = f"r{n}"
        if self.memory.sums:
            name, _ = self.memory.sums[number]
            lines += [
                f"%sofar = memref.load %{name}[%e] : {type}",
                f"%sum = arith.{add} %sofar, %{result} : {self.dtype}",
                f"memref.store %sum, %{name}[%e] : {type}",
            ]
            result = "sum"
        lines.append(f"memref.store %{result}, %{target}[%e] : {type}")
        return [constant(f"{target}size", size), *loop("e", f"{target}size", lines)]

    def _operand(self, mark: str, n: int, term: Term, size: int, result: str) -> list[str]:
        """Takes an operand to a result so far; the outcome is `r<n>`."""
        source = self.sources[term.source]
        lines = []
        index = "e"
        if term.turn or source.size < size:
            lines += [
                constant(f"turn{n}", term.turn),
                constant(f"size{n}", source.size),
                f"%sum{n} = arith.addi %e, %turn{n} : index",
                f"%at{n} = arith.remui %sum{n}, %size{n} : index",
            ]
            index = f"at{n}"
        op = OPERATIONS[term.operation][self.dtype == "f32"]
        return [
            *lines,
            f"%x{n} = memref.load %{self._source(mark, term)}[%{index}] "
            f": {memref(source.size, self.dtype)}",
            f"%r{n} = arith.{op} %{result}, %x{n} : {self.dtype}",
        ]


def _terms(choices: Choices, sources: Sequence[End], number: int) -> Iterator[Term]:
    for place, source in enumerate(sources):
        words = ["add"] if place == 0 else ["add", "subtract", "multiply"]
        yield Term(
            place,
            (number + choices.below(source.count)) % source.count,
            choices.one_of([0, 0, 1, source.size - 1]),
            choices.one_of([*words, "subtract"]),
        )
