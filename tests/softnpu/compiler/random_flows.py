"""Random flows over random devices, and what arrives where when they are run.

The model of what must arrive is the list of flows itself: every destination gets all that its
sources send, once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from random import Random

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from softnpu.arch.device import Device, device
from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle, EndPoint
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.dialects.text import parse_text
from softnpu.emulator.array.array import Array
from softnpu.emulator.control.executor import apply
from softnpu.emulator.memory.host_memory import HostBuffer
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.targets.cdo_streams import switches
from tests.softnpu.emulator.wiring import describe, make_array, settle, start

DEVICES = ("npu1_1col", "npu1_2col", "npu1", "npu2_1col", "npu2_3col", "npu2")
WORDS = 3
"""What each source sends once: its number and two more words."""
OUT, IN = 0x1000, 0x2000
"""Where words lie in a tile's memory, for channel 0; further channels behind."""


@dataclass(frozen=True)
class Wanted:
    """One flow: a circuit, or packets with an id.

    Attributes:
        keeps_header, priority: of packets.
    """

    source: EndPoint
    destinations: tuple[EndPoint, ...]
    packet_id: int | None = None
    keeps_header: bool = False
    priority: bool = False

    @property
    def carries_words(self) -> bool:
        """Whether its words can be sent by a DMA here, and are told from others where they come."""
        ends = (self.source, *self.destinations)
        return not self.keeps_header and all(end.bundle is Bundle.DMA for end in ends)


class Flows:
    """Random flows of every kind, each port used by one flow or by several that may share it.

    Attributes:
        device: its name.
        wanted: the flows.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.device = self._random.choice(DEVICES)
        self.wanted: list[Wanted] = []
        model = device(self.device)
        self._sources = self._shuffled(_dma_ports(model))
        self._destinations = self._shuffled(_dma_ports(model))
        self._traces = self._shuffled(_trace_ports(model))
        self._controls = self._shuffled([tile for tile in model.tiles() if tile[1] > 0])
        self._kinds = (
            *(self._circuit, self._fan_in, self._alike, self._fan_out, self._split),
            *(self._trace, self._traces_together, self._control),
        )
        self.crowd(1, 3 + 2 * model.columns)
        self._random.shuffle(self.wanted)

    def crowd(self, least: int, most: int) -> None:
        """Some more flows of any kind, as far as there are ports for them."""
        for _ in range(self._random.randint(least, most)):
            self._random.choice(self._kinds)()

    def _shuffled(self, ports: list[EndPoint]) -> list[EndPoint]:
        return self._random.sample(ports, len(ports))

    def _ids(self, most: int) -> list[int]:
        return self._random.sample(range(32), self._random.randint(2, most))

    def _add(self, sources: int, destinations: int, ids: list[int | None]) -> None:
        """A flow from each of some ports to all of some others; one id for each source."""
        if len(self._sources) < sources or len(self._destinations) < destinations:
            return
        to = tuple(self._destinations.pop() for _ in range(destinations))
        self.wanted += [Wanted(self._sources.pop(), to, ids[n]) for n in range(sources)]

    def _circuit(self) -> None:
        self._add(1, self._random.choice((1, 1, 2, 3)), [None])

    def _fan_in(self) -> None:
        ids: list[int | None] = [*self._ids(4)]
        self._add(len(ids), 1, ids)

    def _alike(self) -> None:
        count = self._random.randint(2, 5)
        self._add(count, 1, [self._random.randrange(32)] * count)

    def _fan_out(self) -> None:
        self._add(1, self._random.randint(2, 3), [self._random.randrange(32)])

    def _split(self) -> None:
        """Packets of one source that go different ways."""
        ids = self._ids(3)
        if self._sources and len(self._destinations) >= len(ids):
            source = self._sources.pop()
            self.wanted += [Wanted(source, (self._destinations.pop(),), id) for id in ids]

    def _trace(self) -> None:
        if self._traces and self._destinations:
            id = self._random.choice((None, self._random.randrange(32)))
            self.wanted.append(Wanted(self._traces.pop(), (self._destinations.pop(),), id))

    def _traces_together(self) -> None:
        """Traces of several tiles to one place, told apart by their headers."""
        ids = self._ids(4)
        if len(self._traces) >= len(ids) and self._destinations:
            to = (self._destinations.pop(),)
            self.wanted += [Wanted(self._traces.pop(), to, id, keeps_header=True) for id in ids]

    def _control(self) -> None:
        """Control packets to a tile, and its tokens back, as the column's overlay has them."""
        if self._controls and self._sources and self._destinations:
            control = EndPoint(self._controls.pop(), Bundle.TileControl, 0)
            id = self._random.randrange(32)
            south = EndPoint((control.tile[0], 0), Bundle.South, 0)
            for source, end in ((self._sources.pop(), control), (control, south)):
                self.wanted.append(Wanted(source, (end,), id, keeps_header=True, priority=True))

    def module(self) -> ModuleOp:
        """The flows as a design."""
        return parse_text(self.text(), "design.mlir")

    def text(self) -> str:
        """The flows as a design's text."""
        ports = {port for flow in self.wanted for port in (flow.source, *flow.destinations)}
        tiles = sorted({port.tile for port in ports})
        lines = [f"%t{col}_{row} = aie.tile({col}, {row})" for col, row in tiles]
        for flow in self.wanted:
            lines += _packet_flow(flow) if flow.packet_id is not None else _flows(flow)
        body = "\n    ".join(lines)
        return f"module {{\n  aie.device({self.device}) {{\n    {body}\n  }}\n}}\n"


