"""Random runtime sequences: transfers and tasks, and what else the controller can be told.

The array does little here: it hands on what it gets. What counts is the sequence.
"""

from __future__ import annotations

import numpy as np

from tests.fuzz import spelling, steps
from tests.fuzz.board import Board, Design, Memory
from tests.fuzz.choices import Choices
from tests.fuzz.spelling import Tile
from tests.fuzz.values import numbered

DTYPES = ("i32", "i32", "i16", "i8", "f32")
SIZES = (16, 8, 24, 64, 96, 256, 40)
WORDS = 8
"""Of the buffers that a sequence writes to."""
WORD = 1 << 32


class Sequence:
    """Parts of a design whose sequence does most of the work."""

    def __init__(self, board: Board, choices: Choices) -> None:
        self.board = board
        self.choices = choices

    def there_and_back(self) -> None:
        """What the host sends comes back to it: through a memory tile, or through switches."""
        drains, sources = self.board.shims("S2MM"), self.board.shims("MM2S")
        if not drains or not sources:
            return
        source, drain = self.choices.one_of(sources), self.choices.one_of(drains)
        dtype = self.choices.one_of(DTYPES)
        size = self.choices.one_of(SIZES)
        memory = self.board.memory_tiles()
        if memory and not self.choices.chance(30):
            names = self._linked(source, self.choices.one_of(memory), drain, (size, dtype))
        else:
            names = self._flow(source, drain)
        count = size * self.choices.one_of([1, 2, 3])
        values = self.board.host.send(names[0], source[0], dtype, count)
        self.board.host.receive(names[1], drain[0], dtype, values)

    def _linked(
        self, source: Tile, tile: Tile, drain: Tile, type: tuple[int, str]
    ) -> tuple[str, str]:
        for end, direction in ((source, "MM2S"), (tile, "S2MM"), (tile, "MM2S"), (drain, "S2MM")):
            self.board.take(end, direction)
        names = self.board.name("fifo"), self.board.name("fifo")
        self.board.declared += [
            spelling.objectfifo(names[0], source, [(tile, ())], [2], type),
            spelling.objectfifo(names[1], tile, [(drain, ())], [2], type),
            spelling.link([names[0]], [names[1]]),
        ]
        return names

    def _flow(self, source: Tile, drain: Tile) -> tuple[str, str]:
        ends = []
        names = []
        for tile, direction in ((source, "MM2S"), (drain, "S2MM")):
            channel = self.board.take(tile, direction)
            names.append(self.board.name("shim"))
            ends.append((tile, "DMA", channel))
            self.board.declared.append(
                spelling.shim_allocation(names[-1], tile[0], direction, channel)
            )
        self.board.declared.append(spelling.flow(ends[0], ends[1]))
        return names[0], names[1]

    # what the sequence writes into tiles

    def writes(self) -> None:
        """Words into a buffer: parameters, registers, blocks, bit by bit."""
        tile = self.choices.one_of(self._tiles())
        values = numbered(self.board.host.tag(), WORDS, "i32")
        name, address = self.board.buffer(tile, WORDS, values)
        values = values.copy()
        for number in range(len(self.board.host.batches)):
            lines = []
            for _ in range(self.choices.below(4)):
                step = self.choices.one_of([self._parameter, self._word, self._bits, self._block])
                lines.append(step(tile, name, address, values))
            self.board.host.step(number, lines)
        self.board.memory.append(Memory(tile, address, values))

    def _tiles(self) -> list[Tile]:
        return [(c, row) for c in range(self.board.columns) for row in (2, 1, 3, 4, 5)]

    def _value(self) -> int:
        return self.choices.one_of([5, -1, 0, 1 << 30, -(1 << 31), 123456789])

    def _parameter(self, tile: Tile, name: str, address: int, values: np.ndarray) -> str:
        place, value = self.choices.below(WORDS), self._value()
        values[place] = value
        return steps.write_parameter(name, place, value)

    def _word(self, tile: Tile, name: str, address: int, values: np.ndarray) -> str:
        place, value = self.choices.below(WORDS), self._value()
        values[place] = value
        return steps.write32(address + 4 * place, tile, value % WORD)

    def _bits(self, tile: Tile, name: str, address: int, values: np.ndarray) -> str:
        place, value = self.choices.below(WORDS), self._value() % WORD
        mask = self.choices.one_of([0xFF, 0xFF00, 0xF0F0F0F0, 0])
        value &= mask
        kept = int(values[place]) % WORD & ~mask
        values[place] = np.uint32(kept | value).astype(np.int32)
        return steps.mask_write32(address + 4 * place, tile, mask, value)

    def _block(self, tile: Tile, name: str, address: int, values: np.ndarray) -> str:
        count = self.choices.between(1, 4)
        place = self.choices.below(WORDS - count + 1)
        written = numbered(self.board.host.tag(), count, "i32")
        values[place : place + count] = written
        source = self.board.name("words")
        self.board.declared.append(steps.words(source, written.tolist()))
        return steps.block_write(source, tile, address + 4 * place, count)

    # what the sequence lets go

    def gate(self) -> None:
        """A tile sends as often as the sequence sets its lock to."""
        tile, drain = self._sender()
        if tile is None or drain is None:
            return
        words, name, sent = self._outgoing(tile)
        go = self.board.lock(tile, 0)
        block = [
            spelling.acquire_lock(go, 1),
            spelling.transfer(name, (len(words), "i32"), 0, len(words)),
            spelling.release_lock(go, 0),
        ]
        self.board.program(tile, ("MM2S", sent, 0, [block], True))
        symbol = self._to_host(tile, sent, drain)
        often = self.choices.between(1, 3)
        for number in range(len(self.board.host.batches)):
            self.board.host.step(number, [steps.set_lock(go, often * self.board.host.rounds)])
        row = np.tile(words, often)
        values = np.tile(row, (self.board.host.total, 1))
        self.board.host.receive(symbol, drain[0], "i32", values)

    def tile_task(self) -> None:
        """The sequence gives a tile's channel its tasks."""
        tile, drain = self._sender()
        if tile is None or drain is None:
            return
        words, name, sent = self._outgoing(tile)
        symbol = self._to_host(tile, sent, drain)
        size = len(words)
        half = size // 2
        whole = [spelling.transfer(name, (size, "i32"), 0, size)]
        turned = [
            spelling.transfer(name, (size, "i32"), half, half),
            spelling.transfer(name, (size, "i32"), 0, half),
        ]
        blocks = self.choices.one_of([whole, turned])
        row = words if blocks is whole else np.concatenate([words[half:], words[:half]])
        host = self.board.host
        for number in range(len(host.batches)):
            task = self.board.name("tiletask")
            configure = steps.configure_task(
                task, (tile, "MM2S", sent), blocks, host.rounds - 1, token=False
            )
            host.step(number, [configure, steps.task_step("start", task)])
            host.batches[number].frees.append(steps.task_step("free", task))
        host.receive(symbol, drain[0], "i32", np.tile(row, (host.total, 1)))

    def _sender(self) -> tuple[Tile | None, Tile | None]:
        tiles = [t for t in self._tiles() if self.board.free(t, "MM2S")]
        drains = self.board.shims("S2MM")
        if not tiles or not drains:
            return None, None
        return self.choices.one_of(tiles), self.choices.one_of(drains)

    def _outgoing(self, tile: Tile) -> tuple[np.ndarray, str, int]:
        """Words in a tile that a channel is to send: they, their buffer, the channel."""
        words = numbered(self.board.host.tag(), self.choices.one_of([8, 16, 32]), "i32")
        name, _ = self.board.buffer(tile, len(words), words)
        return words, name, self.board.take(tile, "MM2S")

    def _to_host(self, tile: Tile, channel: int, drain: Tile) -> str:
        symbol = self.board.name("shim")
        number = self.board.take(drain, "S2MM")
        self.board.declared += [
            spelling.shim_allocation(symbol, drain[0], "S2MM", number),
            spelling.flow((tile, "DMA", channel), (drain, "DMA", number)),
        ]
        return symbol


PARTS = (
    *(Sequence.there_and_back, Sequence.there_and_back),
    *(Sequence.writes, Sequence.gate, Sequence.tile_task),
)


def add_part(board: Board, choices: Choices) -> None:
    """One thing for the sequence of a board to do."""
    choices.one_of(PARTS)(Sequence(board, choices))


def sequences(choices: Choices) -> Design:
    """A design for the sake of its sequence."""
    board = Board.new(choices)
    add_part(board, choices.branch())
    while choices.chance(60):
        add_part(board, choices.branch())
    return board.finished()
