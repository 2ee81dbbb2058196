"""Core programs: which cores need one, where it comes from, and how the core hands over to it.

Source: mlir-aie, aiecc.cpp (`coreNeedsCompilation`, `updateModuleWithElfs`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region

from softnpu.compiler.objects import ObjectSources
from softnpu.dialects.aie import CoreOp, DeviceOp, EndOp
from softnpu.passes.sequence_ops import devices
from softnpu.targets.ldscript import linker_script

MAIN = "main"


@dataclass(frozen=True)
class Programs:
    """The cores' ELFs in the folder of artifacts: taken as they were, and made here."""

    packed: tuple[Path, ...] = ()
    compiled: tuple[Path, ...] = ()


def cores(device_op: DeviceOp) -> Iterator[CoreOp]:
    """The cores of a device, in the order of its text."""
    return (op for op in device_op.body.ops if isinstance(op, CoreOp))


def program_name(
    device_op: DeviceOp, core: CoreOp, suffix: str = ".elf", device_name: str = ""
) -> str:
    """What aiecc calls a core's files: `main_core_0_2.elf`, `main_core_0_2.ld.script`."""
    col, row = core.position
    return f"{device_name or device_op.sym_name}_core_{col}_{row}{suffix}"


def gather(
    module: ModuleOp, out_dir: Path, sources: ObjectSources, given: Path | None = None
) -> Programs:
    """Put a program into `out_dir` for each core, and its linker script.

    Args:
        given: a folder of finished programs; those that are there are taken as they are.
        sources: where the design's own `elf_file`s and what the other cores link are looked up.

    Raises:
        DesignError, ToolError: a program that is missing or cannot be made.
    """
    packed, missing = [], []
    for device_op in devices(module):
        for core in cores(device_op):
            finished = _finished(module, device_op, core, given, sources)
            if finished is not None:
                target = out_dir / (core.elf_file or program_name(device_op, core))
                packed.append(_place(finished, target))
                _write_script(device_op, core, out_dir)
            else:
                missing.append((device_op, core))
    return Programs(tuple(packed), tuple(_compiled(missing, out_dir, sources)))


def _finished(
    module: ModuleOp,
    device_op: DeviceOp,
    core: CoreOp,
    given: Path | None,
    sources: ObjectSources,
) -> Path | None:
    """The program of a core that need not be compiled, None for one that must."""
    if given is not None:
        names = [core.elf_file or program_name(device_op, core)]
        if len(devices(module)) == 1:
            names.append(program_name(device_op, core, device_name=MAIN))
        for name in names:
            if (given / name).is_file():
                return given / name
    return None if core.elf_file is None else sources.find_program(core.elf_file, core)


def _place(source: Path, target: Path) -> Path:
    if source.resolve() != target.resolve():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    return target


def _write_script(device_op: DeviceOp, core: CoreOp, out_dir: Path) -> None:
    path = out_dir / program_name(device_op, core, ".ld.script")
    path.write_text(linker_script(device_op, core), encoding="utf-8")


def _compiled(
    cores: list[tuple[DeviceOp, CoreOp]], out_dir: Path, sources: ObjectSources
) -> list[Path]:
    if not cores:
        return []
    from softnpu.compiler.core_build import build_programs

    return build_programs(cores, out_dir, sources)


def hand_over(module: ModuleOp) -> None:
    """Each core names its ELF instead of having a body, as aiecc leaves it."""
    for device_op in devices(module):
        for core in list(cores(device_op)):
            if core.elf_file is None:
                core.elf_file = program_name(device_op, core)
            _empty(core)


def _empty(core: CoreOp) -> None:
    """Replace a core's body by one that ends at once."""
    core.detach_region(core.body).erase()
    core.add_region(Region(Block([EndOp()])))


def program_files(device_op: DeviceOp, elf_dir: Path) -> list[Path]:
    """The ELFs that the cores of a handed-over device name."""
    return [elf_dir / core.elf_file for core in cores(device_op) if core.elf_file is not None]
