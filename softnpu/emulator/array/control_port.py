"""A tile's control port: control packets in, responses and task-complete tokens out.

Headers are laid out in arch.packets. What a read answers: a stream packet with the response's id
that carries the words alone (mlir-aie, test/npu-xrt/add_one_ctrl_packet).
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from softnpu.arch.dma import Direction
from softnpu.arch.packets import (
    CONTROL_HEADER,
    ControlOperation,
    has_odd_parity,
    packet_header,
    with_odd_parity,
)
from softnpu.emulator import waits
from softnpu.emulator.dma.channels import Channel
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.observing.observer import Place
from softnpu.emulator.scheduling.scheduler import Actor, Wait
from softnpu.emulator.streams.streams import Link
from softnpu.errors import EmulatorError

_TOKEN_TYPE = 6
_TOKEN_ACTOR_SHIFT = 8
_TOKEN_MM2S = 6
"""What a token's header holds: its packet type, and in bits 11 to 8 whose it is, the channel of an
S2MM, or 6 and the channel of an MM2S. Source: AMD, aie_tct_aiesim.h, which reads them."""


class Registers(Protocol):
    """The tile whose registers the port reads and writes; see tile.Tile."""

    place: Place
    col: int
    row: int

    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...
    def wake(self, actor: Actor) -> None: ...


class ControlPort(Actor):
    """The control port of one tile: the target behind its TileControl master port, the source
    before its TileControl slave port.

    Attributes:
        outgoing: packets still to send, each with its clock.
    """

    def __init__(self, tile: Registers, output: Link) -> None:
        self._tile = tile
        self.output = output
        self.place = f"control port of tile ({tile.col},{tile.row})"
        self.input: Link | None = None
        self.outgoing: deque[tuple[Words, int]] = deque()
        self._words: list[int] = []

    # in

    def attach(self, link: Link) -> None:
        """Remembers the link that leads here."""
        self.input = link

    def room(self) -> int:
        """As many words as anybody sends: they are acted on at once."""
        return 1 << 30

    def offer(self, words: Words, last: bool, time: int) -> int:
        """Takes words of a control packet and acts on every packet that is complete."""
        self.clock = max(self.clock, time) + len(words)
        self._words.extend(words.tolist())
        while self._act():
            pass
        if last and self._words:
            held = ", ".join(f"{word:#010x}" for word in self._words)
            raise EmulatorError(f"{self.place}: TLAST in the middle of a control packet ({held})")
        return len(words)

    def _act(self) -> bool:
        """Acts on one complete packet, if there is one: stream header, control header, words."""
        if len(self._words) < 2:
            return False
        header, control = self._words[:2]
        self._check_parity(header, "stream")
        self._check_parity(control, "control")
        told = CONTROL_HEADER.unpack([control])
        operation, count = ControlOperation(told["operation"]), told["beats"] + 1
        address = told["address"]
        carried = 0 if operation is ControlOperation.READ else count
        if len(self._words) < 2 + carried:
            return False
        words = self._words[2 : 2 + carried]
        del self._words[: 2 + carried]
        if operation is ControlOperation.READ:
            self._respond(told["stream_id"], address, count)
        elif operation in (ControlOperation.WRITE, ControlOperation.WRITE_INCREMENT):
            for index, word in enumerate(words):
                self._tile.write(address + 4 * index, word)
        else:
            raise EmulatorError(
                f"{self.place}: control packet operation {operation} ({control:#x})"
            )
        return True

    def _check_parity(self, word: int, which: str) -> None:
        if not has_odd_parity(word):
            raise EmulatorError(
                f"{self.place}: {which} header {word:#010x} has an even number of bits set; "
                "the tile expects odd parity in bit 31"
            )

    def _respond(self, id: int, address: int, count: int) -> None:
        values = [self._tile.read(address + 4 * index) for index in range(count)]
        header = packet_header(id & 0x1F, 0, self._tile.place)
        self._send(np.array([header, *values], np.uint32))

    # out

    def send_token(self, channel: Channel) -> None:
        """Sends the task-complete token of `channel`: one word, routed by the controller id."""
        word = packet_header(channel.controller_id & 0x1F, _TOKEN_TYPE, self._tile.place)
        actor = channel.number + (_TOKEN_MM2S if channel.direction is Direction.MM2S else 0)
        word |= actor << _TOKEN_ACTOR_SHIFT
        self.clock = max(self.clock, channel.clock)
        self._send(np.array([with_odd_parity(word)], np.uint32))

    def _send(self, words: Words) -> None:
        self.outgoing.append((words, self.clock))
        self._tile.wake(self)

    def resume(self) -> None:
        """The stream has room again."""
        self._tile.wake(self)

    def run(self) -> None:
        """Sends what waits, as far as the stream takes it."""
        while self.outgoing:
            words, time = self.outgoing[0]
            taken = self.output.offer(words, True, time, self)
            if taken < len(words):
                self.outgoing[0] = (words[taken:], time)
                return
            self.outgoing.popleft()

    def wait(self) -> Wait | None:
        """The stream, when something waits to be sent or is stuck on its way."""
        stuck = self.outgoing or self.output.level
        return waits.SpaceWait(self, self.output) if stuck else None

    def clear(self) -> None:
        """Forgets what is under way."""
        self.outgoing.clear()
        self._words.clear()


def token_source(word: int) -> tuple[tuple[int, int], int, int]:
    """The ((col, row), direction, channel) that a token comes from."""
    direction, channel = divmod(word >> _TOKEN_ACTOR_SHIFT & 0xF, _TOKEN_MM2S)
    return (word >> 21 & 0x7F, word >> 16 & 0x1F), direction, channel
