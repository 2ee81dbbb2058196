"""The devices: npu1 and npu2, whole and in partitions of fewer columns, and the AIE-ML Versals.

A `Device` answers what mlir-aie's AIETargetModel answers (AIETargetModel.cpp, the class named at
each method's C++ namesake), under the same names in snake case and without `get`. Tiles are
(col, row); row 0 is the shim, then come memory tiles (one row, xcve2802: two), then cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from softnpu.arch import connections
from softnpu.arch.address import tile_address
from softnpu.arch.dma import DMA_ENGINES, Direction, DmaEngine
from softnpu.arch.ports import STREAM_SWITCHES, Bundle, StreamSwitch
from softnpu.arch.tiles import LOCK_MAXIMUM, TILE_FACTS, TileFacts, TileKind
from softnpu.errors import DesignError

__all__ = ["DEVICES", "Device", "TileFacts", "TileKind", "device", "device_of_shape"]

ROWS = 6
MEMORY_TILE_ROWS = 1

SOUTH_WINDOW, WEST_WINDOW, NORTH_WINDOW, OWN_WINDOW = 0x40000, 0x50000, 0x60000, 0x70000
WINDOWS: dict[Bundle, int] = {
    Bundle.South: SOUTH_WINDOW,
    Bundle.West: WEST_WINDOW,
    Bundle.North: NORTH_WINDOW,
    Bundle.East: OWN_WINDOW,
}
"""Where a core sees the data memories around it; what it calls east is its own."""
WINDOW_SIZE = 0x10000

CASCADE_BITS = 512
"""Width of the cascade between two cores."""
MAXIMUM_NEIGHBOUR_MEMORY_CHANNEL = 4
"""Memory-tile DMA channels below this one reach the neighbouring memory tiles too."""


@dataclass(frozen=True)
class Device:
    """One device or partition.

    Attributes:
        name: as in `aie.device(npu1_1col)`.
        generation: "aie2" or "aie2p", Peano's name of the architecture.
        number: the value of mlir-aie's `AIEDevice` enum.
        devgen: the generation byte in an instruction stream's header.
        columns, rows: tiles.
        virtual: a partition whose columns can lie in several places of the array.
        start_columns: the columns of the whole device where a partition fits (aiecc, partition
            JSON).
        bursts: (encoding, bytes) of a shim DMA's bursts.
        noc_columns: where shim tiles have a DMA that reaches the host's memory (mlir-aie:
            ShimNOCTile); None for all. The others lead to programmable logic (ShimPLTile).
        is_npu: an xclbin can be made for it; a Versal device is there for passes alone.
    """

    name: str
    generation: str
    number: int
    devgen: int
    columns: int
    virtual: bool
    start_columns: tuple[int, ...]
    bursts: tuple[tuple[int, int], ...]
    rows: int = ROWS
    memory_tile_rows: int = MEMORY_TILE_ROWS
    noc_columns: frozenset[int] | None = None
    is_npu: bool = True

    # tiles

    def is_valid_tile(self, col: int, row: int) -> bool:
        """Whether the device has a tile there."""
        return 0 <= col < self.columns and 0 <= row < self.rows

    def kind(self, col: int, row: int) -> TileKind:  # noqa: ARG002
        """What tile (`col`, `row`) is; decided by the row, the column is not looked at."""
        if row == 0:
            return TileKind.SHIM
        return TileKind.MEMORY if row <= self.memory_tile_rows else TileKind.CORE

    def is_shim(self, col: int, row: int) -> bool:
        """Whether the tile is a shim tile, of either kind."""
        return self.kind(col, row) is TileKind.SHIM

    def is_shim_noc(self, col: int, row: int) -> bool:
        """Whether the tile is a shim tile with a DMA; all of an NPU's are."""
        return self.is_shim(col, row) and (self.noc_columns is None or col in self.noc_columns)

    def is_memory_tile(self, col: int, row: int) -> bool:
        """Whether the tile is a memory tile."""
        return self.kind(col, row) is TileKind.MEMORY

    def is_core_tile(self, col: int, row: int) -> bool:
        """Whether the tile has a core."""
        return self.kind(col, row) is TileKind.CORE

    def facts(self, kind: TileKind) -> TileFacts:
        """Sizes and places in tiles of a kind."""
        return TILE_FACTS[kind]

    def facts_at(self, col: int, row: int) -> TileFacts:
        """Sizes and places in tile (`col`, `row`)."""
        return TILE_FACTS[self.kind(col, row)]

    def dma(self, col: int, row: int) -> DmaEngine:
        """The DMA of tile (`col`, `row`)."""
        return DMA_ENGINES[self.kind(col, row)]

    def stream_switch(self, col: int, row: int) -> StreamSwitch:
        """The stream switch of tile (`col`, `row`)."""
        return STREAM_SWITCHES[self.kind(col, row)]

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Every (col, row), column by column, from the shim up."""
        return ((col, row) for col in range(self.columns) for row in range(self.rows))

    # memory and locks that a tile shares with its neighbours

    def neighbour(self, col: int, row: int, window: Bundle) -> tuple[int, int] | None:
        """The tile whose data memory a core sees in a window (AIE2TargetModel::getMemSouth …)."""
        if window is Bundle.East:
            return (col, row) if self.is_valid_tile(col, row) else None
        step = {Bundle.South: (0, -1), Bundle.West: (-1, 0), Bundle.North: (0, 1)}[window]
        other = (col + step[0], row + step[1])
        if not self.is_valid_tile(*other):
            return None
        if window is Bundle.South and not self.is_core_tile(*other):
            return None
        return other

    def is_legal_mem_affinity(self, col: int, row: int, mem_col: int, mem_row: int) -> bool:
        """Whether tile (`col`, `row`) can access the memory and locks of (`mem_col`, `mem_row`)."""
        step = (mem_col - col, mem_row - row)
        if self.is_memory_tile(col, row):
            return step in ((-1, 0), (0, 0), (1, 0))
        if step == (0, -1):
            return not self.is_memory_tile(mem_col, mem_row)
        return step in ((0, 0), (-1, 0), (0, 1))

    def lock_local_base_index(self, col: int, row: int, lock_col: int, lock_row: int) -> int | None:
        """The number by which tile (`col`, `row`) calls lock 0 of another tile, None if it can't.

        Cores count south, west, north, own; memory-tile DMAs west, own, east.
        """
        order = self._window_order(col, row)
        step = (lock_col - col, lock_row - row)
        return order.index(step) * self.num_locks(col, row) if step in order else None

    def mem_local_base_address(self, col: int, row: int, mem_col: int, mem_row: int) -> int | None:
        """Where tile (`col`, `row`) sees byte 0 of another tile's memory, None if it can't."""
        order = self._window_order(col, row)
        step = (mem_col - col, mem_row - row)
        if step not in order:
            return None
        if self.is_memory_tile(col, row):
            return order.index(step) * TILE_FACTS[TileKind.MEMORY].data_memory
        return SOUTH_WINDOW + order.index(step) * WINDOW_SIZE

    def _window_order(self, col: int, row: int) -> tuple[tuple[int, int], ...]:
        return _WINDOW_ORDER[self.kind(col, row)]

    # sizes

    def num_locks(self, col: int, row: int) -> int:
        """Locks of the tile's own."""
        return self.facts_at(col, row).locks

    def num_bds(self, col: int, row: int) -> int:
        """Buffer descriptors."""
        return self.facts_at(col, row).bds

    def num_banks(self, col: int, row: int) -> int:
        """Memory banks as the allocator counts them (mlir-aie: 4 also for a shim)."""
        return self.facts_at(col, row).banks or TILE_FACTS[TileKind.CORE].banks

    @property
    def local_memory_size(self) -> int:
        """Bytes of data memory of a core tile."""
        return TILE_FACTS[TileKind.CORE].data_memory

    @property
    def mem_tile_size(self) -> int:
        """Bytes of data memory of a memory tile."""
        return TILE_FACTS[TileKind.MEMORY].data_memory

    @property
    def max_lock_value(self) -> int:
        """The largest value that a lock can start with."""
        return LOCK_MAXIMUM

    @property
    def address_gen_granularity(self) -> int:
        """Bits that every DMA length, offset and stride must be a multiple of."""
        return 32

    @property
    def accumulator_cascade_size(self) -> int:
        """Bits of one cascade transfer."""
        return CASCADE_BITS

    @property
    def has_pad_value(self) -> bool:
        """Whether memory tiles pad with a value of choice (isMemTilePadValueSupported)."""
        return self.generation == "aie2p"

    @property
    def has_block_floats(self) -> bool:
        """Whether cores know blocks of floats (BaseNPU2TargetModel::isSupportedBlockFormat)."""
        return self.generation == "aie2p"

    def max_channel_num_for_adjacent_mem_tile(self) -> int:
        """The first memory-tile DMA channel that cannot reach neighbouring memory tiles."""
        return MAXIMUM_NEIGHBOUR_MEMORY_CHANNEL

    # DMA

    def is_bd_channel_accessible(self, col: int, row: int, bd: int, channel: int) -> bool:
        """Whether a channel of the tile can run descriptor `bd`."""
        return self.dma(col, row).can_use(bd, channel)

    def dma_bd_address(self, col: int, row: int, bd: int) -> int:
        """The array address of a buffer descriptor."""
        return tile_address(col, row, self.dma(col, row).bd_address(bd))

    def dma_bd_address_offset(self, col: int, row: int) -> int:
        """Bytes from a descriptor's start to its base address (what an address patch changes)."""
        return 0 if self.is_core_tile(col, row) else 4

    def dma_control_address(self, col: int, row: int, channel: int, direction: Direction) -> int:
        """The array address of a channel's control register; its task queue is 4 bytes on."""
        return tile_address(col, row, self.dma(col, row).control_address(direction, channel))

    def local_lock_address(self, lock: int, col: int, row: int) -> int | None:
        """Offset in the tile of a lock's value register, None if there is no such lock."""
        facts = self.facts_at(col, row)
        return facts.lock_address(lock) if 0 <= lock < facts.locks else None

    # streams

    def num_source_switchbox_connections(self, col: int, row: int, bundle: Bundle) -> int:
        """Slave ports of a bundle that lead anywhere; 0 at the array's edges."""
        if self._has_none(col, row, bundle):
            return 0
        return connections.SOURCES[self.kind(col, row)].get(bundle, 0)

    def num_dest_switchbox_connections(self, col: int, row: int, bundle: Bundle) -> int:
        """Master ports of a bundle that lead anywhere; 0 at the array's edges."""
        if self._has_none(col, row, bundle):
            return 0
        return connections.DESTINATIONS[self.kind(col, row)].get(bundle, 0)

    def num_source_shim_mux_connections(self, col: int, row: int, bundle: Bundle) -> int:
        """Inputs of a bundle to the shim mux (South: from the switch)."""
        return connections.SHIM_MUX_SOURCES.get(bundle, 0) if self.is_shim(col, row) else 0

    def num_dest_shim_mux_connections(self, col: int, row: int, bundle: Bundle) -> int:
        """Outputs of a bundle from the shim mux (South: to the switch)."""
        return connections.SHIM_MUX_DESTINATIONS.get(bundle, 0) if self.is_shim(col, row) else 0

    def is_legal_tile_connection(
        self,
        col: int,
        row: int,
        source: Bundle,
        source_channel: int,
        destination: Bundle,
        destination_channel: int,
    ) -> bool:
        """Whether the tile's switch can connect a slave port to a master port."""
        if source_channel >= self.num_source_switchbox_connections(col, row, source):
            return False
        if destination_channel >= self.num_dest_switchbox_connections(col, row, destination):
            return False
        return connections.is_legal(
            self.kind(col, row), source, source_channel, destination, destination_channel
        )

    def _has_none(self, col: int, row: int, bundle: Bundle) -> bool:
        """At an edge, or the control port of a shim tile without a DMA."""
        if bundle is Bundle.TileControl:
            return self.is_shim(col, row) and not self.is_shim_noc(col, row)
        if bundle is Bundle.West:
            return col == 0
        if bundle is Bundle.East:
            return col == self.columns - 1
        return bundle is Bundle.North and row == self.rows - 1


