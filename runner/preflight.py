"""What is checked before a launch, for the emulator and the NPU alike.

On hardware these mistakes hang the NPU, fault in the IOMMU or silently return zeros. Everything
comes out of the xclbin and the instruction stream themselves, so that artifacts built elsewhere
are checked too. One mistake hides no other: all are told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from runner.artifact import Argument
from runner.core_code import CoreCode, core_code, only_on_npu
from runner.errors import RunnerError
from runner.session import kernel_name
from softnpu.arch.address import split_address
from softnpu.arch.device import device_of_shape
from softnpu.arch.dma import QUEUE_DEPTH, Direction
from softnpu.arch.standin import STANDIN_ISA
from softnpu.errors import FormatError, SoftnpuError
from softnpu.formats import txn
from softnpu.formats.identify import is_word_text
from softnpu.formats.operations import (
    TRANSLATED_ARGUMENTS,
    AddressPatch,
    BlockSet,
    BlockWrite,
    MaskWrite,
    MergeSync,
    Sync,
    Write,
)
from softnpu.formats.transfers import StreamTransfer, queue_pressure, stream_transfers
from softnpu.formats.transfers import unplaced as unplaced_directions
from softnpu.formats.xclbin import Kernel, Xclbin, parse
from softnpu.formats.xclbin.metadata import GLOBAL, SCALAR
from softnpu.formats.xclbin.spec import FIRST_BUFFER_ARGUMENT
from softnpu.inspect.pdis import ConfiguredPdi, of_xclbin
from softnpu.inspect.started import astray, unserved
from softnpu.isa import table
from softnpu.warned import counted

GENERATIONS = {3: "npu1", 4: "npu2"}
"""The devices of an instruction stream's generation byte."""
CORE_ISAS = {3: table.AIE2, 4: table.AIE2P}
"""What the cores of each generation execute."""
DMA_GRANULARITY = 4
"""Bytes: a shim descriptor counts whole words (aie-rt, xaie_dma_aieml.c)."""

EMULATOR, NPU = "emulator", "npu"

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Launch:
    """What is about to be run.

    Attributes:
        insts: the bytes of `stream`, as the NPU's controller reads them.
        target: EMULATOR or NPU.
        device: the device that the design was built for, if a manifest tells.
        core_isa: what the cores hold, for an xclbin whose mark does not tell.
    """

    xclbin: Xclbin
    stream: txn.Txn
    insts: bytes
    arguments: tuple[Argument, ...]
    target: str
    device: str | None = None
    core_isa: str | None = None

    @property
    def columns(self) -> int:
        """Columns of the xclbin's partition."""
        return self.xclbin.partition.columns

    @property
    def generation(self) -> str:
        """ "npu1" or "npu2", by the instruction stream."""
        number = self.stream.devgen
        return GENERATIONS.get(number, f"a device of generation {number}")

    @property
    def kernel(self) -> Kernel:
        """The kernel that is run; FormatError if the xclbin has none."""
        name = kernel_name([kernel.name for kernel in self.xclbin.kernels])
        return self.xclbin.kernel(name)

    @cached_property
    def arrays(self) -> tuple[ConfiguredPdi, ...]:
        """The array of each of the xclbin's PDIs, and of the stream what runs on it."""
        return of_xclbin(self.xclbin, self.stream.operations).shown

    def argument(self, index: int) -> str:
        """The name of a host buffer as messages call it, by its place among the kernel's arguments.

        Args:
            index: of the buffer, from 0.
        """
        told = f"argument {FIRST_BUFFER_ARGUMENT + index}"
        known = index < len(self.arguments)
        return f"{told} ({self.arguments[index].name})" if known else told


def read(
    xclbin: Path,
    insts: Path,
    arguments: Sequence[Argument],
    target: str,
    *,
    device: str | None = None,
    core_isa: str | None = None,
) -> Launch:
    """Reads the pair of files.

    Raises:
        RunnerError: a file is missing or is not what its name says.
    """
    image = _parsed(xclbin, parse)
    stream = _parsed(insts, txn.parse)
    data = insts.read_bytes()
    if is_word_text(data):  # as older tools wrote it
        data = txn.build(stream)
    return Launch(image, stream, data, tuple(arguments), target, device, core_isa)


def _parsed(path: Path, parser: Callable[[bytes], Parsed]) -> Parsed:
    try:
        return parser(path.read_bytes())
    except OSError as error:
        raise RunnerError(f"{path}: {error.strerror}") from error
    except SoftnpuError as error:
        raise RunnerError(f"{path}: {error}") from error


def check(launch: Launch) -> tuple[str, ...]:
    """Makes sure that a launch can succeed; gives what is allowed and may still go wrong.

    Raises:
        RunnerError: naming everything that is wrong.
    """
    problems = dict.fromkeys(line for rule in ERRORS for line in _told(rule, launch))
    if problems:
        head = f"refused before launch on the {launch.target}:"
        raise RunnerError("\n".join([head, *(f"- {p}" for p in counted(problems))]))
    return tuple(line for rule in WARNINGS for line in rule(launch))


