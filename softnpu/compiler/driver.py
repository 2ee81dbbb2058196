"""The stages of a build, file to file: what the pipeline's tasks and the command line run.

File names are those that aiecc writes, `main` standing for the device's name: `main.pdi`,
`main_core_0_2.elf`, `main_aie_cdo_init.bin`. Of several devices in a file, each has these;
`final.xclbin` and `insts.bin` are for the main one (see `selection.main_device`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import (
    finished,
    hazards,
    kernel,
    packaging,
    pipelines,
    programs,
    routing,
    streams,
)
from softnpu.compiler.modules import in_one_go, read_module, verify, write_module
from softnpu.compiler.objects import ObjectSources
from softnpu.compiler.pipelines import DEFAULTS, Choices
from softnpu.compiler.programs import Programs
from softnpu.compiler.selection import check_npus, keep_only, main_device, without_sequences
from softnpu.dialects.aie import CoreOp, DeviceOp, LogicalTileOp, TileOp
from softnpu.dialects.text import parse_file, print_module
from softnpu.dialects.walking import classes_in
from softnpu.errors import ToolError
from softnpu.formats.xclbin.spec import DEFAULT_IDENTITY, KernelIdentity
from softnpu.passes.lower_scratchpad_parameters import parameters_of, table_text
from softnpu.passes.sequence_ops import devices, sequences

__all__ = [
    "Options",
    "Outcome",
    "cdo",
    "compile_design",
    "cores",
    "insts",
    "lower",
    "main_device",
    "pdi",
    "xclbin",
]

PLACED = "placed.mlir"
TRACED = "traced.mlir"
WITH_ADDRESSES = "input_with_addresses.mlir"
PHYSICAL = "input_physical.mlir"
ARRAY = "input_array.mlir"
PARAMETERS = "params.txt"
FLOWS = "flows.json"

TRACES = "aie.trace"
"""How the names of the ops start that the trace pipeline is about; it does nothing without one."""

# stages, file to file


def lower(design: Path, out_dir: Path, choices: Choices = DEFAULTS) -> None:
    """The design -> resources with numbers -> routed; and the routed array by itself.

    Writes `input_with_addresses.mlir` and its flows, `input_flows.json`; `input_physical.mlir`; and
    `input_array.mlir`, the same without runtime sequences, with `input_kernel.json`, what they ask
    of the kernel: what depends on the array alone is not rebuilt with a sequence.

    Args:
        choices: what aiecc's options decide.

    Raises:
        DesignError: the design is wrong or does not fit.
    """
    module = parse_file(design)
    check_npus(module)
    module = _lowered(module, out_dir, choices)
    kernel.write(module, out_dir)
    write_module(out_dir / PHYSICAL, module)
    write_module(out_dir / ARRAY, without_sequences(module))


def cores(array: Path, out_dir: Path, objects: Mapping[str, Path]) -> list[Path]:
    """The cores' bodies and the objects that they link -> one ELF each, for stand-in cores.

    Args:
        objects: the file for each name that `link_with` mentions: an object, or its C source.

    Returns:
        The ELFs, those included that the design names itself.

    Raises:
        DesignError, ToolError: a body, an object or a program that will not do.
    """
    sources = ObjectSources(known=dict(objects), folders=(out_dir,))
    found = programs.gather(read_module(array), out_dir, sources)
    return [*found.packed, *found.compiled]


def insts(
    physical: Path,
    out: Path,
    device_name: str = "",
    sequence_name: str = "",
) -> None:
    """A runtime sequence -> the instruction stream; "" stands for the main device's first.

    Writes the lowered sequences beside `out`, as `npu_insts.mlir`.

    Raises:
        DesignError: there is no such sequence, or it asks for what the NPU cannot do.
    """
    module = read_module(physical)
    programs.hand_over(module)
    streams.lower_sequences(module, out.parent)
    streams.write_stream(module, device_name or main_device(module).sym_name, sequence_name, out)


def cdo(array: Path, elf_dir: Path, out_dir: Path) -> None:
    """The array and its cores' programs -> three CDO files for each device.

    Raises:
        DesignError: a missing program, or what the hardware cannot do.
    """
    module = read_module(array)
    programs.hand_over(module)
    packaging.write_configuration(module, elf_dir, out_dir)


def routes(folder: Path) -> None:
    """The CDO files of all devices and insts.bin, held to the design's flows -> `routes.txt`.

    Raises:
        DesignError: a stream does not do what its flow says; names flow, tile and port.
    """
    finished.check_routes(folder)


def pdi(array: Path, out_dir: Path) -> None:
    """Each device's CDO files -> `main.pdi`, and the text by which bootgen would pack it."""
    for device_op in devices(read_module(array)):
        packaging.write_pdi(out_dir, device_op.sym_name)


