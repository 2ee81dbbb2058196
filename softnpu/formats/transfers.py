"""What an instruction stream moves between the host's buffers and the array.

The stream is followed as the controller would: descriptors are written, patched with the address
of a buffer, and put into a queue. No design is needed, so that any `insts.bin` can be checked
against the buffers that it is given. (passes.transfers reads the same from a design.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from softnpu.arch.address import split_address
from softnpu.arch.dma import DMA_ENGINES, QUEUE_DEPTH, Direction
from softnpu.arch.tiles import TileKind
from softnpu.formats.operations import (
    AddressPatch,
    BlockSet,
    BlockWrite,
    MaskWrite,
    MergeSync,
    Operation,
    Sync,
    Write,
)
from softnpu.formats.records import words

SHIM = DMA_ENGINES[TileKind.SHIM]
WORD_BYTES = 4


@dataclass(frozen=True)
class StreamTransfer:
    """One descriptor of a task that the stream starts on a shim DMA channel.

    Attributes:
        argument: which host buffer, from 0 (bo0).
        direction, column, channel: the shim DMA channel; MM2S reads the buffer.
        start, end: the bytes of the buffer that it touches, `start` included, `end` not.
        length: bytes that it moves, all repetitions together.
    """

    argument: int
    direction: Direction
    column: int
    channel: int
    start: int
    end: int
    length: int


@dataclass(frozen=True)
class QueuePressure:
    """A task put into a queue that may be full: earlier tasks were not waited for.

    Attributes:
        operation: index of the push in the stream.
        waiting: tasks of the channel that may not be complete yet, this one included.
    """

    operation: int
    direction: Direction
    column: int
    channel: int
    waiting: int


def stream_transfers(operations: Iterable[Operation]) -> list[StreamTransfer]:
    """The transfers between host buffers and shim tiles that a stream starts, in order."""
    shims = _Shims()
    return [transfer for operation in operations for transfer in shims.apply(operation)]


def unplaced(operations: Iterable[Operation]) -> set[Direction]:
    """The directions of transfers whose buffer the stream does not name: their descriptors were
    patched by no operation of it, e.g. but by one of an earlier stream."""
    shims = _Shims()
    for operation in operations:
        list(shims.apply(operation))
    return shims.unplaced


def queue_pressure(operations: Sequence[Operation]) -> list[QueuePressure]:
    """The pushes into a shim channel's queue that could meet more tasks than it holds.

    Whether they do depends on how fast the array takes or gives the data.
    """
    waiting: dict[tuple[int, int, int], list[bool]] = {}
    found = []
    for index, operation in enumerate(operations):
        if isinstance(operation, Write) and (push := _push_at(operation)) is not None:
            direction, column, channel = push
            tasks = waiting.setdefault(push, [])
            tasks.append(bool(SHIM.queue.unpack([operation.value])["enable_token_issue"]))
            if len(tasks) > QUEUE_DEPTH:
                found.append(QueuePressure(index, direction, column, channel, len(tasks)))
        elif isinstance(operation, Sync) and operation.row == 0:
            for column in range(operation.column, operation.column + operation.columns):
                _complete(waiting.get((operation.direction, column, operation.channel), []))
        elif isinstance(operation, MergeSync):
            _merge(operation, waiting)
    return found


def _merge(sync: MergeSync, waiting: Mapping[tuple[int, int, int], list[bool]]) -> None:
    """Forget all tasks of the columns if as many tokens are waited for as they give."""
    queues = [tasks for (_, column, _), tasks in waiting.items() if column < sync.columns]
    if sum(map(sum, queues)) == sync.tokens:
        for tasks in queues:
            while True in tasks:
                _complete(tasks)


def _complete(tasks: list[bool]) -> None:
    """Forget the tasks up to the first that gives a token: the sync has seen it."""
    if True in tasks:
        del tasks[: tasks.index(True) + 1]


def _push_at(operation: Write) -> tuple[Direction, int, int] | None:
    column, row, offset = split_address(operation.address)
    found = SHIM.channel_at(offset) if row == 0 else None
    if found is None or not found[2]:
        return None
    return found[0], column, found[1]


@dataclass
class _Descriptor:
    """A shim's descriptor as the stream has left it.

    Attributes:
        runs: how often it has been started since it was written (its iteration goes on).
    """

    words: list[int] = field(default_factory=lambda: [0] * SHIM.bd.words)
    patch: AddressPatch | None = None
    runs: int = 0


class _Shims:
    """The descriptors of all shim tiles while a stream is followed.

    Attributes:
        unplaced: directions of transfers that were started without a patched address.
    """

    def __init__(self) -> None:
        self.unplaced: set[Direction] = set()
        self._descriptors: dict[tuple[int, int], _Descriptor] = {}

    def apply(self, operation: Operation) -> Iterator[StreamTransfer]:
        """Follow one operation; gives what it starts."""
        match operation:
            case Write(address, value):
                if (push := _push_at(operation)) is not None:
                    yield from self._start(*push, value)
                self._set(address, value)
            case MaskWrite(address, mask, value):
                self._set(address, value, mask)
            case BlockWrite(address, data):
                for index, value in enumerate(words(data)):
                    self._set(address + WORD_BYTES * index, value)
            case BlockSet(address, value, count):
                for index in range(count):
                    self._set(address + WORD_BYTES * index, value)
            case AddressPatch(address):
                if (found := self._at(address)) is not None:
                    found[0].patch = operation

    def _at(self, address: int) -> tuple[_Descriptor, int] | None:
        column, row, offset = split_address(address)
        place = SHIM.bd_at(offset) if row == 0 else None
        if place is None:
            return None
        return self._descriptors.setdefault((column, place[0]), _Descriptor()), place[1]

    def _set(self, address: int, value: int, mask: int = 0xFFFFFFFF) -> None:
        if (found := self._at(address)) is not None:
            descriptor, word = found
            descriptor.words[word] = descriptor.words[word] & ~mask | value & mask
            descriptor.runs = 0
            if word == 0:
                descriptor.patch = None

    def _start(
        self, direction: Direction, column: int, channel: int, command: int
    ) -> Iterator[StreamTransfer]:
        task = SHIM.queue.unpack([command])
        bd: int | None = task["start_bd_id"]
        runs = task["repeat_count"] + 1
        seen = set()
        while bd is not None and bd not in seen:
            seen.add(bd)
            descriptor = self._descriptors.setdefault((column, bd), _Descriptor())
            fields = SHIM.bd.unpack(descriptor.words)
            if descriptor.patch is None:
                self.unplaced.add(direction)
            else:
                first, last = _span(fields, descriptor.runs, runs)
                start = descriptor.patch.start + WORD_BYTES * first
                yield StreamTransfer(
                    argument=descriptor.patch.argument,
                    direction=direction,
                    column=column,
                    channel=channel,
                    start=start,
                    end=descriptor.patch.start + WORD_BYTES * (last + 1),
                    length=WORD_BYTES * fields["buffer_length"] * runs,
                )
            descriptor.runs += runs
            bd = fields["next_bd"] if fields["use_next_bd"] else None


def _span(fields: dict[str, int], earlier: int, runs: int) -> tuple[int, int]:
    """The first and last word that a descriptor touches in `runs` runs, from its base address."""
    wrap, step = fields["iteration_wrap"] + 1, fields["iteration_stepsize"] + 1
    start = fields["iteration_current"] + earlier
    iterations = [(start + run) % wrap for run in range(min(runs, wrap))]
    levels = (
        (fields["d0_wrap"], fields["d0_stepsize"] + 1),
        (fields["d1_wrap"], fields["d1_stepsize"] + 1),
        (0, fields["d2_stepsize"] + 1),
    )
    last = _last_word(fields["buffer_length"], levels)
    return min(iterations) * step, max(iterations) * step + last


def _last_word(length: int, levels: Sequence[tuple[int, int]]) -> int:
    """The farthest word of a run of `length` words; levels are (wrap or 0, step), inner first.

    A wrap of 0 never wraps: what is outside it never moves.
    """
    block = 1
    sizes = []
    for wrap, _ in levels:
        sizes.append(block)
        if wrap == 0:
            break
        block *= wrap
    return _farthest(length, sizes, [step for _, step in levels])


def _farthest(length: int, sizes: Sequence[int], steps: Sequence[int]) -> int:
    if length <= 1 or not sizes:
        return 0
    *inner, block = sizes
    whole, rest = divmod(length, block)
    step = steps[len(inner)]
    candidates = [0]
    if whole:
        candidates.append((whole - 1) * step + _farthest(block, inner, steps))
    if rest:
        candidates.append(whole * step + _farthest(rest, inner, steps))
    return max(candidates)