Rule = Callable[[Launch], Iterable[str]]


def _told(rule: Rule, launch: Launch) -> list[str]:
    """A rule's complaints; a section of the xclbin that it cannot read is one too."""
    try:
        return list(rule(launch))
    except SoftnpuError as error:
        return [str(error)]


# errors


def core_code_fits(launch: Launch) -> Iterator[str]:
    """Stand-in cores run on the emulator only, AIE cores on their own generation."""
    code = core_code(launch.xclbin, launch.core_isa)
    if launch.target == NPU and code is CoreCode.STAND_IN:
        yield STAND_IN_ON_NPU
    wanted = CORE_ISAS.get(launch.stream.devgen)
    if launch.target == EMULATOR and code is CoreCode.AIE and wanted == table.AIE2P:
        told = only_on_npu(launch.xclbin)
        if told:
            yield f"{told}. If it is stand-in code without a mark, say so: --core-isa {STANDIN_ISA}"
    given = launch.core_isa
    if code is CoreCode.AIE and given in CORE_ISAS.values() and given != wanted:
        yield f"the cores hold {given} code, {launch.generation} executes {wanted}"


STAND_IN_ON_NPU = (
    "the cores hold stand-in code (RV32), which only the emulator executes: run it there"
    " (npuforge test_emu), or install Peano and build again for the NPU (npuforge doctor tells what"
    " is missing)"
)


def device_fits(launch: Launch) -> Iterator[str]:
    """The pair, and the manifest beside it, are for one device."""
    stream = launch.stream
    if stream.devgen not in GENERATIONS:
        yield f"the instruction stream is for device generation {stream.devgen}; known are 3 and 4"
    elif device_of_shape(stream.devgen, launch.columns) is None:
        yield (
            f"the instruction stream is for {launch.generation}, which has no"
            f" {launch.columns} columns as the xclbin's partition does: not built together"
        )
    if stream.columns > launch.columns:
        yield (
            f"the instruction stream was made for {stream.columns} columns, the xclbin's partition"
            f" has {launch.columns}: not built together"
        )
    if launch.device and not launch.device.startswith(launch.generation):
        yield (
            f"the design was built for {launch.device}, the instruction stream is for"
            f" {launch.generation}"
        )


def addresses_lie_inside(launch: Launch) -> Iterator[str]:
    """The stream touches no tile outside the partition."""
    outside: dict[tuple[int, int], int] = {}
    for index, operation in enumerate(launch.stream.operations):
        tile = _tile(operation)
        if tile and (tile[0] >= launch.columns or tile[1] >= launch.stream.rows):
            outside.setdefault(tile, index)
        if isinstance(operation, Sync) and operation.direction not in tuple(Direction):
            yield (
                f"operation {index} of the instruction stream waits for a DMA of direction"
                f" {operation.direction}; there are 0 (S2MM) and 1 (MM2S)"
            )
    for (column, row), index in outside.items():
        yield (
            f"operation {index} of the instruction stream touches tile ({column},{row}), the"
            f" partition has {launch.columns} columns and {launch.stream.rows} rows"
        )


def _tile(operation: object) -> tuple[int, int] | None:
    match operation:
        case Write() | MaskWrite() | BlockWrite() | BlockSet() | AddressPatch():
            column, row, _ = split_address(operation.address)
            return column, row
        case MergeSync():
            return operation.columns - 1, 0
        case Sync():
            return operation.column + operation.columns - 1, operation.row + operation.rows - 1
    return None


def arguments_fit(launch: Launch) -> Iterator[str]:
    """There are as many host buffers as the stream uses and the kernel can take."""
    given = len(launch.arguments)
    room = len(launch.kernel.arguments) - FIRST_BUFFER_ARGUMENT
    if given > room:
        yield (
            f"{given} host buffers were given, the xclbin's kernel takes {room} at most: what is"
            " over would never reach the NPU; put several into one buffer"
        )
    patches = [o for o in launch.stream.operations if isinstance(o, AddressPatch)]
    used = {patch.argument for patch in patches}
    for index in sorted(used):
        if index >= given:
            yield (
                f"the instruction stream uses host buffer {index} (counted from 0), {given} were"
                " given"
            )
    for index in sorted({patch.argument for patch in patches if patch.untranslated}):
        yield (
            f"the instruction stream does not translate the address of {launch.argument(index)},"
            f" which the firmware does for the first {TRANSLATED_ARGUMENTS} buffers alone: its"
            " transfers would go elsewhere; build it with mlir-aie 1.4 or npuforge, not for a full"
            " ELF"
        )


