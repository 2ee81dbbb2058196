"""Streams in flight: links with bounded buffers, branches, packet ports and arbiters.

Words travel in numpy blocks. A link is everything between two places where a stream can divide or
be merged: a chain of circuit-switched ports, with the buffering that the ports on its way have.
While the far end takes words at once, a block passes a link whole; only when it stops do words
collect in the link, up to its capacity, and then the near end has to wait. So what deadlocks
on hardware for want of buffering does so here, without moving word by word.

Buffering, from AM020, chapter 2: slave ports 4 words; master ports 4 words towards another tile
and 2 words towards this tile's own; the switch's FIFO 16 words.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, Protocol

from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.streams.port_monitor import PortMonitor

Side = Literal["slave", "master"]
Tile = tuple[int, int]
Start = tuple[Side, Tile, int]
"""Which side of a switch, which tile, which port."""

SLAVE_DEPTH = 4
EXTERNAL_MASTER_DEPTH = 4
LOCAL_MASTER_DEPTH = 2
FIFO_DEPTH = 16

DMA_INGRESS_DEPTH = 16
"""Words that an S2MM channel takes in before its lock is acquired (xdna-emu, measured on npu1:
15 beats accepted, the 16th or 17th refused; core and memory tiles)."""


class Feeder(Protocol):
    """Who puts words into a link and waits when it is full."""

    def resume(self) -> None:
        """There is room again."""


class Wiring(Protocol):
    """What joins ports to links: the network of all switches.

    Attributes:
        epoch: counts the changes to any switch; links follow the registers again when it moves.
    """

    epoch: int

    def link(self, side: Side, tile: Tile, port: int) -> Link:
        """The link that begins at a port."""

    def resolve(self, link: Link) -> None:
        """Follows the registers from the link's start to where the stream ends or divides."""


class Target(Protocol):
    """Where a link leads."""

    clock: int
    place: str

    def room(self) -> int:
        """Words that it would take at once."""

    def offer(self, words: Words, last: bool, time: int) -> int:
        """Takes words, as many as it can, and returns how many.

        Args:
            words: a block; the target copies what it keeps.
            last: the block's last word carries TLAST.
            time: the clock at which the first word is there.
        """

    def attach(self, link: Link) -> None:
        """`link` is now the one that leads here."""


class DeadEnd:
    """A stream that leads nowhere: it takes nothing, and can say why."""

    clock = 0

    def __init__(self, place: str, why: str) -> None:
        self.place = place
        self.why = why

    def room(self) -> int:
        """None."""
        return 0

    def offer(self, words: Words, last: bool, time: int) -> int:  # noqa: ARG002
        """Takes nothing."""
        return 0

    def attach(self, link: Link) -> None:
        """Keeps no link."""


