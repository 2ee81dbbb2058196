"""The host's side of a random design: buffers, and the runtime sequence that moves them.

What a stream carries is a table, one row a round. Rounds are cut into runs of the whole sequence
and, inside of one, into batches: each batch is started, then waited for, before the next. How a
batch lies in the host's memory is a `Form`: pieces with sizes and strides, as transfers or tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.fuzz import spelling, steps
from tests.fuzz.choices import Choices
from tests.fuzz.values import BYTES, numbered, per_word, poison

MOST_ARGUMENTS = 5
LONGEST = 1000
"""Elements of a piece that is not gone through in a straight line."""


@dataclass(frozen=True)
class Piece:
    """One transfer of a part of the host's memory; all in elements, the innermost last."""

    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]

    def places(self) -> np.ndarray:
        """Where each element of the stream lies."""
        places = np.array([self.offset])
        for size, stride in zip(self.sizes, self.strides, strict=True):
            places = (places[:, None] + np.arange(size) * stride).reshape(-1)
        return places


@dataclass
class Argument:
    """A buffer of the host's, longer with everything that is added.

    Attributes:
        before, after: its contents at the start and the end of each run, in parts.
    """

    name: str
    dtype: str
    before: list[list[np.ndarray]]
    after: list[list[np.ndarray]]
    size: int = 0

    @property
    def type(self) -> spelling.Type:
        """Its size as it stands in the sequence's text until that is known."""
        return f"<{self.name}>", self.dtype

    def add(self, before: list[np.ndarray], after: list[np.ndarray]) -> int:
        """Makes it longer by these contents, one array a run; returns where they start."""
        start = self.size
        self.size += len(before[0])
        for parts, made in ((self.before, before), (self.after, after)):
            for run, one in enumerate(made):
                parts[run].append(one)
        return start


@dataclass
class Stream:
    """A shim channel while its batches are written."""

    symbol: str
    column: int
    dtype: str
    reads: bool
    """Whether it reads the host's memory."""


@dataclass
class Batch:
    """What a batch of the sequence does; the starts of one stream stay in order."""

    starts: list[list[str]] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    frees: list[str] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)
    """The descriptors that each column's shim has in use."""

    def descriptor(self, column: int) -> int:
        number = self.used.get(column, 0)
        self.used[column] = number + 1
        return number


