"""What a configured array's parts are called: by the author's names where there are some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.emulator.naming.names import Names
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.descriptors import describe
from softnpu.inspect.report import plural, size
from softnpu.inspect.tile import Descriptor, Endpoint, Lock, Position, Route, Task, Tile

_BUFFER_NAME = re.compile(r"(?P<fifo>.+?)(_\d+)?(_cons)?_buff_\d+$")
"""How mlir-aie names the buffers of an objectfifo."""

_SHOWN_TASKS = 6

CONTROL, TRACE = "task-complete tokens", "trace"


@dataclass(frozen=True)
class Shared:
    """Buffers in the memory of one tile that the core of another uses, too.

    No switch is involved, so the configuration does not tell of it: only the names file does.
    """

    name: str
    owner: Position
    user: Position

    def __str__(self) -> str:
        return (
            f"memory of ({self.owner[0]},{self.owner[1]}), used by ({self.user[0]},{self.user[1]})"
        )


@dataclass(frozen=True)
class Labels:
    """Names and descriptions of everything in `array`."""

    array: ConfiguredArray
    names: Names

    def route(self, route: Route) -> str:
        """The objectfifo or the host channel behind a route; its ends where nothing is named."""
        if route.is_trace:
            return TRACE
        if route.is_control:
            return CONTROL
        ends = (route.source, *route.sinks)
        named = [self._host_channel(end) for end in ends]
        by_rank = sorted(ends, key=lambda end: self._tile(end).kind is not TileKind.CORE)
        named += [self._objectfifo(end, route) for end in by_rank]
        return next(filter(None, named), f"{route.source} → {route.sinks[0]}" if ends[1:] else "")

    def ends(self, route: Route) -> str:
        """E.g. "(0,0) MM2S 0 → (0,2) S2MM 0, (1,3) S2MM 0"; with the packets' ids."""
        sinks = ", ".join(map(str, route.sinks)) or "nowhere"
        ids = ", ".join(map(str, route.packet_ids))
        return f"{route.source} → {sinks}{f', packets {ids}' if ids else ''}"

    def lock(self, tile: Tile, lock: Lock) -> str:
        """Name, start value and place of a lock."""
        name, fifo = self.names.locks.get((tile.position, lock.number), ("", ""))
        head = f"lock {lock.number}{f' {name}' if name else ''}"
        lines = [head, f"starts at {lock.value}", f"address {self._lock_address(tile, lock):#x}"]
        if fifo:
            lines.insert(1, f"objectfifo {fifo}")
        users = [str(d.number) for d in tile.descriptors if self._uses(tile, d, lock.number)]
        if users:
            lines.append(f"used by BD {', '.join(users)}")
        return "\n".join(lines)

    def is_used(self, tile: Tile, lock: Lock) -> bool:
        """Whether a lock is more than one that start-up set to zero with all the others."""
        named = (tile.position, lock.number) in self.names.locks
        return bool(
            named or lock.value or any(self._uses(tile, d, lock.number) for d in tile.descriptors)
        )

    def descriptor(self, tile: Tile, descriptor: Descriptor) -> str:
        """What a descriptor does, with the names of its buffer and locks."""
        lines = [f"BD {descriptor.number}", *describe(descriptor.kind, descriptor.words)]
        if descriptor.host is not None:
            argument = self.names.arguments.get(descriptor.host.argument, "")
            where = f"bo{descriptor.host.argument}{f' {argument}' if argument else ''}"
            lines.append(f"host buffer {where} + {descriptor.host.offset} bytes")
        buffer = self.buffer(tile, descriptor)
        if buffer:
            lines.append(f"buffer {buffer}")
        for owner, number in self._locks(tile, descriptor):
            if name := self.names.locks.get((owner, number), ("", ""))[0]:
                lines.append(f"lock {number} is {name}")
        return "\n".join(lines)

    def buffer(self, tile: Tile, descriptor: Descriptor) -> str | None:
        """The named buffer at a descriptor's address."""
        if tile.kind is TileKind.SHIM:
            return None
        owner, address = tile.position, descriptor.address
        if tile.kind is TileKind.MEMORY:
            side, address = divmod(address, TILE_FACTS[TileKind.MEMORY].data_memory)
            owner = _beside(owner, side)
        return self.names.buffer(owner, address)

    def endpoint(self, end: Endpoint) -> str:
        """A port with what its DMA channel has been told to do."""
        if end.direction is None:
            return str(end)
        tile = self._tile(end)
        tasks = tile.channel_tasks(end.direction, end.channel)
        name = self._host_channel(end)
        lines = [f"{end}{f' [{name}]' if name else ''}", plural(len(tasks), "task")]
        lines += [self._task(tile, task) for task in tasks[:_SHOWN_TASKS]]
        if len(tasks) > _SHOWN_TASKS:
            lines.append(f"… {len(tasks) - _SHOWN_TASKS} more")
        return "\n".join(lines)

    def _task(self, tile: Tile, task: Task) -> str:
        chain = " → ".join(f"BD {d.number}" for d in task.chain)
        ring = " → …" if task.chain and task.chain[-1].next is not None else ""
        moved = size(sum(d.bytes for d in task.chain))
        runs = f", {task.runs} times" if task.runs > 1 else ""
        names = dict.fromkeys(filter(None, (self._target(tile, d) for d in task.chain)))
        what = f" ({', '.join(names)})" if names else ""
        return f"{chain}{ring}: {moved}{runs}{what}"

    def _target(self, tile: Tile, descriptor: Descriptor) -> str | None:
        if descriptor.host is not None:
            argument = descriptor.host.argument
            return self.names.arguments.get(argument, f"bo{argument}")
        return self.buffer(tile, descriptor)

    def _tile(self, end: Endpoint) -> Tile:
        return self.array.tiles[end.tile]

    def _host_channel(self, end: Endpoint) -> str:
        if end.direction is None:
            return ""
        return self.names.channels.get((end.tile, end.direction.name, end.channel), "")

    def shared(self) -> tuple[Shared, ...]:
        """What cores hand to their neighbours in memory, by tile and objectfifo."""
        found: dict[Shared, None] = {}
        for owner, buffers in self.names.buffers.items():
            for buffer in buffers:
                for user in buffer.cores:
                    if user != owner and user in self.array.tiles:
                        found[Shared(_fifo_of(buffer.name), owner, user)] = None
        return tuple(found)

    def _objectfifo(self, end: Endpoint, route: Route) -> str:
        """The objectfifo whose locks or buffers the descriptors of an end's channel use."""
        for descriptor in self._descriptors(end, route):
            for owner, number in self._locks(self._tile(end), descriptor):
                fifo = self.names.locks.get((owner, number), ("", ""))[1]
                if fifo:
                    return fifo
            buffer = self.buffer(self._tile(end), descriptor)
            if buffer:
                return _fifo_of(buffer)
        return ""

    def _descriptors(self, end: Endpoint, route: Route) -> Iterator[Descriptor]:
        if end.direction is None:
            return
        for task in self._tile(end).channel_tasks(end.direction, end.channel):
            for descriptor in task.chain:
                if descriptor.packet_id is None or descriptor.packet_id in route.packet_ids:
                    yield descriptor

    def _locks(self, tile: Tile, descriptor: Descriptor) -> Iterator[tuple[Position, int]]:
        """The (tile, lock) that a descriptor's lock numbers mean."""
        for number in descriptor.locks:
            if tile.kind is TileKind.MEMORY:
                side, own = divmod(number, TILE_FACTS[TileKind.MEMORY].locks)
                yield _beside(tile.position, side), own
            else:
                yield tile.position, number

    def _uses(self, tile: Tile, descriptor: Descriptor, number: int) -> bool:
        return (tile.position, number) in self._locks(tile, descriptor)

    def _lock_address(self, tile: Tile, lock: Lock) -> int:
        return TILE_FACTS[tile.kind].lock_address(lock.number)


def _fifo_of(buffer: str) -> str:
    """The objectfifo that a buffer's name tells, or the name itself."""
    found = _BUFFER_NAME.match(buffer)
    return found["fifo"] if found else buffer


def _beside(position: Position, side: int) -> Position:
    """A memory tile's DMA counts its west neighbour, itself and its east neighbour."""
    return position[0] + side - 1, position[1]
