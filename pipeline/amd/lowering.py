"""The stages that work on MLIR: the design lowered, and its runtime sequence as instructions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.amd import passes
from pipeline.amd.probing import Tool
from pipeline.amd.running import Shell
from softnpu.arch.device import device
from softnpu.errors import DesignError, ToolError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import LocationAttr
    from xdsl.ir import Operation

DESIGN = "design.mlir"
WITH_ADDRESSES = "input_with_addresses.mlir"
PHYSICAL = "input_physical.mlir"
ARRAY = "input_array.mlir"
NPU_INSTS = "npu_insts.mlir"
INSTS = "insts.bin"

_TRACE = re.compile(r"\baie\.trace\b")
_HEX_WORDS = re.compile(rb"\s*(?:[0-9A-Fa-f]{8}\s+)*[0-9A-Fa-f]{8}\s*")


def target(device_name: str) -> str:
    """What Peano and the passes call a device's cores: "aie2" or "aie2p"."""
    return device(device_name).generation


def lower(folder: Path, device_name: str, aie_opt: Tool) -> None:
    """design.mlir -> input_with_addresses.mlir -> input_physical.mlir, and the array alone.

    Raises:
        DesignError: aie-opt finds fault with the design.
        ToolError: aie-opt fails otherwise.
    """
    shell = Shell(folder, "lower")
    traces = bool(_TRACE.search((folder / DESIGN).read_text()))
    pipeline = passes.resource_allocation(aie_opt, target(device_name), traces=traces)
    run_pipeline(shell, aie_opt, pipeline, DESIGN, WITH_ADDRESSES)
    run_pipeline(shell, aie_opt, passes.routing(aie_opt), WITH_ADDRESSES, PHYSICAL)
    write_array(folder)


def write_array(folder: Path) -> None:
    """The routed design without its runtime sequences: what cores and configuration depend on.

    aie-opt prints no places; cores and the calls in them get those of the author's design back, so
    that what later stages say of them is said there.
    """
    from softnpu.compiler.modules import places_file, read_module, write_module
    from softnpu.compiler.selection import without_sequences

    places_file(folder / PHYSICAL).unlink(missing_ok=True)  # of a lowering by npuforge
    array = without_sequences(read_module(folder / PHYSICAL))
    places = _places(folder / DESIGN)
    for op in array.walk():
        for what in _named(op):
            op.location = places.get(what, op.location)
    write_module(folder / ARRAY, array)


def _places(design: Path) -> dict[tuple[str, object], LocationAttr]:
    """Where the author's ops stand; nothing for a design that only aie-opt can read."""
    from softnpu.dialects.source import parse_file

    try:
        ops = list(parse_file(design).walk())
    except DesignError:
        return {}
    return {what: op.location for op in ops for what in _named(op)}


def _named(op: Operation) -> Iterator[tuple[str, object]]:
    """What an op in or around a core is known by, before lowering and after."""
    from xdsl.dialects.func import CallOp

    from softnpu.dialects.aie import BufferOp, CoreOp

    if isinstance(op, CoreOp):
        yield "core", op.position
    elif isinstance(op, CallOp):
        yield "call", op.callee.root_reference.data
    elif isinstance(op, BufferOp) and op.sym_name:
        yield "buffer", op.sym_name


def run_pipeline(shell: Shell, aie_opt: Tool, pipeline: str, source: str, output: str) -> None:
    """Runs aie-opt on one file."""
    shell.run(
        aie_opt.path,
        f"--pass-pipeline={pipeline}",
        source,
        "-o",
        output,
        reads=[source],
        makes=[output],
    )


def insts(folder: Path, aie_opt: Tool, aie_translate: Tool) -> None:
    """The runtime sequence in input_physical.mlir -> npu_insts.mlir -> insts.bin.

    Raises:
        DesignError, ToolError: as `lower`.
    """
    from softnpu.compiler.modules import read_module
    from softnpu.compiler.selection import main_device
    from softnpu.passes.sequence_ops import sequences

    shell = Shell(folder, "insts")
    device_op = main_device(read_module(folder / PHYSICAL))
    named = [sequence.sym_name for sequence in sequences(device_op)]
    run_pipeline(shell, aie_opt, passes.npu_lowering(aie_opt), PHYSICAL, NPU_INSTS)
    shell.run(
        aie_translate.path,
        npu_translation(aie_translate),
        *of_device(aie_translate, device_op.sym_name),
        *(
            [f"--aie-sequence-name={named[0]}"]
            if named and "aie-sequence-name" in aie_translate.options
            else []
        ),
        *(["--aie-output-binary"] if "aie-output-binary" in aie_translate.options else []),
        NPU_INSTS,
        "-o",
        INSTS,
        makes=[INSTS],
    )
    binary = folder / INSTS
    binary.write_bytes(as_binary(binary.read_bytes()))


def npu_translation(aie_translate: Tool) -> str:
    """The translation to an instruction stream; it has changed its name (mlir-aie 1.0 to 1.1).

    Raises:
        ToolError: this version has neither.
    """
    for name in ("aie-npu-to-binary", "aie-npu-instgen"):
        if name in aie_translate.options:
            return f"--{name}"
    raise ToolError(
        f"{aie_translate.path} ({aie_translate.version}) cannot write instruction streams: it "
        "lists neither --aie-npu-to-binary nor --aie-npu-instgen"
    )


def of_device(aie_translate: Tool, name: str) -> list[str]:
    """The option that names the device, for versions that take several in a file."""
    known = "aie-device-name" in aie_translate.options
    return [f"--aie-device-name={name}"] if known else []


def as_binary(stream: bytes) -> bytes:
    """An instruction stream as bytes; older versions write a text of hexadecimal words."""
    if not _HEX_WORDS.fullmatch(stream):
        return stream
    return b"".join(int(word, 16).to_bytes(4, "little") for word in stream.split())
