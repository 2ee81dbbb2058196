"""The hand-over of core programs: which cores need one, what its file is called, who links what.

Source: mlir-aie, aiecc.cpp (`coreNeedsCompilation`, `updateModuleWithElfs`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region

from softnpu.dialects.aie import CoreOp, DeviceOp, EndOp
from softnpu.passes.sequence_ops import devices
from softnpu.targets.ldscript import link_files


def cores(device_op: DeviceOp) -> Iterator[CoreOp]:
    """The cores of a device, in the order of its text."""
    return (op for op in device_op.body.ops if isinstance(op, CoreOp))


def needs_program(device_op: DeviceOp, core: CoreOp) -> bool:
    """Whether a core does anything: it has a body, objects to link, or a finished ELF."""
    body = any(block.first_op is not block.last_op for block in core.body.blocks)
    return body or core.elf_file is not None or bool(link_files(device_op, core))


def program_name(device_op: DeviceOp, core: CoreOp, suffix: str = ".elf") -> str:
    """What aiecc calls a core's files: `main_core_0_2.elf`, `main_core_0_2.ld.script`."""
    col, row = core.position
    return f"{device_op.sym_name}_core_{col}_{row}{suffix}"


def hand_over(module: ModuleOp) -> None:
    """Each core that needs a program names its ELF instead of having a body, as aiecc leaves it."""
    for device_op in devices(module):
        for core in list(cores(device_op)):
            if not needs_program(device_op, core):
                continue
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
