"""Chains of cores that hand partial results on by their cascades, in graphs of objectfifos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.fuzz import spelling
from tests.fuzz.board import Board, Design
from tests.fuzz.choices import Choices
from tests.fuzz.fifos import Fifo, Graph, Step, add_graph
from tests.fuzz.loops import schedule
from tests.fuzz.spelling import Tile, constant, loop, memref
from tests.fuzz.values import BYTES
from tests.fuzz.workers import CORES

CASCADE_BYTES = 64
MOST_ROWS = 8
"""Of the cascade's width in an object."""


@dataclass(frozen=True)
class Link:
    """A core of a chain.

    Attributes:
        fifo: what it adds to what comes; None for a number.
        factor: what it multiplies what comes by, or the number that it adds.
    """

    tile: Tile
    fifo: Fifo | None
    factor: int


def cascade(graph: Graph) -> None:
    """A chain of cores, southwards and eastwards, behind a loose fifo and perhaps others."""
    if not graph.loose:
        return
    first = graph.choices.one_of(graph.loose)
    lanes = CASCADE_BYTES // BYTES[first.dtype]
    if first.dtype == "f32" or first.size % lanes or first.size // lanes > MOST_ROWS:
        return
    tiles = _path(graph, first)
    if len(tiles) < 2:
        return
    chain = [Link(tiles[0], first, 1)]
    for tile in tiles[1:]:
        alike = [f for f in graph.loose if _is_like(graph, f, first) and graph.reaches(f, tile)]
        alike = [f for f in alike if all(f is not link.fifo for link in chain)]
        takes = alike and graph.choices.chance(50)
        fifo = graph.choices.one_of(alike) if takes else None
        chain.append(Link(tile, fifo, graph.choices.one_of([1, 2, 3])))
    _write(graph, chain, lanes)


def _is_like(graph: Graph, fifo: Fifo, first: Fifo) -> bool:
    return (
        fifo is not first
        and (fifo.dtype, fifo.size) == (first.dtype, first.size)
        and graph.per_round(fifo) == graph.per_round(first)
    )


def _path(graph: Graph, first: Fifo) -> list[Tile]:
    """Free tiles, each south or east of the one before."""
    free = graph.board.core_tiles()
    starts = [t for t in free if graph.reaches(first, t) and _onward(t, free)]
    if not starts:
        return []
    path = [graph.choices.one_of(starts)]
    for _ in range(graph.choices.between(1, 3)):
        onward = _onward(path[-1], free)
        if not onward:
            break
        path.append(graph.choices.one_of(onward))
    return path


def _onward(tile: Tile, free: list[Tile]) -> list[Tile]:
    beside = ((tile[0], tile[1] - 1), (tile[0] + 1, tile[1]))
    return [t for t in beside if t in free]


def _write(graph: Graph, chain: list[Link], lanes: int) -> None:
    first = chain[0].fifo
    assert first is not None
    values = np.zeros((len(first.sent), first.size), first.objects.dtype)
    iterations = len(values)
    last = chain[-1].tile
    for link in chain:
        graph.board.with_core.add(graph.board.use(link.tile))
        if link.fifo is None:
            values = values + values.dtype.type(link.factor)
        else:
            arrived = graph.consume(link.fifo, link.tile, 1, graph.from_stream(link.fifo))
            values = values * values.dtype.type(link.factor) + arrived
    drain = graph.add(graph.dress(Fifo(graph.board.name("fifo"), last, first.dtype, values)))
    for number, link in enumerate(chain):
        if number:
            graph.board.declared.append(spelling.cascade_flow(chain[number - 1].tile, link.tile))
        body = _Body(first.dtype, first.size, lanes, link, number > 0, drain.name)
        is_last = number + 1 == len(chain)
        graph.cores.append(_core(graph, body, is_last, iterations))


@dataclass(frozen=True)
class _Body:
    dtype: str
    size: int
    lanes: int
    link: Link
    takes: bool
    drain: str

    @property
    def vector(self) -> str:
        return f"vector<{self.lanes}x{self.dtype}>"

    def iteration(self, mark: str, is_last: bool) -> list[str]:
        """Row by row: what comes, times the factor, plus the own; then on it goes."""
        type = (self.size, self.dtype)
        fifo = self.link.fifo
        lines, after = [], []
        if fifo is not None:
            lines += [
                spelling.acquire(f"{mark}vi", fifo.name, "Consume", 1, type),
                spelling.access(f"{mark}in", f"{mark}vi", 0, type),
            ]
            after.append(spelling.release(fifo.name, "Consume", 1))
        if is_last:
            lines += [
                spelling.acquire(f"{mark}vo", self.drain, "Produce", 1, type),
                spelling.access(f"{mark}out", f"{mark}vo", 0, type),
            ]
            after.append(spelling.release(self.drain, "Produce", 1))
        rows = self._row(mark, is_last)
        return [*lines, *loop("e", "size", rows, step="lanes"), *after]

    def _row(self, mark: str, is_last: bool) -> list[str]:
        kind = memref(self.size, self.dtype)
        lines = []
        result = "own"
        if self.link.fifo is not None:
            lines.append(f"%own = vector.load %{mark}in[%e] : {kind}, {self.vector}")
        else:
            lines.append(f"%own = arith.constant dense<{self.link.factor}> : {self.vector}")
        if self.takes:
            lines.append(f"%came = aie.get_cascade() : {self.vector}")
            result = "came"
            if self.link.fifo is not None:
                lines += [
                    f"%by = arith.constant dense<{self.link.factor}> : {self.vector}",
                    f"%times = arith.muli %came, %by : {self.vector}",
                ]
                result = "times"
            lines.append(f"%sum = arith.addi %{result}, %own : {self.vector}")
            result = "sum"
        if is_last:
            lines.append(f"vector.store %{result}, %{mark}out[%e] : {kind}, {self.vector}")
        else:
            lines.append(f"aie.put_cascade(%{result} : {self.vector})")
        return lines


def _core(graph: Graph, body: _Body, is_last: bool, iterations: int) -> str:
    lines = [
        *(constant("c0", 0), constant("c1", 1)),
        *(constant("size", body.size), constant("lanes", body.lanes)),
        *schedule(graph.choices, lambda mark: body.iteration(mark, is_last), iterations),
    ]
    return spelling.core(body.link.tile, lines, ["stack_size = 4096 : i32"])


CASCADES: tuple[Step, ...] = (cascade, cascade, cascade, *CORES)


def cascades(choices: Choices) -> Design:
    """A design of objectfifos, cores and cascades."""
    board = Board.new(choices)
    add_graph(board, choices.branch(), CASCADES)
    return board.finished()