class Host:
    """The arguments and the sequence of a design.

    Args:
        runs: how often the sequence runs.
        batches: how many batches it has.
        rounds: the rounds in each batch.
    """

    def __init__(self, choices: Choices, runs: int, batches: int, rounds: int) -> None:
        self._choices = choices
        self.runs = runs
        self.rounds = rounds
        self.arguments: list[Argument] = []
        self.head: list[str] = []
        self.chains: list[str] = []
        self.batches = [Batch() for _ in range(batches)]
        self._tags = 0
        self._tasks = 0
        self._styles: dict[int, str] = {}

    @property
    def total(self) -> int:
        """The rounds of all runs."""
        return self.runs * len(self.batches) * self.rounds

    def tag(self) -> int:
        """A number for data that is not like any other's."""
        self._tags += 1
        return self._tags

    # streams

    def send(self, symbol: str, column: int, dtype: str, count: int) -> np.ndarray:
        """Has a shim channel send `count` elements a round; returns them, a row a round."""
        stream = Stream(symbol, column, dtype, reads=True)
        made = []
        for batch in self.batches:
            choices = self._choices.branch()
            pieces, again = self._pieces(choices, stream, count * self.rounds)
            places = np.concatenate([piece.places() for piece in pieces])
            contents = [numbered(self.tag(), places.max() + 1, dtype) for _ in range(self.runs)]
            self._start(choices, batch, stream, contents, contents, pieces, again)
            made.append([np.tile(one[places], again) for one in contents])
        in_order = [made[batch][run] for run in range(self.runs) for batch in range(len(made))]
        return np.concatenate(in_order).reshape(self.total, count)

    def receive(self, symbol: str, column: int, dtype: str, values: np.ndarray) -> None:
        """Has a shim channel receive `values`, a row a round."""
        stream = Stream(symbol, column, dtype, reads=False)
        in_order = values.reshape(self.runs, len(self.batches), -1)
        for number, batch in enumerate(self.batches):
            choices = self._choices.branch()
            pieces, _ = self._pieces(choices, stream, in_order.shape[2])
            places = np.concatenate([piece.places() for piece in pieces])
            before = [poison(places.max() + 1, dtype) for _ in range(self.runs)]
            after = [one.copy() for one in before]
            for run, one in enumerate(after):
                one[places] = in_order[run, number]
            self._start(choices, batch, stream, before, after, pieces, 1)

    def send_words(
        self, symbol: str, column: int, sent: Sequence[tuple[int | None, np.ndarray]]
    ) -> None:
        """Has a shim channel send words once, as packets where they have an id."""
        batch = self.batches[0]
        lines = []
        for id, words in sent:
            index, at = self.place_words(words)
            argument = self.arguments[index]
            lines.append(
                steps.memcpy(
                    *(symbol, argument.name, argument.type, _straight(at, len(words))),
                    batch.descriptor(column),
                    packet=id,
                )
            )
        batch.starts.append(lines)

    def place_words(self, words: np.ndarray) -> tuple[int, int]:
        """Puts words that the sequence sends by itself into an argument; returns which, and where
        they begin in it."""
        argument = self._argument(self._choices, "i32")
        at = argument.add([words] * self.runs, [words] * self.runs)
        return self.arguments.index(argument), at

    def receive_words(self, symbol: str, column: int, count: int) -> tuple[int, int]:
        """Has a shim channel receive words once; returns where: which argument, from where on."""
        batch = self.batches[0]
        argument = self._argument(self._choices, "i32")
        empty = [poison(count, "i32")] * self.runs
        at = argument.add(empty, empty)
        place = (symbol, argument.name, argument.type, _straight(at, count))
        batch.starts.append([steps.memcpy(*place, batch.descriptor(column), token=True)])
        batch.waits.append(steps.wait(symbol))
        return self.arguments.index(argument), at

    # where a batch lies

    def _pieces(self, choices: Choices, stream: Stream, count: int) -> tuple[list[Piece], int]:
        """How a batch of `count` elements lies in memory, and how often that is gone through."""
        unit = per_word(stream.dtype)
        again = 1
        if stream.reads and choices.chance(10):
            again = choices.one_of([n for n in (1, 2, 3, 4) if count % (n * unit) == 0])
        cuts = 1
        if again == 1 or self._style(choices, stream.column) == "task":
            cuts = choices.one_of([1, 1, 2, 3])
        cuts = cuts if count // again % (cuts * unit) == 0 else 1
        pieces: list[Piece] = []
        at = 0
        for _ in range(cuts):
            deep = again == 1 and self._style(choices, stream.column) == "transfer"
            piece = self._piece(choices, at, count // again // cuts, unit, 3 + deep)
            pieces.append(piece)
            at = int(piece.places().max()) + 1 + choices.one_of([0, 4])
            at += -at % unit
        return choices.shuffled(pieces), again

    def _piece(
        self, choices: Choices, offset: int, length: int, unit: int, dimensions: int
    ) -> Piece:
        """Elements that are gone through dimension by dimension, in whatever order they lie."""
        if not choices.chance(40) or length > LONGEST:
            return Piece(offset, (length,), (1,))
        sizes = []
        left = length // unit
        for _ in range(dimensions - (1 if unit == 1 else 2)):
            sizes.append(choices.one_of([n for n in (1, 2, 3, 4, 8) if left % n == 0]))
            left //= sizes[-1]
        sizes.append(left)
        strides = [0] * len(sizes)
        step = 1
        for dim in choices.shuffled(list(reversed(range(len(sizes))))):
            strides[dim] = step * unit
            step = step * sizes[dim] + (choices.one_of([0, 0, 1]) if sizes[dim] > 1 else 0)
        if unit > 1:
            return Piece(offset, (*sizes, unit), (*strides, 1))
        return Piece(offset, tuple(sizes), tuple(strides))

    # the sequence

    def _style(self, choices: Choices, column: int) -> str:
        """Whether a column's transfers are written as such or as tasks."""
        if column not in self._styles:
            self._styles[column] = choices.one_of(
                ["transfer", "transfer", "task", "numbered task", "chain"]
            )
        return self._styles[column]

    def _start(
        self,
        choices: Choices,
        batch: Batch,
        stream: Stream,
        before: list[np.ndarray],
        after: list[np.ndarray],
        pieces: list[Piece],
        again: int,
    ) -> None:
        argument = self._argument(choices, stream.dtype)
        at = argument.add(before, after)
        gap = [poison(4 * choices.below(2), stream.dtype)] * self.runs
        argument.add(gap, gap)
        placed = [Piece(at + piece.offset, piece.sizes, piece.strides) for piece in pieces]
        token = not stream.reads or choices.chance(20)
        if self._style(choices, stream.column) == "transfer":
            self._transfers(batch, stream, argument, placed, again, token)
        else:
            self._task(batch, stream, argument, placed, again, token)

    def _transfers(
        self,
        batch: Batch,
        stream: Stream,
        argument: Argument,
        pieces: list[Piece],
        again: int,
        token: bool,
    ) -> None:
        lines = []
        for piece in pieces:
            fill = 4 - len(piece.sizes)
            sizes = (*((again,) if fill else ()), *[1] * (fill - 1), *piece.sizes)
            strides = (*[0] * fill, *piece.strides)
            number = batch.descriptor(stream.column)
            lines.append(
                steps.memcpy(
                    *(stream.symbol, argument.name, argument.type),
                    (_offsets(piece.offset, strides), sizes, strides),
                    number,
                    token=token,
                )
            )
            batch.waits += [steps.wait(stream.symbol)] if token else []
        batch.starts.append(lines)

    def step(self, number: int, lines: list[str]) -> None:
        """More steps of a batch, in this order, before what is waited for."""
        self.batches[number].starts.append(lines)

    def _task(
        self,
        batch: Batch,
        stream: Stream,
        argument: Argument,
        pieces: list[Piece],
        again: int,
        token: bool,
    ) -> None:
        numbered = self._styles[stream.column] == "numbered task"
        blocks = [
            _block(
                argument.name,
                *(argument.type, piece),
                batch.descriptor(stream.column) if numbered else None,
            )
            for piece in pieces
        ]
        self._tasks += 1
        name = f"task{self._tasks}"
        if self._styles[stream.column] == "chain":
            self._chain(batch, stream, name, argument, pieces, again, token)
            return
        configure = steps.configure_task(name, stream.symbol, blocks, again - 1, token)
        batch.starts.append([configure, steps.task_step("start", name)])
        if token:
            batch.waits.append(steps.task_step("await", name))
        else:
            batch.frees.append(steps.task_step("free", name))

    def _chain(
        self,
        batch: Batch,
        stream: Stream,
        task: str,
        argument: Argument,
        pieces: list[Piece],
        again: int,
        token: bool,
    ) -> None:
        """The descriptors stand in the device; the sequence gives them the argument."""
        name = f"chain{self._tasks}"
        blocks = [_block("b0", argument.type, piece, None) for piece in pieces]
        self.chains.append(steps.chain(name, [argument.type], blocks))
        given = [(argument.name, argument.type)]
        batch.starts.append([steps.start_chain(task, name, given, stream.symbol, again - 1, token)])
        done = (batch.waits, "await") if token else (batch.frees, "free")
        done[0].append(steps.task_step(done[1], task))

    def _argument(self, choices: Choices, dtype: str) -> Argument:
        """One of the arguments of that type, or a new one."""
        there = [argument for argument in self.arguments if argument.dtype == dtype]
        room = len(self.arguments) + len(BYTES) - len({a.dtype for a in self.arguments})
        if not there or (room < MOST_ARGUMENTS and not choices.chance(30)):
            empty: list[list[np.ndarray]] = [[] for _ in range(self.runs)]
            made = Argument(f"a{len(self.arguments)}", dtype, empty, [[] for _ in empty])
            self.arguments.append(made)
            return made
        return choices.one_of(there)

    def sequence(self) -> list[str]:
        """The sequence's text, but for the sizes of arguments."""
        lines = list(self.head)
        for batch in self.batches:
            queues = [list(queue) for queue in batch.starts]
            while any(queues):
                lines.append(self._choices.one_of([q for q in queues if q]).pop(0))
            lines += self._choices.shuffled(batch.waits)
            lines += batch.frees
        return lines


def _block(name: str, type: spelling.Type, piece: Piece, number: int | None) -> str:
    """A piece as a descriptor."""
    straight = len(piece.sizes) == 1
    dims = () if straight else tuple(zip(piece.sizes, piece.strides, strict=True))
    length = int(np.prod(piece.sizes))
    return spelling.transfer(name, type, piece.offset, length, dims, number=number)


def _offsets(offset: int, strides: tuple[int, ...]) -> list[int]:
    """An offset as a transfer has it: each dimension's in its own strides."""
    place = len(strides) - 1 - strides[::-1].index(1)
    return [offset if dim == place else 0 for dim in range(len(strides))]


def _straight(offset: int, count: int) -> tuple[list[int], list[int], list[int]]:
    """Offsets, sizes and strides of elements one behind the other."""
    return [0, 0, 0, offset], [1, 1, 1, count], [0, 0, 0, 1]
