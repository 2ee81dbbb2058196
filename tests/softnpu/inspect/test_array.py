"""The array reconstructed from artifacts alone, against the designs that they were made from."""

from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.arch.address import tile_address
from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle, Port, ShimSource
from softnpu.compiler.selection import main_device
from softnpu.dialects.aie import (
    ConnectOp,
    DMABDOp,
    LockOp,
    MasterSetOp,
    MemOp,
    MemTileDMAOp,
    PacketRulesOp,
    SwitchboxOp,
)
from softnpu.dialects.text import parse_file
from softnpu.formats import txn, xclbin
from softnpu.formats.operations import BlockSet, MaskWrite, Write
from softnpu.inspect.array import ConfiguredArray, of_operations
from softnpu.inspect.pdis import of_xclbin
from softnpu.inspect.tile import Cascade, Connection, HostAddress, Lock, Span
from tests.conftest import MARCH_DESIGNS

Ports = tuple[tuple[int, int], str, str]


def configured(folder: Path, *, sequence: bool = True) -> ConfiguredArray:
    operations = txn.parse((folder / "insts.bin").read_bytes()).operations if sequence else ()
    return (
        of_xclbin(xclbin.parse((folder / "final.xclbin").read_bytes()), operations).shown[0].array
    )


def designed_connections(module: ModuleOp) -> set[Ports]:
    """What the switchboxes of a routed design connect, packet rules followed to their ports."""
    found: set[Ports] = set()
    for box in (op for op in main_device(module).body.ops if isinstance(op, SwitchboxOp)):
        tile = box.position
        masters = [op for op in box.walk() if isinstance(op, MasterSetOp)]
        for op in box.walk():
            if isinstance(op, ConnectOp):
                found.add((tile, named(op.source_port), named(op.dest_port)))
            if isinstance(op, PacketRulesOp):
                for rule in op.rules.block.ops:
                    for master in masters:
                        if getattr(rule, "amsel", None) in master.amsels:
                            found.add((tile, named(op.source_port), named(master.dest_port)))
    return found


def named(port: tuple[object, int]) -> str:
    return f"{getattr(port[0], 'name', port[0])}{port[1]}"


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_the_connections_are_those_of_the_routed_design(march: Path, design: str) -> None:
    array = configured(march / design, sequence=False)
    found = {
        (connection.tile, str(connection.slave), str(connection.master))
        for tile in array.tiles.values()
        for connection in tile.connections
    }
    assert found == designed_connections(parse_file(march / design / "input_physical.mlir"))


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_the_descriptors_are_those_of_the_designs_memories(march: Path, design: str) -> None:
    array = configured(march / design, sequence=False)
    device = main_device(parse_file(march / design / "input_physical.mlir"))
    expected = {
        (memory.position, op.bd_id)
        for memory in device.body.ops
        if isinstance(memory, MemOp | MemTileDMAOp)
        for op in memory.walk()
        if isinstance(op, DMABDOp)
    }
    found = {
        (tile.position, descriptor.number)
        for tile in array.tiles.values()
        for descriptor in tile.descriptors
        if descriptor.valid
    }
    assert found == expected


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_the_locks_have_the_values_that_the_design_gives_them(march: Path, design: str) -> None:
    array = configured(march / design, sequence=False)
    device = main_device(parse_file(march / design / "input_physical.mlir"))
    for op in (op for op in device.body.ops if isinstance(op, LockOp) and op.init is not None):
        assert op.lock_id is not None
        assert Lock(op.lock_id, op.init) in array.tiles[op.position].locks


def test_a_ring_of_descriptors_is_a_task_that_names_each_once(march: Path) -> None:
    core = configured(march / "passthrough_core").tiles[0, 2]
    (task,) = core.channel_tasks(Direction.S2MM, 0)
    assert [d.number for d in task.chain] == [0, 1]
    assert task.chain[-1].next == 0
    assert core.program == 16
    assert core.runs


def test_a_sequence_adds_shim_tasks_with_the_host_buffers_that_they_move(march: Path) -> None:
    folder = march / "broadcast_add"
    (task,) = configured(folder).tiles[1, 0].channel_tasks(Direction.S2MM, 0)
    assert task.token
    assert task.chain[0].host == HostAddress(argument=2, offset=0)
    assert task.chain[0].bytes == 1024
    assert configured(folder, sequence=False).tiles[1, 0].tasks == ()


