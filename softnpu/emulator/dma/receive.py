"""S2MM channels: words from a stream into memory, in order, or where their packet says.

In order, a channel's task names the first descriptor, and packets run together unless the channel
finishes on TLAST. Out of order, each packet's header names the descriptor that takes its words; a
task is then so many packets, whatever their descriptors. How that goes on hardware is told by
mlir-aie, test/npu-xrt/dma_s2mm_ooo (the repeat count is the number of packets minus 1, chains and
the start descriptor do not matter, headers must reach the channel) and dma_s2mm_ooo_shim_runtime
(such a channel issues no token).
"""

from __future__ import annotations

from collections import deque

import numpy as np

from softnpu.arch.dma import FINISH_COUNT, Direction, FinishOnLast
from softnpu.arch.packets import with_odd_parity
from softnpu.emulator import waits
from softnpu.emulator.dma.channels import DESCRIPTORS_PER_TURN, Channel, Engine
from softnpu.emulator.dma.descriptors import Descriptor, out_of_order_descriptor
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.observing.observer import Held
from softnpu.emulator.scheduling.scheduler import Wait
from softnpu.emulator.streams.streams import Link
from softnpu.errors import EmulatorError

_EACH_BYTE = 0x01010101
"""A word of flags."""


class ReceiveChannel(Channel):
    """S2MM: takes words from a stream, writes memory. The target of a link.

    Attributes:
        finish_on_last: whether TLAST ends a descriptor, and where its length is told.
        finish_counts: what the channel's count FIFO holds, oldest first; no source tells how much
            it holds on hardware, where a full one stalls the channel.
    """

    direction = Direction.S2MM

    def __init__(self, engine: Engine, number: int, ingress: int) -> None:
        super().__init__(engine, number)
        self.ingress = ingress
        self.input: Link | None = None
        self.finish_on_last = FinishOnLast.DISABLED
        self.finish_counts: deque[int] = deque()

    def attach(self, link: Link) -> None:
        """Remembers the link that leads here, and takes what it holds."""
        self.input = link
        self.engine.wake(self)

    def run(self) -> None:
        """Gets ready for the next words and takes those that wait in the stream."""
        for _ in range(DESCRIPTORS_PER_TURN):
            if not self._ready():
                return
            link = self.input
            if link is None or not link.level:
                return
            link.drain()
            if self.acquired or self.awaits_header:
                return
        self.engine.go_on(self)

    def load(self) -> Descriptor | None:
        """As Channel.load; out of order, the packet's header has to come first."""
        if not self.out_of_order:
            return super().load()
        if self.begin_task():
            self._check_out_of_order_task()
        return None

    def _check_out_of_order_task(self) -> None:
        if self.task is not None and self.task.token:
            raise EmulatorError(
                f"{self.place} is asked for a task-complete token, but a channel in out-of-order "
                "mode issues none: let its descriptors release a lock, and wait for who acquires it"
            )

    @property
    def awaits_header(self) -> bool:
        """Whether the next word is the header of a packet, which names the descriptor."""
        return self.out_of_order and self.descriptor is None and self.task is not None

    def _arm(self) -> bool:
        descriptor = self.descriptor or self.load()
        return descriptor is not None and self.acquire(descriptor)

    def _ready(self) -> bool:
        return self.acquired or self._arm() or self.awaits_header

    def room(self) -> int:
        """Words that the descriptor in progress still takes, or a packet's header."""
        if self.acquired or self._arm():
            return self.remaining
        return int(self.awaits_header)

    def offer(self, words: Words, last: bool, time: int) -> int:
        """Writes words to memory, through as many descriptors as are ready."""
        count = len(words)
        done = 0
        while done < count:
            if not self._ready():
                break
            if self.awaits_header:
                self.clock = max(self.clock, time + done) + 1
                self._open_packet(int(words[done]))
                done += 1
                continue
            descriptor = self.descriptor
            assert descriptor is not None
            size = min(self.remaining, count - done)
            piece = words if size == count else words[done : done + size]
            if not self.position:
                self.engine.will_move(self)
            descriptor.pattern.write(self.memory, self.base, self.position, piece)
            if (written := self.engine.written) is not None:
                flags = np.full(size, _EACH_BYTE, np.uint32)
                descriptor.pattern.write(written, self.base, self.position, flags)
            self.position += size
            self.remaining -= size
            if time + done > self.clock:
                self.held_up(Held.STREAM, self.clock, time + done)
            self.clock = max(self.clock, time + done) + size
            done += size
            ended = last and done == count
            if not self.remaining or (ended and (self.finish_on_last or self.out_of_order)):
                self._complete(descriptor, ended)
        return done

    def _open_packet(self, header: int) -> None:
        """Loads the descriptor that a packet's header names.

        Raises:
            EmulatorError: the word is no header, the channel cannot use the descriptor, or it is
                part of a chain.
        """
        if header != with_odd_parity(header):
            raise EmulatorError(
                f"{self.place}: a packet begins with {header:#010x}, which is no header (its "
                "parity is even); in out-of-order mode, the route must not drop it "
                "(keep_pkt_header = true)"
            )
        number = out_of_order_descriptor(header)
        facts = self.engine.facts
        if number >= facts.bds or not facts.can_use(number, self.number):
            raise EmulatorError(
                f"{self.place}: a packet's header ({header:#010x}) asks for descriptor {number}, "
                "which the channel cannot use (Error_BD_Unavailable)"
            )
        descriptor = self.load_descriptor(number)
        if descriptor.next is not None:
            raise EmulatorError(
                f"{self.place}: descriptor {number} has Use_Next_BD set; what becomes of a chain "
                "in out-of-order mode is not published"
            )

    def _complete(self, descriptor: Descriptor, ended: bool) -> None:
        self._check_length(descriptor, ended)
        words = self.position
        self.finish(descriptor)
        if self.finish_on_last is FinishOnLast.COUNTS_FROM_REGISTER:
            fields = {
                "valid": 1,
                "last_in_task": int(self.task is None),
                "bd_id": descriptor.number,
                "write_count": words,
            }
            self.finish_counts.extend(FINISH_COUNT.pack(fields))
        self._arm()

    def _check_length(self, descriptor: Descriptor, ended: bool) -> None:
        """TLAST has to come where the channel's mode wants it."""
        if self.finish_on_last:
            if not ended:
                raise EmulatorError(
                    f"{self.place}: descriptor {descriptor.number} is full ({self.position} words) "
                    "before TLAST came, in finish-on-TLAST mode (Error_FoT_Length_Exceeded)"
                )
        elif self.out_of_order and (self.remaining or not ended):
            length = f"{self.position} of" if self.remaining else "more than"
            raise EmulatorError(
                f"{self.place}: a packet has {length} the {descriptor.pattern.length} words of "
                f"descriptor {descriptor.number}, which its header names; what hardware does then "
                "in out-of-order mode is not published"
            )

    def pop_count(self) -> int:
        """Takes the oldest entry of the count FIFO; 0, which is not valid, when there is none."""
        return self.finish_counts.popleft() if self.finish_counts else 0

    def under_way(self) -> str | None:
        """As Channel.under_way: words that wait before it."""
        waiting = self.input.level if self.input is not None else 0
        return f"{waiting} words wait in the stream to it" if waiting else None

    def reset(self) -> None:
        """As Channel.reset; the count FIFO is empty then."""
        super().reset()
        self.finish_counts.clear()

    def wait(self) -> Wait | None:
        """As Channel.wait; out of order, a channel with a task waits for a packet."""
        return self._stream_wait() if self.awaits_header and not self.paused else super().wait()

    def _stream_wait(self) -> Wait:
        return waits.DataWait(self, self.input)
