"""Traces of tiles, on their way to the host as packets.

What counts is that all else goes on as without them; what the traces say is not looked at.
"""

from __future__ import annotations

from tests.fuzz import spelling
from tests.fuzz.board import Board, Design
from tests.fuzz.choices import Choices
from tests.fuzz.fifos import LINKS, add_graph
from tests.fuzz.spelling import Tile

UNITS = {
    "core": ("core", "INSTR_EVENT_0"),
    "memory": ("mem", "DMA_S2MM_0_START_TASK"),
    "memory tile": ("memtile", "PORT_RUNNING_0"),
    "shim": ("shimtile", "PORT_RUNNING_0"),
}
"""Of each module: the packet's type, an event."""
BYTES = 256
"""Behind the last argument's own, as a trace buffer."""


def add_traces(board: Board, choices: Choices) -> None:
    """Some traces, all to one channel of a shim."""
    shims = board.shims("S2MM")
    if not shims:
        return
    drain = choices.one_of(shims)
    board.take(drain, "S2MM")
    board.host.head.append(spelling.trace_buffer(drain[0], BYTES))
    units = _units(board)
    for id, (tile, module) in enumerate(choices.some_of(units, choices.between(1, 6)), start=1):
        unit, event = UNITS[module]
        name = board.name("trace")
        board.use(tile)
        board.declared.append(spelling.trace(name, tile, id, unit, event))
        board.host.head.append(spelling.start_trace(name))


def _units(board: Board) -> list[tuple[Tile, str]]:
    """Every tile's trace units, those of core tiles first."""
    columns = range(board.columns)
    cores = [(c, row) for c in columns for row in (2, 3, 4, 5)]
    return [
        *((tile, module) for tile in cores for module in ("core", "memory")),
        *(((c, 1), "memory tile") for c in columns),
        *(((c, 0), "shim") for c in columns),
    ]


def traces(choices: Choices) -> Design:
    """A design of objectfifos whose tiles are traced."""
    board = Board.new(choices)
    add_traces(board, choices.branch())
    add_graph(board, choices.branch(), LINKS)
    return board.finished()
