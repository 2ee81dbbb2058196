"""The host's buffers: what the runtime sequence takes, against what the author declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, BlockArgument

from pipeline.buffers import ITEM_SIZE, Buffer
from pipeline.designs import Variant
from pipeline.errors import PipelineError, shown
from pipeline.manifest import write_json
from runner.dtypes import OF_MLIR
from softnpu.compiler.selection import main_device
from softnpu.dialects.aie import RuntimeSequenceOp, TraceHostConfigOp
from softnpu.dialects.source import location_of
from softnpu.dialects.text import parse_file
from softnpu.passes.sequence_ops import sequences
from softnpu.passes.transfers import HostTransfer, argument_bytes, host_transfers


@dataclass(frozen=True)
class Argument:
    """One argument of the runtime sequence as the design has it."""

    name: str
    type: Attribute
    bytes: int | None
    reads: bool
    writes: bool
    line: int | None

    @property
    def direction(self) -> str:
        """What the transfers make of it; an argument that none touches counts as an input."""
        if self.reads and self.writes:
            return "inout"
        return "out" if self.writes else "in"

    def buffer(self) -> Buffer | None:
        """The buffer that the type describes; None where the host has none of that type."""
        kind = OF_MLIR.get(str(self.type.element_type)) if isinstance(self.type, MemRefType) else ""
        if not isinstance(self.type, MemRefType) or not kind or self.bytes is None:
            return None
        return Buffer(self.direction, tuple(self.type.get_shape()) or (1,), kind)


def write(variant: Variant, target: Path) -> None:
    """Checks the declared buffers against design.mlir and writes arguments.json.

    Raises:
        PipelineError, DesignError: with file and line, where the two contradict each other.
    """
    arguments = read(variant.folder / "design.mlir")
    declared = variant.buffers
    if declared is None:
        buffers = {a.name: _buffer(variant, a) for a in arguments}
    else:
        check(variant, arguments, declared)
        buffers = declared
    size = trace_bytes(variant)
    if size:
        buffers = {**buffers, _trace_name(buffers): Buffer("trace", (size,), "uint8")}
    write_json(
        target,
        {
            "declared": declared is not None,
            "buffers": [
                {"name": name, "direction": b.direction, "shape": b.shape, "dtype": b.dtype}
                for name, b in buffers.items()
            ],
        },
    )


def _buffer(variant: Variant, argument: Argument) -> Buffer:
    """What the host passes for an argument. Raises PipelineError at the sequence."""
    found = argument.buffer()
    if found is None:
        line = argument.line and variant.rendered.template_line(argument.line)
        remedy = (
            "; a memref of static shape with integer or float elements"
            if isinstance(argument.type, MemRefType)
            else ": write a number in its place, which may be a parameter of the design"
        )
        raise PipelineError(
            f"argument %{argument.name} of the runtime sequence has the type {argument.type}; "
            f"the host passes buffers alone{remedy}",
            variant.design.source,
            line,
        )
    return found


def trace_bytes(variant: Variant) -> int:
    """Bytes of the buffer that the compiler adds behind a design's own, for what its trace units
    write; 0 if it adds none.

    Raises:
        PipelineError: traces are to go behind an output, into memory that nobody allocates.
    """
    for sequence in sequences(main_device(parse_file(variant.folder / "design.mlir")))[:1]:
        for op in sequence.body.block.ops:
            if isinstance(op, TraceHostConfigOp) and op.reuse_output_buffer:
                place = location_of(op)
                raise PipelineError(
                    "reuse_output_buffer lets traces go behind the last argument's end, where its"
                    " buffer ends, too: leave it out, and the trace gets a buffer of its own",
                    variant.design.source,
                    None if place is None else variant.rendered.template_line(place.line),
                )
            if isinstance(op, TraceHostConfigOp):
                return op.buffer_size
    return 0


def _trace_name(taken: Mapping[str, Buffer]) -> str:
    return "trace" if "trace" not in taken else "trace_buffer"


def read(design: Path) -> list[Argument]:
    """The arguments of a design's runtime sequence, in order."""
    found = sequences(main_device(parse_file(design)))
    if not found:
        return []
    sequence = found[0]  # the one that insts.bin holds
    transfers = host_transfers(sequence)
    line = _line(sequence)
    return [
        _argument(i, argument, line, transfers)
        for i, argument in enumerate(sequence.body.blocks[0].args)
    ]


def _argument(
    index: int, argument: BlockArgument, line: int | None, transfers: Sequence[HostTransfer]
) -> Argument:
    own = [t for t in transfers if t.argument == index]
    return Argument(
        name=argument.name_hint or f"arg{index}",
        type=argument.type,
        bytes=argument_bytes(argument),
        reads=any(t.reads_host for t in own),
        writes=any(t.writes_host for t in own),
        line=line,
    )


def _line(sequence: RuntimeSequenceOp) -> int | None:
    location = location_of(sequence)
    return location.line if location else None


def check(variant: Variant, arguments: list[Argument], declared: dict[str, Buffer]) -> None:
    """Refuses declared buffers that contradict the runtime sequence.

    Raises:
        PipelineError: at the declaration, naming the design's line.
    """
    if len(declared) != len(arguments):
        raise _contradiction(
            variant,
            arguments,
            f"buffers(p) declares {len(declared)} buffers ({', '.join(declared)}), the runtime"
            f" sequence takes {len(arguments)}"
            f" ({', '.join('%' + a.name for a in arguments)})",
        )
    for (name, buffer), argument in zip(declared.items(), arguments, strict=True):
        if problem := _problem(name, buffer, argument):
            raise _contradiction(variant, arguments, problem)


def _problem(name: str, buffer: Buffer, argument: Argument) -> str | None:
    if argument.bytes is not None and buffer.bytes != argument.bytes:
        count, size = buffer.bytes // ITEM_SIZE[buffer.dtype], ITEM_SIZE[buffer.dtype]
        return (
            f"buffer {name!r} has {buffer.bytes} bytes ({count} elements of {size}), argument"
            f" %{argument.name} has {argument.bytes} ({argument.type})"
        )
    if argument.writes and buffer.direction == "in":
        return f"buffer {name!r} is declared In, but the NPU writes %{argument.name}"
    if argument.reads and buffer.direction == "out":
        return f"buffer {name!r} is declared Out, but the NPU reads %{argument.name}"
    return None


def _contradiction(variant: Variant, arguments: list[Argument], message: str) -> PipelineError:
    line = next((a.line for a in arguments), None)
    if line is not None:
        template_line = variant.rendered.template_line(line)
        message += f", at {shown(variant.design.source)}:{template_line}"
    return PipelineError(message, variant.design.python, variant.design.line_of("buffers"))
