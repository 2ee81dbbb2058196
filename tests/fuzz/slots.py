"""Random slots: packets whose headers name the descriptors that take them, whoever comes first.

A channel in out-of-order mode has a descriptor for each slot of a buffer, and senders put the
descriptor's number into their packets' headers. What is in the buffer when all have come goes to
the host. A slot's packets come from one sender, so that it is known which is the last.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.fuzz import spelling, steps
from tests.fuzz.board import CHANNELS, Board, Design, Memory
from tests.fuzz.choices import Choices
from tests.fuzz.layouts import places
from tests.fuzz.spelling import Dims, Tile
from tests.fuzz.values import numbered

CONTROL = {1: 0xA0600, 2: 0x1DE00}
"""S2MM_0_Ctrl of a memory tile and of a core tile (AM025); the next channel's is 8 bytes on."""
OUT_OF_ORDER, FINISH_ON_LAST = 1 << 3, 1 << 16
"""Enable_Out_of_Order, and FoT_Mode 1."""
SHIM_ADDRESS = 0x1D004
"""The word of a shim's first descriptor that holds the address; the next one is 32 bytes on."""
MEMORY_TILES_OWN = 0x80000, 64
"""Where a memory tile's own memory and its own locks begin, as its descriptors count."""
FULL, FREE = 5, 6
"""Locks of a receiver."""
QUEUE = 4
DRAIN = 0
"""The descriptor that sends the buffer on, on MM2S 0."""
LAST_OF_SHIM = 15


@dataclass(frozen=True)
class Slot:
    """A part of a buffer, in words, and the descriptor that fills it."""

    descriptor: int
    offset: int
    dims: Dims

    @property
    def length(self) -> int:
        return int(np.prod([size for size, _ in self.dims]))

    def fill(self, buffer: np.ndarray, words: np.ndarray) -> None:
        """What a packet does; a short one leaves the rest as it is."""
        buffer[self.offset + places(self.dims)[: len(words)]] = words


@dataclass
class Sender:
    """A channel, and what it sends: words, and the slot that is to take them."""

    tile: Tile
    channel: int
    id: int
    sent: list[tuple[np.ndarray, Slot]] = field(default_factory=list)


