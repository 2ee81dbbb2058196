"""`aie-lower-scratchpad-parameters`: run-time parameters become table entries, buffers and locks.

The controller fetches a table of values from the host. A core reads its entry from a buffer of two
words, which the controller writes as if it were a descriptor's 48-bit address: without the lower
two bits, so that the host shifts a value up and the core shifts it down. Until its parameters are
there, a core waits at a lock. A descriptor's entry is added to its address
(mlir-aie, AIELowerScratchpadParameters.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.arith import BitcastOp, ConstantOp, ShRUIOp, TruncIOp
from xdsl.dialects.builtin import (
    BFloat16Type,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    i16,
    i32,
)
from xdsl.dialects.memref import LoadOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from softnpu.dialects.aie import (
    BufferOp,
    CoreOp,
    DeviceOp,
    DMABDOp,
    LockAction,
    LockOp,
    RuntimeSequenceOp,
    UseLockOp,
)
from softnpu.dialects.aiex import (
    NpuCreateScratchpadOp,
    NpuDmaMemcpyNdOp,
    NpuUpdateFromScratchpadOp,
    NpuWrite32Op,
    ReadScratchpadParameterOp,
    ScratchpadParameterOp,
    SetLockOp,
    SyncScratchpadParametersFromHostOp,
)
from softnpu.dialects.enums import ScratchpadParameterKind, StateTableFunc
from softnpu.dialects.scalars import with_constants
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops, ops_of
from softnpu.passes.rewriting.ir import erase, insert_after, insert_before
from softnpu.passes.sequence_ops import Symbols, devices, replace, sequences

ENTRIES = 32
"""Values in the controller's table."""
ENTRY_BYTES = 4
LOST_BITS = 2
"""Lower bits of an address that the controller does not write."""

OF_PARAMETERS = (
    ScratchpadParameterOp,
    ReadScratchpadParameterOp,
    SyncScratchpadParametersFromHostOp,
)
WITH_PARAMETERS = (NpuDmaMemcpyNdOp, DMABDOp, RuntimeSequenceOp, CoreOp)
"""Ops that may have to do with one."""


@dataclass(frozen=True)
class LowerScratchpadParametersPass(ModulePass):
    """Give each parameter its entry, and bring it to who uses it.

    Attributes:
        output_params_file: where the table of parameters goes (see `table_text`); "" for nowhere.
    """

    name = "aie-lower-scratchpad-parameters"
    output_params_file: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        if any(map(_concerns_parameters, ops_of(op, *OF_PARAMETERS, *WITH_PARAMETERS))):
            self._lower(op)
        if self.output_params_file:
            Path(self.output_params_file).write_text(table_text(op))

    def _lower(self, op: ModuleOp) -> None:
        parameters = parameters_of(op)
        _number(op, parameters)
        by_name = {parameter.sym_name: parameter for parameter in parameters}
        for user in all_ops(op):
            if isinstance(user, NpuDmaMemcpyNdOp | DMABDOp) and user.offset_parameter is not None:
                _point_to_entry(user, by_name)
        for device in devices(op):
            _lower(device, by_name)


def _concerns_parameters(op: Operation) -> bool:
    """Whether the pass has anything to do for an op: most designs have no parameters."""
    if isinstance(op, OF_PARAMETERS):
        return True
    if isinstance(op, NpuDmaMemcpyNdOp | DMABDOp):
        return op.offset_parameter is not None or op.offset_state_table_idx is not None
    return isinstance(op, RuntimeSequenceOp | CoreOp) and bool(op.emit_parameter_sync_preamble)


def parameters_of(module: ModuleOp) -> list[ScratchpadParameterOp]:
    """The parameters of a file, in the order of its text, which is that of the table."""
    return ops_of(module, ScratchpadParameterOp)