_WINDOW_ORDER: dict[TileKind, tuple[tuple[int, int], ...]] = {
    TileKind.CORE: ((0, -1), (-1, 0), (0, 1), (0, 0)),
    TileKind.MEMORY: ((-1, 0), (0, 0), (1, 0)),
    TileKind.SHIM: (),
}
"""The order in which a tile numbers what it shares: (columns, rows) to the owner."""

_AIE2_BURSTS = ((0, 64), (1, 128), (2, 256))
_AIE2P_BURSTS = (*_AIE2_BURSTS, (3, 512))

NPU1_COLUMNS = 4
NPU2_COLUMNS = 8
_NPU1_NUMBER = 4
_NPU2_NUMBER = 8


def _npu1(columns: int) -> Device:
    whole = columns == NPU1_COLUMNS
    return Device(
        name="npu1" if whole else f"npu1_{columns}col",
        generation="aie2",
        number=_NPU1_NUMBER if whole else _NPU1_NUMBER + columns,
        devgen=3,
        columns=columns,
        virtual=True,
        start_columns=tuple(range(NPU1_COLUMNS - columns + 1)),
        bursts=_AIE2_BURSTS,
    )


def _npu2(columns: int) -> Device:
    whole = columns == NPU2_COLUMNS
    return Device(
        name="npu2" if whole else f"npu2_{columns}col",
        generation="aie2p",
        number=_NPU2_NUMBER if whole else _NPU2_NUMBER + columns,
        devgen=4,
        columns=columns,
        virtual=not whole,
        start_columns=tuple(range(NPU2_COLUMNS - columns + 1)),
        bursts=_AIE2P_BURSTS,
    )


