"""From a core in an allocated design to its program: C, object, linker script, ELF."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import ToolError
from softnpu.targets.core_c import core_source
from softnpu.targets.ldscript import link_files, linker_script
from softnpu.targets.linking.layout import Buffer, CoreLayout
from softnpu.targets.linking.symbols import Call
from softnpu.targets.standin.link import link_core
from softnpu.targets.standin.toolchain import clang, include_flags

BODY_FLAGS = (
    "-std=gnu11",
    # kernels are called by name: no name means a library function by itself
    "-ffreestanding",
    # MLIR's arithmetic: integers wrap, floats round after each operation, casts saturate
    "-fwrapv",
    "-fno-strict-aliasing",
    "-ffp-contract=off",
    "-fno-strict-float-cast-overflow",
    "-Xclang",
    "-ffloat16-excess-precision=none",
    "-Xclang",
    "-fbfloat16-excess-precision=none",
    "-w",
)


def core_name(device_op: DeviceOp, core: CoreOp) -> str:
    """`main_core_0_2`: the stem of a core's files, as aiecc names them."""
    col, row = core.position
    return f"{device_op.sym_name}_core_{col}_{row}"


def compile_core(
    device_op: DeviceOp, core: CoreOp, objects: Mapping[str, Path], out_dir: Path
) -> Path:
    """Make a core's program for the stand-in.

    Writes the generated C, its object, mlir-aie's linker script and the ELF (with its debug
    information: functions and lines of the C files) into `out_dir`, all named `core_name`.

    Args:
        device_op: the device, with addresses and locks assigned.
        core: the core in it.
        objects: for each name that `link_with` uses the object compiled from it.

    Returns:
        The ELF.

    Raises:
        DesignError: what the body holds cannot be compiled, a kernel is missing, or program,
            data or stack do not fit.
        ToolError: a kernel's object does not fit a stand-in core.
    """
    stem = out_dir / core_name(device_op, core)
    source, script, elf = (Path(f"{stem}{suffix}") for suffix in (".c", ".ld.script", ".elf"))
    out_dir.mkdir(parents=True, exist_ok=True)
    body = core_source(device_op, core)
    source.write_text(body.text, encoding="utf-8")
    text = linker_script(device_op, core)
    script.write_text(text, encoding="utf-8")
    link_core(
        _compile_body(source),
        _objects(device_op, core, objects),
        text,
        elf,
        core_layout(device_op, core),
        calls=[Call(call.name, call.location) for call in body.calls],
        location=location_of(core),
    )
    return elf


def _compile_body(source: Path) -> Path:
    output = source.with_suffix(".o")
    outcome = clang(source, output, [*BODY_FLAGS, *include_flags(cxx=False)])
    if not outcome.ok:
        raise ToolError(
            "the C that npuforge generated for a core does not compile, which is a fault of "
            f"npuforge:\n{outcome.messages}"
        )
    return output


def _objects(device_op: DeviceOp, core: CoreOp, objects: Mapping[str, Path]) -> list[Path]:
    """The objects that a core's design names, in its order."""
    found = []
    for name in link_files(device_op, core):
        if name not in objects:
            known = ", ".join(sorted(objects)) or "none"
            raise design_error(
                core, f"the core links '{name}', which was not built", f"built: {known}"
            )
        found.append(objects[name])
    return found


def core_layout(device_op: DeviceOp, core: CoreOp) -> CoreLayout:
    """What the design puts into the core's own data memory."""
    buffers = (op for op in device_op.body.ops if isinstance(op, BufferOp))
    return CoreLayout(
        core.position,
        core.stack_size,
        tuple(
            Buffer(op.sym_name or "", op.address or 0, memref_bytes(op.buffer_type))
            for op in buffers
            if op.position == core.position
        ),
    )
