"""The stream network: follows the switches' registers from port to port.

A route is followed when a word first takes it, and again only after a switch was written; then
the link stands between its source and its sinks as if they were wired together.
"""

from __future__ import annotations

from softnpu.arch.device import Device
from softnpu.arch.ports import STEPS, STREAM_SWITCHES, Bundle
from softnpu.arch.tiles import TileKind
from softnpu.emulator.streams.packet_port import PacketPort
from softnpu.emulator.streams.port_monitor import PortMonitor
from softnpu.emulator.streams.streams import (
    EXTERNAL_MASTER_DEPTH,
    FIFO_DEPTH,
    LOCAL_MASTER_DEPTH,
    SLAVE_DEPTH,
    Branch,
    DeadEnd,
    Link,
    Side,
    Start,
    Target,
    Tile,
)
from softnpu.emulator.streams.switch import SwitchState
from softnpu.errors import EmulatorError


class Network:
    """All stream switches of an array.

    Attributes:
        epoch: counts the changes to any switch; links follow the registers again when it moves.
        switches: one a tile.
        sinks: what stands behind a master port: (tile, bundle, channel) -> target. The tiles
            enter their DMA channels, cores and control ports here.
        blocked_inputs: (tile, slave port) -> why a source does not reach its switch (shim mux).
        monitored: ports that are watched; a change has to raise the epoch.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.epoch = 0
        self.sinks: dict[tuple[Tile, Bundle, int], Target] = {}
        self.blocked_inputs: dict[tuple[Tile, int], str] = {}
        self.switches = {
            tile: SwitchState(self, tile, STREAM_SWITCHES[device.kind(*tile)])
            for tile in device.tiles()
        }
        self.monitored: dict[tuple[str, Tile, int], list[PortMonitor]] = {}
        self._links: dict[Start, Link] = {}
        self._packet_ports: dict[tuple[Tile, int], PacketPort] = {}

    def source(self, tile: Tile, bundle: Bundle, channel: int) -> Link:
        """The link that begins where a source (a DMA channel, a core) meets its tile's switch."""
        return self.link("slave", tile, self.switches[tile].ports.slave_index(bundle, channel))

    def link(self, side: Side, tile: Tile, port: int) -> Link:
        """The link that begins at a port, made at its first use."""
        start: Start = (side, tile, port)
        found = self._links.get(start)
        if found is None:
            found = self._links[start] = Link(self, start)
        return found

    def links(self) -> list[Link]:
        """Every link used so far."""
        return list(self._links.values())

    def clear(self) -> None:
        """As after a reset of the array: nothing is connected, no words are in flight."""
        for link in self._links.values():
            link.clear()
        for port in self._packet_ports.values():
            port.clear()
        for switch in self.switches.values():
            switch.clear()
        self.epoch += 1

    def resolve(self, link: Link) -> None:
        """Follows the registers from the link's start to where the stream ends or divides.

        Raises:
            EmulatorError: the route changed while words were in it.
        """
        link.epoch = self.epoch
        hops, capacity, target = self._walk(link.start)
        own = hops[: -len(target.outputs)] if isinstance(target, Branch) else hops
        link.monitors = tuple(m for hop in own for m in self.monitored.get(hop, ()))
        if hops == link.hops and type(target) is type(link.target):
            if isinstance(target, Branch):
                return
            if target is link.target or isinstance(target, DeadEnd):
                return
        if link.level:
            raise EmulatorError(
                f"the stream from {self.port_name(link.start)} to {link.target.place} was "
                f"re-routed while {link.level} words were in it"
            )
        link.hops, link.capacity, link.target = hops, capacity, target
        target.attach(link)

    def port_name(self, start: Start) -> str:
        """What reports call a port."""
        side, tile, port = start
        switch = self.switches[tile]
        return switch.slave_name(port) if side == "slave" else switch.master_name(port)

    def _walk(self, start: Start) -> tuple[tuple[Start, ...], int, Target]:
        hops: list[Start] = []
        capacity = 0
        here: Start | None = start
        while here is not None:
            if here in hops:
                return tuple(hops), capacity, self._dead_end(here, "the route runs in a circle")
            hops.append(here)
            side, tile, port = here
            if side == "slave":
                capacity += SLAVE_DEPTH
                end, here = self._through_switch(tile, port)
            else:
                depth, end, here = self._out_of_switch(tile, port)
                capacity += depth
            if end is not None:
                if isinstance(end, Branch):
                    hops.extend(output.start for output in end.outputs)
                capacity += getattr(end, "ingress", 0)
                return tuple(hops), capacity, end
        raise AssertionError("a route ends or goes on")

    def _through_switch(self, tile: Tile, slave: int) -> tuple[Target | None, Start | None]:
        """What a slave port leads to inside its switch."""
        switch = self.switches[tile]
        start: Start = ("slave", tile, slave)
        if (tile, slave) in self.blocked_inputs:
            return self._dead_end(start, self.blocked_inputs[tile, slave]), None
        if not switch.is_enabled(slave):
            return self._dead_end(start, "the port is not enabled"), None
        if switch.is_packet(slave):
            return self._packet_port(tile, slave), None
        masters = switch.circuit_masters(slave)
        if not masters:
            return self._dead_end(start, "no port of the switch takes this stream"), None
        if len(masters) == 1:
            return None, ("master", tile, masters[0])
        outputs = [self.link("master", tile, master) for master in masters]
        return Branch(switch.slave_name(slave), outputs), None

    def _out_of_switch(self, tile: Tile, master: int) -> tuple[int, Target | None, Start | None]:
        """The buffering of a master port, and what lies behind it."""
        port = self.switches[tile].ports.masters[master]
        start: Start = ("master", tile, master)
        if port.bundle is Bundle.FIFO:
            slave = self.switches[tile].ports.slave_index(Bundle.FIFO, port.channel)
            return LOCAL_MASTER_DEPTH + FIFO_DEPTH, None, ("slave", tile, slave)
        if port.bundle not in STEPS:
            sink = self.sinks.get((tile, port.bundle, port.channel))
            end = sink or self._dead_end(start, "nothing is modelled behind this port")
            return LOCAL_MASTER_DEPTH, end, None
        if self.device.kind(*tile) is TileKind.SHIM and port.bundle is Bundle.South:
            sink = self.sinks.get((tile, port.bundle, port.channel))
            end = sink or self._dead_end(start, "the stream leaves the array here")
            return EXTERNAL_MASTER_DEPTH, end, None
        step = STEPS[port.bundle]
        other = (tile[0] + step[0], tile[1] + step[1])
        if other not in self.switches:
            return 0, self._dead_end(start, "the array ends here"), None
        slave = self.switches[other].ports.slave_index(port.bundle.opposite, port.channel)
        return EXTERNAL_MASTER_DEPTH, None, ("slave", other, slave)

    def _packet_port(self, tile: Tile, slave: int) -> PacketPort:
        key = (tile, slave)
        if key not in self._packet_ports:
            self._packet_ports[key] = PacketPort(self.switches[tile], slave)
        return self._packet_ports[key]

    def _dead_end(self, start: Start, why: str) -> DeadEnd:
        return DeadEnd(self.port_name(start), why)
