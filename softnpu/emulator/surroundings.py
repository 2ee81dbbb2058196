"""What the parts of an array ask of what they are in: of their tile, and of the array around it.

A part knows these protocols and not who fulfils them (core_tile.py, array.py), so that each room
stands on those below it alone. What only one part asks for stands beside it (dma.Engine,
control_port.Registers, memcheck.surroundings, tracing.surroundings).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import Device
from softnpu.arch.tiles import TileKind
from softnpu.emulator.addressing import Words
from softnpu.emulator.cascade import Cascade
from softnpu.emulator.control_port import ControlPort
from softnpu.emulator.debugging.attached import Attached
from softnpu.emulator.host_access import HostAccess
from softnpu.emulator.locks import Lock
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.network import Network
from softnpu.emulator.observer import Observer, Place
from softnpu.emulator.printing import Printed
from softnpu.emulator.scheduler import Actor, Scheduler
from softnpu.emulator.tracing.tracing import Tracing


class Memory(Protocol):
    """A data memory that a DMA reaches."""

    words: Words


class Neighbour(Protocol):
    """A tile, as another one knows it."""

    memory: NDArray[np.uint8]
    locks: list[Lock]
    control_port: ControlPort


class Fabric(Protocol):
    """The array, see array.Array."""

    device: Device
    core_isa: str | None
    scheduler: Scheduler
    network: Network
    host_access: HostAccess
    observers: list[Observer]
    tracing: Tracing
    memcheck: MemoryCheck | None
    debugger: Attached | None
    profile: bool
    pdi: int
    controller_clock: int
    deadline: int
    settling: bool
    printed: list[Printed]

    @property
    def tiles(self) -> Mapping[Place, Neighbour]: ...
    def hazard(self, what: str) -> None: ...
    def go_on(self, actor: Actor) -> None: ...
    def register_name(self, kind: TileKind, offset: int) -> str: ...
    def dma_lock(self, tile: Place, id: int) -> Lock: ...
    def dma_memory_tile(self, tile: Place, word: int) -> tuple[Place | None, int]: ...
    def memory_tile(self, place: Place) -> Memory: ...


class CoreHome(Protocol):
    """A core's own tile, see core_tile.CoreTile."""

    place: Place
    col: int
    row: int
    program: NDArray[np.uint8]
    memory: NDArray[np.uint8]

    @property
    def array(self) -> Fabric: ...
    @property
    def core(self) -> Actor: ...
    @property
    def name(self) -> str: ...
    @property
    def observers(self) -> list[Observer]: ...
    def wake(self, actor: Actor) -> None: ...
    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...
    def wrote(self, offset: int, size: int) -> None: ...
    def bus_enabled(self) -> bool: ...
    def check_stack(self, stack: range) -> None: ...
    def windows(self) -> dict[int, NDArray[np.uint8]]: ...
    def reach(self) -> frozenset[Place]: ...
    def seen(self) -> dict[int, Place]: ...
    def core_locks(self) -> list[Lock | None]: ...
    def cascade_in(self) -> Cascade: ...
    def cascade_out(self) -> Cascade: ...
