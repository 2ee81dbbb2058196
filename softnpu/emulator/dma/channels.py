"""DMA channels: what a task does, descriptor after descriptor, and how MM2S channels send.

A channel takes a task from its queue, loads the task's first descriptor, acquires its lock, moves
its words, releases its lock, goes on with the next descriptor of the chain, and when the chain
ends repeats the task or issues its token. Descriptors are read when they are loaded, as on
hardware.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from softnpu.arch.dma import QUEUE_DEPTH, Direction, DmaEngine
from softnpu.emulator import waits
from softnpu.emulator.dma.descriptor_table import DescriptorTable
from softnpu.emulator.dma.descriptors import Descriptor
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.observing.observer import Held, Observer, Place
from softnpu.emulator.scheduling.scheduler import Actor, Wait
from softnpu.emulator.streams.streams import Link

DESCRIPTORS_PER_TURN = 1
"""How many descriptors a channel runs before others, whose clocks are behind, have their turn."""


@dataclass(frozen=True)
class Task:
    """An entry of a task queue: run the chain from `start`, `repeats` times more."""

    start: int
    repeats: int
    token: bool


@dataclass
class ChannelCounts:
    """What a channel has done, for statistics.

    Attributes:
        words: 32-bit words moved, without packet headers.
        given: tasks that were queued.
        descriptors, tasks: finished ones.
        tokens: tasks that ended with a token.
        lock_wait: cycles waited for locks.
    """

    words: int = 0
    given: int = 0
    descriptors: int = 0
    tasks: int = 0
    tokens: int = 0
    lock_wait: int = 0


class Engine(Protocol):
    """The DMA of a tile, as its channels know it; see dma_engine.DmaState."""

    tile: Place
    facts: DmaEngine
    no_memory: Words
    observers: list[Observer]
    descriptors: DescriptorTable
    wake: Callable[[Actor], None]
    portion: Callable[[int], int]
    go_on: Callable[[Actor], None]

    @property
    def written(self) -> Words | None: ...
    def queue_moved(self, channel: Channel) -> None: ...
    def descriptor(self, number: int, channel: Channel) -> Descriptor: ...
    def valid_descriptors(self, channel: Channel) -> list[int]: ...
    def locate(self, descriptor: Descriptor, channel: Channel) -> tuple[Words, int]: ...
    def memory_place(self, channel: Channel) -> tuple[Place, int] | None: ...
    def will_move(self, channel: Channel) -> None: ...
    def moved(self, channel: Channel) -> None: ...
    def issue_token(self, channel: Channel) -> None: ...


class Channel(Actor):
    """One DMA channel, either direction.

    Attributes:
        queue: tasks that have not begun; at most QUEUE_DEPTH.
        task: the one in progress.
        descriptor: the one loaded, or None.
        acquired: whether its lock is held (or it needs none); `began` since when.
        remaining: words of it still to move.
        controller_id: where tokens go (control register).
        out_of_order: packets' headers name the descriptors, and a task counts packets.
        in_reset: its control register holds it so; no task can be given to it.
    """

    direction: Direction

    def __init__(self, engine: Engine, number: int) -> None:
        self.engine = engine
        self.number = number
        self.tile = engine.tile
        col, row = self.tile
        self.place = f"tile ({col},{row}) {self.direction.name} {number}"
        self.queue: deque[Task] = deque()
        self.task: Task | None = None
        self.repeats = 0
        self.following: int | None = None
        """The descriptor to load next, while a task is in progress."""
        self.descriptor: Descriptor | None = None
        self.acquired = False
        self.memory: Words = engine.no_memory
        self.base = 0
        self.position = 0
        self.remaining = 0
        self.control = 0
        self.controller_id = 0
        self.out_of_order = False
        self.paused = False
        self.in_reset = False
        self.counts = ChannelCounts()
        self.began = 0

    @property
    def queue_full(self) -> bool:
        """Whether the next task would be lost."""
        return len(self.queue) >= QUEUE_DEPTH

    def push(self, task: Task) -> bool:
        """Queues a task; False if the queue is full, in which case nothing happens."""
        if self.queue_full:
            return False
        self.counts.given += 1
        self.queue.append(task)
        if self.descriptor is None and self.task is None:
            self.load()
        self.engine.wake(self)
        return True

    def load(self) -> Descriptor | None:
        """Loads the next descriptor, taking a task from the queue if none is in progress."""
        if not self.begin_task():
            return None
        assert self.following is not None
        return self.load_descriptor(self.following)

    def begin_task(self) -> bool:
        """Takes a task from the queue if none is in progress; False if there is none to do."""
        if self.paused:
            return False
        if self.task is None:
            if not self.queue:
                return False
            self.task = self.queue.popleft()
            self.repeats = self.task.repeats
            self.following = self.task.start
            self.engine.queue_moved(self)
            for observer in self.engine.observers:
                observer.task_began(self)
        return True

    def load_descriptor(self, number: int) -> Descriptor:
        """Loads descriptor `number` as its registers stand now."""
        descriptor = self.engine.descriptor(number, self)
        self.descriptor = descriptor
        self.acquired = False
        self.memory, self.base = descriptor.place or self.engine.locate(descriptor, self)
        self.position = 0
        self.remaining = descriptor.pattern.length
        return descriptor

    def acquire(self, descriptor: Descriptor) -> bool:
        """Acquires the descriptor's lock if it has one; False leaves the channel waiting."""
        lock = descriptor.acquire
        before = self.clock
        if lock is not None:
            if not lock.acquire(descriptor.acquire_value, self):
                return False
            self.counts.lock_wait += self.clock - before
            if self.clock > before:
                self.held_up(Held.LOCK, before, self.clock)
        self.acquired = True
        self.began = self.clock
        return True

    def finish(self, descriptor: Descriptor) -> None:
        """Ends the descriptor: lock, statistics, then the chain's next one or the task's end."""
        self.counts.descriptors += 1
        self.counts.words += self.position
        self.engine.moved(self)
        if descriptor.release is not None:
            descriptor.release.release(descriptor.release_value, self)
        for observer in self.engine.observers:
            observer.descriptor_ran(self, descriptor, self.began, self.clock)
        self.descriptor = None
        self.acquired = False
        self.following = descriptor.next
        if self.following is None:
            self._end_chain()

    def _end_chain(self) -> None:
        assert self.task is not None
        if self.repeats:
            self.repeats -= 1
            self.following = self.task.start
            return
        task, self.task = self.task, None
        self.counts.tasks += 1
        for observer in self.engine.observers:
            observer.task_ended(self)
        if task.token:
            self.counts.tokens += 1
            self.engine.issue_token(self)

    def held_up(self, cause: Held, begin: int, end: int) -> None:
        """It was held up from `begin` to `end`."""
        for observer in self.engine.observers:
            observer.channel_waited(self, cause, begin, end)

    def under_way(self) -> str | None:
        """What a reset leaves in the streams, None if nothing."""
        raise NotImplementedError

    def reset(self) -> None:
        """Stops and forgets all tasks."""
        self.engine.moved(self)
        if self.descriptor is not None and self.descriptor.acquire is not None:
            self.descriptor.acquire.forget(self)
        self.queue.clear()
        self.task = None
        self.following = None
        self.descriptor = None
        self.acquired = False
        self.remaining = 0

    def first_descriptors(self) -> list[int]:
        """The descriptors that its tasks, in progress or queued, go on or begin with."""
        if not self.busy:
            return []
        if self.out_of_order:
            return self.engine.valid_descriptors(self)
        starts = [task.start for task in self.queue]
        if self.task is not None:
            starts.append(self.task.start)
            if self.following is not None:
                starts.append(self.following)
        return starts

    def heads(self) -> list[int]:
        """The descriptors that it will load next in each of its tasks, and when one repeats."""
        heads = [task.start for task in self.queue]
        if self.task is not None:
            ahead = self.following if self.descriptor is None else self.descriptor.next
            heads += [] if ahead is None else [ahead]
            heads += [self.task.start] if self.repeats else []
        return heads

    @property
    def busy(self) -> bool:
        """Whether a task is in progress or queued."""
        return self.task is not None or bool(self.queue)

    @property
    def owes_token(self) -> bool:
        """Whether a task in progress or queued ends with a token."""
        return any(task.token for task in (*self.queue, *([self.task] if self.task else [])))

    def wait(self) -> Wait | None:
        """Why the channel does not move."""
        descriptor = self.descriptor
        if descriptor is None:
            if self.in_reset:
                return waits.InReset(self)
            if self.paused:
                return waits.Paused(self)
            return waits.AboutToBegin(self) if self.busy else waits.NoTask(self)
        if not self.acquired and descriptor.acquire is not None:
            return waits.LockWait(self, descriptor.acquire, descriptor.acquire_value)
        return self._stream_wait()

    def _stream_wait(self) -> Wait:
        raise NotImplementedError


