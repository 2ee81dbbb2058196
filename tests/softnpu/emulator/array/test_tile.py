"""Tiles take register writes: what is modelled, what may be ignored, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softnpu.arch.address import tile_address
from softnpu.arch.register import MODULES, Match
from softnpu.arch.register_tables import table
from softnpu.arch.registers import address
from softnpu.arch.tiles import TileKind
from softnpu.emulator.array.ignored import IGNORED, reason_to_ignore
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.wiring import make_array

TILES = {TileKind.SHIM: (0, 0), TileKind.MEMORY: (0, 1), TileKind.CORE: (0, 2)}


def offsets(kind: TileKind) -> list[int]:
    """The offset of every register of a kind of tile."""
    registers = [r for module in MODULES[kind] for r in table(module)]
    return [address(Match(r, i)) for r in registers for i in range(r.count)]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_register_writes_end_well_or_in_an_error_of_ours(data: st.DataObject) -> None:
    array = make_array()
    array.set_deadline(10_000, settling=True)
    words = st.one_of(st.integers(0, 0xFFFFFFFF), st.integers(0, 255))
    for _ in range(data.draw(st.integers(1, 40))):
        kind = data.draw(st.sampled_from(list(TILES)))
        offset = data.draw(st.sampled_from(offsets(kind)))
        try:
            array.write(tile_address(*TILES[kind], offset), data.draw(words))
            array.read(tile_address(*TILES[kind], offset))
        except EmulatorError:
            continue
    try:
        array.scheduler.run()
    except EmulatorError:
        return


@pytest.mark.parametrize("kind", TILES)
def test_a_register_is_modelled_ignored_or_refused_by_name(kind: TileKind) -> None:
    """No write is lost: what is neither modelled nor ignored names itself."""
    refused = []
    array = make_array()
    for offset in offsets(kind):
        where = tile_address(*TILES[kind], offset)
        try:
            array.write(where, 0)
        except EmulatorError as error:
            is_queue = "descriptor 0" in str(error)
            assert is_queue or f"({offset:#x}) is not modelled" in str(error)
            refused.append(offset)
    assert all(reason_to_ignore(kind, offset) is None for offset in refused)


def test_every_ignored_register_exists_and_has_a_reason() -> None:
    used: set[str] = set()
    for kind in TILES:
        used |= {reason for o in offsets(kind) if (reason := reason_to_ignore(kind, o))}
    assert used == set(IGNORED.values())
    assert all(len(reason) > 10 for reason in IGNORED.values())


@pytest.mark.parametrize(
    ("device", "control", "counter"), [("npu1", 0x36030, 0x31100), ("npu2", 0x60020, 0x30E00)]
)
def test_a_register_lies_where_its_generation_has_it(
    device: str, control: int, counter: int
) -> None:
    """Tile_Control, which is kept, and Core_PC, which is read."""
    array = make_array(f"{device}_1col")
    other = make_array("npu2_1col" if device == "npu1" else "npu1_1col")
    array.write(tile_address(0, 2, control), 5)
    assert (array.read(tile_address(0, 2, control)), array.read(tile_address(0, 2, counter))) == (
        5,
        0,
    )
    for offset in (control, counter):
        with pytest.raises(EmulatorError, match="is not modelled"):
            other.read(tile_address(0, 2, offset))


def test_an_address_that_is_no_register_is_refused() -> None:
    with pytest.raises(EmulatorError, match=r"tile \(0,1\): write of 0x1 to offset 0xffff0"):
        make_array().write(tile_address(0, 1, 0xFFFF0), 1)


def test_blocks_go_to_data_and_program_memory_and_registers() -> None:
    array = make_array()
    words = np.arange(8, dtype="<u4") + 1
    for offset in (0x400, 0x20000):
        array.write_block(tile_address(0, 2, offset), words.tobytes())
    tile = array.core_tile(0, 2)
    assert tile.words[0x100:0x108].tolist() == words.tolist()
    assert tile.program[:32].view("<u4").tolist() == words.tolist()
    array.write_block(tile_address(0, 2, 0x3F000), words.tobytes())
    assert [array.read(tile_address(0, 2, 0x3F000 + 4 * i)) for i in range(8)] == words.tolist()


def test_a_lock_register_holds_six_bits() -> None:
    array = make_array()
    array.write(tile_address(0, 2, 0x1F030), 0x45)
    assert array.tile(0, 2).locks[3].value == 5
    assert array.read(tile_address(0, 2, 0x1F030)) == 5


def test_a_tile_outside_the_partition_is_named() -> None:
    with pytest.raises(EmulatorError, match=r"no tile \(2,0\): npu1_2col has 2 columns"):
        make_array().write(tile_address(2, 0, 0), 1)


def test_an_unmodelled_register_is_refused_by_name() -> None:
    with pytest.raises(
        EmulatorError, match=r"tile \(0,2\): write of 0x5 to Debug_Control1 .0x32014"
    ):
        make_array().write(tile_address(0, 2, 0x32014), 5)


@pytest.mark.parametrize(
    ("offset", "value", "told"),
    [
        (
            0x1F000,
            0xC00,
            r"to Mux_Config .* selects 3 for South 3; there are 0 \(PLIO\), 1",
        ),
        (0x1F004, 0x30, r"to Demux_Config .* selects 3 for South 2"),
    ],
)
def test_a_shim_port_that_leads_nowhere_is_refused(offset: int, value: int, told: str) -> None:
    with pytest.raises(EmulatorError, match=told):
        make_array().write(tile_address(0, 0, offset), value)


def test_a_register_that_may_be_ignored_keeps_its_value() -> None:
    array = make_array()
    array.write(tile_address(0, 2, 0x34000), 0x1234)
    assert array.read(tile_address(0, 2, 0x34000)) == 0x1234
