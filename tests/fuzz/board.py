"""A design while it is made up: what its parts have taken of the array, and what they wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tests.fuzz import spelling
from tests.fuzz.choices import Choices, Drawn
from tests.fuzz.host import Host
from tests.fuzz.spelling import Tile
from tests.fuzz.values import BYTES

DEVICES = (
    *("npu1_1col", "npu1_2col", "npu1_3col", "npu1", "npu2_1col"),
    *("npu2_2col", "npu2_3col", "npu2_4col", "npu2", "npu2_5col", "npu2_7col"),
)
COLUMNS = {"npu1": 4, "npu2": 8}
ROWS = 6
CHANNELS = {0: 2, 1: 6}
"""DMA channels of each direction by row; core tiles have 2."""
FIRST_BYTE = 0x1000
"""Where hand-made buffers begin in a tile, behind any stack."""
ALIGNMENT = 32
PACKET_IDS = 32


def columns_of(device: str) -> int:
    return COLUMNS.get(device) or int(device.split("_")[1][0])


@dataclass(frozen=True)
class Memory:
    """What lies in a tile when all is done: `values` from byte `address` on."""

    tile: Tile
    address: int
    values: np.ndarray


@dataclass(frozen=True)
class Packet:
    """The words of a packet; its id if it is to arrive with its header."""

    words: np.ndarray
    id: int | None = None


@dataclass(frozen=True)
class Mixture:
    """Packets of several sources in any order, though each source's in its own.

    Attributes:
        tile: where they lie, from byte `place` on; None for an argument.
        argument: which one, and `place` counts its elements.
        sources: the packets of each source, all of one length.
    """

    tile: Tile | None
    argument: int
    place: int
    sources: tuple[tuple[Packet, ...], ...]

    @property
    def length(self) -> int:
        """Words that each packet takes where it lies."""
        one = self.sources[0][0]
        return len(one.words) + (one.id is not None)

    @property
    def size(self) -> int:
        """Words of all of them."""
        return self.length * sum(map(len, self.sources))


@dataclass(frozen=True)
class Design:
    """A random design and what it must do.

    Attributes:
        text: the MLIR.
        before, after: the contents of each argument before and after each run, [run][argument].
        memory: what the tiles hold after the last run.
        mixtures: what only its parts are known of.
        mistake: what is wrong with it on purpose.
        drawn: the choices that it is made of.
    """

    text: str
    before: list[list[np.ndarray]]
    after: list[list[np.ndarray]]
    memory: tuple[Memory, ...]
    mixtures: tuple[Mixture, ...]
    drawn: Drawn
    mistake: str = ""


@dataclass
class Board:
    """What is taken, and what is written so far.

    Attributes:
        once: parts that work but once: the sequence runs once, in one batch.
        regions: the descriptors of DMA programs are regions instead of blocks.
    """

    choices: Choices
    device: str
    host: Host
    once: bool = False
    declared: list[str] = field(default_factory=list)
    cores: list[str] = field(default_factory=list)
    channels: dict[Tile, list[spelling.Channel]] = field(default_factory=dict)
    memory: list[Memory] = field(default_factory=list)
    mixtures: list[Mixture] = field(default_factory=list)
    regions: bool = False
    tiles: dict[Tile, None] = field(default_factory=dict)
    with_core: set[Tile] = field(default_factory=set)
    _taken: Counter[tuple[Tile, str]] = field(default_factory=Counter)
    _filled: Counter[Tile] = field(default_factory=Counter)
    _names: Counter[str] = field(default_factory=Counter)

    @classmethod
    def new(cls, choices: Choices, once: bool = False) -> Board:
        device = choices.one_of(DEVICES)
        runs, batches = (1, 1) if once else (choices.between(1, 3), choices.one_of([1, 1, 2, 3]))
        host = Host(choices.branch(), runs, batches, 1 if once else choices.between(1, 3))
        return cls(choices, device, host, once)

    @property
    def columns(self) -> int:
        return columns_of(self.device)

    def name(self, stem: str) -> str:
        """A name that nothing else has."""
        self._names[stem] += 1
        return f"{stem}{self._names[stem] - 1}"

    def control_id(self) -> int:
        """A packet id for a tile's control port, from the highest down."""
        self._names["control"] += 1
        return PACKET_IDS - self._names["control"]

    def use(self, tile: Tile) -> Tile:
        self.tiles.setdefault(tile)
        return tile

    def buffer(
        self, tile: Tile, size: int, values: np.ndarray | None = None, dtype: str = "i32"
    ) -> tuple[str, int]:
        """A buffer at a place of its own, `size` elements; returns its name and its address."""
        address = FIRST_BYTE + self._filled[tile]
        self._filled[tile] += -(-size * BYTES[dtype] // ALIGNMENT) * ALIGNMENT
        name = self.name("buffer")
        initial = None if values is None else values.tolist()
        self.declared.append(spelling.buffer(name, self.use(tile), size, dtype, initial, address))
        return name, address

    def lock(self, tile: Tile, init: int) -> str:
        """A lock, numbered or not."""
        name = self.name("lock")
        self.declared.append(spelling.lock(name, self.use(tile), init))
        return name

    def program(self, tile: Tile, channel: spelling.Channel) -> None:
        """Adds a channel to a tile's DMA program."""
        self.channels.setdefault(self.use(tile), []).append(channel)

    # tiles and their channels

    def free(self, tile: Tile, direction: str) -> int:
        """How many DMA channels are left."""
        return CHANNELS.get(tile[1], 2) - self._taken[tile, direction]

    def take(self, tile: Tile, direction: str) -> int:
        """The next DMA channel of a tile."""
        self.use(tile)
        self._taken[tile, direction] += 1
        return self._taken[tile, direction] - 1

    def shims(self, direction: str) -> list[Tile]:
        """Those that have a channel left."""
        return [t for t in self._row(0) if self.free(t, direction)]

    def memory_tiles(self, receives: int = 1, sends: int = 1) -> list[Tile]:
        """Those that have so many channels left."""
        return [
            t
            for t in self._row(1)
            if self.free(t, "S2MM") >= receives and self.free(t, "MM2S") >= sends
        ]

    def core_tiles(self) -> list[Tile]:
        """Those whose core and DMA nobody uses yet."""
        every = [tile for row in range(2, ROWS) for tile in self._row(row)]
        return [
            t
            for t in every
            if t not in self.with_core and not self._taken[t, "S2MM"] + self._taken[t, "MM2S"]
        ]

    def _row(self, row: int) -> list[Tile]:
        return [(column, row) for column in range(self.columns)]

    # the design

    def finished(self) -> Design:
        """The design as it stands."""
        sequence = self.host.sequence()
        write = spelling.dma_regions if self.regions else spelling.dma_program
        programs = [write(*item) for item in self.channels.items()]
        tiles = [spelling.tile(tile) for tile in sorted(self.tiles)]
        arguments = [(a.name, a.size, a.dtype) for a in self.host.arguments]
        text = spelling.design(
            self.device,
            [*tiles, *self.declared, *self.host.chains, *self.cores, *programs],
            arguments,
            sequence,
        )
        for name, size, _ in arguments:
            text = text.replace(f"<{name}>", str(size))
        runs = range(self.host.runs)
        return Design(
            text=text,
            before=[[np.concatenate(a.before[run]) for a in self.host.arguments] for run in runs],
            after=[[np.concatenate(a.after[run]) for a in self.host.arguments] for run in runs],
            memory=tuple(self.memory),
            mixtures=tuple(self.mixtures),
            drawn=self.choices.drawn,
        )


Generator = Callable[[Choices], Design]