def _flows(flow: Wanted) -> list[str]:
    return [f"aie.flow({_end(flow.source)}, {_end(end)})" for end in flow.destinations]


def _packet_flow(flow: Wanted) -> list[str]:
    ends = " ".join(f"aie.packet_dest<{_end(end)}>" for end in flow.destinations)
    return [
        f"aie.packet_flow({flow.packet_id}) {{ aie.packet_source<{_end(flow.source)}> {ends} }}"
    ]


def _end(port: EndPoint) -> str:
    col, row = port.tile
    return f"%t{col}_{row}, {port.bundle.name} : {port.channel}"


def _dma_ports(model: Device) -> list[EndPoint]:
    return [
        EndPoint(tile, Bundle.DMA, channel)
        for tile in model.tiles()
        for channel in range(model.facts_at(*tile).channels)
    ]


def _trace_ports(model: Device) -> list[EndPoint]:
    return [
        EndPoint(tile, Bundle.Trace, channel)
        for tile in model.tiles()
        for channel in range(2 if model.kind(*tile) is TileKind.CORE else 1)
    ]


class Run:
    """A routed design whose DMAs send once for each of their flows, until nothing moves."""

    def __init__(self, module: ModuleOp, flows: Flows) -> None:
        (device_op,) = devices(module)
        self.array: Array = make_array(flows.device)
        for operation in switches(device_op, model_of(device_op)):
            apply(self.array, operation)
        self._buffers: dict[tuple[EndPoint, Direction], HostBuffer] = {}
        self.expected: dict[EndPoint, Counter[tuple[int, ...]]] = defaultdict(Counter)
        sending = [flow for flow in flows.wanted if flow.carries_words]
        for number, flow in enumerate(sending):
            for end in flow.destinations:
                self.expected[end][self._words(number)] += 1
        for end, words in self.expected.items():
            self._start(end, Direction.S2MM, 0, IN, WORDS * words.total(), {})
        places: Counter[EndPoint] = Counter()
        for number, flow in enumerate(sending):
            self._send(flow, self._words(number), places[flow.source])
            places[flow.source] += 1
        settle(self.array)

    @staticmethod
    def _words(number: int) -> tuple[int, ...]:
        return (number, 1000 + number, 2000 + number)

    def _send(self, flow: Wanted, words: tuple[int, ...], place: int) -> None:
        header = {} if flow.packet_id is None else {"enable_packet": 1, "packet_id": flow.packet_id}
        at = OUT + WORDS * place
        memory = self._memory(flow.source, Direction.MM2S)
        memory[at : at + WORDS] = words
        self._start(flow.source, Direction.MM2S, place, at, WORDS, header)

    def _start(
        self,
        port: EndPoint,
        way: Direction,
        place: int,
        at: int,
        count: int,
        header: dict[str, int],
    ) -> None:
        """Starts a channel's descriptor number `place`, on words from `at` in its memory on."""
        first = 24 * (port.channel % 2) if port.tile[1] == 1 else 8 * port.channel
        bd = first + 4 * (way is Direction.S2MM) + place + 8 * (port.channel // 2)
        describe(
            self.array,
            port.tile,
            bd,
            base_address=self._address(port, way, at),
            buffer_length=count,
            **header,
        )
        start(self.array, port.tile, way, port.channel, bd)

    def _memory(self, port: EndPoint, way: Direction) -> np.ndarray:
        """The words that a channel reads or writes, those of other channels far away."""
        if port.tile[1] == 0:
            return self._host(port, way).words
        return self.array.tile(*port.tile).words[0x100 * port.channel :]

    def _address(self, port: EndPoint, way: Direction, at: int) -> int:
        if port.tile[1] == 0:
            return self._host(port, way).address + 4 * at
        own = TILE_FACTS[TileKind.MEMORY].data_memory // 4 if port.tile[1] == 1 else 0
        return own + 0x100 * port.channel + at

    def _host(self, port: EndPoint, way: Direction) -> HostBuffer:
        if (port, way) not in self._buffers:
            self._buffers[port, way] = self.array.host.allocate(4 * 2 * IN)
        return self._buffers[port, way]

    def arrived(self, end: EndPoint) -> Counter[tuple[int, ...]]:
        """What a destination has got, packet by packet; one more than it expects if there is."""
        count = WORDS * self.expected[end].total()
        words = self._memory(end, Direction.S2MM)[IN : IN + count].tolist()
        return Counter(tuple(words[n : n + WORDS]) for n in range(0, count, WORDS))

    def left_over(self) -> int:
        """Words that are stuck in the streams."""
        return sum(link.level for link in self.array.network.links())
