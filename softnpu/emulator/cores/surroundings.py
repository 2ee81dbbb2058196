"""What a core asks of its tile, and of the array around it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.device import Device
from softnpu.emulator.cores.printing import Printed
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.observing.attached import Attached
from softnpu.emulator.observing.observer import Observer, Place
from softnpu.emulator.scheduling.scheduler import Actor, Scheduler
from softnpu.emulator.streams.cascade import Cascade


class Followed(Protocol):
    """The trace units: which cores they follow."""

    def follows(self, place: Place) -> bool: ...


class CoreArray(Protocol):
    """The array, see array.Array."""

    device: Device
    core_isa: str | None
    scheduler: Scheduler
    deadline: int
    memcheck: MemoryCheck | None
    debugger: Attached | None
    profile: bool
    pdi: int
    controller_clock: int
    printed: list[Printed]

    @property
    def tracing(self) -> Followed: ...
    def hazard(self, what: str) -> None: ...
    def go_on(self, actor: Actor) -> None: ...


class CoreHome(Protocol):
    """A core's own tile, see core_tile.CoreTile."""

    place: Place
    col: int
    row: int
    program: NDArray[np.uint8]
    memory: NDArray[np.uint8]

    @property
    def array(self) -> CoreArray: ...
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
