"""Random graphs of objectfifos: from the host through cores and memory tiles and back.

The model: a fifo hands on its objects in order, to each consumer all of them. What its dimensions,
repetitions, links and cores do to them is numpy on whole tables of objects, a row each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.fuzz import spelling
from tests.fuzz.board import ROWS, Board, Design
from tests.fuzz.choices import Choices
from tests.fuzz.layouts import gathered, inside, padded, permutation, scattered
from tests.fuzz.spelling import Dims, Pads, Tile
from tests.fuzz.values import filled, per_word

SIZES = (8, 4, 16, 32, 12, 64, 24)
DTYPES = ("i32", "i32", "i32", "i16", "i8", "f32")
MOST_ITERATIONS = 256


@dataclass
class Fifo:
    """A fifo that has a producer and may yet get consumers.

    Attributes:
        objects: what the producer puts in over all rounds, [objects][elements].
        given: how many objects the producer holds at once.
        consumers: where it ends: tile, dimensions, how many objects are held there at once.
        in_link: whether a link is at one of its ends; it can be at one only.
        initial: whether its objects are there from the start, and none comes after them.
        stream: which end is a core's stream port: 0 the producer's, 1 the consumer's.
        pads: what is put around what `to_stream` reads.
        pad_byte: what each byte of that is; only npu2 has others than 0.
        written: what stands for `to_stream` where a link cuts the objects of its source: it goes
            through one of those, and `objects` are what that gives.
        depth: how deep it is, if that counts.
        iterations: how often all its objects go on their way; 0 for without an end.
    """

    name: str
    producer: Tile
    dtype: str
    objects: np.ndarray
    given: int = 1
    to_stream: Dims = ()
    repeat: int = 1
    via_dma: bool = False
    in_link: bool = False
    initial: bool = False
    stream: int | None = None
    pads: Pads = ()
    pad_byte: int = 0
    written: Dims = ()
    depth: int = 0
    iterations: int = 0
    consumers: list[tuple[Tile, Dims, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return int(self.objects.shape[1])

    @property
    def sent(self) -> np.ndarray:
        """The objects as they leave the producer's end."""
        (pad,) = filled(1, self.dtype, self.pad_byte)
        streams = padded(gathered(self.objects, self.to_stream), self.to_stream, self.pads, pad)
        return np.repeat(streams, self.repeat, axis=0)

    def ends_at(self, tile: Tile) -> bool:
        return any(tile == other for other, _, _ in self.consumers)


