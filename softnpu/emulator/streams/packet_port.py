"""Where packets leave the way of the stream that brings them: a slave port in packet mode."""

from __future__ import annotations

from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.streams.streams import Arbiter, Link, forward
from softnpu.emulator.streams.switch import SwitchState


class PacketPort:
    """A slave port in packet mode: reads each packet's header and sends it where that says.

    Attributes:
        place: e.g. "South 1 of tile (0,2)".
        arbiter: the one that the packet in progress holds or waits for.
        outputs: the links that the packet in progress goes to.
    """

    def __init__(self, switch: SwitchState, slave: int) -> None:
        self._switch = switch
        self._slave = slave
        self.place = switch.slave_name(slave)
        self.clock = 0
        self.input: Link | None = None
        self.arbiter: Arbiter | None = None
        self.open = False
        self.header: int | None = None
        """The header of the packet in progress, or of the one that waits for an arbiter."""
        self.outputs: list[Link] = []
        self._keepers: list[Link] | None = None

    def attach(self, link: Link) -> None:
        """Remembers the link that leads here."""
        self.input = link

    def resume(self) -> None:
        """An output has room, or the arbiter is free."""
        if self.input is not None:
            self.input.drain()

    def room(self) -> int:
        """None before the header is read, since only it tells where the packet goes."""
        if not self.open or self._keepers is not None or not self.outputs:
            return 0
        return min(output.room() for output in self.outputs)

    def offer(self, words: Words, last: bool, time: int) -> int:
        """Takes words of the packet in progress, or opens one with the first word as header."""
        if not self.open and not self._begin(int(words[0])):
            return 0
        taken = 0
        if self._keepers is not None:
            if not self._pass_header(words[:1], last and len(words) == 1, time):
                return 0
            taken = 1
        if taken < len(words):
            body = words[taken:] if taken else words
            taken += forward(self.outputs, body, last, time + taken, self)
        self.clock = max(output.clock for output in self.outputs)
        if last and taken == len(words):
            self._end()
        return taken

    def _begin(self, header: int) -> bool:
        """Finds where the packet goes and asks for the arbiter."""
        self.header = header
        slot = self._switch.match(self._slave, header)
        self.arbiter = self._switch.arbiters[slot.arbiter]
        if not self.arbiter.grant(self):
            return False
        masters = self._switch.packet_masters(self._slave, header, slot)
        links = [(self._switch.master_link(master), drops) for master, drops in masters]
        self.outputs = [link for link, _ in links]
        self._keepers = [link for link, drops in links if not drops]
        self.open = True
        return True

    def _pass_header(self, header: Words, last: bool, time: int) -> bool:
        """Sends the header on to the ports that keep it, all or none."""
        keepers = self._keepers or []
        full = [link for link in keepers if link.room() <= 0]
        for link in full:
            link.waiting = self
        if full:
            return False
        for link in keepers:
            link.offer(header, last, time, self)
        self._keepers = None
        return True

    def _end(self) -> None:
        arbiter, self.arbiter = self.arbiter, None
        self.open = False
        self.header = None
        if arbiter is not None:
            arbiter.free()

    def possible_outputs(self) -> list[Link]:
        """The links that packets can leave by, whatever their ids."""
        return self._switch.outputs_of(self._slave)

    def clear(self) -> None:
        """Forgets the packet in progress, as a reset of the array does."""
        self.arbiter = None
        self.open = False
        self.header = None
        self._keepers = None
        self.outputs = []
