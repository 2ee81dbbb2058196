from pathlib import Path

import pytest

from softnpu.arch.address import split_address
from softnpu.arch.device import device
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.tiles import TileKind
from softnpu.formats import cdo, txn
from softnpu.formats.operations import BlockWrite
from softnpu.formats.records import words

CORE = DMA_ENGINES[TileKind.CORE]
MEMORY = DMA_ENGINES[TileKind.MEMORY]
SHIM = DMA_ENGINES[TileKind.SHIM]


def blocks(operations, kind: TileKind) -> dict[int, dict[str, int]]:
    """The descriptors of one kind of tile as operations first write them, by number."""
    npu, engine = device("npu1"), DMA_ENGINES[kind]
    found = {}
    for operation in operations:
        if isinstance(operation, BlockWrite):
            col, row, offset = split_address(operation.address)
            place = engine.bd_at(offset) if npu.kind(col, row) is kind else None
            if place is not None:
                found.setdefault(place[0], engine.bd.unpack(words(operation.data)))
    return found


def golden_cdo(march: Path, design: str):
    return cdo.operations(cdo.parse((march / design / "main_aie_cdo_init.bin").read_bytes()))


def test_core_descriptors_of_a_real_cdo_say_what_the_design_says(march: Path) -> None:
    bd = blocks(golden_cdo(march, "passthrough_core"), TileKind.CORE)[0]
    assert bd["buffer_length"] == 256
    assert CORE.byte_address(bd) == 0x8000
    assert (bd["lock_acq_id"], bd["lock_acq_value"], bd["lock_acq_enable"]) == (0, -1, 1)
    assert (bd["lock_rel_id"], bd["lock_rel_value"]) == (1, 1)
    assert (bd["use_next_bd"], bd["next_bd"], bd["valid_bd"]) == (1, 1, 1)


def test_memory_tile_descriptors_count_their_own_memory_and_locks_second(march: Path) -> None:
    bd = blocks(golden_cdo(march, "passthrough_memtile"), TileKind.MEMORY)[0]
    assert MEMORY.byte_address(bd) == 0x80000
    assert (bd["lock_acq_id"], bd["lock_rel_id"]) == (64, 65)


def test_shim_descriptors_of_a_real_stream_hold_strides_minus_one(march: Path) -> None:
    stream = txn.parse((march / "task_sequence" / "insts.bin").read_bytes())
    bd = blocks(stream.operations, TileKind.SHIM)[0]
    assert (bd["buffer_length"], bd["d0_wrap"], bd["d1_stepsize"]) == (1024, 256, 255)


def test_what_was_unpacked_packs_to_the_same_words(march: Path) -> None:
    for kind in (TileKind.CORE, TileKind.MEMORY):
        for operation in golden_cdo(march, "distribute_join"):
            if isinstance(operation, BlockWrite):
                col, row, offset = split_address(operation.address)
                engine = DMA_ENGINES[kind]
                if device("npu1").kind(col, row) is kind and engine.bd_at(offset):
                    data = words(operation.data)
                    assert tuple(engine.bd.pack(engine.bd.unpack(data))) == data


@pytest.mark.parametrize(
    ("engine", "direction", "channel", "control"),
    [
        (CORE, Direction.S2MM, 1, 0x1DE08),
        (CORE, Direction.MM2S, 0, 0x1DE10),
        (MEMORY, Direction.S2MM, 5, 0xA0628),
        (MEMORY, Direction.MM2S, 0, 0xA0630),
        (SHIM, Direction.MM2S, 1, 0x1D218),
    ],
)
def test_channel_registers_are_found_both_ways(engine, direction, channel, control) -> None:
    assert engine.control_address(direction, channel) == control
    assert engine.channel_at(control) == (direction, channel, False)
    assert engine.channel_at(control + 4) == (direction, channel, True)


def test_places_between_registers_are_none() -> None:
    assert CORE.bd_at(CORE.bd_address(3) + 4 * 6) is None
    assert CORE.bd_at(CORE.bd_address(16)) is None
    assert CORE.channel_at(0x1DE02) is None
    assert MEMORY.channel_at(0xA0660) is None


def test_memory_tile_channels_use_the_half_of_the_descriptors_that_is_theirs() -> None:
    assert MEMORY.can_use(23, 0)
    assert not MEMORY.can_use(23, 1)
    assert MEMORY.can_use(24, 5)
    assert not MEMORY.can_use(24, 4)
    assert CORE.can_use(15, 1)


@pytest.mark.parametrize("engine", [CORE, MEMORY, SHIM])
@pytest.mark.parametrize("address", [0, 0x400, 0xFFFC])
def test_addresses_go_into_descriptors_and_come_out(engine, address) -> None:
    assert engine.byte_address(engine.address_fields(address)) == address


def test_host_addresses_have_48_bits() -> None:
    fields = SHIM.address_fields(0x1234_5678_9ABC)
    assert fields == {"base_address_low": 0x5678_9ABC >> 2, "base_address_high": 0x1234}
    assert SHIM.byte_address(fields) == 0x1234_5678_9ABC
