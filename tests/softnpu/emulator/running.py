"""Programs on the cores of an array that nothing else sets up, for tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.arch.address import tile_address
from softnpu.emulator.array.array import Array
from softnpu.emulator.array.core_tile import CORE_CONTROL
from softnpu.emulator.cores.services import CoreError
from tests.softnpu.emulator.programs import Segments, loads
from tests.softnpu.emulator.wiring import settle

Compile = Callable[..., Segments]
LEFT, RIGHT, ABOVE = (0, 2), (1, 2), (0, 3)
DONE = 1 << 20


def load(array: Array, tile: tuple[int, int], program: Segments) -> None:
    for operation in loads({tile: program}):
        array.write_block(operation.address, operation.data)


def enable(array: Array, *tiles: tuple[int, int]) -> None:
    for tile in tiles:
        array.write(tile_address(*tile, CORE_CONTROL), 1)


def run(array: Array, programs: dict[tuple[int, int], Segments]) -> Array:
    for tile, program in programs.items():
        load(array, tile, program)
    enable(array, *programs)
    settle(array)
    return array


def fault_of(array: Array, tile: tuple[int, int], program: Segments) -> str:
    with pytest.raises(CoreError) as caught:
        run(array, {tile: program})
    assert caught.value.fault.tile == tile
    return str(caught.value)
