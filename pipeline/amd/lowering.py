"""The stages that work on MLIR: the design lowered, and its runtime sequence as instructions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.amd import passes, texts
from pipeline.amd.probing import Tool
from pipeline.amd.running import Shell
from softnpu.arch.device import device
from softnpu.errors import DesignError, ToolError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import LocationAttr, ModuleOp
    from xdsl.ir import Operation

DESIGN = "design.mlir"
PLACED = "placed.mlir"
TRACED = "traced.mlir"
WITH_ADDRESSES = "input_with_addresses.mlir"
PHYSICAL = "input_physical.mlir"
ARRAY = "input_array.mlir"
PHYSICAL_WITH_ELFS = "input_physical_with_elfs.mlir"
NPU_INSTS = "npu_insts.mlir"
INSTS = "insts.bin"
PARAMETERS = "params.txt"

_TRACE = re.compile(r"\baie\.trace\b")
_LOGICAL_TILE = re.compile(r"\baie\.logical_tile\b")
_HEX_WORDS = re.compile(rb"\s*(?:[0-9A-Fa-f]{8}\s+)*[0-9A-Fa-f]{8}\s*")


def target(device_name: str) -> str:
    """What Peano and the passes call a device's cores: "aie2" or "aie2p"."""
    return device(device_name).generation


def lower(folder: Path, device_name: str, aie_opt: Tool) -> None:
    """design.mlir -> input_with_addresses.mlir and its flows -> input_physical.mlir, and the array.

    Between them placed.mlir, where aie-opt has a placer, which folds constants by the way, and
    traced.mlir, where the design traces and aie-opt lowers traces by themselves.

    Raises:
        DesignError: aie-opt finds fault with the design.
        ToolError: aie-opt fails otherwise.
    """
    shell = Shell(folder, "lower")
    text, latest = (folder / DESIGN).read_text(), DESIGN
    for name in (PLACED, TRACED):  # of a lowering before
        (folder / name).unlink(missing_ok=True)
    if _LOGICAL_TILE.search(text) or passes.places(aie_opt):
        run_pipeline(shell, aie_opt, passes.placement(aie_opt), latest, PLACED)
        latest = PLACED
    traces = bool(_TRACE.search(text))
    if traces and passes.traces_first(aie_opt):
        run_pipeline(shell, aie_opt, passes.trace_flows(aie_opt), latest, TRACED)
        latest, traces = TRACED, False
    pipeline = passes.resource_allocation(aie_opt, target(device_name), traces=traces)
    run_pipeline(shell, aie_opt, pipeline, latest, WITH_ADDRESSES)
    run_pipeline(shell, aie_opt, passes.routing(aie_opt), WITH_ADDRESSES, PHYSICAL)
    places = examine(folder / DESIGN)
    write_flows(folder, places)
    write_array(folder, places)


Places = Mapping[tuple[str, object], "LocationAttr"]
"""Where the author's ops stand, by what they are known by."""


def examine(path: Path) -> Places:
    """Ask of the author's design what aie-opt does not; nothing of one that only aie-opt can read.

    Raises:
        DesignError: a descriptor moves another number of elements than its length says.
    """
    from softnpu.compiler import hazards
    from softnpu.dialects.aie import NotPlacedError
    from softnpu.dialects.rules.descriptors import check_descriptors
    from softnpu.dialects.text import parse_file

    try:
        design = parse_file(path, check=False)
    except DesignError:
        return {}
    check_descriptors(design)
    with suppress(NotPlacedError):
        hazards.warn(design)
    return {what: op.location for what, op in _known(design)}


def write_flows(folder: Path, places: Places) -> None:
    """The flows of the design, at their places in the author's, for the check of their routes; and
    the table of its scratchpad parameters, if it has some."""
    from softnpu.compiler import finished, hazards
    from softnpu.dialects.text import parse_file
    from softnpu.passes.lower_scratchpad_parameters import parameters_of, table_text

    module = parse_file(folder / WITH_ADDRESSES, check=False)
    (folder / PARAMETERS).unlink(missing_ok=True)
    if parameters_of(module):
        (folder / PARAMETERS).write_text(table_text(module))
    _put_back(module, places)
    hazards.warn_of_sums(module)
    finished.write_flows(module, folder)


