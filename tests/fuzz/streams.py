"""Random streams between DMAs that work once: circuits, packets, and the ways of traces.

Nothing here has a core: what is sent lies in buffers from the start, or comes from the host; what
arrives is looked up in the tiles' memories, or in the host's. The emulator makes no traces: their
flows count for where they lead, and for what they leave to others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.fuzz import spelling
from tests.fuzz.board import Board, Design, Mixture, Packet
from tests.fuzz.choices import Choices
from tests.fuzz.spelling import Port, Tile
from tests.fuzz.values import numbered

PACKET_IDS = 32
QUEUE = 4
"""Tasks of a shim channel that can wait for their turn."""
DESCRIPTORS = {1: 24}
"""Descriptors of a channel by row; core tiles have 16."""


@dataclass
class Receiver:
    """A channel that takes all that comes."""

    port: Port
    sources: list[list[Packet]] = field(default_factory=list)
    keeps_headers: bool = False
    exclusive: bool = False
    """Whether one source has it for itself."""


@dataclass
class Sender:
    """A channel and what it sends: (id, words, where to)."""

    port: Port
    sent: list[tuple[int | None, np.ndarray]] = field(default_factory=list)
    ids: dict[int, list[Receiver]] = field(default_factory=dict)


class Streams:
    """Streams on a board, while they are made up."""

    def __init__(self, board: Board, choices: Choices) -> None:
        self.board = board
        self.choices = choices
        self.length = choices.one_of([4, 8, 24])
        self.senders: list[Sender] = []
        self.receivers: list[Receiver] = []
        self._traced: set[Port] = set()

    # circuits

    def circuit(self) -> None:
        """One source, one destination or several."""
        source = self._port("MM2S")
        if source is None:
            return
        sender = Sender(source)
        ends = [self._receiver() for _ in range(self.choices.one_of([1, 1, 1, 2, 3]))]
        if self.choices.chance(15):
            ends.append(self._receiver([source[0]]))
        there = [end for end in ends if end is not None]
        if not there:
            return
        self.senders.append(sender)
        words = self._words(sender, self.choices.between(1, 2), None)
        for end in there:
            end.exclusive = True
            end.sources.append([Packet(one) for one in words])
            self.board.declared.append(spelling.flow(source, end.port))

    # traces

    def trace(self) -> None:
        """A tile's trace to any DMA, by a circuit or as packets, perhaps where others arrive."""
        units = [(tile, "Trace", n) for tile in self._tiles() for n in range(_traces(tile))]
        free = [unit for unit in units if unit not in self._traced]
        if not free:
            return
        source = self.choices.one_of(free)
        as_packets = self.choices.chance(60)
        ends = self._ends() if as_packets else [self._receiver()]
        there = [end for end in ends if end is not None]
        if not there:
            return
        self._traced.add(source)
        self.board.use(source[0])
        if as_packets:
            id = self.choices.below(PACKET_IDS)
            ports, keeps = [end.port for end in there], there[0].keeps_headers
            self.board.declared.append(spelling.packet_flow(id, source, ports, keeps))
        for end in () if as_packets else there:
            end.exclusive = True
            self.board.declared.append(spelling.flow(source, end.port))

    # packets

    def packets(self) -> None:
        """One source, ids of its own, each to one destination or several."""
        source = self._port("MM2S")
        if source is None:
            return
        sender = Sender(source)
        self.senders.append(sender)
        for _ in range(self.choices.one_of([1, 1, 2, 3])):
            self._packet_flow(sender)
        if not sender.sent:
            self.senders.remove(sender)

    def _packet_flow(self, sender: Sender) -> None:
        most = QUEUE if sender.port[0][1] == 0 else DESCRIPTORS.get(sender.port[0][1], 16) // 2
        count = self.choices.one_of([1, 2, 3])
        if len(sender.sent) + count > most:
            return
        ends = self._ends()
        if not ends:
            return
        taken = {i for s in self.senders for i in s.ids} if self.choices.chance(50) else sender.ids
        free = [i for i in (*range(1, PACKET_IDS), 0) if i not in taken]
        if not free:
            return
        id = self.choices.one_of(free[:4] if self.choices.chance(60) else free)
        sender.ids[id] = ends
        words = self._words(sender, count, id)
        for end in ends:
            header = id if end.keeps_headers else None
            packets = [Packet(one, header) for one in words]
            mine = next((s for s in end.sources if s and self._is_from(sender, s[0])), None)
            if mine is None:
                end.sources.append(packets)
            else:
                mine += packets
        ports = [end.port for end in ends]
        self.board.declared.append(
            spelling.packet_flow(id, sender.port, ports, ends[0].keeps_headers)
        )

    def _is_from(self, sender: Sender, packet: Packet) -> bool:
        return any(words is packet.words for _, words in sender.sent)

    def _ends(self) -> list[Receiver]:
        """Where packets go: to a new place or one that others send to, or to several new ones."""
        several = self.choices.one_of([1, 1, 1, 1, 2, 3])
        shared = [r for r in self.receivers if not r.exclusive]
        if several == 1 and shared and self.choices.chance(60):
            return [self.choices.one_of(shared)]
        keeps = self.choices.chance(20)
        ends = [self._receiver() for _ in range(several)]
        there = [end for end in ends if end is not None]
        for end in there:
            end.keeps_headers = keeps
            end.exclusive = several > 1
        return there

    # ends

    def _tiles(self) -> list[Tile]:
        rows = (0, 2, 1, 3, 4, 5)
        return [(column, row) for column in range(self.board.columns) for row in rows]

    def _port(self, direction: str, among: Sequence[Tile] = ()) -> Port | None:
        tiles = [t for t in among or self._tiles() if self.board.free(t, direction)]
        if not tiles:
            return None
        tile = self.choices.one_of(tiles)
        return tile, "DMA", self.board.take(tile, direction)

    def _receiver(self, among: Sequence[Tile] = ()) -> Receiver | None:
        port = self._port("S2MM", among)
        if port is None:
            return None
        self.receivers.append(Receiver(port))
        return self.receivers[-1]

    def _words(self, sender: Sender, count: int, id: int | None) -> list[np.ndarray]:
        """So many packets' words from a sender, behind what it sends already."""
        words = [numbered(self.board.host.tag(), self.length, "i32") for _ in range(count)]
        sender.sent += [(id, one) for one in words]
        return words

    # text

    def write(self) -> None:
        """Puts what sends and receives onto the board."""
        for sender in self.senders:
            self._write_sender(sender)
        for receiver in self.receivers:
            if receiver.sources:
                self._write_receiver(receiver)

    def _write_sender(self, sender: Sender) -> None:
        tile, _, channel = sender.port
        if tile[1] == 0:
            symbol = self.board.name("shim")
            self.board.declared.append(spelling.shim_allocation(symbol, tile[0], "MM2S", channel))
            self.board.host.send_words(symbol, tile[0], sender.sent)
            return
        blocks = []
        for id, words in sender.sent:
            name, _ = self.board.buffer(tile, len(words), words)
            kind = (len(words), "i32")
            blocks.append([spelling.transfer(name, kind, 0, len(words), packet=id)])
        repeat = self.choices.one_of([0, 1, 2]) if self.choices.chance(20) else 0
        for receiver in self.receivers:
            for packets in receiver.sources:
                if self._is_from(sender, packets[0]):
                    packets *= repeat + 1
        self.board.program(tile, ("MM2S", channel, repeat, blocks, False))

    def _write_receiver(self, receiver: Receiver) -> None:
        tile, _, channel = receiver.port
        sources = tuple(map(tuple, receiver.sources))
        size = Mixture(tile, 0, 0, sources).size
        if tile[1] == 0:
            symbol = self.board.name("shim")
            self.board.declared.append(spelling.shim_allocation(symbol, tile[0], "S2MM", channel))
            argument, place = self.board.host.receive_words(symbol, tile[0], size)
            self.board.mixtures.append(Mixture(None, argument, place, sources))
            return
        name, address = self.board.buffer(tile, size)
        block = [spelling.transfer(name, (size, "i32"), 0, size)]
        self.board.program(tile, ("S2MM", channel, 0, [block], False))
        self.board.mixtures.append(Mixture(tile, 0, address, sources))


def _traces(tile: Tile) -> int:
    """How many trace ports a tile has: a core tile's core and memory have one each."""
    return 2 if tile[1] > 1 else 1


KINDS = {"circuit": Streams.circuit, "packets": Streams.packets, "trace": Streams.trace}


def add_streams(board: Board, choices: Choices, kinds: Sequence[str]) -> None:
    """Some streams on a board that works but once."""
    made = Streams(board, choices)
    while True:
        made.choices = choices.branch()
        KINDS[made.choices.one_of(kinds)](made)
        if not choices.chance(75):
            break
    made.choices = choices.branch()
    made.write()


def circuits(choices: Choices) -> Design:
    """A design of circuit-switched streams."""
    board = Board.new(choices, once=True)
    add_streams(board, choices.branch(), ("circuit", "circuit", "trace"))
    return board.finished()


def packets(choices: Choices) -> Design:
    """A design of packet-switched streams."""
    board = Board.new(choices, once=True)
    add_streams(board, choices.branch(), ("packets", "packets", "packets", "trace"))
    return board.finished()