def signature_fits(launch: Launch) -> Iterator[str]:
    """The kernel takes opcode, instructions, their size and buffers, each in a memory."""
    wanted = (SCALAR, GLOBAL, SCALAR, *[GLOBAL] * len(launch.arguments))
    for index, (argument, kind) in enumerate(zip(launch.kernel.arguments, wanted, strict=False)):
        memory = launch.xclbin.memory_index(index)
        name = f"argument {index} ({argument.name}) of the xclbin's kernel"
        if argument.qualifier != kind:
            found = QUALIFIERS.get(argument.qualifier, "of an unknown kind")
            yield f"{name} is {found}, {QUALIFIERS[kind]} was expected"
        elif kind == GLOBAL and memory is None:
            yield (
                f"{name} is connected to no memory (CONNECTIVITY section): its buffer would be"
                " left untouched"
            )
        elif memory is not None and not 0 <= memory < len(launch.xclbin.group_memories):
            yield f"{name} is connected to memory {memory}, which is none"


QUALIFIERS = {SCALAR: "a scalar", GLOBAL: "a buffer"}


def transfers_fit(launch: Launch) -> Iterator[str]:
    """Every byte that a transfer touches lies in the buffer whose address it is given."""
    for transfer in _transfers(launch):
        size = launch.arguments[transfer.argument].bytes
        if transfer.end > size or transfer.start < 0:
            yield (
                f"{_told_of(launch, transfer)} bytes {transfer.start} to {transfer.end}, the buffer"
                f" has {size}: on the NPU an IOMMU fault or foreign data"
            )
    for index, operation in enumerate(launch.stream.operations):
        if isinstance(operation, AddressPatch) and operation.start % DMA_GRANULARITY:
            yield (
                f"operation {index} starts a transfer at byte {operation.start} of"
                f" {launch.argument(operation.argument)}; a DMA counts whole words of"
                f" {DMA_GRANULARITY} bytes"
            )


def _transfers(launch: Launch) -> list[StreamTransfer]:
    """Those of arguments that were given; others are `arguments_fit`'s."""
    found = stream_transfers(launch.stream.operations)
    return [t for t in found if t.argument < len(launch.arguments)]


def _told_of(launch: Launch, transfer: StreamTransfer) -> str:
    verb = "reads" if transfer.direction is Direction.MM2S else "writes"
    channel = f"tile ({transfer.column},0) {transfer.direction.name} {transfer.channel}"
    return f"the DMA of {channel} {verb} {launch.argument(transfer.argument)},"


def channels_are_served(launch: Launch) -> Iterator[str]:
    """Every DMA channel that the stream starts has a stream in the xclbin's array.

    Arrays whose configuration is not understood are let pass.
    """
    with suppress(FormatError):
        for one in (one for array in launch.arrays for one in unserved(array)):
            yield (
                f"the instruction stream starts {one}, and {one.why}: the task would never end."
                " Were xclbin and instruction stream built together?"
            )


ERRORS: tuple[Rule, ...] = (
    core_code_fits,
    device_fits,
    addresses_lie_inside,
    arguments_fit,
    signature_fits,
    transfers_fit,
    channels_are_served,
)

# warnings


def queues_hold(launch: Launch) -> Iterator[str]:
    """Tasks that are put into a queue which earlier ones may still fill."""
    told = set()
    for pressure in queue_pressure(launch.stream.operations):
        channel = (pressure.column, pressure.direction, pressure.channel)
        if channel not in told:
            told.add(channel)
            yield (
                f"up to {pressure.waiting} tasks may wait in the queue of tile"
                f" ({pressure.column},0) {pressure.direction.name} {pressure.channel}, which holds"
                f" {QUEUE_DEPTH}: operation {pressure.operation} then blocks the controller; wait"
                " for earlier tasks (dma_wait, dma_await_task) or join them"
            )


def directions_fit(launch: Launch) -> Iterator[str]:
    """Buffers that are declared to move one way and move another, or none.

    Of a stream that starts transfers without naming their buffers, nothing is said of those that
    it leaves out.
    """
    transfers = _transfers(launch)
    unplaced = unplaced_directions(launch.stream.operations)
    read = {t.argument for t in transfers if t.direction is Direction.MM2S}
    written = {t.argument for t in transfers if t.direction is Direction.S2MM}
    for index, argument in enumerate(launch.arguments):
        name = launch.argument(index)
        if index in written and not (argument.is_output or argument.is_trace):
            yield f"{name} is an input, and a transfer writes it: what it holds then is not read"
        if index in read and not argument.is_input:
            yield f"{name} is an output, and a transfer reads it before it holds anything"
        if argument.is_output and index not in written and Direction.S2MM not in unplaced:
            yield f"{name} is an output, and no transfer of the instruction stream writes it"
        unread = index not in read | written and Direction.MM2S not in unplaced
        if argument.direction == "in" and unread:
            yield f"{name} is an input, and no transfer of the instruction stream reads it"


def streams_lead_straight(launch: Launch) -> Iterator[str]:
    """Nothing is sent twice to one place, or to where it is stuck."""
    with suppress(FormatError):
        for told in dict.fromkeys(one for array in launch.arrays for one in astray(array)):
            yield f"{told}: the switches of the xclbin's array are set so"


WARNINGS: tuple[Rule, ...] = (queues_hold, directions_fit, streams_lead_straight)