def test_a_descriptor_used_again_keeps_what_it_was_in_each_task(march: Path) -> None:
    shim = configured(march / "task_sequence").tiles[0, 0]
    hosts = [task.chain[0].host for task in shim.tasks]
    assert len(set(hosts)) > len(shim.descriptors)


def test_packets_of_one_source_with_different_ids_are_different_routes(march: Path) -> None:
    routes = configured(march / "packet_routes").routes
    ways = {
        route.packet_ids: [str(sink) for sink in route.sinks]
        for route in routes
        if route.packet_ids and not route.is_control
    }
    assert ways == {(1,): ["(0,2) S2MM 0"], (2,): ["(0,3) S2MM 0"]}


def test_a_broadcast_is_one_route_with_two_sinks(march: Path) -> None:
    array = configured(march / "broadcast_add")
    (route,) = [r for r in array.routes if r.source.tile == (0, 0) and not r.is_control]
    assert str(route.source) == "(0,0) MM2S 0"
    assert [str(sink) for sink in route.sinks] == ["(0,2) S2MM 0", "(1,3) S2MM 0"]
    assert [hop.tile for hop in route.hops] == [(0, 0), (0, 1), (0, 2), (0, 2), (1, 2), (1, 3)]


def test_the_shims_multiplexers_tell_which_port_is_a_dma_channel(march: Path) -> None:
    shim = configured(march / "packet_routes").tiles[0, 0]
    assert shim.mux == {3: ShimSource.DMA}
    assert shim.demux == {2: ShimSource.DMA, 3: ShimSource.DMA}


def test_cascades_and_data_filled_at_start_up_are_seen(march: Path) -> None:
    pair = configured(march / "cascade_pair")
    assert pair.tiles[0, 3].cascade == Cascade(Bundle.North, Bundle.South)
    filled = configured(march / "initial_data")
    assert filled.tiles[0, 1].memory == (Span(0, 32),)


def test_masked_writes_change_only_what_the_mask_lets_through() -> None:
    control = tile_address(0, 2, 0x32000)
    started = of_operations([Write(control, 2), MaskWrite(control, 1, 1)])
    assert started.tiles[0, 2].runs
    stopped = of_operations([Write(control, 1), MaskWrite(control, 1, 0)])
    assert not stopped.tiles[0, 2].runs


def test_parts_of_a_memory_that_touch_are_one_span() -> None:
    first, second = (BlockSet(tile_address(0, 2, offset), 0, 4) for offset in (0x400, 0x410))
    assert of_operations([second, first]).tiles[0, 2].memory == (Span(0x400, 0x20),)


def test_connections_without_a_source_are_a_route_from_where_they_begin() -> None:
    """Core tile (0,2): South0 to DMA0, but nothing in the memory tile below sends there."""
    slave_south0, master_dma0 = 0x3F100 + 4 * 5, 0x3F000 + 4 * 1
    array = of_operations(
        [
            Write(tile_address(0, 2, slave_south0), 1 << 31),
            Write(tile_address(0, 2, master_dma0), 1 << 31 | 5),
        ]
    )
    (route,) = array.routes
    assert route.source.port == Port(Bundle.South, 0)
    assert route.hops == (Connection((0, 2), Port(Bundle.South, 0), Port(Bundle.DMA, 0)),)


def test_a_route_in_a_circle_ends() -> None:
    """DMA0 to North0 in (0,2), back South0 in (0,3), and around: North0 to North0 in (0,2)."""
    enable = 1 << 31
    north_in, north_out, south_in, south_out = 0x3F100 + 4 * 15, 0x3F000 + 52, 0x3F114, 0x3F014
    array = of_operations(
        [
            Write(tile_address(0, 2, north_in), enable),
            Write(tile_address(0, 2, north_out), enable | 15),
            Write(tile_address(0, 3, south_in), enable),
            Write(tile_address(0, 3, south_out), enable | 5),
        ]
    )
    assert all(len(route.hops) <= 2 for route in array.routes)
