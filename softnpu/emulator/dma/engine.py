"""One tile's DMA engine: descriptor and channel registers, and the memory that they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from softnpu.arch import registers
from softnpu.arch.device import MAXIMUM_NEIGHBOUR_MEMORY_CHANNEL
from softnpu.arch.dma import DMA_ENGINES, Direction, DmaEngine, FinishOnLast
from softnpu.arch.ports import SHIM_MM2S_PORTS, Bundle
from softnpu.arch.register import Module
from softnpu.arch.tiles import TileKind
from softnpu.emulator.dma.channels import Channel, SendChannel, Task
from softnpu.emulator.dma.descriptor_table import DescriptorTable
from softnpu.emulator.dma.descriptors import Descriptor
from softnpu.emulator.dma.receive import ReceiveChannel
from softnpu.emulator.dma.surroundings import EngineArray
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.scheduling.scheduler import Actor, Scheduler
from softnpu.emulator.streams.network import Network
from softnpu.emulator.streams.streams import DMA_INGRESS_DEPTH
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.observing.observer import Observer

STATUS_IDLE, STATUS_RUNNING = 0, 2
_QUEUE_SIZE_SHIFT, _RUNNING_SHIFT, _CURRENT_SHIFT = 20, 19, 24
_STALLED_STREAM, _STALLED_ACQUIRE = 1 << 4, 1 << 2
_PAD_VALUE = "DMA_MM2S_{}_Constant_Pad_Value"
"""The register with what a channel pads with; memory tiles of the second generation have it."""


class DmaState:
    """The DMA of tile `tile`: registers, descriptors as read, channels.

    Attributes:
        channels: by direction and number.
        hazards: what hardware might do otherwise; see Array.hazards.
        waiting_for_queue: the actors to wake when a queue has room.
    """

    no_memory: Words = np.zeros(0, np.uint32)

    def __init__(self, array: EngineArray, tile: tuple[int, int]) -> None:
        self._array = array
        self.tile = tile
        self.kind = array.device.kind(*tile)
        self.facts: DmaEngine = DMA_ENGINES[self.kind]
        self._scheduler: Scheduler = array.scheduler
        self.observers: list[Observer] = array.observers
        self.wake: Callable[[Actor], None] = array.scheduler.wake
        self.portion: Callable[[int], int] = array.scheduler.portion
        self.go_on: Callable[[Actor], None] = array.go_on
        self.descriptors = DescriptorTable(self.facts, tile, array.device.generation, self._lock)
        self.waiting_for_queue: list[Actor] = []
        self.channels: dict[tuple[Direction, int], Channel] = {}
        self.receivers = [self._receiver(i, array.network) for i in range(self.facts.channels)]
        self.senders = [self._sender(i, array.network) for i in range(self.facts.channels)]
        self._padding = self._pad_registers()

    def _receiver(self, number: int, network: Network) -> ReceiveChannel:
        ingress = 0 if self.kind is TileKind.SHIM else DMA_INGRESS_DEPTH
        channel = ReceiveChannel(self, number, ingress)
        self.channels[Direction.S2MM, number] = channel
        if self.kind is not TileKind.SHIM:
            network.sinks[self.tile, Bundle.DMA, number] = channel
        return channel

    def _sender(self, number: int, network: Network) -> SendChannel:
        port = (Bundle.DMA, number)
        if self.kind is TileKind.SHIM:
            port = (Bundle.South, SHIM_MM2S_PORTS[number])
        channel = SendChannel(self, number, network.source(self.tile, *port))
        self.channels[Direction.MM2S, number] = channel
        return channel

    def _pad_registers(self) -> dict[int, SendChannel]:
        """Offset of each register with a value to pad with -> the channel that pads with it."""
        if self.kind is not TileKind.MEMORY:
            return {}
        generation = self._array.device.generation
        found = (
            (
                registers.lookup(Module.MEMORY_TILE, _PAD_VALUE.format(c.number), generation),
                c,
            )
            for c in self.senders
        )
        return {registers.address(match): channel for match, channel in found if match}

    # registers

    def write(self, offset: int, value: int) -> bool:
        """Writes the register at `offset` in the tile; False if it is none of the engine's."""
        found = self.facts.bd_at(offset)
        if found is not None:
            self._write_descriptor(*found, value)
            return True
        if offset in self._padding:
            self._padding[offset].pad_value = value
            return True
        place = self.facts.channel_at(offset)
        if place is None:
            return False
        direction, number, is_queue = place
        channel = self.channels[direction, number]
        if is_queue:
            self._push(channel, value)
        else:
            self._control(channel, value)
        return True

    def read(self, offset: int) -> int | None:
        """The register at `offset` in the tile, or None if it is none of the engine's."""
        found = self.facts.bd_at(offset)
        if found is not None:
            return self.descriptors.word(*found)
        place = self.facts.channel_at(offset)
        if place is not None:
            direction, number, is_queue = place
            return 0 if is_queue else self.channels[direction, number].control
        if offset in self._padding:
            return self._padding[offset].pad_value
        for receiver in self.receivers:
            if self.facts.write_count_address(receiver.number) == offset:
                return receiver.position
            if self.facts.finish_count_address(receiver.number) == offset:
                return receiver.pop_count()
        for (direction, number), channel in self.channels.items():
            if self.facts.status_address(direction, number) == offset:
                return self._status(channel)
        return None

    def _write_descriptor(self, number: int, word: int, value: int) -> None:
        self.descriptors.write(number, word, value)
        channel = self._queue_with(number)
        if channel is not None:
            self._array.hazard(
                f"descriptor {number} of tile ({self.tile[0]},{self.tile[1]}) is written "
                f"while a task that begins with it waits in the queue of {channel.place}: "
                "the task will see the new one"
            )
        elif (reader := self._reader_of(number)) is not None:
            self._array.hazard(
                f"descriptor {number} of tile ({self.tile[0]},{self.tile[1]}) is written "
                f"while the chain of a task of {reader.place} leads to it: the task may see the "
                "old one or the new one; wait for it first"
            )

    def _reader_of(self, number: int) -> Channel | None:
        """A channel whose tasks have descriptor `number` still ahead of them in a chain."""
        for channel in self.channels.values():
            ahead = channel.heads() if channel.busy and not channel.out_of_order else ()
            if any(number in self.descriptors.chain(head) for head in ahead):
                return channel
        return None

    def _queue_with(self, number: int) -> Channel | None:
        """A channel in whose queue a task waits that begins with descriptor `number`."""
        for channel in self.channels.values():
            if not channel.out_of_order and any(task.start == number for task in channel.queue):
                return channel
        return None

    def channel_awaiting(self, offset: int) -> Channel | None:
        """The channel whose queued task has still to read the descriptor at `offset`, or None."""
        found = self.facts.bd_at(offset)
        return None if found is None else self._queue_with(found[0])

    def _push(self, channel: Channel, value: int) -> None:
        fields = self.facts.queue.unpack([value])
        start = fields["start_bd_id"]
        usable = start < self.facts.bds and self.facts.can_use(start, channel.number)
        if not usable and not channel.out_of_order:
            raise EmulatorError(f"{channel.place} cannot use descriptor {start}")
        if channel.in_reset:
            raise EmulatorError(
                f"{channel.place}: a task (descriptor {start}) for a channel that its control "
                "register holds in reset; clear the bit first"
            )
        task = Task(start, fields["repeat_count"], bool(fields["enable_token_issue"]))
        if not channel.push(task):
            raise EmulatorError(
                f"{channel.place}: a fifth task (descriptor {start}) for a queue of four; "
                "hardware drops it"
            )

    def channel_of_queue(self, offset: int) -> Channel | None:
        """The channel whose task queue register lies at `offset`, or None."""
        place = self.facts.channel_at(offset)
        if place is None or not place[2]:
            return None
        return self.channels[place[0], place[1]]

    def queue_moved(self, channel: Channel) -> None:  # noqa: ARG002
        """A task has left a queue: whoever waits to push the next one can."""
        waiting, self.waiting_for_queue = self.waiting_for_queue, []
        for actor in waiting:
            self.wake(actor)

    def _control(self, channel: Channel, value: int) -> None:
        fields = self.facts.control[channel.direction].unpack([value])
        for name in ("compression_enable", "decompression_enable"):
            if fields.get(name):
                raise EmulatorError(f"{channel.place}: {name} is not modelled (control {value:#x})")
        channel.control = value
        channel.controller_id = fields["controller_id"]
        channel.in_reset = bool(fields.get("reset"))
        if channel.in_reset:
            if (left := channel.under_way()) is not None:
                self._array.hazard(
                    f"{channel.place} is reset while {left}: what is in a stream comes first after "
                    "the reset; how much of it hardware drops is not published"
                )
            channel.reset()
        paused = bool(fields.get("pause_mem") or fields.get("pause_stream"))
        if channel.paused and not paused:
            self.wake(channel)
        channel.paused = paused
        if isinstance(channel, ReceiveChannel):
            self._control_order(channel, fields)

    def _control_order(self, channel: ReceiveChannel, fields: dict[str, int]) -> None:
        mode = FinishOnLast(fields["fot_mode"])
        if mode is FinishOnLast.COUNTS_WITH_TOKENS:
            raise EmulatorError(
                f"{channel.place}: FoT_Mode {mode:d} (counts with task tokens) is not modelled"
            )
        out_of_order = bool(fields["enable_out_of_order"])
        if out_of_order != channel.out_of_order and channel.busy:
            raise EmulatorError(
                f"{channel.place}: Enable_Out_of_Order changes while the channel has a task"
            )
        channel.finish_on_last, channel.out_of_order = mode, out_of_order

    def _status(self, channel: Channel) -> int:
        status = STATUS_RUNNING if channel.busy else STATUS_IDLE
        status |= len(channel.queue) << _QUEUE_SIZE_SHIFT | channel.busy << _RUNNING_SHIFT
        if channel.descriptor is not None:
            status |= channel.descriptor.number << _CURRENT_SHIFT
            status |= _STALLED_STREAM if channel.acquired else _STALLED_ACQUIRE
        return status

    # what channels ask for

    def descriptor(self, number: int, channel: Channel) -> Descriptor:
        """Descriptor `number` as its registers stand now.

        Raises:
            EmulatorError: it is not valid, empty, or not for this channel.
        """
        found, is_new = self.descriptors.load(number)
        if is_new or not found.valid or not self.facts.can_use(number, channel.number):
            self._check(found, channel)
        return found

    def _check(self, descriptor: Descriptor, channel: Channel) -> None:
        number = descriptor.number
        if not descriptor.valid:
            raise EmulatorError(
                f"{channel.place} loads descriptor {number}, which is not valid "
                "(Valid_BD is 0: it was never configured)"
            )
        if not descriptor.pattern.length:
            raise EmulatorError(f"{channel.place}: descriptor {number} moves 0 words")
        if not self.facts.can_use(number, channel.number):
            raise EmulatorError(f"{channel.place} cannot use descriptor {number}")

    def valid_descriptors(self, channel: Channel) -> list[int]:
        """The descriptors that are configured and that the channel can use."""
        numbers = (n for n in range(self.facts.bds) if self.facts.can_use(n, channel.number))
        return [number for number in numbers if self.descriptors.peek(number).valid]

    def _lock(self, id: int) -> Lock:
        return self._array.dma_lock(self.tile, id)

    @property
    def written(self) -> Words | None:
        """A core tile's flags of what was ever written, for a memory check; None without one."""
        check = self._array.memcheck
        if check is None or self.kind is not TileKind.CORE:
            return None
        return check.written(self.tile).view(np.uint32)

    def locate(self, descriptor: Descriptor, channel: Channel) -> tuple[Words, int]:
        """The memory (words) and the word in it where a run of `descriptor` begins.

        A shim's memory is the host's, which is looked up when the first word moves: until then
        the place is the byte address. Steps the descriptor's iteration: "Field incremented after
        BD loaded" (AM025).

        Raises:
            EmulatorError: the transfer leaves the memory, naming both.
        """
        offset = descriptor.current * descriptor.step
        if descriptor.wrap:
            descriptor.current = (
                0 if descriptor.current >= descriptor.wrap else descriptor.current + 1
            )
            self.descriptors.store_iteration(descriptor)
        if self.kind is TileKind.SHIM:
            return self.no_memory, descriptor.base + 4 * offset
        place = self._tile_memory(descriptor, descriptor.base + offset, channel)
        if not descriptor.wrap:
            descriptor.place = place
        return place

    def _tile_memory(
        self, descriptor: Descriptor, base: int, channel: Channel
    ) -> tuple[Words, int]:
        tile, offset = self._array.dma_memory_tile(self.tile, base)
        if tile is None:
            raise EmulatorError(
                f"{channel.place}: descriptor {descriptor.number} begins at word {base:#x}, "
                "where there is no memory"
            )
        if tile != self.tile and channel.number >= MAXIMUM_NEIGHBOUR_MEMORY_CHANNEL:
            raise EmulatorError(
                f"{channel.place}: descriptor {descriptor.number} lies in tile {tile}, which "
                f"only channels below {MAXIMUM_NEIGHBOUR_MEMORY_CHANNEL} reach"
            )
        memory = self._array.memory_tile(tile).words
        sends = channel.direction is Direction.MM2S
        pattern = descriptor.padded_pattern if sends else descriptor.pattern
        if offset + pattern.span > len(memory):
            raise EmulatorError(
                f"{channel.place}: descriptor {descriptor.number} covers words {offset:#x} to "
                f"{offset + pattern.span:#x} of tile {tile}, whose memory ends at "
                f"{len(memory):#x}"
            )
        return memory, offset

    def memory_place(self, channel: Channel) -> tuple[tuple[int, int], int] | None:
        """The (tile, byte) where the channel's descriptor begins; None for the host's memory."""
        descriptor = channel.descriptor
        if descriptor is None or self.kind is TileKind.SHIM:
            return None
        tile, word = self._array.dma_memory_tile(self.tile, descriptor.base)
        return None if tile is None else (tile, 4 * word)

    def will_move(self, channel: Channel) -> None:
        """The first words of a descriptor are about to move: finds its host buffer."""
        if self.kind is not TileKind.SHIM:
            return
        descriptor, access = channel.descriptor, self._array.host_access
        assert descriptor is not None
        channel.memory, channel.base = access.locate(descriptor, channel.base, channel)
        if (told := access.trespass(channel)) is not None:
            self._array.hazard(told)

    def moved(self, channel: Channel) -> None:
        """A channel is done with its descriptor: notes what it moved of a host buffer."""
        if self.kind is not TileKind.SHIM:
            return
        buffer = self._array.host_access.moved(channel)
        writes = channel.direction is Direction.S2MM
        if buffer is None or self._array.tracing.takes(channel):
            return
        if writes and self._array.settling:
            self._array.hazard(
                f"{channel.place} still wrote to {buffer.name} after the end of the runtime "
                "sequence; on hardware the host may read it too early: wait for the transfer"
            )

    def issue_token(self, channel: Channel) -> None:
        """Sends the channel's task-complete token on its way."""
        self._array.tiles[self.tile].control_port.send_token(channel)

    def clear(self) -> None:
        """As after a reset of the tile: every channel stands still, every register holds 0."""
        self.descriptors.clear()
        self.waiting_for_queue.clear()
        for channel in self.channels.values():
            channel.reset()
            self._control(channel, 0)
        for sender in self.senders:
            sender.pad_value = 0
