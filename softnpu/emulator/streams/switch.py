"""One tile's stream switch: its registers, and what they make of a stream.

Register fields from AM025: master configuration (31 enable, 30 packet mode, 7 drop header, 6:0
slave port or, in packet mode, 2:0 arbiter and 6:3 msel mask), slave configuration (31 enable, 30
packet mode), packet slots (28:24 id, 20:16 mask, 8 enable, 5:4 msel, 2:0 arbiter).
"""

from __future__ import annotations

from dataclasses import dataclass

from softnpu.arch.ports import ARBITERS, SLOTS, Port, StreamSwitch
from softnpu.emulator.streams.streams import Arbiter, Link, Wiring
from softnpu.errors import EmulatorError

_ENABLE = 1 << 31
_PACKET = 1 << 30
_DROP_HEADER = 1 << 7
_CONFIGURATION = 0x7F

PACKET_ID_MASK = 0x1F


@dataclass(frozen=True)
class Slot:
    """One packet rule of a slave port."""

    id: int
    mask: int
    msel: int
    arbiter: int


class SwitchState:
    """The stream switch of tile (`col`, `row`).

    Attributes:
        ports: the switch's ports and register places.
        masters, slaves: configuration registers, one word a port.
        slots: packet slots, four words a slave port.
        arbiters: shared by the slave ports in packet mode.
    """

    def __init__(self, network: Wiring, tile: tuple[int, int], ports: StreamSwitch) -> None:
        self._network = network
        self.tile = tile
        self.ports = ports
        self.masters = [0] * len(ports.masters)
        self.slaves = [0] * len(ports.slaves)
        self.slots = [0] * (SLOTS * len(ports.slaves))
        name = f"({tile[0]},{tile[1]})"
        self.arbiters = [Arbiter(f"arbiter {i} of tile {name}") for i in range(ARBITERS)]

    def write(self, offset: int, value: int) -> bool:
        """Writes the register at `offset` in the tile; False if it is none of the switch's."""
        found = self._at(offset)
        if found is None:
            return False
        bank, index = found
        if bank[index] != value:
            bank[index] = value
            self._network.epoch += 1
        return True

    def read(self, offset: int) -> int | None:
        """The register at `offset` in the tile, or None if it is none of the switch's."""
        found = self._at(offset)
        return None if found is None else found[0][found[1]]

    def clear(self) -> None:
        """As after a reset: no port is enabled, and no packet under way."""
        for bank in (self.masters, self.slaves, self.slots):
            bank[:] = [0] * len(bank)
        for arbiter in self.arbiters:
            arbiter.owner = None
            arbiter.waiting.clear()

    def _at(self, offset: int) -> tuple[list[int], int] | None:
        for bank, base in (
            (self.masters, self.ports.master_base),
            (self.slaves, self.ports.slave_base),
            (self.slots, self.ports.slot_base),
        ):
            index, byte = divmod(offset - base, 4)
            if 0 <= index < len(bank) and not byte:
                return bank, index
        return None

    def slave_name(self, slave: int) -> str:
        """What reports call a slave port."""
        return self._name(self.ports.slaves[slave])

    def master_name(self, master: int) -> str:
        """What reports call a master port."""
        return self._name(self.ports.masters[master])

    def _name(self, port: Port) -> str:
        return f"{port.bundle.name} {port.channel} of tile ({self.tile[0]},{self.tile[1]})"

    def is_enabled(self, slave: int) -> bool:
        """Whether a slave port is switched on."""
        return bool(self.slaves[slave] & _ENABLE)

    def is_packet(self, slave: int) -> bool:
        """Whether a slave port is packet-switched."""
        return bool(self.slaves[slave] & _PACKET)

    def circuit_masters(self, slave: int) -> list[int]:
        """The master ports that a circuit-switched slave port feeds."""
        wanted = _ENABLE | slave
        mask = _ENABLE | _PACKET | _CONFIGURATION
        return [i for i, value in enumerate(self.masters) if value & mask == wanted]

    def match(self, slave: int, header: int) -> Slot:
        """The first enabled slot that matches a packet header.

        Raises:
            EmulatorError: no slot matches; the packet would be stuck in the port for ever.
        """
        id = header & PACKET_ID_MASK
        rules = self._enabled_slots(slave)
        for slot in rules:
            if id & slot.mask == slot.id & slot.mask:
                return slot
        known = ", ".join(f"id {s.id} mask {s.mask:#x}" for s in rules) or "none"
        raise EmulatorError(
            f"{self.slave_name(slave)}: no rule matches a packet with id {id} "
            f"(header {header:#010x}); the port's rules: {known}"
        )

    def _enabled_slots(self, slave: int) -> list[Slot]:
        values = self.slots[SLOTS * slave : SLOTS * (slave + 1)]
        return [
            Slot(value >> 24 & 0x1F, value >> 16 & 0x1F, value >> 4 & 3, value & 7)
            for value in values
            if value >> 8 & 1
        ]

    def packet_masters(self, slave: int, header: int, slot: Slot) -> list[tuple[int, bool]]:
        """The (master port, whether it drops the header) pairs that a slot sends packets to.

        Raises:
            EmulatorError: no master port listens to the slot's arbiter and msel.
        """
        found = self._listeners(slot)
        if not found:
            raise EmulatorError(
                f"{self.slave_name(slave)}: a packet with id {header & PACKET_ID_MASK} goes to "
                f"arbiter {slot.arbiter}, msel {slot.msel}, which no master port listens to"
            )
        return found

    def _listeners(self, slot: Slot) -> list[tuple[int, bool]]:
        wanted = _ENABLE | _PACKET | 1 << 3 + slot.msel | slot.arbiter
        mask = _ENABLE | _PACKET | 1 << 3 + slot.msel | 7
        return [
            (i, bool(value & _DROP_HEADER))
            for i, value in enumerate(self.masters)
            if value & mask == wanted
        ]

    def outputs_of(self, slave: int) -> list[Link]:
        """The links behind all master ports that a packet-switched slave port can feed."""
        slots = self._enabled_slots(slave)
        masters = {master for slot in slots for master, _ in self._listeners(slot)}
        return [self.master_link(master) for master in sorted(masters)]

    def master_link(self, master: int) -> Link:
        """The link that begins at a master port."""
        return self._network.link("master", self.tile, master)
