"""What trace units need of the array that they are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from softnpu.arch.device import Device
from softnpu.arch.dma import Direction
from softnpu.arch.tiles import TileKind
from softnpu.emulator.observing.observer import Observer, Place, SeenChannel, SeenCore
from softnpu.emulator.streams.network import Network


class Clocked(Protocol):
    """Something with a clock."""

    clock: int


class TracedDma(Protocol):
    """A tile's DMA engine."""

    @property
    def channels(self) -> Mapping[tuple[Direction, int], SeenChannel]: ...


class TracedTile(Protocol):
    """A tile."""

    place: Place
    kind: TileKind

    @property
    def dma(self) -> TracedDma: ...


class Ready(Protocol):
    """The scheduler."""

    @property
    def earliest(self) -> int: ...


class TracedArray(Protocol):
    """The array, see array.Array."""

    device: Device
    core_isa: str | None
    controller_clock: int
    network: Network
    observers: list[Observer]

    @property
    def scheduler(self) -> Ready: ...
    @property
    def tiles(self) -> Mapping[Place, TracedTile]: ...
    def actors(self) -> Iterable[Clocked]: ...
    def cores(self) -> Iterable[SeenCore]: ...
    def core_of(self, place: Place) -> SeenCore: ...
    def physical_column(self, col: int) -> int: ...
    def hazard(self, what: str) -> None: ...
