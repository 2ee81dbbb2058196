"""What a DMA engine asks of the array that its tile is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from softnpu.arch.device import Device
from softnpu.emulator.dma.channels import Channel
from softnpu.emulator.dma.host_access import HostAccess
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.observing.observer import Observer, Place
from softnpu.emulator.scheduling.scheduler import Actor, Scheduler
from softnpu.emulator.streams.network import Network


class Memory(Protocol):
    """A data memory that a DMA reaches."""

    words: Words


class TokenPort(Protocol):
    """A control port, which sends the tokens of tasks that are complete."""

    def send_token(self, channel: Channel) -> None: ...


class TokenTile(Protocol):
    """The engine's own tile."""

    @property
    def control_port(self) -> TokenPort: ...


class TraceBuffers(Protocol):
    """The trace units: whose words a channel brings."""

    def takes(self, channel: Channel) -> bool: ...


class EngineArray(Protocol):
    """The array, see array.Array."""

    device: Device
    scheduler: Scheduler
    network: Network
    host_access: HostAccess
    observers: list[Observer]
    memcheck: MemoryCheck | None
    settling: bool

    @property
    def tracing(self) -> TraceBuffers: ...
    @property
    def tiles(self) -> Mapping[Place, TokenTile]: ...
    def hazard(self, what: str) -> None: ...
    def go_on(self, actor: Actor) -> None: ...
    def dma_lock(self, tile: Place, id: int) -> Lock: ...
    def dma_memory_tile(self, tile: Place, word: int) -> tuple[Place | None, int]: ...
    def memory_tile(self, place: Place) -> Memory: ...
