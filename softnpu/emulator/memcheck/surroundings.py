"""What the memory check asks of the tile whose core it checks."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.naming.names import Place
from softnpu.emulator.scheduling.scheduler import Actor


class Configured(Protocol):
    """The array: which PDI has configured it."""

    pdi: int


class CheckedTile(Protocol):
    """A core's own tile, see core_tile.CoreTile."""

    place: Place
    program: NDArray[np.uint8]
    memory: NDArray[np.uint8]

    @property
    def array(self) -> Configured: ...
    @property
    def core(self) -> Actor: ...
    def reach(self) -> frozenset[Place]: ...
    def seen(self) -> dict[int, Place]: ...
    def core_locks(self) -> list[Lock | None]: ...
