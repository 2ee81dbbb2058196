"""The stages of a build, file to file: what the pipeline's tasks and the command line run.

File names are those that aiecc writes, `main` standing for the device's name: `main.pdi`,
`main_core_0_2.elf`, `main_aie_cdo_init.bin`. Of several devices in a file, each has these;
`final.xclbin` and `insts.bin` are for the main one (see `selection.main_device`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import packaging, pipelines, programs
from softnpu.compiler.modules import read_module, write_module
from softnpu.compiler.objects import ObjectSources
from softnpu.compiler.programs import Programs
from softnpu.compiler.selection import keep_only, main_device, without_sequences
from softnpu.dialects.aie import CoreOp, DeviceOp, SwitchboxOp, TileOp
from softnpu.dialects.source import parse_file, print_module, verify
from softnpu.errors import DesignError
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

WITH_ADDRESSES = "input_with_addresses.mlir"
PHYSICAL = "input_physical.mlir"
ARRAY = "input_array.mlir"
FLOWS = "flows.json"

ROUTED = "the design has switchboxes of its own: what is routed already cannot be routed again"

# stages, file to file


def lower(design: Path, out_dir: Path, alloc: str = "") -> None:
    """The design -> resources with numbers -> routed; and the routed array by itself.

    Writes `input_with_addresses.mlir`, `input_physical.mlir`, and `input_array.mlir`, the same
    without runtime sequences: what depends on the array alone is not rebuilt with a sequence.

    Args:
        alloc: how buffers are placed, one of `pipelines.ALLOCATION_SCHEMES` or "".

    Raises:
        DesignError: the design is wrong or does not fit.
    """
    module = parse_file(design)
    _lower(module, out_dir, alloc)
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
    *,
    number_pdis: bool = True,
) -> None:
    """A runtime sequence -> the instruction stream; "" stands for the main device's first.

    Writes the lowered sequences beside `out`, as `npu_insts.mlir`.

    Args:
        number_pdis: let `load_pdi` name its device's PDI in the xclbin, as aiecc does for a full
            ELF; aie-translate leaves its number at 0.

    Raises:
        DesignError: there is no such sequence, or it asks for what the NPU cannot do.
    """
    from softnpu.compiler import streams

    module = read_module(physical)
    programs.hand_over(module)
    streams.lower_sequences(module, out.parent, number_pdis=number_pdis)
    streams.write_stream(module, device_name or main_device(module).sym_name, sequence_name, out)


def cdo(array: Path, elf_dir: Path, out_dir: Path) -> None:
    """The array and its cores' programs -> three CDO files for each device.

    Raises:
        DesignError: a missing program, or what the hardware cannot do.
    """
    module = read_module(array)
    programs.hand_over(module)
    packaging.write_configuration(module, elf_dir, out_dir)


def pdi(array: Path, out_dir: Path) -> None:
    """Each device's CDO files -> `main.pdi`, and the text by which bootgen would pack it."""
    for device_op in devices(read_module(array)):
        packaging.write_pdi(out_dir, device_op.sym_name)


def xclbin(array: Path, out_dir: Path, elf_dir: Path | None = None) -> None:
    """The PDIs in `out_dir` -> `final.xclbin`.

    The xclbin carries the mark of stand-in cores when the programs in `elf_dir` (`out_dir` unless
    given) are such; AMD's own code goes without a mark.
    """
    module = read_module(array)
    programs.hand_over(module)
    packaging.write_xclbin(module, out_dir, elf_dir or out_dir)


# all of them in one process


@dataclass(frozen=True)
class Options:
    """What `softnpu compile` is asked for.

    Attributes:
        objects: where `link_with` objects or their sources lie, besides the design's folder.
        elf_dir: where finished core programs lie; those found are packed as they are.
        alloc: how buffers are placed, "" for bank-aware with its fallback.
        device_name: compile this device alone; "" for all.
        sequence_name: the sequence that `insts.bin` holds; "" for the first.
        number_pdis: as for `insts`.
    """

    objects: tuple[Path, ...] = ()
    elf_dir: Path | None = None
    alloc: str = ""
    device_name: str = ""
    sequence_name: str = ""
    number_pdis: bool = False


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
    options = options or Options()
    module = parse_file(design)
    if options.device_name:
        keep_only(module, options.device_name)
    main_device(module)
    out_dir.mkdir(parents=True, exist_ok=True)
    _lower(module, out_dir, options.alloc)
    _write(out_dir / PHYSICAL, print_module(module))
    _write_flows(module, out_dir)
    _write_names(module, out_dir)
    sources = ObjectSources(folders=(*options.objects, design.parent))
    found = programs.gather(module, out_dir, sources, options.elf_dir)
    programs.hand_over(module)
    packaging.write_configuration(module, out_dir, out_dir)
    for device_op in devices(module):
        packaging.write_pdi(out_dir, device_op.sym_name)
    packaging.write_xclbin(module, out_dir, out_dir)
    return Outcome(found, tuple(_write_streams(module, out_dir, options)))


def _lower(module: ModuleOp, out_dir: Path, alloc: str) -> None:
    pipelines.run(pipelines.resource_allocation(alloc), module)
    _verify_allocated(module)
    _write(out_dir / WITH_ADDRESSES, print_module(module))
    routed = any(isinstance(op, SwitchboxOp) for d in devices(module) for op in d.body.ops)
    pipelines.run(pipelines.routing(), module)
    _verify(module, [ROUTED] if routed else [])


def _verify_allocated(module: ModuleOp) -> None:
    _verify(module, (hint for device_op in devices(module) for hint in _order_hints(device_op)))


def _verify(module: ModuleOp, hints: Iterable[str]) -> None:
    """Refuses what aie-opt's own verifier refuses after these passes, and says what helps."""
    try:
        verify(module)
    except DesignError as error:
        raise DesignError(error.message, error.location, (*error.notes, *hints)) from error


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


def _write_names(module: ModuleOp, out_dir: Path) -> None:
    """What the emulator calls locks and buffers: beside the xclbin, where it looks for them."""
    from softnpu.compiler.names import NAMES
    from softnpu.targets.names_json import emit

    _write(out_dir / NAMES, emit(module, main_device(module).sym_name))


def _write_streams(module: ModuleOp, out_dir: Path, options: Options) -> list[str]:
    """The instruction streams; returns notes for the author."""
    from softnpu.compiler import streams

    if not any(sequences(device_op) for device_op in devices(module)):
        return [f"the design has no aie.runtime_sequence, so there is no {streams.INSTS}"]
    streams.lower_sequences(module, out_dir, number_pdis=options.number_pdis)
    streams.write_streams(module, out_dir, options.sequence_name)
    if streams.loads_without_number(module):
        return [
            "load_pdi names PDI 0, as aie-translate writes it; "
            "--number-pdis has it name its device's PDI in the xclbin"
        ]
    return []


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
