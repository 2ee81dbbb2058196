"""Control packets: the host writes into tiles by streams that lead to their control ports."""

from __future__ import annotations

import numpy as np

from tests.fuzz import spelling
from tests.fuzz.board import Board, Design, Memory
from tests.fuzz.choices import Choices
from tests.fuzz.spelling import Tile
from tests.fuzz.values import numbered

COUNT_LSB = 20
ODD_PARITY = 1 << 31
MOST_WORDS = 4
QUEUE = 4


def _header(address: int, count: int) -> int:
    """A control packet that writes `count` words from `address` on; its bits are odd in number."""
    word = address | count - 1 << COUNT_LSB
    return word | (0 if word.bit_count() % 2 else ODD_PARITY)


def add_controls(board: Board, choices: Choices) -> None:
    """Some writes of one shim channel, each into a tile."""
    shims = board.shims("MM2S")
    if not shims:
        return
    source = choices.one_of(shims)
    channel = board.take(source, "MM2S")
    symbol = board.name("shim")
    board.declared.append(spelling.shim_allocation(symbol, source[0], "MM2S", channel))
    tiles = _tiles(board)
    sent: list[tuple[int | None, np.ndarray]] = []
    ids: dict[Tile, int] = {}
    for _ in range(choices.between(1, QUEUE)):
        tile = choices.one_of(tiles)
        if tile not in ids:
            ids[tile] = board.control_id()
            port = (board.use(tile), "TileControl", 0)
            board.declared.append(spelling.packet_flow(ids[tile], (source, "DMA", channel), [port]))
        count = choices.between(1, MOST_WORDS)
        words = numbered(board.host.tag(), count, "i32")
        _, address = board.buffer(tile, count)
        board.memory.append(Memory(tile, address, words))
        head = np.array([_header(address, count)], np.uint32).view(np.int32)
        sent.append((ids[tile], np.concatenate([head, words])))
    board.host.send_words(symbol, source[0], sent)


def _tiles(board: Board) -> list[Tile]:
    return [(column, row) for column in range(board.columns) for row in (2, 1, 3, 4, 5)]


def controls(choices: Choices) -> Design:
    """A design of control packets."""
    board = Board.new(choices, once=True)
    add_controls(board, choices.branch())
    while choices.chance(40):
        add_controls(board, choices.branch())
    return board.finished()
