"""Device operations change the array as their names say."""

from __future__ import annotations

import pytest

from softnpu.arch.address import tile_address
from softnpu.emulator.array.array import Array
from softnpu.emulator.control import executor
from softnpu.errors import EmulatorError
from softnpu.formats.operations import (
    BlockSet,
    BlockWrite,
    Delay,
    LoadPdi,
    MaskPoll,
    MaskWrite,
    Nop,
    Operation,
    Sync,
    Write,
)
from tests.softnpu.emulator.wiring import make_array

HERE = tile_address(0, 2, 0x400)


@pytest.fixture
def array() -> Array:
    made = make_array()
    made.write(HERE, 0x11112222)
    return made


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Write(HERE, 7), [7, 0]),
        (MaskWrite(HERE, 0xFFFF0000, 0xAAAABBBB), [0xAAAA2222, 0]),
        (MaskWrite(HERE, 0xFFFFFFFF, 9), [9, 0]),
        (BlockWrite(HERE, bytes(range(8))), [0x03020100, 0x07060504]),
        (BlockSet(HERE, 5, 2), [5, 5]),
        (Nop(), [0x11112222, 0]),
        (Delay(100), [0x11112222, 0]),
    ],
)
def test_an_operation_leaves_these_words(
    array: Array, operation: Operation, words: list[int]
) -> None:
    executor.apply(array, operation)
    assert array.tile(0, 2).words[0x100:0x102].tolist() == words


def test_a_configuration_may_poll_what_already_holds(array: Array) -> None:
    executor.configure(array, [MaskPoll(HERE, 0xFFFF, 0x2222), Write(HERE, 1)])
    assert array.read(HERE) == 1


def test_a_configuration_that_polls_in_vain_is_refused(array: Array) -> None:
    with pytest.raises(EmulatorError, match="which never holds"):
        executor.configure(array, [MaskPoll(HERE, 0xFFFF, 0x2223)])


@pytest.mark.parametrize("operation", [Sync(0, 0, 0, 0), LoadPdi(1)])
def test_what_only_the_controller_can_do_is_no_configuration(
    array: Array, operation: Operation
) -> None:
    with pytest.raises(EmulatorError, match="is not modelled in an array configuration"):
        executor.configure(array, [operation])