class Slots:
    """A receiver and its senders on a board, while they are made up."""

    def __init__(self, board: Board, choices: Choices) -> None:
        self.board, self.choices = board, choices
        self.tile = choices.one_of(self._tiles())
        self.channel = choices.below(CHANNELS.get(self.tile[1], 2))
        for _ in range(self.channel + 1):
            board.take(self.tile, "S2MM")
        board.take(self.tile, "MM2S")
        self.short = choices.chance(25)
        self.slots = self._slots()
        self.values = numbered(board.host.tag(), sum(s.length for s in self.slots) + 16, "i32")
        self.buffer, self.address = board.buffer(self.tile, len(self.values), self.values)
        self.senders = self._senders()

    def _tiles(self) -> list[Tile]:
        rows = (2, 1, 3, 4, 5)
        every = [(column, row) for row in rows for column in range(self.board.columns)]
        return [tile for tile in every if tile not in self.board.tiles]

    def _slots(self) -> list[Slot]:
        """Parts one behind the other, with a gap now and then, filled in any order."""
        numbers = list(self._descriptors(self.tile, self.channel))
        found = []
        at = 0
        for number in self.choices.some_of(numbers, self.choices.between(1, 5)):
            dims = self.choices.one_of(
                [((8, 1),), ((4, 1),), ((24, 1),), ((4, 1), (2, 4)), ((2, 8), (4, 2), (2, 1))]
            )
            found.append(Slot(number, at, dims))
            at += found[-1].length + self.choices.one_of([0, 0, 3])
        return found

    def _descriptors(self, tile: Tile, channel: int) -> range:
        """Those that a channel can use, but the one that drains."""
        if tile[1] == 1:
            return range(24, 48) if channel % 2 else range(1, 24)
        return range(1, 16)

    def _senders(self) -> list[Sender]:
        found: list[Sender] = []
        for slot in self.slots:
            free = [s for s in found if len(s.sent) + 2 <= QUEUE]
            if not free or (len(found) < 3 and self.choices.chance(50)):
                free = [self._sender(len(found))]
                found += free
            sender = self.choices.one_of(free)
            for _ in range(self.choices.one_of([1, 1, 2])):
                length = slot.length
                if self.short and self.choices.chance(50):
                    length = self.choices.between(1, length)
                sender.sent.append((numbered(self.board.host.tag(), length, "i32"), slot))
        for sender in found:
            sender.sent = self.choices.shuffled(sender.sent)
        return found

    def _sender(self, number: int) -> Sender:
        """Shims and tiles that nothing else has descriptors in."""
        tiles = [*self.board.shims("MM2S"), *self._tiles()]
        tile = self.choices.one_of(tiles)
        return Sender(tile, self.board.take(tile, "MM2S"), number + 1)

    # the model, in the order of each sender

    def expected(self) -> np.ndarray:
        """The buffer when all packets have come."""
        values = self.values.copy()
        for sender in self.senders:
            for words, slot in sender.sent:
                slot.fill(values, words)
        return values

    # text

    def write(self) -> None:
        """Puts everything onto the board."""
        sent = sum(len(sender.sent) for sender in self.senders)
        self._declare(sent)
        lines = self._receiver(sent)
        pushes = []
        for sender in self.senders:
            lines += self._sending(sender)
            pushes.append(self._pushes(sender))
        while any(pushes):
            lines.append(self.choices.one_of([p for p in pushes if p]).pop(0))
        self.board.host.step(0, lines)
        values = self.expected()
        self.board.memory.append(Memory(self.tile, self.address, values))
        drain = self.choices.one_of(self.board.shims("S2MM"))
        channel = self.board.take(drain, "S2MM")
        symbol = self.board.name("shim")
        self.board.declared += [
            spelling.shim_allocation(symbol, drain[0], "S2MM", channel),
            spelling.flow((self.tile, "DMA", 0), (drain, "DMA", channel)),
        ]
        self.board.host.receive(symbol, drain[0], "i32", values.reshape(1, -1))

    def _declare(self, sent: int) -> None:
        board, size = self.board, len(self.values)
        full, free = board.name("full"), board.name("free")
        board.declared += [
            spelling.lock(full, self.tile, 0, FULL),
            spelling.lock(free, self.tile, sent, FREE),
        ]
        block = [
            spelling.acquire_lock(full, sent),
            spelling.transfer(self.buffer, (size, "i32"), 0, size, number=DRAIN),
            spelling.release_lock(full, 0),
        ]
        board.program(self.tile, ("MM2S", 0, 0, [block], False))
        for sender in self.senders:
            ends = (sender.tile, "DMA", sender.channel), [(self.tile, "DMA", self.channel)]
            board.declared.append(spelling.packet_flow(sender.id, *ends, keep_header=True))

    def _receiver(self, sent: int) -> list[str]:
        base, first_lock = MEMORY_TILES_OWN if self.tile[1] == 1 else (0, 0)
        lock = {"lock_rel_id": first_lock + FULL, "lock_rel_val": 1}
        if self.choices.chance(30):
            lock |= {"lock_acq_enable": 1, "lock_acq_id": first_lock + FREE, "lock_acq_val": -1}
        control = CONTROL[min(self.tile[1], 2)] + 8 * self.channel
        mode = OUT_OF_ORDER | (FINISH_ON_LAST if self.short else 0)
        return [
            steps.write32(control, self.tile, mode),
            *(
                steps.write_descriptor(
                    *(self.tile, slot.descriptor, slot.length),
                    **_pattern(slot.dims),
                    **lock,
                    buffer_offset=_offset(self.tile, base + self.address + 4 * slot.offset),
                )
                for slot in self.slots
            ),
            steps.push_queue(
                *(self.tile, "S2MM", self.channel, self.slots[0].descriptor, sent - 1)
            ),
        ]

    def _number(self, sender: Sender, place: int) -> int:
        """The descriptor of a packet; a shim's are the last ones, which the host's leave free."""
        if sender.tile[1] == 0:
            return LAST_OF_SHIM - QUEUE * sender.channel - place
        return self._descriptors(sender.tile, sender.channel)[place]

    def _sending(self, sender: Sender) -> list[str]:
        lines = []
        for place, (words, slot) in enumerate(sender.sent):
            number = self._number(sender, place)
            header = {"packet_id": sender.id, "out_of_order_id": slot.descriptor}
            lines.append(
                steps.write_descriptor(
                    *(sender.tile, number, len(words)),
                    **header,
                    enable_packet=1,
                    buffer_offset=self._source(sender.tile, words),
                )
            )
            if sender.tile[1] == 0:
                argument, at = self.board.host.place_words(words)
                register = sender.tile[0] << 25 | SHIM_ADDRESS + 32 * number
                lines.append(steps.patch_address(register, argument, 4 * at))
        return lines

    def _source(self, tile: Tile, words: np.ndarray) -> int:
        """Where words lie in a tile; a shim's address is patched."""
        if tile[1] == 0:
            return 0
        _, address = self.board.buffer(tile, len(words), words)
        base = MEMORY_TILES_OWN[0] if tile[1] == 1 else 0
        return _offset(tile, base + address)

    def _pushes(self, sender: Sender) -> list[str]:
        numbers = [self._number(sender, place) for place in range(len(sender.sent))]
        return [steps.push_queue(sender.tile, "MM2S", sender.channel, n) for n in numbers]


def _offset(tile: Tile, address: int) -> int:
    """A byte address as `writebd` has it: in words for a memory tile."""
    return address // 4 if tile[1] == 1 else address


def _pattern(dims: Dims) -> dict[str, int]:
    """Sizes and strides as register fields: the innermost first, of strides one less."""
    found: dict[str, int] = {}
    for number, (size, stride) in enumerate(reversed(dims)):
        found[f"d{number}_stride"] = stride - 1
        found[f"d{number}_size"] = size if number + 1 < len(dims) else 0
    return found


def slots(choices: Choices) -> Design:
    """A design whose packets choose where they go."""
    board = Board.new(choices, once=True)
    Slots(board, choices.branch()).write()
    return board.finished()
