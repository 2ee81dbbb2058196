"""The places of a device as slots, numbered column by column from the shim up.

Source: mlir-aie, AIESAPlacer.cpp (getMemAffinityNeighbors, computeMemoryPressure).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from softnpu.arch.device import Device, TileKind

PRESSURE_COST = 3
"""Of a memory that is just full; the cost grows with the square of what is beyond the threshold."""
PRESSURE_THRESHOLD = 0.75
"""The part of a memory that may be used for nothing."""


@dataclass(frozen=True)
class Grid:
    """The places of a device."""

    model: Device

    def slot(self, col: int, row: int) -> int:
        return col * self.model.rows + row

    def position(self, slot: int) -> tuple[int, int]:
        return divmod(slot, self.model.rows)

    @cached_property
    def kinds(self) -> list[TileKind]:
        return [self.model.kind(*at) for at in self.model.tiles()]

    @cached_property
    def capacities(self) -> list[int]:
        """Bytes of data memory."""
        return [self.model.facts(kind).data_memory for kind in self.kinds]

    @cached_property
    def limits(self) -> list[int]:
        """DMA channels into each slot, then those out of each."""
        return [self.model.facts(kind).channels for kind in self.kinds] * 2

    def reaches(self, slot: int, other: int) -> bool:
        """Whether a tile can use the memory of another."""
        return self.model.is_legal_mem_affinity(*self.position(slot), *self.position(other))

    @cached_property
    def around(self) -> list[list[int]]:
        """The tiles around whose memory each tile can use: west, east, north, south."""
        found = []
        for col, row in self.model.tiles():
            beside = ((col - 1, row), (col + 1, row), (col, row + 1), (col, row - 1))
            inside = (self.slot(*at) for at in beside if self.model.is_valid_tile(*at))
            here = self.slot(col, row)
            found.append([other for other in inside if self.reaches(here, other)])
        return found

    @cached_property
    def pressures(self) -> dict[tuple[int, int], int]:
        """What a use of a slot's memory costs; found once."""
        return {}

    def pressure(self, slot: int, used: int) -> int:
        """The cost of a memory that is nearly full."""
        found = self.pressures.get((slot, used))
        if found is None:
            found = self.pressures[slot, used] = self._pressure(slot, used)
        return found

    def _pressure(self, slot: int, used: int) -> int:
        if self.kinds[slot] is TileKind.SHIM:
            return 0
        utilization = used / self.capacities[slot]
        if utilization <= PRESSURE_THRESHOLD:
            return 0
        excess = (utilization - PRESSURE_THRESHOLD) / (1.0 - PRESSURE_THRESHOLD)
        return int(PRESSURE_COST * excess * excess)
