"""Cores in random graphs of objectfifos."""

from __future__ import annotations

import numpy as np

from tests.fuzz import spelling, steps
from tests.fuzz.board import Board, Design
from tests.fuzz.bodies import KERNEL_OBJECT, Body, End, Memory
from tests.fuzz.choices import Choices
from tests.fuzz.fifos import SIZES, Fifo, Graph, Step, add_graph
from tests.fuzz.loops import schedule
from tests.fuzz.spelling import Tile
from tests.fuzz.values import numbered

MOST_PER_ROUND = 8
MOST_IN_HAND = 4
MOST_ECHOED = 64
"""Words that a core passes on by its stream ports."""


def core(graph: Graph) -> None:
    """A core behind a loose fifo."""
    if graph.loose:
        core_for(graph, graph.choices.one_of(graph.loose))


def core_for(graph: Graph, first: Fifo) -> None:
    """A core that works on a fifo, perhaps on another with it."""
    tile = place(graph, first)
    if tile is None:
        return
    choices = graph.choices
    alike = [f for f in graph.loose if f is not first and f.dtype == first.dtype]
    alike = [f for f in alike if graph.reaches(f, tile) and graph.may_meet(first)]
    sources = [first]
    if alike and choices.chance(50):
        sources.append(choices.one_of(alike))
    rates = [graph.per_round(f) for f in sources]
    iterations = choices.one_of(_common_divisors(rates))
    taken = [rate // iterations for rate in rates]
    if max(taken) > MOST_IN_HAND:
        return
    ends = [End(f.name, f.size, n, n) for f, n in zip(sources, taken, strict=True)]
    objects = [
        graph.consume(f, tile, end.count, graph.from_stream(f))
        for f, end in zip(sources, ends, strict=True)
    ]
    table = _table(graph, tile, first) if len(sources) == 1 and choices.chance(15) else None
    if table is not None:
        ends.append(End(table.name, table.size, len(table.objects), 0))
        objects.append(table.objects)
    write_core(graph, tile, ends, objects, iterations * graph.board.host.total)


def echo(graph: Graph) -> None:
    """A core that reads words from its stream port and writes others to it."""
    loose = [f for f in graph.loose if f.dtype == "i32" and f.stream is None and not f.consumers]
    if not loose:
        return
    source = graph.choices.one_of(loose)
    tile = place(graph, source)
    if tile is None or source.sent.size > MOST_ECHOED:
        return
    graph.board.with_core.add(tile)
    words = graph.consume(source, tile, 1)
    source.stream = 1
    drain = Fifo(graph.board.name("fifo"), tile, "i32", words * np.int32(2) + np.int32(1))
    drain.stream = 0
    graph.add(drain)
    graph.cores.append(spelling.core(tile, _echoing(words.size)))


def _echoing(count: int) -> list[str]:
    """Word by word, for the ops cannot stand in a loop."""
    constants = (("port", 0), ("one", 1), ("two", 2))
    lines = [spelling.constant(name, value, "i32") for name, value in constants]
    for n in range(count):
        lines += [
            f"%x{n} = aie.get_stream(%port : i32) : i32",
            f"%y{n} = arith.muli %x{n}, %two : i32",
            f"%z{n} = arith.addi %y{n}, %one : i32",
            f"aie.put_stream(%port : i32, %z{n} : i32)",
        ]
    return lines


def window(graph: Graph) -> None:
    """A core that keeps some of the last objects in hand; only where rounds do not count."""
    if graph.board.host.total != 1 or not graph.loose:
        return
    fifo = graph.choices.one_of(graph.loose)
    tile = place(graph, fifo)
    count = graph.choices.between(2, MOST_IN_HAND)
    objects = graph.per_round(fifo)
    if tile is None or objects < count:
        return
    graph.slides = True
    end = End(fifo.name, fifo.size, count, graph.choices.between(1, count - 1))
    iterations = end.iterations(objects)
    arrived = graph.consume(fifo, tile, count, graph.from_stream(fifo))
    write_core(graph, tile, [end], [arrived], iterations)


def place(graph: Graph, fifo: Fifo) -> Tile | None:
    """A tile for a core behind a fifo, often beside where that comes from."""
    tiles = [t for t in graph.board.core_tiles() if graph.reaches(fifo, t)]
    if not tiles:
        return None
    beside = [t for t in tiles if _are_neighbours(t, fifo.producer)]
    return graph.choices.one_of(beside if beside and graph.choices.chance(60) else tiles)


def write_core(
    graph: Graph, tile: Tile, ends: list[End], objects: list[np.ndarray], iterations: int
) -> None:
    """A core that makes objects of what it has in hand, and the fifos for them."""
    graph.board.with_core.add(tile)
    dtype = str(next(f.dtype for f in graph.fifos if f.name == ends[0].fifo))
    drains = _drains(graph, tile, (ends[0].size, dtype), iterations)
    made = [End(f.name, f.size, f.given, f.given) for f in drains]
    memory = _memory(graph, tile, dtype, made)
    body = Body.random(graph.choices.branch(), dtype, ends, made, memory)
    for fifo, values in zip(drains, body.values(objects, iterations), strict=True):
        fifo.objects = values
    graph.kernels.update(dict.fromkeys(body.declarations()))
    order = graph.choices.branch()
    lines = [
        *(spelling.constant("c0", 0), spelling.constant("c1", 1)),
        *body.prologue(),
        *schedule(graph.choices, lambda mark: body.iteration(order, mark), iterations),
    ]
    attributes = [f'link_with = "{KERNEL_OBJECT}"'] if body.calls else []
    if graph.choices.chance(25):
        attributes.append("dynamic_objfifo_lowering = true")
    graph.cores.append(spelling.core(tile, lines, attributes))


def _drains(graph: Graph, tile: Tile, like: tuple[int, str], iterations: int) -> list[Fifo]:
    """The fifos that a core fills, without their objects."""
    choices = graph.choices
    count = 2 if graph.outputs_left() >= 2 and choices.chance(30) else 1
    per_round = iterations // graph.board.host.total
    made = []
    for _ in range(count):
        size = choices.one_of([like[0], like[0], *SIZES])
        given = choices.one_of([1, 1, 2])
        given = given if given * per_round <= MOST_PER_ROUND else 1
        empty = np.zeros((given * iterations, size), np.int8)
        fifo = Fifo(graph.board.name("fifo"), tile, like[1], empty, given)
        made.append(graph.add(graph.dress(fifo)))
    return made


def _memory(graph: Graph, tile: Tile, dtype: str, drains: list[End]) -> Memory:
    """Sums of what was made so far, or a number that the host tells."""
    choices, host = graph.choices, graph.board.host
    if dtype == "f32":
        return Memory()
    if choices.chance(15):
        sums = []
        for drain in drains:
            for _ in range(drain.count):
                start = numbered(host.tag(), drain.size, dtype)
                sums.append((graph.board.buffer(tile, drain.size, start, dtype)[0], start))
        return Memory(sums=tuple(sums))
    if dtype == "i32" and choices.chance(15):
        name, _ = graph.board.buffer(tile, 1)
        value = choices.one_of([1, 1000, -5])
        host.head.append(steps.write_parameter(name, 0, value))
        return Memory(parameter=(name, value))
    return Memory()


def _table(graph: Graph, tile: Tile, like: Fifo) -> Fifo | None:
    """A fifo whose objects are there from the start, which a core keeps."""
    board = graph.board
    tiles = [t for t in board.memory_tiles(0, 1) if t != tile]
    if not tiles or not board.free(tile, "S2MM"):
        return None
    count = graph.choices.between(1, 2)
    values = numbered(board.host.tag(), count * like.size, like.dtype)
    home = graph.choices.one_of(tiles)
    fifo = Fifo(board.name("fifo"), home, like.dtype, values.reshape(count, like.size), count)
    fifo.initial = True
    graph.add(fifo)
    graph.consume(fifo, tile, count)
    return fifo


def broadcast(graph: Graph) -> None:
    """One more end for a fifo that has one, a core perhaps."""
    graph.one_more(Graph.to_host, Graph.relay, core_for)


def _are_neighbours(one: Tile, other: Tile) -> bool:
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) == 1


def _common_divisors(numbers: list[int]) -> list[int]:
    return [n for n in range(1, min(numbers) + 1) if all(m % n == 0 for m in numbers)]


CORES: tuple[Step, ...] = (
    *(core, core, Graph.source, Graph.pass_on, Graph.distribute, Graph.join, broadcast, core, echo),
)
WINDOWS: tuple[Step, ...] = (window, window, window, *CORES)


def fifos(choices: Choices) -> Design:
    """A design of objectfifos and cores."""
    board = Board.new(choices)
    add_graph(board, choices.branch(), CORES)
    return board.finished()


def windows(choices: Choices) -> Design:
    """A design of objectfifos and cores whose objects stay in hand."""
    board = Board.new(choices, once=True)
    add_graph(board, choices.branch(), WINDOWS)
    return board.finished()
