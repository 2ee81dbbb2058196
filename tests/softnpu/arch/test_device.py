import pytest

from softnpu.arch.device import DEVICES, Device, TileKind, device, device_of_shape
from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.errors import DesignError

NPU1 = device("npu1")
CORE, MEMORY, SHIM = (1, 3), (1, 1), (1, 0)


def test_an_unknown_device_names_the_nearest_and_all_there_are() -> None:
    with pytest.raises(DesignError, match="did you mean 'npu1_2col'") as caught:
        device("npu1_2cols")
    assert "npu2_7col" in str(caught.value)


def test_rows_decide_what_a_tile_is() -> None:
    kinds = [NPU1.kind(0, row) for row in range(6)]
    assert kinds == [TileKind.SHIM, TileKind.MEMORY] + 4 * [TileKind.CORE]


@pytest.mark.parametrize(
    ("name", "columns", "devgen", "starts"),
    [
        ("npu1", 4, 3, (0,)),
        ("npu1_1col", 1, 3, (0, 1, 2, 3)),
        ("npu1_3col", 3, 3, (0, 1)),
        ("npu2", 8, 4, (0,)),
        ("npu2_2col", 2, 4, (0, 1, 2, 3, 4, 5, 6)),
        ("npu2_7col", 7, 4, (0, 1)),
    ],
)
def test_partitions_know_their_size_and_place(name, columns, devgen, starts) -> None:
    found = device(name)
    assert (found.columns, found.devgen, found.start_columns) == (columns, devgen, starts)
    assert device_of_shape(devgen, columns) is found


def test_a_core_sees_south_west_north_and_its_own_memory_in_windows() -> None:
    col, row = CORE
    assert NPU1.mem_local_base_address(col, row, col, row - 1) == 0x40000
    assert NPU1.mem_local_base_address(col, row, col - 1, row) == 0x50000
    assert NPU1.mem_local_base_address(col, row, col, row + 1) == 0x60000
    assert NPU1.mem_local_base_address(col, row, col, row) == 0x70000
    assert NPU1.mem_local_base_address(col, row, col + 1, row) is None


def test_cores_number_locks_by_sixteen_memory_tiles_by_sixty_four() -> None:
    assert NPU1.lock_local_base_index(*CORE, *CORE) == 48
    assert NPU1.lock_local_base_index(*CORE, 0, 3) == 16
    assert NPU1.lock_local_base_index(*MEMORY, *MEMORY) == 64
    assert NPU1.lock_local_base_index(*MEMORY, 2, 1) == 128
    assert NPU1.lock_local_base_index(*SHIM, *SHIM) is None


def test_the_lowest_core_has_no_memory_to_its_south() -> None:
    assert NPU1.neighbour(1, 2, Bundle.South) is None
    assert NPU1.neighbour(1, 3, Bundle.South) == (1, 2)
    assert NPU1.neighbour(0, 3, Bundle.West) is None
    assert NPU1.neighbour(1, 5, Bundle.North) is None
    assert NPU1.neighbour(1, 3, Bundle.East) == (1, 3)


def test_affinity_is_not_symmetric() -> None:
    assert NPU1.is_legal_mem_affinity(1, 2, 0, 2)
    assert not NPU1.is_legal_mem_affinity(0, 2, 1, 2)
    assert not NPU1.is_legal_mem_affinity(1, 2, 1, 1)
    assert NPU1.is_legal_mem_affinity(1, 1, 2, 1)
    assert not NPU1.is_legal_mem_affinity(1, 1, 1, 2)


def test_array_addresses_are_those_of_the_target_model() -> None:
    assert NPU1.dma_bd_address(1, 0, 2) == 0x0201D040
    assert NPU1.dma_bd_address(1, 1, 1) == 0x021A0020
    assert NPU1.dma_control_address(0, 0, 0, Direction.MM2S) == 0x1D210
    assert [NPU1.dma_bd_address_offset(0, row) for row in (0, 1, 2)] == [4, 4, 0]
    assert NPU1.local_lock_address(3, 0, 1) == 0xC0030
    assert NPU1.local_lock_address(16, 0, 2) is None


@pytest.mark.parametrize("npu", DEVICES.values(), ids=DEVICES)
def test_wires_between_neighbours_match_and_edges_have_none(npu: Device) -> None:
    """What AIETargetModel::validate asserts."""
    for col, row in npu.tiles():
        for bundle, step in (
            (Bundle.North, (0, 1)),
            (Bundle.South, (0, -1)),
            (Bundle.East, (1, 0)),
            (Bundle.West, (-1, 0)),
        ):
            other = (col + step[0], row + step[1])
            outgoing = npu.num_source_switchbox_connections(col, row, bundle)
            if npu.is_valid_tile(*other):
                incoming = npu.num_dest_switchbox_connections(*other, bundle.opposite)
                assert outgoing == incoming, (col, row, bundle)
            elif bundle is not Bundle.South:
                assert outgoing == 0


def test_memory_tiles_have_no_sideways_streams() -> None:
    assert NPU1.num_dest_switchbox_connections(1, 1, Bundle.East) == 0
    assert NPU1.num_dest_switchbox_connections(1, 1, Bundle.North) == 6
    assert NPU1.num_source_switchbox_connections(1, 1, Bundle.North) == 4


def test_only_a_shim_has_a_mux() -> None:
    assert NPU1.num_source_shim_mux_connections(1, 0, Bundle.DMA) == 2
    assert NPU1.num_dest_shim_mux_connections(1, 0, Bundle.South) == 8
    assert NPU1.num_source_shim_mux_connections(1, 1, Bundle.DMA) == 0


def test_a_versal_shim_without_a_dma_leads_to_programmable_logic_alone() -> None:
    versal = device("xcve2802")
    assert [versal.is_shim_noc(col, 0) for col in (1, 2)] == [False, True]
    assert versal.num_dest_switchbox_connections(1, 0, Bundle.TileControl) == 0
    assert versal.num_source_switchbox_connections(2, 0, Bundle.TileControl) == 1
    assert versal.num_source_shim_mux_connections(1, 0, Bundle.PLIO) == 8


def test_versal_tiles_lie_where_the_target_model_says() -> None:
    small, large = device("xcve2302"), device("xcve2802")
    assert (small.columns, small.rows, large.columns, large.rows) == (17, 4, 38, 11)
    assert [small.kind(0, row) for row in (1, 2)] == [TileKind.MEMORY, TileKind.CORE]
    assert [large.kind(0, row) for row in (2, 3)] == [TileKind.MEMORY, TileKind.CORE]
    assert device_of_shape(3, 17) is None


def test_only_the_second_generation_has_512_byte_bursts() -> None:
    assert (3, 512) in device("npu2_1col").bursts
    assert (3, 512) not in NPU1.bursts
