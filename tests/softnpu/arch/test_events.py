from __future__ import annotations

import pytest

from softnpu.arch.events import events, number_of
from softnpu.arch.register import Module

KNOWN = [
    (Module.CORE, "INSTR_EVENT_0", 33),
    (Module.CORE, "LOCK_STALL", 26),
    (Module.CORE, "PORT_RUNNING_7", 103),
    (Module.CORE, "USER_EVENT_3", 127),
    (Module.MEMORY, "DMA_MM2S_1_FINISHED_TASK", 30),
    (Module.MEMORY, "LOCK_SEL7_EQUAL_TO_VALUE", 75),
    (Module.MEMORY, "DM_PARITY_ERROR_BANK_7", 96),
    (Module.MEMORY_TILE, "DMA_S2MM_SEL1_STREAM_STARVATION", 38),
    (Module.MEMORY_TILE, "BROADCAST_15", 157),
    (Module.SHIM, "DMA_MM2S_0_STALLED_LOCK", 28),
    (Module.SHIM, "BROADCAST_A_15", 125),
]
"""Picked from aie-rt, xaie_events_aieml.h."""


@pytest.mark.parametrize(("module", "name", "number"), KNOWN)
def test_events_have_the_numbers_of_aie_rt(module: Module, name: str, number: int) -> None:
    assert number_of(module, name) == number
    assert number_of(module, name.lower()) == number


def test_an_event_of_another_module_is_none_of_this_one() -> None:
    assert number_of(Module.MEMORY, "INSTR_EVENT_0") is None


@pytest.mark.parametrize("module", list(Module))
def test_no_number_stands_for_two_events(module: Module) -> None:
    numbers = list(events(module).values())
    assert len(numbers) == len(set(numbers))