def table_text(module: ModuleOp) -> str:
    """`params.txt`: how many parameters, then a line each: name, entry, type, kind."""
    parameters = parameters_of(module)
    lines = [str(len(parameters))]
    for parameter in parameters:
        kind = "addr" if parameter.kind is ScratchpadParameterKind.Addr else "core"
        lines.append(f"{parameter.sym_name} {parameter.state_table_idx} {parameter.type} {kind}")
    return "".join(f"{line}\n" for line in lines)


def _number(module: ModuleOp, parameters: list[ScratchpadParameterOp]) -> None:
    if len(parameters) > ENTRIES:
        raise design_error(
            parameters[ENTRIES],
            f"the file has {len(parameters)} scratchpad parameters; the controller's table, one "
            f"for all devices, holds {ENTRIES}",
        )
    read: set[str] = set()
    added: set[str] = set()
    for op in all_ops(module):
        if isinstance(op, ReadScratchpadParameterOp):
            read.add(op.parameter)
        elif isinstance(op, NpuDmaMemcpyNdOp | DMABDOp) and op.offset_parameter is not None:
            added.add(op.offset_parameter)
    for index, parameter in enumerate(parameters):
        name = parameter.sym_name
        if name in read & added:
            raise design_error(
                parameter,
                f"parameter '@{name}' is read by a core and added to an address; the host writes "
                "it in another form for each: use two parameters",
            )
        kind = ScratchpadParameterKind.Addr if name in added else ScratchpadParameterKind.Core
        parameter.kind = kind
        parameter.state_table_idx = index


def _point_to_entry(
    op: NpuDmaMemcpyNdOp | DMABDOp, parameters: dict[str, ScratchpadParameterOp]
) -> None:
    parameter = _known(op, op.offset_parameter or "", parameters)
    if parameter.type != i32:
        raise design_error(
            op,
            f"offset_parameter '@{parameter.sym_name}' is of type {parameter.type}; an offset "
            "is an i32",
        )
    op.offset_state_table_idx = parameter.state_table_idx
    op.offset_parameter = None


def _known(
    op: Operation, name: str, parameters: dict[str, ScratchpadParameterOp]
) -> ScratchpadParameterOp:
    if name not in parameters:
        raise design_error(
            op,
            f"there is no scratchpad parameter '@{name}'",
            f"declare it outside of all devices: aiex.scratchpad_parameter @{name} : i32",
            f"parameters: {', '.join(f'@{known}' for known in parameters) or 'none'}",
        )
    return parameters[name]


def _lower(device: DeviceOp, parameters: dict[str, ScratchpadParameterOp]) -> None:
    reads = [op for op in all_ops(device) if isinstance(op, ReadScratchpadParameterOp)]
    preambles = [sequence for sequence in sequences(device) if _begins_with_sync(sequence, device)]
    buffers = _buffers(device, reads, parameters)
    locks = [_wait_for_parameters(core) for core in all_ops(device) if _waits(core)]
    for sequence in preambles:
        block = sequence.body.block
        sync = SyncScratchpadParametersFromHostOp(location=sequence.location)
        if block.first_op is None:
            block.add_op(sync)
        else:
            block.insert_op_before(sync, block.first_op)
        sequence.emit_parameter_sync_preamble = False
    entries = {buffer: index for index, buffer in buffers}
    for op in all_ops(device):
        if isinstance(op, SyncScratchpadParametersFromHostOp):
            replace(op, _sync(op, len(parameters), entries, locks))
    symbols = Symbols(device)
    for read in reads:
        _read(read, symbols)


def _begins_with_sync(sequence: RuntimeSequenceOp, device: DeviceOp) -> bool:
    if sequence.emit_parameter_sync_preamble is not None:
        return sequence.emit_parameter_sync_preamble
    if any(isinstance(op, SyncScratchpadParametersFromHostOp) for op in all_ops(sequence)):
        return False
    return any(
        isinstance(op, ReadScratchpadParameterOp)
        or (isinstance(op, NpuDmaMemcpyNdOp | DMABDOp) and op.offset_state_table_idx is not None)
        for op in all_ops(device)
    )


