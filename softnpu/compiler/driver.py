"""The stages of a build, file to file: what the pipeline's tasks and the command line run.

File names are those that aiecc writes, `main` standing for the device's name: `main.pdi`,
`main_core_0_2.elf`, `main_aie_cdo_init.bin`. The main device is the one called `main`, else the
first with a runtime sequence; `final.xclbin` is its, and `insts.bin` is its first sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.compiler import packaging, pipelines, programs
from softnpu.compiler.modules import read_module, write_module
from softnpu.compiler.objects import ObjectSources
from softnpu.dialects.aie import DeviceOp, RuntimeSequenceOp
from softnpu.dialects.aiex import NpuLoadPdiOp
from softnpu.dialects.source import parse_file, print_module
from softnpu.errors import DesignError
from softnpu.passes.sequence_ops import devices, model_of, sequences

WITH_ADDRESSES = "input_with_addresses.mlir"
PHYSICAL = "input_physical.mlir"
ARRAY = "input_array.mlir"
NPU_INSTS = "npu_insts.mlir"
FLOWS = "flows.json"
INSTS = "insts.bin"
XCLBIN = "final.xclbin"


# stages, file to file


def lower(design: Path, out_dir: Path, alloc: str = "") -> None:
    """The design -> resources with numbers -> routed; and the routed array by itself.

    Writes `input_with_addresses.mlir`, `input_physical.mlir`, and `input_array.mlir`, the same
    without runtime sequences: what depends on the array alone is not rebuilt with a sequence.

    Raises:
        DesignError: the design is wrong or does not fit.
    """
    module = parse_file(design)
    _lower(module, out_dir, alloc)
    write_module(out_dir / PHYSICAL, module)
    write_module(out_dir / ARRAY, _without_sequences(module))


def cores(array: Path, out_dir: Path, objects: Mapping[str, Path]) -> list[Path]:
    """The cores' bodies and the objects that they link -> one ELF each, for stand-in cores.

    Args:
        objects: the file for each name that `link_with` mentions: an object, or its C source.

    Returns:
        The ELFs in the design's order, those included that the design names itself.

    Raises:
        DesignError, ToolError: a body, an object or a program that will not do.
    """
    module = read_module(array)
    sources = ObjectSources(known=dict(objects), folders=(out_dir,))
    outcome = _gather_programs(module, out_dir, None, sources)
    return [*outcome.packed, *outcome.compiled]


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
    module = read_module(physical)
    programs.hand_over(module)
    device_op = _device(module, device_name) if device_name else main_device(module)
    _lower_sequences(module, out.parent, number_pdis)
    _write_insts(module, device_op.sym_name, sequence_name, out)


def cdo(array: Path, elf_dir: Path, out_dir: Path) -> None:
    """The array and its cores' programs -> three CDO files for each device.

    Raises:
        DesignError: a missing program, or what the hardware cannot do.
    """
    module = read_module(array)
    programs.hand_over(module)
    _write_configuration(module, elf_dir, out_dir)


def pdi(out_dir: Path, device_name: str = "main") -> None:
    """The CDO files of a device -> `main.pdi`, and the text by which bootgen would pack it."""
    from softnpu.formats.pdi import from_cdos
    from softnpu.targets.cdo import PARTS, file_name

    files = [(out_dir / file_name(device_name, part)).read_bytes() for part in PARTS]
    (out_dir / f"{device_name}_design.bif").write_text(packaging.bif(device_name, out_dir))
    (out_dir / f"{device_name}.pdi").write_bytes(from_cdos(files))


def xclbin(array: Path, out_dir: Path, elf_dir: Path | None = None) -> None:
    """The PDIs in `out_dir` -> `final.xclbin`, and the texts by which xclbinutil would pack it.

    The xclbin carries the mark of stand-in cores when the programs in `elf_dir` (`out_dir` unless
    given) are such; AMD's own code goes without a mark.
    """
    module = read_module(array)
    programs.hand_over(module)
    _write_xclbin(module, out_dir, elf_dir or out_dir)


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


@dataclass
class Outcome:
    """What a compilation made.

    Attributes:
        packed: programs taken from the ELF folder. `compiled`: programs made here.
        notes: what the author should know although nothing failed.
    """

    packed: list[Path] = field(default_factory=list)
    compiled: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compile_design(design: Path, out_dir: Path, options: Options | None = None) -> Outcome:
    """A design to all its artifacts in `out_dir`.

    Raises:
        SoftnpuError: DesignError for the design, ToolError for its kernels, FormatError for ELFs.
    """
    options = options or Options()
    module = parse_file(design)
    if options.device_name:
        _keep_only(module, options.device_name)
    out_dir.mkdir(parents=True, exist_ok=True)
    _lower(module, out_dir, options.alloc)
    _write(out_dir / PHYSICAL, print_module(module))
    _write_flows(module, out_dir)
    sources = ObjectSources(folders=(*options.objects, design.parent))
    outcome = _gather_programs(module, out_dir, options.elf_dir, sources)
    programs.hand_over(module)
    _write_configuration(module, out_dir, out_dir)
    for device_op in devices(module):
        pdi(out_dir, device_op.sym_name)
    _write_xclbin(module, out_dir, out_dir)
    _write_sequences(module, out_dir, options, outcome)
    return outcome


# parts


def main_device(module: ModuleOp) -> DeviceOp:
    """The device that a file's artifacts are named for."""
    found = devices(module)
    if not found:
        raise DesignError("the design has no aie.device", notes=("add: aie.device(npu1_1col) {…}",))
    named = (device for device in found if device.sym_name == "main")
    with_sequence = (device for device in found if sequences(device))
    return next(named, None) or next(with_sequence, None) or found[0]


