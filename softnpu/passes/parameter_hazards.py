"""Run-time parameters that a core may read before the sequence has written them.

A core starts when the array is configured, before the runtime sequence, and runs on beside it:
only what it waits for (an object that the host sends, a lock that the sequence sets) orders its
reads and the sequence's writes. aie-opt does not ask. Whether the core is really too early depends
on the array's pace, so that this warns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import get_args

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from softnpu.dialects.aie import (
    BufferOp,
    CoreOp,
    DeviceOp,
    GetCascadeOp,
    GetStreamOp,
    LockOp,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    RuntimeSequenceOp,
    ShimDMAAllocationOp,
    UseLockOp,
)
from softnpu.dialects.aiex import (
    DMAAwaitTaskOp,
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAFreeTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
    DMAStartTaskOp,
    NpuBlockWriteOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuMaskWrite32Op,
    NpuSyncOp,
    NpuWrite32Op,
    NpuWriteRTPOp,
    SetLockOp,
)
from softnpu.dialects.enums import DMAChannelDir, ObjectFifoPort
from softnpu.dialects.source import design_warning, location_of
from softnpu.dialects.walking import all_ops, ops_of
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import Symbols, devices, sequences

Position = tuple[int, int]

Write = NpuWriteRTPOp | NpuWrite32Op | NpuMaskWrite32Op | NpuBlockWriteOp
"""What writes into a buffer that it names."""
WAITS = (NpuDmaWaitOp, DMAAwaitTaskOp, NpuSyncOp)
WRITES: tuple[type[Write], ...] = get_args(Write)
STARTS_NOTHING = (*WAITS, *WRITES, DMAFreeTaskOp)
STARTS = (NpuDmaMemcpyNdOp, DMAStartBdChainForOp, DMAStartBdChainOp, DMAStartTaskOp)

VIEWS = "memref."
"""How the ops begin that give a part of a memref, memref.load aside."""
STORES = ("memref.store", "affine.store", "vector.store", "vector.transfer_write")


def parameter_warnings(module: ModuleOp) -> Iterator[str]:
    """The warnings for all devices, each parameter's once a kind."""
    for device in devices(module):
        yield from _Parameters(device).warnings()


@dataclass
class _Parameters:
    """The parameters of a device, the cores that read them, and what those wait for."""

    device: DeviceOp
    symbols: Symbols = field(init=False)
    cores: list[CoreOp] = field(init=False)

    def __post_init__(self) -> None:
        self.symbols = Symbols(self.device)
        self.cores = list(of_type(self.device, CoreOp))

    def warnings(self) -> Iterator[str]:
        written: dict[str, Write] = {}
        for sequence in sequences(self.device):
            late: set[str] = set()
            for name, write, running in _writes(sequence, self.symbols):
                written.setdefault(name, write)
                if name in late:
                    continue
                if text := self._late(sequence, name, write, running) or self._last(name, write):
                    late.add(name)
                    yield text
        for name, write in written.items():
            yield from self._early(name, write)

    def _readers(self, name: str) -> list[tuple[CoreOp, Operation]]:
        """The cores that read a buffer, each with its first read."""
        buffer = self.symbols.get(name)
        if not isinstance(buffer, BufferOp):
            return []
        firsts = ((core, _first_read(core, buffer)) for core in self.cores)
        return [(core, read) for core, read in firsts if read is not None]

    def _early(self, name: str, write: Write) -> Iterator[str]:
        """A core that reads before it has waited for anything."""
        for core, read in self._readers(name):
            if _waits_before(core, read):
                continue
            yield design_warning(
                read,
                f"core {core.position} reads the run-time parameter @{name} before it waits for "
                f"anything: it runs before the sequence writes the parameter (at "
                f"{location_of(write)}) and sees what was there before",
                "read it behind the acquire of an object that the host sends afterwards, or "
                "behind a lock that the sequence sets (aiex.set_lock)",
            )

    def _late(
        self,
        sequence: RuntimeSequenceOp,
        name: str,
        write: Write,
        running: dict[str, Operation],
    ) -> str | None:
        """A parameter written while transfers run that may set its reader going."""
        for core, _ in self._readers(name):
            started = [op for sent, op in running.items() if core.position in self._reached(sent)]
            if started and not _set_behind(sequence, write, core):
                return design_warning(
                    write,
                    f"the run-time parameter @{name} is written after a transfer to core "
                    f"{core.position} has started (at {location_of(started[0])}): the core may "
                    "read it before",
                    "write it before the transfers, or wait for those first (aiex.npu.dma_wait, "
                    "aiex.dma_await_task)",
                )
        return None

    def _last(self, name: str, write: Write) -> str | None:
        """A parameter written when all has been done that its reader could need it for."""
        block = write.parent
        if block is None or not isinstance(block.parent_op(), RuntimeSequenceOp):
            return None  # a loop begins again
        ops = list(block.ops)
        place = ops.index(write)
        before = any(isinstance(op, WAITS) for op in ops[:place])
        if not before or not all(_starts_nothing(op) for op in ops[place:]):
            return None
        for core, _ in self._readers(name):
            return design_warning(
                write,
                f"the run-time parameter @{name} is written when everything has been waited for: "
                f"core {core.position} sees it in the next run at the earliest",
                "write it before the transfers that it is for",
            )
        return None

    def _reached(self, name: str) -> set[Position]:
        """The cores that a transfer can set going, by objectfifos, links and other cores."""
        first = self.symbols.get(name)
        if not isinstance(first, ObjectFifoCreateOp):
            return {core.position for core in self.cores}
        fifos = list(of_type(self.device, ObjectFifoCreateOp))
        links = list(of_type(self.device, ObjectFifoLinkOp))
        found: set[Position] = set()
        pending = [first]
        for fifo in pending:
            tiles = {tile.position for tile in fifo.consumer_tile_ops}
            found |= tiles
            linked = {
                out for link in links if fifo.sym_name in link.fifo_ins for out in link.fifo_outs
            }
            cores = {core.position for core in self.cores} & tiles
            pending.extend(
                other
                for other in fifos
                if other not in pending
                and (other.sym_name in linked or other.producer_tile_op.position in cores)
            )
        return found