def _waits(op: Operation) -> bool:
    if not isinstance(op, CoreOp):
        return False
    if op.emit_parameter_sync_preamble is not None:
        return op.emit_parameter_sync_preamble
    return any(isinstance(inner, ReadScratchpadParameterOp) for inner in all_ops(op))


def _core_of(op: Operation) -> CoreOp:
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, CoreOp):
        parent = parent.parent_op()
    if parent is None:
        raise design_error(op, f"'{op.name}' stands in an aie.core")
    return parent


def _buffers(
    device: DeviceOp,
    reads: list[ReadScratchpadParameterOp],
    parameters: dict[str, ScratchpadParameterOp],
) -> list[tuple[int, str]]:
    """A buffer for each parameter in each tile that reads it: entry and name, in that order."""
    symbols = Symbols(device)
    numbers = count()
    made: dict[tuple[str, tuple[int, int]], str] = {}
    entries: list[tuple[int, str]] = []
    for read in reads:
        index = _known(read, read.parameter, parameters).state_table_idx
        tile = _core_of(read).tile_op
        key = (read.parameter, tile.position)
        if key not in made:
            prefix = f"__param_{read.parameter}_{tile.col}_{tile.row}_"
            name = next(n for n in (f"{prefix}{i}" for i in numbers) if n not in symbols)
            words = MemRefType(i32, [2])
            insert_after(tile, BufferOp(tile=tile.result, sym_name=name, buffer_type=words))
            made[key] = name
            entries.append((index or 0, name))
        read.buffer = made[key]
    return entries


def _wait_for_parameters(op: Operation) -> SSAValue:
    """A lock in the core's tile, acquired before all else."""
    assert isinstance(op, CoreOp)
    lock = LockOp(tile=op.tile, init=0)
    insert_after(op.tile_op, lock)
    acquire = UseLockOp(lock=lock.result, action=LockAction.Acquire, value=1, location=op.location)
    first = op.body.blocks[0].first_op
    assert first is not None
    insert_before(first, acquire)
    op.emit_parameter_sync_preamble = False
    return lock.result


def _sync(
    op: SyncScratchpadParametersFromHostOp,
    parameters: int,
    entries: dict[str, int],
    locks: list[SSAValue],
) -> list[Operation]:
    """Fetch the table, write each buffer (what it held would be added to), let the cores go."""
    steps: list[Operation] = [
        NpuCreateScratchpadOp(size=parameters * ENTRY_BYTES, location=op.location)
    ]
    for buffer, index in entries.items():
        clear = NpuWrite32Op(address=0, value=0, buffer=buffer, location=op.location)
        add = NpuUpdateFromScratchpadOp(
            state_table_idx=index,
            func=StateTableFunc.Incr,
            func_arg=0,
            address=0,
            buffer=buffer,
            location=op.location,
        )
        steps += [clear, add]
    steps += (SetLockOp(lock=lock, value=1, location=op.location) for lock in locks)
    return with_constants(*steps)


def _read(op: ReadScratchpadParameterOp, symbols: Symbols) -> None:
    source = symbols.get(op.buffer or "")
    assert isinstance(source, BufferOp)
    zero = ConstantOp(IntegerAttr(0, IndexType()))
    word = LoadOp.get(source.buffer, [zero.result])
    bits = ConstantOp(IntegerAttr(LOST_BITS, i32))
    value = ShRUIOp(word.results[0], bits.result)
    steps: list[Operation] = [zero, word, bits, value, *_as_type(value.result, op.result.type)]
    insert_before(op, *steps)
    op.result.replace_all_uses_with(steps[-1].results[0])
    erase(op)


def _as_type(value: SSAValue, type: Attribute) -> list[Operation]:
    if isinstance(type, IntegerType) and type != i32:
        return [TruncIOp(value, type)]
    if isinstance(type, BFloat16Type):
        half = TruncIOp(value, i16)
        return [half, BitcastOp(half.result, type)]
    return []