def _device(module: ModuleOp, name: str) -> DeviceOp:
    from softnpu.targets.npu_binary import find_device

    return find_device(module, name)


def _keep_only(module: ModuleOp, name: str) -> None:
    kept = _device(module, name)
    for device_op in devices(module):
        if device_op is not kept:
            _remove(device_op)


def _lower(module: ModuleOp, out_dir: Path, alloc: str) -> None:
    pipelines.run(pipelines.resource_allocation(alloc), module)
    _write(out_dir / WITH_ADDRESSES, print_module(module))
    pipelines.run(pipelines.routing(), module)


def _write_flows(module: ModuleOp, out_dir: Path) -> None:
    from softnpu.targets.flows_json import emit

    array = _without_sequences(module)
    pipelines.run(pipelines.flow_discovery(), array)
    _write(out_dir / FLOWS, emit(array, main_device(module).sym_name))


def _without_sequences(module: ModuleOp) -> ModuleOp:
    array = module.clone()
    for op in list(array.walk()):
        if isinstance(op, RuntimeSequenceOp):
            _remove(op)
    return array


def _remove(op: Operation) -> None:
    block = op.parent_block()
    assert block is not None
    block.erase_op(op)


def _write_scripts(module: ModuleOp, out_dir: Path) -> None:
    """The linker script of every core that needs a program."""
    from softnpu.targets.ldscript import linker_script

    for device_op in devices(module):
        for core in programs.cores(device_op):
            if programs.needs_program(device_op, core) and core.elf_file is None:
                name = programs.program_name(device_op, core, ".ld.script")
                _write(out_dir / name, linker_script(device_op, core))


def _gather_programs(
    module: ModuleOp, out_dir: Path, given: Path | None, sources: ObjectSources
) -> Outcome:
    """Each core's program into `out_dir`: from the folder of given ones, or compiled."""
    _write_scripts(module, out_dir)
    outcome = Outcome()
    missing = []
    for device_op in devices(module):
        for core in programs.cores(device_op):
            if not programs.needs_program(device_op, core):
                continue
            name = core.elf_file or programs.program_name(device_op, core)
            if given is not None and (given / name).is_file():
                outcome.packed.append(_place(given / name, out_dir / name))
            elif core.elf_file is not None:
                found = sources.find(name, core)
                outcome.packed.append(_place(found, out_dir / Path(name).name))
            else:
                missing.append((device_op, core))
    if missing:
        from softnpu.compiler.core_build import build_programs

        outcome.compiled.extend(build_programs(missing, out_dir, sources))
    return outcome


def _place(source: Path, target: Path) -> Path:
    if source.resolve() != target.resolve():
        target.write_bytes(source.read_bytes())
    return target


def _write_configuration(module: ModuleOp, elf_dir: Path, out_dir: Path) -> None:
    from softnpu.targets.cdo import configuration

    for device_op in devices(module):
        files = configuration(device_op, elf_dir).files(device_op.sym_name)
        for name, data in files.items():
            (out_dir / name).write_bytes(data)


def _write_xclbin(module: ModuleOp, out_dir: Path, elf_dir: Path) -> None:
    from softnpu.formats.xclbin import build

    chosen = main_device(module)
    every = devices(module)
    elfs = [file for device_op in every for file in programs.program_files(device_op, elf_dir)]
    pdis = {d.sym_name: (out_dir / f"{d.sym_name}.pdi").read_bytes() for d in every}
    spec = packaging.spec(model_of(chosen), chosen.sym_name, pdis, marks=packaging.core_marks(elfs))
    (out_dir / XCLBIN).write_bytes(build(spec))


def _lower_sequences(module: ModuleOp, out_dir: Path, number_pdis: bool) -> None:
    pipelines.run(pipelines.npu_lowering(), module)
    if number_pdis:
        for load in _loads_without_number(module):
            load.id = 1 + [d.sym_name for d in devices(module)].index(load.device_ref)
    _write(out_dir / NPU_INSTS, print_module(module))


def _loads_without_number(module: ModuleOp) -> list[NpuLoadPdiOp]:
    """The `load_pdi` that name a device of this file, but not the number of its PDI."""
    names = {device_op.sym_name for device_op in devices(module)}
    loads = (op for op in module.walk() if isinstance(op, NpuLoadPdiOp))
    return [op for op in loads if op.id == 0 and op.device_ref in names]


def _write_insts(module: ModuleOp, device_name: str, sequence_name: str, out: Path) -> None:
    from softnpu.targets.npu_binary import emit

    out.write_bytes(emit(module, device_name, sequence_name))


def _write_sequences(module: ModuleOp, out_dir: Path, options: Options, outcome: Outcome) -> None:
    """`insts.bin`, and where there are several sequences each under its own name too."""
    found = [(d.sym_name, s.sym_name) for d in devices(module) for s in sequences(d)]
    if not found:
        outcome.notes.append(f"the design has no aie.runtime_sequence, so there is no {INSTS}")
        return
    chosen = main_device(module)
    _lower_sequences(module, out_dir, options.number_pdis)
    if _loads_without_number(module):
        outcome.notes.append(
            "load_pdi names PDI 0, as aie-translate writes it; "
            "--number-pdis has it name its device's PDI in the xclbin"
        )
    for device_name, sequence_name in found if len(found) > 1 else ():
        _write_insts(
            module, device_name, sequence_name, out_dir / f"{device_name}_{sequence_name}.bin"
        )
    if sequences(chosen):
        _write_insts(module, chosen.sym_name, options.sequence_name, out_dir / INSTS)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
