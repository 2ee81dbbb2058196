"""What tiles ask of the array around them.

A part knows such protocols and not who fulfils them, so that each room stands on those below it
alone; what engines, cores, trace units and the memory check ask for stands in their own rooms
(`surroundings.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.tiles import TileKind
from softnpu.emulator.array.control_port import ControlPort
from softnpu.emulator.cores.surroundings import CoreArray
from softnpu.emulator.dma.surroundings import EngineArray
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.observing.observer import Place
from softnpu.emulator.tracing.tracing import Tracing


class Neighbour(Protocol):
    """A tile, as another one knows it."""

    memory: NDArray[np.uint8]
    locks: list[Lock]
    control_port: ControlPort


class Fabric(EngineArray, CoreArray, Protocol):
    """The array, see array.Array."""

    @property
    def tracing(self) -> Tracing: ...
    @property
    def tiles(self) -> Mapping[Place, Neighbour]: ...
    def register_name(self, kind: TileKind, offset: int) -> str: ...