class Link:
    """A stretch of stream with one way in and one way out.

    Attributes:
        start: the port where it begins.
        hops: the ports that it passes.
        capacity: words that it can hold.
        level: words that it holds.
        target: where it leads; a DeadEnd when the route is not configured.
        monitors: what watches the ports that it passes.
        clock: when the word at its near end last moved.
    """

    __slots__ = (
        "_chunks",
        "_draining",
        "_network",
        "capacity",
        "clock",
        "epoch",
        "feeder",
        "hops",
        "level",
        "monitors",
        "start",
        "target",
        "waiting",
    )

    def __init__(self, network: Wiring, start: Start) -> None:
        self._network = network
        self.start = start
        self.epoch = -1
        self.hops: tuple[Start, ...] = ()
        self.capacity = 0
        self.level = 0
        self.clock = 0
        self.target: Target = DeadEnd("", "not configured")
        self.feeder: Feeder | None = None
        """Who last put words in; reports follow a route back through it."""
        self.waiting: Feeder | None = None
        self.monitors: tuple[PortMonitor, ...] = ()
        self._chunks: deque[tuple[Words, bool, int]] = deque()
        self._draining = False

    def refresh(self) -> None:
        """Follows the switches' registers again if any has changed."""
        if self.epoch != self._network.epoch:
            self._network.resolve(self)

    def room(self) -> int:
        """Words that would be taken at once: by the buffers, and through them by the target."""
        if self.epoch != self._network.epoch:
            self._network.resolve(self)
        if self.level:
            return self.capacity - self.level
        return self.capacity + self.target.room()

    def offer(self, words: Words, last: bool, time: int, feeder: Feeder) -> int:
        """Takes words, as many as it can; if not all, `feeder` is resumed when there is room.

        Args:
            words: a block that the feeder may change later.
            last: the block's last word carries TLAST.
            time: the feeder's clock.
            feeder: who waits if not all words are taken.
        """
        if self.epoch != self._network.epoch:
            self._network.resolve(self)
        self.feeder = feeder
        count = len(words)
        taken = 0
        if not self.level:
            taken = self.target.offer(words, last, time)
            if taken:
                self.clock = self.target.clock
                if taken == count:
                    if self.monitors:
                        self._monitor(self.clock - taken, taken, last, False)
                    return count
        space = min(self.capacity - self.level, count - taken)
        if space > 0:
            end = taken + space
            kept = words[taken:end].copy()
            self._chunks.append((kept, last and end == count, time + taken))
            self.level += space
            taken = end
        if self.monitors:
            self._monitor(time, taken, last and taken == count, taken < count)
        if taken < count:
            self.waiting = feeder
        return taken

    def _monitor(self, begin: int, words: int, last: bool, waits: bool) -> None:
        for monitor in self.monitors:
            monitor.passed(begin, words, last, waits)

    def drain(self) -> None:
        """Moves what it holds into the target, as far as that takes it, then resumes the feeder."""
        if self._draining:
            return
        self._draining = True
        chunks = self._chunks
        while chunks:
            words, last, time = chunks[0]
            taken = self.target.offer(words, last, time)
            self.level -= taken
            if taken < len(words):
                if taken:
                    chunks[0] = (words[taken:], last, time + taken)
                break
            chunks.popleft()
        self._draining = False
        self._resume()

    def take(self) -> tuple[int, bool, int] | None:
        """Removes one word: (word, TLAST, when it was there), or None if there is none."""
        if not self._chunks:
            return None
        words, last, time = self._chunks[0]
        self.level -= 1
        if len(words) == 1:
            self._chunks.popleft()
        else:
            self._chunks[0] = (words[1:], last, time + 1)
        self._resume()
        return int(words[0]), last and len(words) == 1, time

    def ready(self, time: int) -> bool:
        """Whether a word was there at `time` or before."""
        return bool(self._chunks) and self._chunks[0][2] <= time

    def _resume(self) -> None:
        if self.target.clock > self.clock:
            self.clock = self.target.clock
        feeder = self.waiting
        if feeder is not None and self.level < self.capacity:
            self.waiting = None
            feeder.resume()

    def clear(self) -> None:
        """Drops what it holds, as a reset of the array does."""
        self._chunks.clear()
        self.level = 0
        self.waiting = None


class Branch:
    """Where a circuit-switched stream divides: every way takes the same words together.

    AM020, chapter 2: "if one of the receivers is not ready, the whole broadcast stops until all
    receivers are ready again", but for what the ports behind the branch can hold.
    """

    def __init__(self, place: str, outputs: list[Link]) -> None:
        self.place = place
        self.outputs = outputs
        self.clock = 0
        self.input: Link | None = None

    def attach(self, link: Link) -> None:
        """Remembers the link that leads here."""
        self.input = link

    def resume(self) -> None:
        """One of the ways has room again."""
        if self.input is not None:
            self.input.drain()

    def room(self) -> int:
        """The room of the way that has least."""
        return min(output.room() for output in self.outputs)

    def offer(self, words: Words, last: bool, time: int) -> int:
        """Takes as many words as all ways take."""
        taken = forward(self.outputs, words, last, time, self)
        self.clock = max(output.clock for output in self.outputs)
        return taken


def forward(outputs: list[Link], words: Words, last: bool, time: int, feeder: Feeder) -> int:
    """Puts the same words into every one of `outputs`, as many as all of them take."""
    count = len(words)
    if len(outputs) == 1:
        return outputs[0].offer(words, last, time, feeder)
    done = 0
    while done < count:
        room = min(output.room() for output in outputs)
        if room <= 0:
            for output in outputs:
                if output.room() <= 0:
                    output.waiting = feeder
            break
        end = min(done + room, count)
        piece = words[done:end] if done or end < count else words
        for output in outputs:
            output.offer(piece, last and end == count, time + done, feeder)
        done = end
    return done


class Arbiter:
    """One arbiter of a stream switch: a packet at a time, from its header to its TLAST."""

    __slots__ = ("owner", "place", "waiting")

    def __init__(self, place: str) -> None:
        self.place = place
        self.owner: Feeder | None = None
        self.waiting: deque[Feeder] = deque()

    def grant(self, port: Feeder) -> bool:
        """Gives the arbiter to `port` if it is free, else lets it wait its turn."""
        if self.owner is None or self.owner is port:
            self.owner = port
            return True
        if port not in self.waiting:
            self.waiting.append(port)
        return False

    def free(self) -> None:
        """Ends the packet and lets the port that waited longest try."""
        self.owner = None
        if self.waiting:
            self.waiting.popleft().resume()
