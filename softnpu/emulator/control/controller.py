"""The controller: runs an instruction stream against the array.

On an NPU it is a processor beside the array that works through the runtime sequence. It writes
registers, patches buffer addresses into descriptors, and waits for task-complete tokens, which
come back through the stream network to the shim's South 0 port.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from softnpu.arch.address import split_address
from softnpu.arch.dma import Direction
from softnpu.emulator import waits
from softnpu.emulator.array.ignored import IGNORED_OPERATIONS
from softnpu.emulator.control import executor
from softnpu.emulator.control.state_table import StateOperation, StateTable
from softnpu.emulator.control.tokens import TOKEN_PORT, TokenKey, TokenPort
from softnpu.emulator.dma.channels import Channel
from softnpu.emulator.memory.host_memory import WORD, HostBuffer
from softnpu.emulator.scheduling.scheduler import Actor, Wait
from softnpu.errors import EmulatorError
from softnpu.formats.operations import (
    TRANSLATED_ARGUMENTS,
    AddressPatch,
    BlockWrite,
    Custom,
    LoadPdi,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Operation,
    Preempt,
    Sync,
    UpdateRegister,
    Write,
)
from softnpu.formats.txn_encodings import opcode_name

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array

SETTLE_CYCLES = 1_000_000
"""How long the array goes on after an instruction stream's end if it does not come to rest by
itself: cores that wait for work do, cores that poll memory do not."""

_BASE_LOW_MASK, _BASE_HIGH_MASK = 0xFFFFFFFC, 0xFFFF


class Controller(Actor):
    """Runs one instruction stream; made anew for each run, except for the tokens it holds.

    Attributes:
        position: the index of the operation that it is at.
        tokens: when the tokens came that were not waited for yet, oldest first.
        table: values that the host changes between runs.
    """

    place = "controller"

    def __init__(self, array: Array, load_pdi: Callable[[int], None]) -> None:
        self._array = array
        self._load_pdi = load_pdi
        self.tokens: dict[TokenKey, deque[int]] = {}
        self.table = StateTable(array)
        self._operations: Sequence[Operation] = ()
        self._arguments: Sequence[HostBuffer | None] = ()
        self.position = 0
        self._missing: list[TokenKey] = []
        self._merging = False
        """Waits for tokens of whole columns."""
        self._stuck: Channel | None = None
        self._resting = False
        """The array has been set up, and has not come to rest yet."""
        self._watched: Actor | None = None
        """Who had the last turn while the operation in progress waited by looking."""
        self._ports = [TokenPort(self._receive, col) for col in range(array.device.columns)]
        self.connect()

    def connect(self) -> None:
        """Stands behind every shim's South 0 port."""
        from softnpu.arch.ports import Bundle

        for port in self._ports:
            self._array.network.sinks[(port.column, 0), Bundle.South, TOKEN_PORT] = port

    def begin(
        self,
        operations: Sequence[Operation],
        arguments: Sequence[HostBuffer | None],
        *,
        configured: bool = False,
    ) -> None:
        """Starts an instruction stream with the kernel's buffers, in order.

        Args:
            configured: the array has just been set up, and comes to rest first.
        """
        self._resting = configured
        self._operations = operations
        self._arguments = arguments
        self.position = 0
        self._missing = []
        self._merging = False
        self._stuck = None
        self._watched = None
        self._array.scheduler.wake(self)

    def note_tokens(self) -> None:
        """Notes the tokens that a stream leaves behind at its end."""
        for key, came in self.tokens.items():
            if came and not self._array.tracing.takes(self._channel(key)):
                self._array.hazard(
                    f"{len(came)} task-complete tokens of {self._channel(key).place} were never "
                    "waited for; a wait in the next run may take one of them and end too early"
                )

    @property
    def finished(self) -> bool:
        """Whether every operation is done."""
        return self.position >= len(self._operations)

    @property
    def current(self) -> Operation | None:
        """The operation that it is at; None at the end."""
        return None if self.finished else self._operations[self.position]

    @property
    def ahead(self) -> Sequence[Operation]:
        """The operations behind the one that it is at."""
        return self._operations[self.position + 1 :]

    def abandon(self) -> None:
        """Gives up the stream in progress, as the driver's watchdog does."""
        self._operations = ()
        self._missing = []
        self._merging = False
        self._stuck = None

    def run(self) -> None:
        """Runs operations until one has to wait."""
        operations = self._operations
        while self.position < len(operations):
            if not self._rest():
                return
            self._array.controller_clock = self.clock
            operation = operations[self.position]
            since = self.clock
            if not self._step(operation):
                return
            self.position += 1
            if self.clock > since:
                for observer in self._array.observers:
                    observer.operation(operation, since, self.clock)
        self._array.set_deadline(self.clock + SETTLE_CYCLES, settling=True)

    def _step(self, operation: Operation) -> bool:
        """Runs one operation; False if it has to wait."""
        match operation:
            case Sync():
                return self._sync(operation)
            case MergeSync():
                return self._merge_sync(operation)
            case AddressPatch():
                self._patch(operation)
            case Write(address, value):
                return self._may_overwrite(address) and self._write(address, value)
            case MaskWrite(address) | BlockWrite(address) | UpdateRegister(address) if (
                not self._may_overwrite(address)
            ):
                return False
            case MaskPoll():
                return self._poll(operation)
            case LoadPdi(id):
                self._load_pdi(id)
                self._resting = True
            case _ if isinstance(operation, StateOperation):
                self.table.apply(operation)
            case Preempt():
                pass
            case Custom(code) if opcode_name(code) in IGNORED_OPERATIONS:
                pass
            case _:
                executor.apply(self._array, operation, "an instruction stream")
        return True

    def _write(self, address: int, value: int) -> bool:
        """Writes a register; a push into a full task queue waits until there is room."""
        col, row, offset = split_address(address)
        tile = self._array.tile(col, row)
        channel = tile.dma.channel_of_queue(offset)
        if channel is None:
            tile.write(offset, value)
            return True
        channel.clock = max(channel.clock, self.clock)
        if not channel.queue_full:
            tile.write(offset, value)
            self._stuck = None
            return True
        self._array.hazard(
            f"the runtime sequence gives {channel.place} a task while four wait in its queue; "
            "hardware drops the task unless one of them has begun by then: wait for some first"
        )
        self._stuck = channel
        tile.dma.waiting_for_queue.append(self)
        return False

    def _rest(self) -> bool:
        """Lets an array that was set up come to rest: channels hold their locks, cores wait.

        It takes the controller no time here. How far an array is on hardware when the controller
        begins is not published; a design whose result depends on it has a race there.
        """
        if not self._resting:
            return True
        if self._array.scheduler.idle or not self._patient:
            self._resting = False
            self._watched = None
            return True
        self._watched = self._array.scheduler.let_pass(self)
        return False

    @property
    def _patient(self) -> bool:
        """Whether the array has not had all the time that the controller looks on for."""
        return self._watched is None or self._watched.clock < self.clock + SETTLE_CYCLES

    def _may_overwrite(self, address: int) -> bool:
        """Whether a register can be written now; not a descriptor that a task is about to read.

        Here a stream's operations take no time, so such a task gets its turn first, if it can
        begin at all. On hardware it has begun, or it has not: nothing holds the controller up.
        """
        col, row, offset = split_address(address)
        channel = self._array.tile(col, row).dma.channel_awaiting(offset)
        if channel is None or self._array.scheduler.idle or not self._patient:
            self._catch_up()
            return True
        self._array.hazard(
            f"the runtime sequence writes a descriptor of tile ({col},{row}) while a task that "
            f"begins with it waits in the queue of {channel.place}; hardware gives that task the "
            "new one unless it has begun by then: wait for it first, or use another descriptor"
        )
        self._watched = self._array.scheduler.let_pass(self)
        return False

    def _catch_up(self) -> None:
        """Moves the clock to where the array is after the turns that it looked on at."""
        if self._watched is not None:
            self.clock = max(self.clock, self._watched.clock)
            self._watched = None

    def _patch(self, patch: AddressPatch) -> None:
        """Writes a buffer's address, plus an offset, into a shim descriptor's two words."""
        given = self._arguments
        buffer = given[patch.argument] if patch.argument < len(given) else None
        if buffer is None:
            raise EmulatorError(
                f"the instruction stream uses buffer argument {patch.argument} (counted from 0), "
                "which the run was not given"
            )
        if patch.untranslated:
            raise EmulatorError(
                f"the instruction stream does not translate the address of buffer argument "
                f"{patch.argument} (counted from 0), and the firmware does so for the first "
                f"{TRANSLATED_ARGUMENTS} alone: on hardware the transfer misses {buffer.name}; the "
                "stream was made for a full ELF, or by tools that know of no more buffers"
            )
        address = buffer.address + patch.start
        if address % WORD:
            own = buffer.address % WORD
            itself = f", itself at byte {own} of a word" if own else ""
            raise EmulatorError(
                f"a transfer begins at byte {patch.start} of {buffer.name}{itself}; a DMA counts "
                f"whole words of {WORD} bytes"
            )
        array = self._array
        col, row, offset = split_address(patch.address)
        if (found := array.tile(col, row).dma.facts.bd_at(offset)) is not None:
            array.host_access.patch((col, row), found[0], buffer)
        executor.mask_write(array, patch.address, _BASE_LOW_MASK, address & 0xFFFFFFFF)
        executor.mask_write(array, patch.address + 4, _BASE_HIGH_MASK, address >> 32)

    def _poll(self, poll: MaskPoll) -> bool:
        if executor.holds(self._array, poll):
            self._catch_up()
            return True
        if not self._array.scheduler.idle:
            self._watched = self._array.scheduler.let_pass(self)
        return False

    # tokens

    def _sync(self, sync: Sync) -> bool:
        """Takes one token of the channel from each tile of the rectangle."""
        if not self._missing:
            self._missing = [
                ((col, row), sync.direction, sync.channel)
                for col in range(sync.column, sync.column + sync.columns)
                for row in range(sync.row, sync.row + sync.rows)
            ]
            for key in self._missing:
                self._channel(key)
        self._missing = [key for key in self._missing if not self._take(key)]
        return not self._missing

    def _merge_sync(self, sync: MergeSync) -> bool:
        """Takes so many tokens of the first columns, in the order in which they came."""
        there = self._array.device.columns
        if sync.columns > there:
            raise EmulatorError(
                f"the instruction stream waits for {sync}; the partition has {there}"
            )
        came = sorted(
            (time, key)
            for key, times in self.tokens.items()
            for time in times
            if key[0][0] < sync.columns
        )
        self._merging = len(came) < sync.tokens
        if self._merging:
            return False
        if len(came) > sync.tokens:
            self._array.hazard(
                f"{len(came)} were there when the runtime sequence waited for {sync}; which of "
                "them hardware takes is not published"
            )
        for _, key in came[: sync.tokens]:
            self._take(key)
        return True

    def _channel(self, key: TokenKey) -> Channel:
        (col, row), direction, number = key
        channels = self._array.tile(col, row).dma.channels
        found = channels.get((Direction(direction), number))
        if found is None:
            raise EmulatorError(
                f"the runtime sequence waits for a token of tile ({col},{row}) "
                f"{Direction(direction).name} {number}, a channel that does not exist"
            )
        return found

    def _take(self, key: TokenKey) -> bool:
        came = self.tokens.get(key)
        if not came:
            return False
        self.clock = max(self.clock, came.popleft())
        return True

    def _receive(self, key: TokenKey, time: int) -> None:
        """A token has come."""
        self.tokens.setdefault(key, deque()).append(time)
        if self._merging or key in self._missing:
            self._array.scheduler.wake(self)

    def wait(self) -> Wait | None:
        """What the operation in progress waits for; None when the stream is finished."""
        if self.finished:
            return None
        if self._stuck is not None:
            return waits.QueueWait(self, self._stuck)
        operation = self._operations[self.position]
        if isinstance(operation, MaskPoll):
            return waits.PollWait(self, operation.address, operation.mask, operation.value)
        if self._missing:
            return waits.TokenWait(self, self._channel(self._missing[0]))
        if isinstance(operation, MergeSync):
            return waits.ColumnsWait(self, operation)
        return None