class SendChannel(Channel):
    """MM2S: reads memory, puts words into a stream.

    Attributes:
        pad_value: the word that padding is made of.
    """

    direction = Direction.MM2S

    def __init__(self, engine: Engine, number: int, output: Link) -> None:
        super().__init__(engine, number)
        self.output = output
        self.pad_value = 0
        self._words: Words | None = None
        self._header: Words | None = None

    def resume(self) -> None:
        """The stream has room again."""
        self.engine.wake(self)

    def load(self) -> Descriptor | None:
        """As Channel.load; the words are read when the lock is held."""
        self._words = None
        return super().load()

    def run(self) -> None:
        """Sends descriptors until a lock or the stream holds it up."""
        for _ in range(DESCRIPTORS_PER_TURN):
            descriptor = self.descriptor or self.load()
            if descriptor is None:
                return
            if not self.acquired and not self.acquire(descriptor):
                return
            if not self._send(descriptor):
                return
            self.finish(descriptor)
        self.engine.go_on(self)

    def _send(self, descriptor: Descriptor) -> bool:
        """Puts as much into the stream as it takes; whether the descriptor is done."""
        words = self._words
        if words is None:
            self.engine.will_move(self)
            pattern = descriptor.padded_pattern
            words = self._words = pattern.read(self.memory, self.base, self.pad_value)
            self._header = descriptor.header
        output = self.output
        if self._header is not None:
            if not output.offer(self._header, False, self.clock, self):
                return False
            self.clock = max(self.clock + 1, output.clock)
            self._header = None
        rest = words[self.position :] if self.position else words
        size = self.engine.portion(self.remaining)
        last = size == self.remaining and not descriptor.suppress_last
        taken = output.offer(rest[:size], last, self.clock, self)
        free = self.clock + taken
        self.clock = max(free, output.clock)
        if self.clock > free:
            self.held_up(Held.STREAM, free, self.clock)
        self.position += taken
        self.remaining -= taken
        if taken == size and self.remaining:
            self.engine.go_on(self)
        return not self.remaining

    def under_way(self) -> str | None:
        """As Channel.under_way: a transfer of which a part is sent."""
        if self.descriptor is None or not self.position:
            return None
        length = self.descriptor.pattern.length
        return f"{self.position} of {length} words of descriptor {self.descriptor.number} are sent"

    def _stream_wait(self) -> Wait:
        return waits.SpaceWait(self, self.output)
