"""One trace unit: which events it records, when it begins and ends, whose locks and channels."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.device import device
from softnpu.arch.register import Module
from softnpu.emulator.array.array import Array
from softnpu.formats.event_settings import Settings
from softnpu.formats.trace_frames import Event, Start, Stop, decode


def traced(array: Array, module: Module, **registers: int) -> None:
    """Writes a core tile's registers of one module."""
    from softnpu.arch.registers import address, lookup

    for name, value in registers.items():
        match = lookup(module, name)
        assert match is not None
        array.write(tile_address(0, 2, address(match)), value)


@pytest.fixture
def array() -> Array:
    return Array(device("npu1_1col"))


def generate(array: Array, time: int, *events: int) -> None:
    """The controller makes user events of the core's module happen."""
    array.controller_clock = time
    for event in events:
        traced(array, Module.CORE, Event_Generate=event)


USER = [124, 125, 126, 127]


def masks(array: Array, horizon: int) -> Sequence[tuple[int, int]]:
    """(cycle, slots) of what the core's unit recorded, up to a cycle."""
    unit = array.tracing._units.at((0, 2), Module.CORE)
    assert unit is not None
    recorded: list[tuple[int, int]] = []
    record = unit._record

    def note(begin: int, end: int, mask: int) -> None:
        recorded.extend((cycle, mask) for cycle in range(begin, end) if mask)
        record(begin, end, mask)

    unit._record = note  # type: ignore[method-assign]
    unit.advance(horizon)
    return recorded


def test_edges_and_combinations_follow_from_their_events(array: Array) -> None:
    a, b, start, _ = USER
    combo0, edge0 = 9, 13
    traced(
        array,
        Module.CORE,
        Combo_event_inputs=b << 8 | a,
        Combo_event_control=0b01,
        Edge_Detection_event_control=1 << 10 | a,
        Trace_Event0=edge0 << 8 | combo0,
        Trace_Control0=start << 16,
    )
    generate(array, 10, start)
    generate(array, 20, a)
    generate(array, 30, a, b)
    assert masks(array, 50) == [(20, 0b01), (21, 0b10), (31, 0b10)]


def test_a_trace_goes_from_its_start_event_up_to_its_stop_event(array: Array) -> None:
    a, start, stop, _ = USER
    control = stop << 24 | start << 16
    traced(array, Module.CORE, Trace_Event0=a, Trace_Control0=control)
    for time, event in ((5, a), (10, start), (11, a), (20, stop), (21, a)):
        generate(array, time, event)
    assert masks(array, 50) == [(11, 1)]


def test_a_trace_begins_with_the_time_since_the_timer_was_reset(array: Array) -> None:
    a, start, reset, _ = USER
    traced(
        array,
        Module.CORE,
        Timer_Control=reset << 8,
        Trace_Event0=a,
        Trace_Control0=start << 16 | a << 24,
    )
    for time, event in ((4, reset), (10, start), (11, a)):
        generate(array, time, event)
    unit_ = array.tracing._units.at((0, 2), Module.CORE)
    assert unit_ is not None
    unit_.advance(50)
    ((time, payload),) = unit_.ready
    assert list(decode(payload)) == [Start(10 - 4), Event(1, 1), Stop(0)]
    assert time == 12


def test_trace_status_tells_whether_a_unit_is_running(array: Array) -> None:
    a, start, *_ = USER
    traced(array, Module.CORE, Trace_Event0=a, Trace_Control0=start << 16)
    status = tile_address(0, 2, 0x340D8)
    assert array.read(status) == 0
    generate(array, 10, start)
    masks(array, 20)
    assert array.read(status) == 1 << 8


def test_a_broadcast_does_not_pass_a_module_that_blocks_it(array: Array) -> None:
    a, *_ = USER
    traced(array, Module.CORE, Event_Broadcast3=a, Event_Broadcast_Block_North_Set=1 << 3)
    above = array.tracing._units.use((0, 3), Module.CORE)
    beside = array.tracing._units.use((0, 1), Module.MEMORY_TILE)
    for unit_ in (above, beside):
        unit_.settings.write("Trace_Event0", unit_.settings.broadcast_event(3))
    generate(array, 7, a)
    assert not above.pending
    assert [one[:2] for one in beside.pending] == [(7, 8)]


def selected(array: Array, place: tuple[int, int], module: Module, **registers: int) -> None:
    """Writes registers of a module of a tile, so that its unit runs from cycle 0 on."""
    from softnpu.arch.registers import address, lookup

    for name, value in {**registers, "Trace_Control0": 1 << 16}.items():
        match = lookup(module, name)
        assert match is not None
        array.write(tile_address(*place, address(match)), value)


def recorded(array: Array, place: tuple[int, int], module: Module) -> list[tuple[int, int]]:
    """(cycle, slots) of what a unit records up to cycle 100."""
    unit_ = array.tracing._units.at(place, module)
    assert unit_ is not None
    found: list[tuple[int, int]] = []
    record = unit_._record

    def note(begin: int, end: int, mask: int) -> None:
        found.extend((cycle, mask) for cycle in range(begin, end) if mask)
        record(begin, end, mask)

    unit_._record = note  # type: ignore[method-assign]
    array.tracing._units.advance(100)
    return found


@pytest.mark.parametrize(
    ("place", "module"), [((0, 2), Module.MEMORY), ((0, 1), Module.MEMORY_TILE)]
)
def test_lock_events_are_those_of_the_lock_that_is_selected(
    array: Array, place: tuple[int, int], module: Module
) -> None:
    number = Settings(module).number
    release = number.get("LOCK_2_REL") or number["LOCK_SEL2_REL"]
    chosen, other = array.tile(*place).locks[5], array.tile(*place).locks[6]
    selected(
        array,
        place,
        module,
        Locks_Event_Selection_2=5 << 16 | 2,
        Trace_Event0=number["LOCK_SEL2_EQUAL_TO_VALUE"] << 16
        | release << 8
        | number["LOCK_SEL2_ACQ_GE"],
    )
    actor = array.tile(*place).dma.receivers[0]
    for clock, lock in ((10, chosen), (12, other), (20, chosen)):
        actor.clock = clock
        lock.release(1, actor)
    actor.clock = 30
    assert chosen.acquire(-1, actor)
    assert recorded(array, place, module) == [
        (10, 0b010),
        (20, 0b110),
        *[(cycle, 0b100) for cycle in range(21, 30)],
        (30, 0b001),
    ]


def test_a_memory_tile_tells_of_the_channels_that_it_selects(array: Array) -> None:
    number = Settings(Module.MEMORY_TILE).number
    selected(
        array,
        (0, 1),
        Module.MEMORY_TILE,
        DMA_Event_Channel_Selection=4,
        Trace_Event0=number["DMA_S2MM_SEL1_START_TASK"] << 8 | number["DMA_S2MM_SEL0_START_TASK"],
    )
    channels = array.tile(0, 1).dma.receivers
    for clock, channel in ((10, channels[4]), (20, channels[1]), (30, channels[0])):
        channel.clock = clock
        for observer in array.observers:
            observer.task_began(channel)
    assert recorded(array, (0, 1), Module.MEMORY_TILE) == [(10, 0b01), (30, 0b10)]
