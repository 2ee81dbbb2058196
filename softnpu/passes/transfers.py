"""What a runtime sequence moves between the host's buffers and the array, as plain data.

Read from the design as the author wrote it (objectfifos and all) or at any later stage before
`aie-dma-to-npu`, so that declared buffers can be checked against it by name, file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from softnpu.arch.dma import Direction
from softnpu.arch.tiles import TileKind
from softnpu.dialects.aie import (
    BDChainOp,
    DeviceOp,
    DMABDOp,
    LogicalTileOp,
    ObjectFifoCreateOp,
    RuntimeSequenceOp,
    ShimDMAAllocationOp,
    TileOp,
)
from softnpu.dialects.aiex import (
    ConfigureOp,
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
    NpuAddressPatchOp,
    NpuDmaMemcpyNdOp,
    RunOp,
)
from softnpu.dialects.kinds import OfKinds, kind_but_for
from softnpu.dialects.opdef import DefinedOp
from softnpu.dialects.rules.common import kind_of
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import location_of
from softnpu.dialects.walking import all_ops, ops_of
from softnpu.errors import DesignError, SourceLocation
from softnpu.passes import memcpy_descriptors, task_descriptors
from softnpu.passes.access_pattern import AccessPattern
from softnpu.passes.canonicalize import CanonicalizePass
from softnpu.passes.host_memory import HostMemory, trace
from softnpu.passes.materialize_runtime_sequences import callee_of
from softnpu.passes.sequence_ops import Symbols
from softnpu.passes.unroll_runtime_sequence_loops import UnrollRuntimeSequenceLoopsPass

OpT = TypeVar("OpT", bound=DefinedOp)


@dataclass(frozen=True)
class Endpoint:
    """The shim DMA channel of a transfer; what the design leaves open is None."""

    direction: Direction | None = None
    tile: tuple[int, int] | None = None
    channel: int | None = None
    symbol: str | None = None


@dataclass(frozen=True)
class HostTransfer:
    """One transfer of a runtime sequence.

    Attributes:
        argument: which argument of the sequence, from 0.
        endpoint: the channel; MM2S reads the host's buffer, S2MM writes it.
        pattern: sizes and strides in elements; None for a patch of a descriptor that is written
            as raw words.
        start, end: the bytes of the argument that it touches, `start` included, `end` not; the
            end is None where the pattern is.
        argument_bytes: the size of the argument, None if its type does not say.
        op: what it stands for in the design.
    """

    argument: int
    endpoint: Endpoint
    pattern: AccessPattern | None
    start: int
    end: int | None
    argument_bytes: int | None
    op: Operation

    @property
    def location(self) -> SourceLocation | None:
        """Where it stands in the design."""
        return location_of(self.op)

    @property
    def reads_host(self) -> bool:
        """Whether the argument is an input of this transfer."""
        return self.endpoint.direction is Direction.MM2S

    @property
    def writes_host(self) -> bool:
        """Whether the argument is an output of this transfer."""
        return self.endpoint.direction is Direction.S2MM


def host_transfers(sequence: RuntimeSequenceOp) -> list[HostTransfer]:
    """Every transfer of a sequence, in order; those of sequences that it runs are among them, and
    those of each iteration of a loop.

    Raises:
        DesignError: a transfer whose sizes are not constants, or whose name means nothing.
    """
    if ops_of(sequence, scf.ForOp):
        sequence = _without_loops(sequence)
    arguments: dict[SSAValue, HostMemory] = {
        argument: HostMemory(argument, 0) for argument in sequence.body.blocks[0].args
    }
    return list(_transfers_of(sequence, arguments))


def _without_loops(sequence: RuntimeSequenceOp) -> RuntimeSequenceOp:
    """The sequence in a copy of its design, with the loops of known count unrolled."""
    design = sequence.get_toplevel_object()
    assert isinstance(design, ModuleOp)
    copy = design.clone()
    found = sequence
    for old, new in zip(design.walk(), copy.walk(), strict=True):
        new.location = old.location
        if old is sequence:
            assert isinstance(new, RuntimeSequenceOp)
            found = new
    for one in (UnrollRuntimeSequenceLoopsPass(), CanonicalizePass()):
        one.apply(Context(), copy)
    return found


def argument_bytes(argument: BlockArgument) -> int | None:
    """The size of a sequence's argument, None if its type does not say."""
    type = argument.type
    if isinstance(type, MemRefType) and type.has_static_shape():
        return memref_bytes(type)
    return None


