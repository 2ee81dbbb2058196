import pytest

from softnpu.arch.ports import STREAM_SWITCHES, Bundle
from softnpu.arch.tiles import TileKind

CORE, MEMORY, SHIM = TileKind.CORE, TileKind.MEMORY, TileKind.SHIM


@pytest.mark.parametrize(
    ("kind", "masters", "slaves"), [(CORE, 23, 25), (MEMORY, 17, 18), (SHIM, 22, 23)]
)
def test_each_switch_has_all_its_ports(kind: TileKind, masters: int, slaves: int) -> None:
    switch = STREAM_SWITCHES[kind]
    assert (len(switch.masters), len(switch.slaves)) == (masters, slaves)


def test_ports_are_numbered_as_the_registers_count_them() -> None:
    assert STREAM_SWITCHES[CORE].slave_index(Bundle.South, 1) == 6
    assert STREAM_SWITCHES[CORE].master_index(Bundle.North, 4) == 17
    assert STREAM_SWITCHES[MEMORY].slave_index(Bundle.North, 1) == 14
    assert STREAM_SWITCHES[SHIM].slave_index(Bundle.South, 3) == 5
    assert STREAM_SWITCHES[SHIM].slave_index(Bundle.Trace, 0) == 22


def test_registers_follow_the_port_numbers() -> None:
    shim = STREAM_SWITCHES[SHIM]
    assert shim.master_register(Bundle.South, 2) == 0x3F010
    assert shim.slave_register(Bundle.North, 1) == 0x3F13C
    assert shim.slot_register(Bundle.TileControl, 0, 3) == 0x3F20C
    assert STREAM_SWITCHES[MEMORY].slot_register(Bundle.DMA, 1, 0) == 0xB0210


def test_a_port_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        STREAM_SWITCHES[MEMORY].master_index(Bundle.West, 0)


def test_a_bundle_meets_its_opposite_at_the_neighbour() -> None:
    assert Bundle.North.opposite is Bundle.South
    assert Bundle.East.opposite is Bundle.West
    assert Bundle.DMA.opposite is Bundle.DMA