def _writes(
    sequence: RuntimeSequenceOp, symbols: Symbols
) -> Iterator[tuple[str, Write, dict[str, Operation]]]:
    """Each write into a buffer, and the transfers to the array that have started and may run."""
    if all(write.buffer is None for write in ops_of(sequence, *WRITES)):
        return
    running: dict[str, Operation] = {}
    for op in ops_of(sequence, *WRITES, *WAITS, *STARTS):
        if isinstance(op, Write) and op.buffer is not None:
            yield op.buffer, op, dict(running)
        elif isinstance(op, WAITS):
            running.clear()
        elif (name := _started(op, symbols)) is not None:
            running.setdefault(name, op)


def _started(op: Operation, symbols: Symbols) -> str | None:
    """What a transfer to the array is called that starts here."""
    if isinstance(op, NpuDmaMemcpyNdOp):
        return _sending(op.metadata, symbols)
    if isinstance(op, DMAStartBdChainForOp):
        return _sending(op.alloc, symbols)
    if isinstance(op, DMAStartBdChainOp):
        sends = op.direction is DMAChannelDir.MM2S
        return f"channel {op.channel} of {op.tile}" if sends else None
    if not isinstance(op, DMAStartTaskOp):
        return None
    task = op.task.owner
    if isinstance(task, DMAConfigureTaskForOp):
        return _sending(task.alloc, symbols)
    if isinstance(task, DMAConfigureTaskOp) and task.direction is DMAChannelDir.MM2S:
        return f"channel {task.channel} of {task.position}"
    return None


def _starts_nothing(op: Operation) -> bool:
    return isinstance(op, STARTS_NOTHING) or op.name in ("arith.constant", "memref.get_global")


def _sending(name: str, symbols: Symbols) -> str | None:
    """The name of a channel by which the host sends; None for one by which it receives."""
    root = name.partition("::@")[0]
    found = symbols.get(root)
    if isinstance(found, ObjectFifoCreateOp):
        return root if found.producer_tile_op.row == 0 else None
    if isinstance(found, ShimDMAAllocationOp):
        return root if found.channel_dir is DMAChannelDir.MM2S else None
    return None


def _first_read(core: CoreOp, buffer: BufferOp) -> Operation | None:
    """The first op of a core, in the order of the text, that may read a buffer."""
    parts: set[SSAValue] = {buffer.buffer}
    for op in core.body.walk():
        used = [index for index, value in enumerate(op.operands) if value in parts]
        if not used:
            continue
        if op.name.startswith(VIEWS) and op.results and op.name != "memref.load":
            parts.update(op.results)
        elif op.name not in STORES or 0 in used:
            return op
    return None


def _waits_before(core: CoreOp, read: Operation) -> bool:
    """Whether a core has to wait for something before it comes to an op."""
    for op in core.body.walk():
        if op is read:
            return False
        if isinstance(op, ObjectFifoAcquireOp) and op.port is ObjectFifoPort.Consume:
            return True
        if isinstance(op, UseLockOp) and not op.release and _is_short(op):
            return True
        if isinstance(op, (GetStreamOp, GetCascadeOp)):
            return True
    return False


def _is_short(op: UseLockOp) -> bool:
    """Whether a lock does not hold at the start what an acquire asks for."""
    lock = op.lock.owner
    start = (lock.init or 0) if isinstance(lock, LockOp) else 0
    return start < op.lock_value if op.acquire_ge else start != op.lock_value


def _set_behind(sequence: RuntimeSequenceOp, write: Write, core: CoreOp) -> bool:
    """Whether the sequence, after a write, sets a lock that the core acquires."""
    acquired = {op.lock for op in core.body.walk() if isinstance(op, UseLockOp) and not op.release}
    ops = all_ops(sequence)
    behind = ops[ops.index(write) :]
    return any(isinstance(op, SetLockOp) and op.lock in acquired for op in behind)