def xclbin(array: Path, out_dir: Path, elf_dir: Path | None = None) -> None:
    """The PDIs in `out_dir` -> `final.xclbin`, with the kernel of `input_kernel.json` there.

    The xclbin carries the mark of stand-in cores when the programs in `elf_dir` (`out_dir` unless
    given) are such; AMD's own code goes without a mark.
    """
    module = read_module(array)
    programs.hand_over(module)
    packaging.write_xclbin(module, out_dir, elf_dir or out_dir, kernel.read(out_dir))


# all of them in one process


@dataclass(frozen=True)
class Options(Choices):
    """What `npuforge compile` is asked for.

    Attributes:
        objects: where `link_with` objects or their sources lie, besides the design's folder.
        elf_dir: where finished core programs lie; those found are packed as they are.
        device_name: compile this device alone; "" for all.
        sequence_name: the sequence that `insts.bin` holds; "" for the first.
        translate: as for `npu_binary.stream`.
        npu_cpp: a sequence that only the run decides becomes a C++ function; else it is refused.
        materialize: as for `pipelines.npu_lowering`.
        locations: the texts on the way say where each op comes from.
        locmaps: beside each stream, where its operations come from.
        array: make the cores' programs and what sets up the array; else streams and texts alone,
            for which no kernel need be there. Sequences that set it up themselves need it.
        kernel: what the kernel is called in the xclbin.
        extended: an xclbin to whose kernels this one is added.
    """

    objects: tuple[Path, ...] = ()
    elf_dir: Path | None = None
    device_name: str = ""
    sequence_name: str = ""
    translate: bool = True
    npu_cpp: bool = False
    materialize: bool = True
    locations: bool = False
    locmaps: bool = False
    array: bool = True
    kernel: KernelIdentity = DEFAULT_IDENTITY
    extended: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What a compilation made: the cores' programs, and what the author should know besides."""

    programs: Programs
    notes: tuple[str, ...]


def compile_design(design: Path, out_dir: Path, options: Options | None = None) -> Outcome:
    """A design to all its artifacts in `out_dir`.

    Raises:
        SoftnpuError: DesignError for the design, ToolError for its kernels, FormatError for ELFs.
    """
    with in_one_go():
        return _compiled(design, out_dir, options or Options())


def _compiled(design: Path, out_dir: Path, options: Options) -> Outcome:
    if options.expand_load_pdis and options.load_pdi_to_ctrl_pkt:
        raise ToolError(
            "a sequence configures the array by register writes (--expand-load-pdis) or by "
            "control packets (--load-pdi-to-ctrl-pkt), not by both"
        )
    module = parse_file(design)
    others: list[int] = []
    if options.device_name:
        others = kernel.buffers_of(module, options.sequence_name)
        keep_only(module, options.device_name)
    if options.array:
        check_npus(module)
    else:  # texts are made for Versal's arrays, too
        main_device(module)
    out_dir.mkdir(parents=True, exist_ok=True)
    module = _lowered(module, out_dir, options, locations=options.locations)
    _write(out_dir / PHYSICAL, print_module(module, locations=options.locations))
    _write_flows(module, out_dir)
    if not options.array and not options.expands_loads:
        programs.hand_over(module)
        return Outcome(Programs(), tuple(_write_streams(module, out_dir, options)))
    bodies = module.clone() if options.expands_loads else None
    sources = ObjectSources(folders=(*options.objects, design.parent))
    found = programs.gather(module, out_dir, sources, options.elf_dir)
    if bodies is None:
        _write_names(module, out_dir)
    programs.hand_over(module)
    notes = []
    if bodies is not None:  # which adds devices, and so changes the numbers of all
        notes = streams.expand_loads(module, out_dir, options, locations=options.locations)
        _write_names(module, out_dir, bodies)
    packaging.write_configuration(module, out_dir, out_dir)
    notes += _write_streams(module, out_dir, options)
    finished.check_routes(out_dir, streams.pdi_numbers(module))
    for device_op in devices(module):
        packaging.write_pdi(out_dir, device_op.sym_name)
    needs = kernel.of_module(module, options.sequence_name, others)
    packaging.write_xclbin(module, out_dir, out_dir, needs, options.kernel, options.extended)
    packaging.write_texts(module, out_dir, needs, options.kernel)
    return Outcome(found, tuple(notes))


