"""Designs of everything: parts of all kinds on one array, in one sequence."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import controls, fifos, relays, sequences, streams, traces
from tests.fuzz.board import Board, Design
from tests.fuzz.cascades import CASCADES
from tests.fuzz.choices import Choices
from tests.fuzz.workers import CORES

Part = Callable[[Board, Choices], None]


def _links(board: Board, choices: Choices) -> None:
    fifos.add_graph(board, choices, fifos.LINKS)


def _cores(board: Board, choices: Choices) -> None:
    fifos.add_graph(board, choices, CORES)


def _cascades(board: Board, choices: Choices) -> None:
    fifos.add_graph(board, choices, CASCADES)


PARTS: tuple[Part, ...] = (*(_links, relays.add_relays, sequences.add_part, _cores, _cascades),)


def mixed(choices: Choices) -> Design:
    """A design of several parts; of streams and traces, too, if it works but once."""
    board = Board.new(choices, once=choices.chance(50))
    if choices.chance(30):
        traces.add_traces(board, choices.branch())
    if board.once:
        streams.add_streams(board, choices.branch(), ("circuit", "packets"))
        if choices.chance(20):
            controls.add_controls(board, choices.branch())
    while choices.chance(70):
        part = choices.branch()
        part.one_of(PARTS)(board, part)
    return board.finished()