def write_array(folder: Path, places: Places) -> None:
    """The routed design without its runtime sequences, what cores and configuration depend on;
    and what these ask of the kernel.

    It stays in aie-opt's own spelling, which is what aie-translate of that version reads.

    Raises:
        DesignError: a descriptor that aie-opt has made does not move what its length says, or a
            sequence takes more buffers than a kernel can.
    """
    from softnpu.compiler import kernel
    from softnpu.compiler.modules import places_file, read_module, write_places
    from softnpu.dialects.rules.descriptors import check_descriptors

    array = folder / ARRAY
    for written in (folder / PHYSICAL, array):  # of a lowering by npuforge
        places_file(written).unlink(missing_ok=True)
    physical = read_module(folder / PHYSICAL)
    kernel.write(physical, folder)
    check_descriptors(physical)
    array.write_text(texts.without_sequences((folder / PHYSICAL).read_text()))
    module = read_module(array)
    _put_back(module, places)
    write_places(array, module)


def _put_back(module: ModuleOp, places: Places) -> None:
    """Let ops stand where they do in the author's design: aie-opt prints no places, and what later
    stages say of them is to be said there."""
    for what, op in _known(module):
        op.location = places.get(what, op.location)


def _known(module: ModuleOp) -> Iterator[tuple[tuple[str, object], Operation]]:
    """The ops that are known by something, in the order of the text: cores keep theirs."""
    from softnpu.dialects.aie import CoreOp

    ops = list(module.walk())
    yield from ((("core", n), op) for n, op in enumerate(o for o in ops if isinstance(o, CoreOp)))
    yield from ((what, op) for op in ops for what in _named(op))


def _named(op: Operation) -> Iterator[tuple[str, object]]:
    """What an op in a core, a buffer or a flow between placed tiles is known by, before lowering
    and after."""
    from xdsl.dialects.func import CallOp

    from softnpu.compiler.design_flows import of_op
    from softnpu.dialects.aie import BufferOp, FlowOp, PacketFlowOp
    from softnpu.dialects.aie.tiles import NotPlacedError

    if isinstance(op, CallOp):
        yield "call", op.callee.root_reference.data
    elif isinstance(op, BufferOp) and op.sym_name:
        yield "buffer", op.sym_name
    elif isinstance(op, (FlowOp, PacketFlowOp)):
        with suppress(NotPlacedError):
            for flow in of_op(op):
                yield "flow", (flow.source, flow.destination, flow.packet_id)


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

    The cores' bodies are left out: passes of 1.4 and newer would go over them, for nothing.

    Raises:
        DesignError, ToolError: as `lower`.
    """
    from softnpu.compiler.modules import read_module
    from softnpu.compiler.selection import main_device
    from softnpu.passes.sequence_ops import sequences

    shell = Shell(folder, "insts")
    physical = read_module(folder / PHYSICAL)
    device_op = main_device(physical)
    named = [sequence.sym_name for sequence in sequences(device_op)]
    handed = texts.with_elfs((folder / PHYSICAL).read_text(), texts.programs_of(physical))
    (folder / PHYSICAL_WITH_ELFS).write_text(handed)
    run_pipeline(shell, aie_opt, passes.npu_lowering(aie_opt), PHYSICAL_WITH_ELFS, NPU_INSTS)
    number_pdis(folder / NPU_INSTS)
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
    check_translation(binary.read_bytes(), aie_translate)


def check_translation(stream: bytes, aie_translate: Tool) -> None:
    """Refuses a stream whose transfers would miss a host buffer, as those of old versions do.

    Raises:
        ToolError: names the buffer.
    """
    from softnpu.formats import txn
    from softnpu.formats.operations import TRANSLATED_ARGUMENTS, AddressPatch

    patches = [o for o in txn.parse(stream).operations if isinstance(o, AddressPatch)]
    missed = [patch.argument for patch in patches if patch.untranslated]
    if missed:
        raise ToolError(
            f"{aie_translate.path} ({aie_translate.version}) knows of {TRANSLATED_ARGUMENTS} host "
            f"buffers, and the runtime sequence uses number {missed[0] + 1}: its transfers would "
            "miss the buffer on an NPU; mlir-aie 1.4 translates its address, or put several "
            "tensors into one buffer"
        )


def number_pdis(npu_insts: Path) -> None:
    """Let each `load_pdi` that names a device name its PDI: aiecc does that, and no pass."""
    from softnpu.compiler import streams
    from softnpu.dialects.text import parse_file, print_module

    if "npu.load_pdi" in npu_insts.read_text():
        module = parse_file(npu_insts)
        streams.number_pdis(module)
        npu_insts.write_text(print_module(module))


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