def _lowered(
    module: ModuleOp, out_dir: Path, choices: Choices, *, locations: bool = False
) -> ModuleOp:
    """The design with numbered resources and routes; the module given is used up."""
    open_tiles = any(isinstance(op, LogicalTileOp) for d in devices(module) for op in d.body.ops)
    pipelines.run(pipelines.placement(choices), module)
    if open_tiles:  # else it has only folded what is checked with what comes of it
        verify(module)
    text = print_module(module, locations=locations)
    _write(out_dir / PLACED, text)
    hazards.warn(module)
    if any(cls.name.startswith(TRACES) for cls in classes_in(module)):
        pipelines.run(pipelines.trace(), module)
        text = print_module(module, locations=locations)
    _write(out_dir / TRACED, text)
    pipelines.run(pipelines.resource_allocation(choices), module)
    verify(module, (hint for device_op in devices(module) for hint in _order_hints(device_op)))
    hazards.warn_of_sums(module)
    _write(out_dir / WITH_ADDRESSES, print_module(module, locations=locations))
    if parameters_of(module):
        _write(out_dir / PARAMETERS, table_text(module))
    finished.write_flows(module, out_dir)
    return routing.route(module)


def _order_hints(device_op: DeviceOp) -> Iterator[str]:
    """What an objectfifo becomes stands behind the last tile; a core before it cannot use it."""
    core: CoreOp | None = None
    for op in device_op.body.ops:
        if core is None and isinstance(op, CoreOp):
            core = op
        elif core is not None and isinstance(op, TileOp):
            yield (
                f"aie.tile({op.col}, {op.row}) stands behind the core of tile {core.position}:"
                " declare all tiles before the first core"
            )
            return


def _write_flows(module: ModuleOp, out_dir: Path) -> None:
    from softnpu.targets.flows_json import emit

    array = without_sequences(module)
    pipelines.run(pipelines.flow_discovery(), array)
    _write(out_dir / FLOWS, emit(array, main_device(module).sym_name))


def _write_names(module: ModuleOp, out_dir: Path, bodies: ModuleOp | None = None) -> None:
    """What the emulator calls locks and buffers: beside the xclbin, where it looks for them."""
    from softnpu.compiler.names import NAMES
    from softnpu.targets.names_json import emit

    text = emit(module, main_device(module).sym_name, bodies=bodies, programs=out_dir)
    _write(out_dir / NAMES, text)


def _write_streams(module: ModuleOp, out_dir: Path, options: Options) -> list[str]:
    """The instruction streams; returns notes for the author."""
    if not any(sequences(device_op) for device_op in devices(module)):
        return [f"the design has no aie.runtime_sequence, so there is no {streams.INSTS}"]
    streams.lower_sequences(
        module, out_dir, materialize=options.materialize, locations=options.locations
    )
    if options.npu_cpp and (note := streams.write_functions(module, out_dir, options.translate)):
        return [note]
    streams.write_streams(module, out_dir, options.sequence_name, translate=options.translate)
    if options.locmaps:
        streams.write_locmaps(module, out_dir)
    return []


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
