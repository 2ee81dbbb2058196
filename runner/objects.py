"""The sizes of what a design's objectfifos carry to an output, from the artifact itself.

The array that xclbin and insts.bin configure is followed backwards: from the transfers that write
the host's buffer, over the routes to the shim's channels, to the memory that is sent, and on
through memory tiles that gather it. So an output is told of its own fifos only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.artifact import Artifact
from runner.verdicts.where import Unit
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.tiles import TileKind
from softnpu.emulator.memory.addressing import AccessPattern, Dimension
from softnpu.emulator.naming.names import Buffer, Names
from softnpu.errors import SoftnpuError
from softnpu.formats import txn, xclbin
from softnpu.inspect import pdis
from softnpu.inspect.array import ConfiguredArray
from softnpu.inspect.labels import Labels
from softnpu.inspect.tile import Descriptor, Position, Tile

_BUFFER = re.compile(r"(?P<fifo>\w+?)(?:_cons|_prod)?_buff_\d+")
"""A fifo's buffers, as the objectfifo lowering names them."""

Channel = tuple[Position, int]


def output_objects(artifact: Artifact, argument: int) -> tuple[Unit, ...]:
    """What an output consists of, in bytes: objects of the fifo that reaches the host, then of
    those that a memory tile gathers in it, fifos of the same size as one.

    Only such as lie in the host's buffer in one piece each, one after the other.

    Args:
        argument: of the host buffer, from 0.
    """
    try:
        parsed = xclbin.parse(artifact.xclbin.read_bytes())
        stream = txn.parse(artifact.insts.read_bytes()).operations
        found = pdis.of_xclbin(parsed, stream, beside=artifact.xclbin).shown
        if len(found) != 1:
            return ()
        followed = _Followed(found[0].array, found[0].names)
        return tuple(_units(followed.pieces(argument)))
    except (SoftnpuError, OSError):
        return ()


@dataclass(frozen=True)
class Piece:
    """A fifo whose objects an output is made of, with the descriptors that lay them out.

    Attributes:
        size: of an object, in bytes.
    """

    fifo: str
    size: int
    layout: tuple[Descriptor, ...]

    @property
    def is_whole(self) -> bool:
        """Whether each object lies in one piece in the host's buffer."""
        return all(_in_pieces_of(self.size, descriptor) for descriptor in self.layout)


def _in_pieces_of(size: int, descriptor: Descriptor) -> bool:
    """Whether a descriptor fills memory with pieces of that size, one after the other."""
    fields, engine = descriptor.fields, DMA_ENGINES[descriptor.kind]
    dimensions = tuple(
        Dimension(fields[f"d{n}_stepsize"] + 1, fields.get(f"d{n}_wrap", 0))
        for n in range(engine.dimensions)
    )
    starts = [descriptor.host.offset if descriptor.host else 0]
    if fields["iteration_wrap"]:
        starts.append(4 * (fields["iteration_stepsize"] + 1))
    straight = AccessPattern(descriptor.bytes // 4, dimensions).contiguous
    return straight and not any(n % size for n in (*starts, descriptor.bytes))


class _Followed:
    """Follows an output backwards through a configured array."""

    def __init__(self, array: ConfiguredArray, known: Names) -> None:
        self._array, self._names = array, known
        self._labels = Labels(array, known)

    def pieces(self, argument: int) -> Iterator[Piece]:
        """The fifos that the transfers into a host buffer take from."""
        writes: dict[Channel, list[Descriptor]] = {}
        for tile in self._array.tiles.values():
            for channel, descriptor in self._runs(tile, Direction.S2MM):
                if descriptor.host is not None and descriptor.host.argument == argument:
                    writes.setdefault((tile.position, channel), []).append(descriptor)
        yield from self._sent_to(writes, (), set())

    def _sent_to(
        self,
        writes: dict[Channel, list[Descriptor]],
        layout: tuple[Descriptor, ...],
        seen: set[Channel],
    ) -> Iterator[Piece]:
        """What is sent to channels, each with the descriptors that write it down there."""
        further: list[tuple[Tile, Buffer, tuple[Descriptor, ...]]] = []
        for end, descriptors in writes.items():
            if end in seen:
                continue
            seen.add(end)
            below = (*layout, *descriptors)
            for tile, read, buffer in self._sources(end):
                if found := _BUFFER.fullmatch(buffer.name):
                    yield Piece(found["fifo"], buffer.size, below)
                if tile.kind is TileKind.MEMORY:
                    further.append((tile, buffer, (*below, read)))
        for tile, buffer, below in further:
            yield from self._sent_to(self._filled_by(tile, buffer), below, seen)

    def _sources(self, end: Channel) -> Iterator[tuple[Tile, Descriptor, Buffer]]:
        """The named buffers that are sent to a channel, with the descriptors that send them."""
        for route in self._array.routes:
            into = ((s.tile, s.channel) for s in route.sinks if s.direction is Direction.S2MM)
            if end not in into or route.source.direction is not Direction.MM2S:
                continue
            tile = self._array.tiles[route.source.tile]
            for channel, descriptor in self._runs(tile, Direction.MM2S):
                ids = route.packet_ids
                mine = not ids or descriptor.packet_id in ids
                buffer = self._buffer(tile, descriptor)
                if channel == route.source.channel and mine and buffer is not None:
                    yield tile, descriptor, buffer

    def _filled_by(self, tile: Tile, buffer: Buffer) -> dict[Channel, list[Descriptor]]:
        """The channels that fill a buffer of a memory tile."""
        found: dict[Channel, list[Descriptor]] = {}
        for channel, descriptor in self._runs(tile, Direction.S2MM):
            if self._buffer(tile, descriptor) == buffer:
                found.setdefault((tile.position, channel), []).append(descriptor)
        return found

    def _runs(self, tile: Tile, direction: Direction) -> Iterator[tuple[int, Descriptor]]:
        """The descriptors that the channels of one direction run."""
        for task in tile.tasks:
            if task.direction is direction:
                yield from ((task.channel, descriptor) for descriptor in task.chain)

    def _buffer(self, tile: Tile, descriptor: Descriptor) -> Buffer | None:
        """The named buffer that a descriptor reads or fills."""
        name = self._labels.buffer(tile, descriptor)
        every = (b for buffers in self._names.buffers.values() for b in buffers)
        return next((b for b in every if b.name == name), None) if name else None


def _units(pieces: Iterable[Piece]) -> Iterator[Unit]:
    sizes: dict[int, list[str]] = {}
    for piece in pieces:
        if piece.is_whole and piece.fifo not in sizes.setdefault(piece.size, []):
            sizes[piece.size].append(piece.fifo)
    for size, fifos in sizes.items():
        if fifos:
            yield Unit(_name(fifos), size)


def _name(fifos: Sequence[str]) -> str:
    shown = " and ".join(fifos) if len(fifos) < 3 else f"{fifos[0]} and {len(fifos) - 1} more fifos"
    return f"object of {shown}"


def in_elements(objects: Sequence[Unit], itemsize: int) -> list[Unit]:
    """Sizes in elements of an output, without those that are no whole number of them."""
    return [Unit(u.name, u.size // itemsize) for u in objects if u.size % itemsize == 0]
