"""Random DMA programs written by hand: rings of buffers that DMAs fill and drain, with locks.

A relay takes objects from a stream, part by part, into the next buffer of its ring, and sends
parts of them on: in another order, several times, or padded.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tests.fuzz import spelling
from tests.fuzz.board import Board, Design
from tests.fuzz.choices import Choices
from tests.fuzz.layouts import gathered, padded, permutation, scattered
from tests.fuzz.spelling import Dims, Pads, Port, Tile
from tests.fuzz.values import per_word

SIZES = (8, 16, 32, 24, 64, 12)
DTYPES = ("i32", "i32", "i16", "i8")
MOST_PER_ROUND = 4096
"""Elements."""
MOST_IN_LOCK = 63


@dataclass(frozen=True)
class Part:
    """A piece of an object, and the order in which a DMA goes through it."""

    offset: int
    length: int
    dims: Dims = ()
    pads: Pads = ()

    @property
    def moved(self) -> int:
        """Elements of the stream, those of the padding included."""
        if not self.pads:
            return self.length
        sides = zip(self.dims, self.pads, strict=True)
        return int(np.prod([size + before + after for (size, _), (before, after) in sides]))

    def fill(self, objects: np.ndarray, stream: np.ndarray) -> None:
        """What receiving this part does to objects, a row each."""
        objects[:, self.offset : self.offset + self.length] = scattered(stream, self.dims)

    def drain(self, objects: np.ndarray) -> np.ndarray:
        """What sending this part of objects gives."""
        part = gathered(objects[:, self.offset : self.offset + self.length], self.dims)
        return padded(part, self.dims, self.pads)


@dataclass(frozen=True)
class Stream:
    """What comes out of a port, a row a round."""

    port: Port
    dtype: str
    values: np.ndarray


class Relays:
    """Relays on a board, while they are made up."""

    def __init__(self, board: Board, choices: Choices) -> None:
        self.board = board
        self.choices = choices

    def grow(self) -> None:
        """From the host through some relays and back."""
        choices = self.choices
        self.choices = choices.branch()
        stream = self._source()
        while stream is not None:
            self.choices = choices.branch()
            onward = self._relay(stream)
            if onward is None or not choices.chance(50):
                self._to_host(onward or stream)
                break
            stream = onward

    def _source(self) -> Stream | None:
        shims = self.board.shims("MM2S")
        if not shims or not self.board.shims("S2MM"):
            return None
        tile = self.choices.one_of(shims)
        dtype = self.choices.one_of(DTYPES)
        count = self.choices.one_of(SIZES) * self.choices.one_of([1, 2, 3, 4])
        channel = self.board.take(tile, "MM2S")
        symbol = self.board.name("shim")
        self.board.declared.append(spelling.shim_allocation(symbol, tile[0], "MM2S", channel))
        values = self.board.host.send(symbol, tile[0], dtype, count)
        return Stream((tile, "DMA", channel), dtype, values)

    def _to_host(self, stream: Stream) -> None:
        tile = self.choices.one_of(self.board.shims("S2MM"))
        channel = self.board.take(tile, "S2MM")
        symbol = self.board.name("shim")
        self.board.declared += [
            spelling.shim_allocation(symbol, tile[0], "S2MM", channel),
            spelling.flow(stream.port, (tile, "DMA", channel)),
        ]
        self.board.host.receive(symbol, tile[0], stream.dtype, stream.values)

    # relays

    def _relay(self, stream: Stream) -> Stream | None:
        """One more relay behind a stream; None if there is no room for it."""
        tiles = [t for t in self._tiles() if t != stream.port[0]]
        if not tiles:
            return None
        tile = self.choices.one_of(tiles)
        unit = per_word(stream.dtype)
        per_round = stream.values.shape[1]
        cuts = [n for n in (1, 2, 3) if per_round % (n * unit) == 0]
        size = per_round // self.choices.one_of(cuts)
        fills = self._cut(size, unit, tile)
        drains = self._drains(size, unit, tile, per_round // size)
        depths = [
            n
            for n in (1, 2, 3)
            if n * (len(fills) + len(drains)) <= self._descriptors(tile)
            and n * len(fills) * len(drains) <= MOST_IN_LOCK
        ]
        if not depths:
            return None
        depth = self.choices.one_of(depths)
        objects = self._received(stream.values.reshape(-1, size), fills)
        sent = np.concatenate([part.drain(objects) for part in drains], axis=1)
        channels = (self.board.take(tile, "S2MM"), self.board.take(tile, "MM2S"))
        self.board.declared.append(spelling.flow(stream.port, (tile, "DMA", channels[0])))
        self._program(tile, channels, stream.dtype, (size, depth), fills, drains)
        values = sent.reshape(self.board.host.total, -1)
        return Stream((tile, "DMA", channels[1]), stream.dtype, values)

    def _descriptors(self, tile: Tile) -> int:
        """How many are left for a relay."""
        used = sum(len(blocks) for _, _, _, blocks, _ in self.board.channels.get(tile, ()))
        return (24 if tile[1] == 1 else 16) - used

    def _tiles(self) -> list[Tile]:
        every = [(c, row) for c in range(self.board.columns) for row in (1, 2, 3, 4, 5)]
        return [t for t in every if self.board.free(t, "S2MM") and self.board.free(t, "MM2S")]

    def _received(self, streams: np.ndarray, fills: list[Part]) -> np.ndarray:
        objects = np.zeros_like(streams)
        at = 0
        for part in fills:
            part.fill(objects, streams[:, at : at + part.length])
            at += part.length
        return objects

    def _cut(self, size: int, unit: int, tile: Tile) -> list[Part]:
        """An object in one part or several, in any order."""
        count = self.choices.one_of([1, 1, 2, 3])
        words = size // unit
        inner = sorted(self.choices.some_of(range(1, words), min(count, words) - 1))
        cuts = [0, *(place * unit for place in inner), size]
        parts = []
        for start, end in pairwise(cuts):
            layout: Dims = ()
            if self.choices.chance(30):
                layout = permutation(self.choices, end - start, unit, 4 if tile[1] == 1 else 3)
            parts.append(Part(start, end - start, layout))
        return self.choices.shuffled(parts)

    def _drains(self, size: int, unit: int, tile: Tile, objects: int) -> list[Part]:
        """What is sent of each object."""
        if tile[1] == 1 and size * objects <= MOST_PER_ROUND // 4 and self.choices.chance(20):
            return [self._padded(size, unit)]
        parts = self._cut(size, unit, tile)
        if size * objects <= MOST_PER_ROUND // 2 and self.choices.chance(20):
            parts += parts[: self.choices.between(1, len(parts))]
        if len(parts) > 1 and self.choices.chance(10):
            parts.pop()
        return parts

    def _padded(self, size: int, unit: int) -> Part:
        rows = self.choices.one_of([n for n in (2, 1, 3, 4) if size // unit % n == 0])
        dims = ((rows, size // rows), (size // rows, 1))
        pads = tuple(
            (step * self.choices.below(3), step * self.choices.below(3)) for step in (1, unit)
        )
        return Part(0, size, dims, pads)

    # text

    def _program(
        self,
        tile: Tile,
        channels: tuple[int, ...],
        dtype: str,
        ring: tuple[int, int],
        fills: list[Part],
        drains: list[Part],
    ) -> None:
        """The two channels.

        An object counts fills x drains in the locks. The first part that is drained waits for
        all that are filled, the first that is filled for all that are drained. A buffer in one
        part may have one lock that tells whose turn it is: acquires that are exact take nothing.
        """
        size, depth = ring
        home = self._home(tile, max(channels))
        whole = len(fills) * len(drains)
        if depth == whole == 1 and self.choices.chance(25):
            turn = self.board.lock(home, 0)
            name, _ = self.board.buffer(home, size, dtype=dtype)
            for way, (part,), is_out in (("S2MM", fills, 0), ("MM2S", drains, 1)):
                block = [
                    spelling.acquire_lock(turn, is_out, exactly=True),
                    spelling.transfer(
                        name, (size, dtype), part.offset, part.moved, part.dims, part.pads
                    ),
                    spelling.release_lock(turn, -1 if is_out else 1),
                ]
                self.board.program(tile, (way, channels[is_out], 0, [block], True))
            return
        free, full = self.board.lock(home, depth * whole), self.board.lock(home, 0)
        filling: list[list[str]] = []
        draining: list[list[str]] = []
        for _ in range(depth):
            name, _ = self.board.buffer(home, size, dtype=dtype)
            type = (size, dtype)
            filling += self._blocks(name, type, fills, (free, full), len(drains))
            draining += self._blocks(name, type, drains, (full, free), len(fills))
        self.board.program(tile, ("S2MM", channels[0], 0, filling, True))
        self.board.program(tile, ("MM2S", channels[1], 0, draining, True))

    def _blocks(
        self,
        name: str,
        type: tuple[int, str],
        parts: list[Part],
        locks: tuple[str, str],
        given: int,
    ) -> list[list[str]]:
        """The descriptors of one buffer; each gives `given` of the second lock."""
        first = given * len(parts) - (len(parts) - 1)
        return [
            [
                spelling.acquire_lock(locks[0], 1 if number else first),
                spelling.transfer(name, type, part.offset, part.moved, part.dims, part.pads),
                spelling.release_lock(locks[1], given),
            ]
            for number, part in enumerate(parts)
        ]

    def _home(self, tile: Tile, channel: int) -> Tile:
        """Where the buffers of a relay lie: a memory tile may use its neighbours'."""
        if tile[1] == 1 and channel < 4 and self.choices.chance(25):
            beside = [(tile[0] + step, 1) for step in (-1, 1)]
            there = [t for t in beside if 0 <= t[0] < self.board.columns]
            if there:
                return self.choices.one_of(there)
        return tile


def add_relays(board: Board, choices: Choices) -> None:
    """A row of relays on a board."""
    Relays(board, choices).grow()


def relays(choices: Choices) -> Design:
    """A design of hand-written DMA programs."""
    board = Board.new(choices)
    board.regions = choices.chance(20)
    add_relays(board, choices.branch())
    while choices.chance(40):
        add_relays(board, choices.branch())
    return board.finished()