class Graph:
    """A graph of fifos on a board, while it grows."""

    def __init__(self, board: Board, choices: Choices) -> None:
        self.board = board
        self.choices = choices
        self.fifos: list[Fifo] = []
        self.loose: list[Fifo] = []
        """Fifos without a consumer."""
        self.links: list[str] = []
        self.cores: list[str] = []
        self.kernels: dict[str, None] = {}
        self.slides = False
        """Whether a core keeps objects in hand: it gives nothing before it has all of them."""

    # growing

    def grow(self, steps: Sequence[Step]) -> None:
        """Sources, then steps, then an end for everything that is loose."""
        choices = self.choices
        self.source()
        while choices.chance(70):
            self.choices = choices.branch()
            self.choices.one_of(steps)(self)
        while self.loose:
            self.choices = choices.branch()
            self._finish()

    def source(self) -> None:
        shims = self.board.shims("MM2S")
        if not shims or self.outputs_left() < 1:
            return
        tile = self.choices.one_of(shims)
        dtype = self.choices.one_of(DTYPES)
        size = self.choices.one_of(SIZES)
        per_round = self.choices.one_of([1, 1, 2, 3, 4])
        if self.board.once:
            per_round *= self.choices.one_of([4, 3])
        name = self.board.name("fifo")
        values = self.board.host.send(name, tile[0], dtype, size * per_round)
        self.add(Fifo(name, tile, dtype, values.reshape(-1, size)))

    def add(self, fifo: Fifo) -> Fifo:
        self.board.take(fifo.producer, "MM2S")
        self.fifos.append(fifo)
        self.loose.append(fifo)
        return fifo

    def outputs_left(self) -> int:
        """How many more fifos can end at the host."""
        left = sum(self.board.free((c, 0), "S2MM") for c in range(self.board.columns))
        return left - len(self.loose)

    # consuming

    def consume(self, fifo: Fifo, tile: Tile, held: int, dims: Dims = ()) -> np.ndarray:
        """Lets a fifo end at a tile; returns the objects as they lie there."""
        self.board.take(tile, "S2MM")
        fifo.consumers.append((tile, dims, held))
        if fifo in self.loose:
            self.loose.remove(fifo)
        return scattered(fifo.sent, dims)

    def from_stream(self, fifo: Fifo) -> Dims:
        if not self.choices.chance(20):
            return ()
        return permutation(self.choices, fifo.size, per_word(fifo.dtype))

    def may_meet(self, fifo: Fifo) -> bool:
        """Whether a fifo can end beside others: not where a core waits for more of a broadcast's
        objects than there is room for on the way around that core, which goes on from here."""
        branches = bool(fifo.consumers) or any(len(f.consumers) > 1 for f in self.fifos)
        return not (self.slides and branches)

    def reaches(self, fifo: Fifo, tile: Tile) -> bool:
        if tile[1] == 1 and fifo.in_link:
            return False
        if fifo.stream is not None and fifo.consumers:
            return False
        return tile != fifo.producer and not fifo.ends_at(tile)

    def dress(self, fifo: Fifo) -> Fifo:
        """Gives a new fifo what its producer's end can have."""
        if self.choices.chance(20):
            fifo.to_stream = permutation(self.choices, fifo.size, per_word(fifo.dtype))
        if self.per_round(fifo) <= 4 and self.choices.chance(10):
            fifo.repeat = self.choices.between(1, 3)
        if self.choices.chance(15):
            fifo.via_dma = True
        return fifo

    def _dress_link(self, source: Fifo, drain: Fifo) -> None:
        """Gives a link what only memory tiles can do."""
        if self.choices.chance(10):
            drain.to_stream, drain.pads = inside(self.choices, drain.size, per_word(drain.dtype))
            if self.board.device.startswith("npu2") and drain.dtype != "f32":
                drain.pad_byte = self.choices.one_of([0, 1, 0x7F, 0xFE])
        depths = [n for n in (1, 2, 3) if len(drain.objects) % n == 0]
        if source.given == 1 and self.choices.chance(10):
            source.depth = drain.depth = self.choices.one_of(depths)
            drain.iterations = len(drain.objects) // drain.depth
            if drain.iterations > MOST_ITERATIONS:
                drain.iterations = 0

    def per_round(self, fifo: Fifo) -> int:
        return len(fifo.objects) * fifo.repeat // self.board.host.total

    # steps

    def pass_on(self) -> None:
        """A memory tile hands objects on, perhaps cut otherwise."""
        if not self.loose:
            return
        fifo = self.choices.one_of(self.loose)
        tiles = [t for t in self.board.memory_tiles() if self.reaches(fifo, t)]
        if not tiles:
            return
        tile = self.choices.one_of(tiles)
        objects = self.consume(fifo, tile, 1, self.from_stream(fifo))
        fifo.in_link = True
        sizes = [fifo.size]
        if not fifo.to_stream and not fifo.consumers[-1][1]:
            whole = objects.size // self.board.host.total
            sizes += [n for n in (fifo.size // 2, fifo.size * 2) if n and whole % n == 0]
        size = self.choices.one_of([n for n in sizes if n % per_word(fifo.dtype) == 0])
        written: Dims = ()
        if size < fifo.size and self.choices.chance(40):
            written = permutation(self.choices, fifo.size, per_word(fifo.dtype))
            objects = gathered(objects, written)
        made = Fifo(
            *(self.board.name("fifo"), tile, fifo.dtype, objects.reshape(-1, size)),
            in_link=True,
            written=written,
        )
        if size == fifo.size:
            self.dress(made)
            self._dress_link(fifo, made)
        self.links.append(spelling.link([fifo.name], [made.name]))
        self.add(made)

    def distribute(self) -> None:
        """A memory tile cuts objects into parts, each for a fifo."""
        if not self.loose:
            return
        fifo = self.choices.one_of(self.loose)
        most = min(4, 1 + self.outputs_left(), fifo.size // per_word(fifo.dtype))
        count = self.choices.between(2, 4)
        tiles = [t for t in self.board.memory_tiles(1, count) if self.reaches(fifo, t)]
        if count > most or not tiles:
            return
        tile = self.choices.one_of(tiles)
        objects = self.consume(fifo, tile, 1)
        fifo.in_link = True
        cuts = self._cuts(fifo.size, per_word(fifo.dtype), count)
        repeat = 2 if self.per_round(fifo) <= 4 and self.choices.chance(10) else 1
        parts = []
        for start, end in zip(cuts, [*cuts[1:], fifo.size], strict=True):
            part = Fifo(
                *(self.board.name("fifo"), tile, fifo.dtype, objects[:, start:end]),
                repeat=repeat,
                in_link=True,
            )
            if self.choices.chance(20):
                part.to_stream = permutation(self.choices, part.size, per_word(fifo.dtype))
            parts.append(self.add(part))
        self.links.append(spelling.link([fifo.name], [p.name for p in parts], drain_offsets=cuts))

    def _cuts(self, size: int, unit: int, count: int) -> list[int]:
        """Where parts start: all alike, or anywhere."""
        words = size // unit
        if words % count == 0 and not self.choices.chance(30):
            return [n * size // count for n in range(count)]
        inner = sorted(self.choices.some_of(range(1, words), count - 1))
        return [0, *(unit * place for place in inner)]

    def join(self) -> None:
        """A memory tile puts objects of several fifos one behind the other."""
        if len(self.loose) < 2:
            return
        first = self.choices.one_of(self.loose)
        alike = [
            f
            for f in self.loose
            if f is not first and f.dtype == first.dtype and len(f.sent) == len(first.sent)
            if self.may_meet(first)
        ]
        chosen = [first, *self.choices.some_of(alike, min(len(alike), self.choices.between(1, 3)))]
        if len(chosen) < 2:
            return
        tiles = [
            t
            for t in self.board.memory_tiles(len(chosen), 1)
            if all(self.reaches(f, t) for f in chosen)
        ]
        if not tiles:
            return
        tile = self.choices.one_of(tiles)
        parts = [self.consume(f, tile, 1, self.from_stream(f)) for f in chosen]
        offsets = [0]
        for part in parts:
            offsets.append(offsets[-1] + part.shape[1])
        made = Fifo(
            self.board.name("fifo"), tile, first.dtype, np.concatenate(parts, axis=1), in_link=True
        )
        for fifo in chosen:
            fifo.in_link = True
        self.links.append(
            spelling.link([f.name for f in chosen], [made.name], source_offsets=offsets[:-1])
        )
        self.add(made)

    def broadcast(self) -> None:
        """One more end for a fifo that has one: at the host, or where a link goes on."""
        self.one_more(Graph.to_host, Graph.relay)

    def one_more(self, *ends: Callable[[Graph, Fifo], object]) -> None:
        """One of these ends for a fifo that has one."""
        fifos = [f for f in self.fifos if f.consumers and not f.initial]
        if not fifos or self.outputs_left() < 1:
            return
        fifo = self.choices.one_of(fifos)
        self.choices.one_of([end for end in ends if fifo.producer[1] or end is not Graph.to_host])(
            self, fifo
        )

    def relay(self, fifo: Fifo) -> None:
        tiles = [t for t in self.board.memory_tiles() if self.reaches(fifo, t)]
        if not tiles:
            return
        tile = self.choices.one_of(tiles)
        objects = self.consume(fifo, tile, 1)
        fifo.in_link = True
        made = Fifo(self.board.name("fifo"), tile, fifo.dtype, objects, in_link=True)
        self.links.append(spelling.link([fifo.name], [made.name]))
        self.add(made)

    # ends

    def _finish(self) -> None:
        fifo = self.loose[0]
        if fifo.producer[1] == 0:
            self.relay(fifo)
            if fifo in self.loose:
                raise NoRoomError
        elif not self.to_host(fifo):
            raise NoRoomError

    def to_host(self, fifo: Fifo) -> bool:
        shims = [t for t in self.board.shims("S2MM") if self.reaches(fifo, t)]
        if not shims or any(tile[1] == 0 for tile, _, _ in fifo.consumers):
            return False
        tile = self.choices.one_of(shims)
        values = self.consume(fifo, tile, 1)
        self.board.host.receive(
            fifo.name, tile[0], fifo.dtype, values.reshape(self.board.host.total, -1)
        )
        return True

    # text

    def write(self) -> None:
        """Puts the graph onto the board."""
        fifos = [self._text(fifo, self.choices.branch()) for fifo in self.fifos]
        places = self.choices.branch()
        delegates = [text for fifo in self.fifos for text in self._delegate(fifo, places)]
        self.board.declared += [*fifos, *self.links, *delegates, *self.kernels]
        self.board.cores += self.cores

    def _text(self, fifo: Fifo, choices: Choices) -> str:
        attributes = [f"repeat_count = {fifo.repeat} : i32"] if fifo.repeat > 1 else []
        attributes += ["via_DMA = true"] if fifo.via_dma else []
        if fifo.stream is not None:
            attributes += [f"aie_stream = {fifo.stream} : i32", "aie_stream_port = 0 : i32"]
        attributes += [spelling.padding(fifo.pads, fifo.pad_byte)] if fifo.pads else []
        attributes += [f"iter_count = {fifo.iterations} : i32"] if fifo.iterations else []
        return spelling.objectfifo(
            *(fifo.name, fifo.producer),
            [(tile, dims) for tile, dims, _ in fifo.consumers],
            self._depths(fifo, choices),
            (fifo.size, fifo.dtype),
            fifo.to_stream or fifo.written,
            attributes,
            fifo.objects.tolist() if fifo.initial else None,
        )

    def _delegate(self, fifo: Fifo, choices: Choices) -> list[str]:
        """A tile whose memory both ends reach, to put the objects into."""
        (tile, dims, _), *others = fifo.consumers
        if fifo.producer[1] < 2 or tile[1] < 2 or others or dims or fifo.to_stream:
            return []
        if fifo.via_dma or fifo.repeat > 1 or fifo.stream is not None or not choices.chance(30):
            return []
        both = [t for t in _reached(fifo.producer) if t in _reached(tile) and 2 <= t[1] < ROWS]
        both = [t for t in both if 0 <= t[0] < self.board.columns]
        if not both:
            return []
        return [spelling.allocate(fifo.name, self.board.use(choices.one_of(both)))]

    def _depths(self, fifo: Fifo, choices: Choices) -> list[int]:
        """Enough for what is held at each end, and more."""
        if fifo.initial:
            return [len(fifo.objects)]
        if fifo.depth:
            return [fifo.depth]
        ends = [fifo.given, *(held for _, _, held in fifo.consumers)]
        # in a memory that both ends share, the producer's counts: with less than this, one end can
        # have too many in hand and the other too few, for ever
        least = ends[0] + max(ends[1:]) - 1
        if choices.chance(50):
            depths = [end + choices.one_of([1, 0, 1, 2]) for end in ends]
            return [max(least, depths[0]), *depths[1:]]
        return [max(least, max(ends) + choices.one_of([1, 0, 1, 2]))]


class NoRoomError(Exception):
    """A graph that outgrew the array."""


def _reached(core: Tile) -> list[Tile]:
    """The tiles whose memory a core reaches, and places where none is."""
    column, row = core
    return [core, (column, row - 1), (column - 1, row), (column, row + 1)]


Step = Callable[[Graph], object]

LINKS: tuple[Step, ...] = (
    *(Graph.source, Graph.pass_on, Graph.distribute, Graph.join, Graph.broadcast),
)


def add_graph(board: Board, choices: Choices, steps: Sequence[Step]) -> None:
    """Puts a graph onto a board."""
    graph = Graph(board, choices)
    graph.grow(steps)
    graph.write()


def links(choices: Choices) -> Design:
    """A design of objectfifos without cores."""
    board = Board.new(choices)
    add_graph(board, choices.branch(), LINKS)
    return board.finished()
