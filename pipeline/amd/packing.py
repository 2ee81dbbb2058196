"""The stages that pack: configuration (CDO), its image (PDI), and the xclbin around it."""

from __future__ import annotations

from pathlib import Path

from pipeline.amd.lowering import ARRAY, of_device
from pipeline.amd.probing import Tool
from pipeline.amd.running import Shell
from softnpu.errors import ToolError

WITH_ELFS = "input_array_with_elfs.mlir"
PDI = "main.pdi"
BIF = "main_design.bif"
XCLBIN = "final.xclbin"
MAIN = "main"


def cdo(folder: Path, aie_translate: Tool) -> None:
    """The array and its cores' ELFs -> main_aie_cdo_{elfs,init,enable}.bin.

    aie-translate loads any 32-bit ELF: neither magic nor machine is looked at (aie-rt,
    xaie_elfloader.c), so that stand-in cores are packed as AIE code is.

    Raises:
        DesignError, ToolError: aie-translate fails or leaves a file unwritten.
    """
    from softnpu.targets.cdo import PARTS, file_name

    shell = Shell(folder, "cdo")
    name = hand_over(folder)
    shell.run(
        aie_translate.path,
        "--aie-generate-cdo",
        *of_device(aie_translate, name),
        f"--work-dir-path={shell.folder}",
        WITH_ELFS,
        reads=[WITH_ELFS],
        makes=[file_name(name, part) for part in PARTS],
    )


def hand_over(folder: Path) -> str:
    """Writes the array with each core's body replaced by the ELF made of it.

    Allocations of shim channels are left out: their syntax has changed between versions, and the
    configuration does not depend on them.

    Returns:
        The device's name.
    """
    from softnpu.compiler import programs
    from softnpu.compiler.modules import read_module
    from softnpu.compiler.selection import main_device
    from softnpu.dialects.aie import ShimDMAAllocationOp
    from softnpu.dialects.source import print_module

    module = read_module(folder / ARRAY)
    programs.hand_over(module)
    device_op = main_device(module)
    for op in list(device_op.body.ops):
        if isinstance(op, ShimDMAAllocationOp):
            device_op.body.erase_op(op)
    (folder / WITH_ELFS).write_text(print_module(module), encoding="utf-8")
    return device_op.sym_name


def pdi(folder: Path, bootgen: Tool) -> None:
    """The CDO files -> main.pdi.

    Raises:
        ToolError: bootgen fails, or writes nothing (it exits with 0 after some errors).
    """
    from softnpu.compiler.packaging import bif

    shell = Shell(folder, "pdi")
    (folder / BIF).write_text(bif(MAIN, shell.folder))
    image = str(shell.folder / BIF)
    shell.run(bootgen.path, "-arch", "versal", "-image", image, "-o", PDI, "-w", makes=[PDI])


def xclbin(folder: Path, xclbinutil: Tool) -> None:
    """main.pdi -> final.xclbin, with the mark of stand-in cores where they are such.

    The mark is a key and value of xclbinutil's own (`--key-value USER:core_isa:rv32`, the section
    KEYVALUE_METADATA), so that the same program writes the whole file.

    Raises:
        ToolError: xclbinutil fails, writes nothing, or leaves the mark out.
    """
    from softnpu.compiler import packaging, programs
    from softnpu.compiler.modules import read_module
    from softnpu.compiler.selection import main_device
    from softnpu.formats import xclbin as format
    from softnpu.passes.sequence_ops import model_of

    shell = Shell(folder, "xclbin")
    module = read_module(folder / ARRAY)
    programs.hand_over(module)
    device_op = main_device(module)
    marks = packaging.core_marks(programs.program_files(device_op, folder))
    contents = {MAIN: (folder / PDI).read_bytes()}
    spec = packaging.spec(model_of(device_op), MAIN, contents, marks)
    for name, text in packaging.json_files(spec, MAIN, [shell.folder / PDI]).items():
        (folder / name).write_text(text)
    shell.run(
        xclbinutil.path,
        *("--add-replace-section", f"MEM_TOPOLOGY:JSON:{MAIN}_mem_topology.json"),
        *("--add-kernel", f"{MAIN}_kernels.json"),
        *("--add-replace-section", f"AIE_PARTITION:JSON:{MAIN}_aie_partition.json"),
        *(word for key, value in marks for word in ("--key-value", f"USER:{key}:{value}")),
        *("--force", "--output", XCLBIN),
        makes=[XCLBIN],
    )
    written = format.parse((folder / XCLBIN).read_bytes()).marks
    if any(written.get(key) != value for key, value in marks):
        raise ToolError(f"{xclbinutil.path} left out the mark of stand-in cores ({shell.log})")
