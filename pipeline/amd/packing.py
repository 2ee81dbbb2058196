"""The stages that pack: configuration (CDO), its image (PDI), and the xclbin around it."""

from __future__ import annotations

from pathlib import Path

from pipeline.amd import texts
from pipeline.amd.lowering import ARRAY, of_device
from pipeline.amd.probing import Tool
from pipeline.amd.running import Shell
from softnpu.errors import ToolError

WITH_ELFS = "input_array_with_elfs.mlir"
XCLBIN = "final.xclbin"


def cdo(folder: Path, aie_translate: Tool) -> None:
    """The array and its cores' ELFs -> main_aie_cdo_{elfs,init,enable}.bin, so for each device.

    aie-translate loads any 32-bit ELF: neither magic nor machine is looked at (aie-rt,
    xaie_elfloader.c), so that stand-in cores are packed as AIE code is.

    Raises:
        DesignError, ToolError: aie-translate fails or leaves a file unwritten.
    """
    from softnpu.targets.cdo import PARTS, file_name

    shell = Shell(folder, "cdo")
    for name in hand_over(folder):
        shell.run(
            aie_translate.path,
            "--aie-generate-cdo",
            *of_device(aie_translate, name),
            f"--work-dir-path={shell.folder}",
            WITH_ELFS,
            reads=[WITH_ELFS],
            makes=[file_name(name, part) for part in PARTS],
        )


def hand_over(folder: Path) -> list[str]:
    """Writes the array with each core's body replaced by the ELF made of it.

    The text stays as it was written: aie-translate reads the spelling of its own version.

    Returns:
        The devices' names.
    """
    from softnpu.compiler.modules import read_module
    from softnpu.passes.sequence_ops import devices

    module = read_module(folder / ARRAY)
    handed = texts.with_elfs((folder / ARRAY).read_text(), texts.programs_of(module))
    (folder / WITH_ELFS).write_text(handed)
    return [device_op.sym_name for device_op in devices(module)]


def pdi(folder: Path, bootgen: Tool) -> None:
    """Each device's CDO files -> its PDI: main.pdi.

    Raises:
        ToolError: bootgen fails, or writes nothing (it exits with 0 after some errors).
    """
    from softnpu.compiler.modules import read_module
    from softnpu.compiler.packaging import bif
    from softnpu.passes.sequence_ops import devices

    shell = Shell(folder, "pdi")
    for device_op in devices(read_module(folder / ARRAY)):
        name = device_op.sym_name
        text, made = f"{name}_design.bif", f"{name}.pdi"
        (folder / text).write_text(bif(name))
        shell.run(bootgen.path, "-arch", "versal", "-image", text, "-o", made, "-w", makes=[made])


def xclbin(folder: Path, xclbinutil: Tool) -> None:
    """The PDIs -> final.xclbin, with the mark of stand-in cores where they are such.

    The mark is a key and value of xclbinutil's own (`--key-value USER:core_isa:rv32`, the section
    KEYVALUE_METADATA), so that the same program writes the whole file.

    Raises:
        ToolError: xclbinutil fails, writes nothing, or leaves the mark out.
    """
    from softnpu.compiler import kernel, packaging, programs
    from softnpu.compiler.modules import read_module
    from softnpu.formats import xclbin as format

    shell = Shell(folder, "xclbin")
    module = read_module(folder / ARRAY)
    programs.hand_over(module)
    wanted = kernel.read(folder)
    spec = packaging.spec_of(module, folder, folder, wanted)
    main, marks = wanted.device, spec.marks
    files = packaging.pdi_files(module, shell.folder, main)
    texts = packaging.json_files(spec, main, files)
    for name, text in texts.items():
        (folder / name).write_text(text)
    memories, kernels, partition = texts
    shell.run(
        xclbinutil.path,
        *("--add-replace-section", f"MEM_TOPOLOGY:JSON:{memories}"),
        *("--add-kernel", kernels),
        *("--add-replace-section", f"AIE_PARTITION:JSON:{partition}"),
        *(word for key, value in marks for word in ("--key-value", f"USER:{key}:{value}")),
        *("--force", "--output", XCLBIN),
        makes=[XCLBIN],
    )
    written = format.parse((folder / XCLBIN).read_bytes()).marks
    if any(written.get(key) != value for key, value in marks):
        raise ToolError(f"{xclbinutil.path} left out the mark of stand-in cores ({shell.log})")