def _versal(
    name: str, number: int, columns: int, rows: int, memory_rows: int, noc: set[int]
) -> Device:
    """A Versal AIE-ML device (AIETargetModel.h, VE2302TargetModel and VE2802TargetModel)."""
    return Device(
        name=name,
        generation="aie2",
        number=number,
        devgen=3,
        columns=columns,
        virtual=False,
        start_columns=(),
        bursts=_AIE2_BURSTS,
        rows=rows,
        memory_tile_rows=memory_rows,
        noc_columns=frozenset(noc),
        is_npu=False,
    )


DEVICES: dict[str, Device] = {
    made.name: made
    for made in (
        *(_npu1(columns) for columns in (NPU1_COLUMNS, *range(1, NPU1_COLUMNS))),
        *(_npu2(columns) for columns in (NPU2_COLUMNS, *range(1, NPU2_COLUMNS))),
        _versal("xcve2302", 2, 17, 4, 1, {2, 3, 6, 7, 10, 11}),
        _versal("xcve2802", 3, 38, 11, 2, {2, 3, 6, 7, 14, 15, 22, 23, 30, 31, 34, 35}),
    )
}


def device(name: str) -> Device:
    """The device called `name`; DesignError with the nearest name if there is none."""
    found = DEVICES.get(name)
    if found is not None:
        return found
    close = get_close_matches(name, DEVICES, n=1, cutoff=0.4)
    hint = f"did you mean '{close[0]}'?" if close else "see the list below"
    raise DesignError(
        f"there is no device '{name}'; {hint}", notes=("devices: " + ", ".join(DEVICES),)
    )


def device_of_shape(devgen: int, columns: int) -> Device | None:
    """The device that an instruction stream's header means, None if there is none such."""
    shape = (devgen, columns)
    matches = (d for d in DEVICES.values() if d.is_npu and (d.devgen, d.columns) == shape)
    return next(matches, None)