def outside(transfer: HostTransfer) -> DesignError | None:
    """The error for a transfer that leaves its argument, None if it does not or nobody knows."""
    size, end = transfer.argument_bytes, transfer.end
    if size is None or end is None or end <= size:
        return None
    verb = "writes" if transfer.writes_host else "reads"
    return DesignError(
        f"this transfer {verb} bytes {transfer.start} to {end} of argument "
        f"{transfer.argument}, which has {size} bytes",
        transfer.location,
        ("sizes, strides and offsets count elements of the memref in the transfer's type",),
    )


Arguments = Mapping[SSAValue, HostMemory]


def _transfers_of(sequence: RuntimeSequenceOp, arguments: Arguments) -> Iterator[HostTransfer]:
    device = sequence.parent_op()
    assert isinstance(device, DeviceOp)
    reader = _Reader(Symbols(device), arguments)
    for op in sequence.body.blocks[0].ops:
        yield from reader.read(op)


@dataclass(frozen=True)
class _Reader:
    """Reads the ops of one sequence, its arguments being parts of the outermost one's."""

    symbols: Symbols
    arguments: Arguments
    patterns: OfKinds[tuple[AccessPattern, int]] = field(default_factory=OfKinds)
    """Sizes and strides of transfers that differ in nothing but their offset, and how far these
    reach, in bytes."""

    def read(self, op: Operation) -> Iterator[HostTransfer]:
        if isinstance(op, NpuDmaMemcpyNdOp):
            yield from self._memcpy(op)
        elif isinstance(op, (DMAConfigureTaskOp, DMAConfigureTaskForOp)):
            yield from self._task(op)
        elif isinstance(op, (DMAStartBdChainOp, DMAStartBdChainForOp)):
            yield from self._chain(op)
        elif isinstance(op, NpuAddressPatchOp):
            yield from self._patch(op)
        elif isinstance(op, ConfigureOp):
            for inner in op.body.blocks[0].ops if op.body.blocks else ():
                yield from self.read(inner)
        elif isinstance(op, RunOp):
            yield from self._run(op)

    def _memcpy(self, op: NpuDmaMemcpyNdOp) -> Iterator[HostTransfer]:
        memory = self._memory(op.memref)
        if memory is not None:
            start = memory.offset + memcpy_descriptors.offset_in_bytes(op)
            pattern = self._pattern(op, memcpy_descriptors.pattern_of)
            yield self._transfer(op, memory, start, pattern, self._named(op, op.metadata))

    def _task(self, op: DMAConfigureTaskOp | DMAConfigureTaskForOp) -> Iterator[HostTransfer]:
        endpoint = self._endpoint(op)
        for bd in (one for one in all_ops(op) if isinstance(one, DMABDOp)):
            yield from self._descriptor(bd, self._memory(bd.buffer), endpoint)

    def _chain(self, op: DMAStartBdChainOp | DMAStartBdChainForOp) -> Iterator[HostTransfer]:
        chain = self.symbols.get(op.symbol)
        if not isinstance(chain, BDChainOp):
            raise self.symbols.unknown(op, op.symbol, BDChainOp, "BD chain")
        parameters = chain.body.blocks[0].args
        given: dict[SSAValue, SSAValue] = dict(zip(parameters, op.args, strict=False))
        endpoint = self._endpoint(op)
        for bd in chain.body.walk():
            if isinstance(bd, DMABDOp):
                memory = self._memory(given.get(bd.buffer, bd.buffer))
                yield from self._descriptor(bd, memory, endpoint)

    def _descriptor(
        self, bd: DMABDOp, memory: HostMemory | None, endpoint: Endpoint
    ) -> Iterator[HostTransfer]:
        if memory is not None and bd.length > 0:
            start = memory.offset + bd.offset_in_bytes
            pattern = self._pattern(bd, task_descriptors.pattern_of)
            yield self._transfer(bd, memory, start, pattern, endpoint)

    def _pattern(
        self, op: OpT, pattern_of: Callable[[OpT], AccessPattern]
    ) -> tuple[AccessPattern, int]:
        if not op.has_number:
            return _reaching(pattern_of(op))
        kind = kind_but_for(op, op.varies)
        if kind not in self.patterns.known:
            self.patterns.learn(kind, op, _reaching(pattern_of(op)))
        return self.patterns.known[kind]

    def _patch(self, op: NpuAddressPatchOp) -> Iterator[HostTransfer]:
        arguments = list({memory.argument for memory in self.arguments.values()})
        for argument in arguments:
            if argument.index == op.arg_idx:
                yield HostTransfer(
                    argument=op.arg_idx,
                    endpoint=Endpoint(),
                    pattern=None,
                    start=op.number("arg_plus"),
                    end=None,
                    argument_bytes=argument_bytes(argument),
                    op=op,
                )

    def _run(self, op: RunOp) -> Iterator[HostTransfer]:
        callee = callee_of(op)
        parameters = callee.body.blocks[0].args
        passed: dict[SSAValue, HostMemory] = {
            parameter: memory
            for parameter, argument in zip(parameters, op.args, strict=True)
            if (memory := self._memory(argument)) is not None
        }
        yield from _transfers_of(callee, passed)

    def _memory(self, value: SSAValue) -> HostMemory | None:
        """What part of the outermost sequence's argument a value is; None for a tile's buffer."""
        inner = trace(value)
        outer = self.arguments.get(inner.argument) if inner else None
        if inner is None or outer is None:
            return None
        return replace(outer, offset=outer.offset + inner.offset)

    def _transfer(
        self,
        op: Operation,
        memory: HostMemory,
        start: int,
        reaching: tuple[AccessPattern, int],
        endpoint: Endpoint,
    ) -> HostTransfer:
        pattern, extent = reaching
        return HostTransfer(
            argument=memory.argument.index,
            endpoint=endpoint,
            pattern=pattern,
            start=start,
            end=start + extent,
            argument_bytes=argument_bytes(memory.argument),
            op=op,
        )

    def _endpoint(
        self,
        op: DMAConfigureTaskOp | DMAConfigureTaskForOp | DMAStartBdChainOp | DMAStartBdChainForOp,
    ) -> Endpoint:
        if isinstance(op, (DMAConfigureTaskForOp, DMAStartBdChainForOp)):
            return self._named(op, op.alloc)
        return Endpoint(Direction(op.direction.value), op.tile_op.position, op.channel)

    def _named(self, op: Operation, name: str) -> Endpoint:
        """The channel that a shim DMA allocation has, or that an objectfifo will get."""
        root = name.split("::@")[0]
        found = self.symbols.get(root)
        if isinstance(found, ObjectFifoCreateOp):
            return _objectfifo_endpoint(found)
        if isinstance(found, ShimDMAAllocationOp):
            direction = Direction(found.channel_dir.value)
            return Endpoint(direction, found.tile_op.position, found.channel_index, root)
        raise self.symbols.unknown(op, root, ShimDMAAllocationOp, "shim DMA allocation")


def _objectfifo_endpoint(fifo: ObjectFifoCreateOp) -> Endpoint:
    """A shim tile at its producer's end reads the host's memory; at a consumer's it writes."""
    ends = [(Direction.MM2S, fifo.producer_tile)]
    ends += [(Direction.S2MM, tile) for tile in fifo.consumer_tiles]
    for direction, tile in ends:
        owner = tile.owner
        if isinstance(owner, LogicalTileOp):
            if kind_of(owner) is TileKind.SHIM:
                return Endpoint(direction, None, None, fifo.sym_name)
        elif isinstance(owner, TileOp) and owner.row == 0:
            return Endpoint(direction, owner.position, None, fifo.sym_name)
    return Endpoint(symbol=fifo.sym_name)


def _reaching(pattern: AccessPattern) -> tuple[AccessPattern, int]:
    """A pattern, and the bytes from the first to the last that it touches, both included."""
    steps = zip(pattern.sizes, pattern.strides, strict=True)
    last = sum((size - 1) * stride for size, stride in steps if size > 1)
    return pattern, (last + 1) * pattern.element_bits // 8
