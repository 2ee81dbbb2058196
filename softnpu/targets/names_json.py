"""names.json: the author's names for locks, buffers, channels and programs of a placed design.

The emulator reads it beside an xclbin (emulator/naming/names.py has the format), so that what it
says of a hang speaks of objectfifos and source lines, not of tiles and numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, ModuleOp
from xdsl.ir import Operation

from softnpu.arch.standin import ELF_MACHINE_AIE
from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, LockOp, ShimDMAAllocationOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error
from softnpu.errors import DesignError, SourceLocation
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices, sequences
from softnpu.targets.cdo_program import read_elf

Entry = dict[str, Any]
Told = Callable[[SourceLocation], str]
"""What a place in the design is called: the file's name and the line."""


def plain(place: SourceLocation) -> str:
    """E.g. "design.mlir:14"."""
    return f"{place.file.name}:{place.line}"


def emit(
    module: ModuleOp,
    device_name: str = "main",
    arguments: Sequence[str] | None = None,
    *,
    bodies: ModuleOp | None = None,
    programs: Path | None = None,
    told: Told = plain,
) -> str:
    """The text of names.json for a design with ids and addresses.

    Of several devices, those of the main one stand as those of a lone device would; then come all
    of them by their PDIs, device n being PDI n, counted from 1 (see `compiler.packaging.spec`).

    Args:
        device_name: the main device.
        arguments: the host buffers' names, in order; those of the first runtime sequence's
            arguments unless given.
        bodies: the design that the cores were compiled from, if it is another text of this one;
            a device that is not there has no cores.
        programs: where the cores' ELFs lie, if they are there already; another compiler's, of AIE
            code, have no C here.
        told: what places in the design are called.

    Raises:
        DesignError: there is no such device.
    """
    device = _device(module, device_name)
    given = _arguments(device) if arguments is None else arguments
    compiled = bodies or module
    names: Entry = {
        **_names(device, _device(compiled, device_name), programs, told),
        "arguments": [
            {"index": i, "name": name, **held}
            for i, (name, held) in enumerate(_held(given, device))
        ],
    }
    every = devices(module)
    known = {one.sym_name: one for one in devices(compiled)}
    if len(every) > 1:
        names["pdis"] = [
            {"id": number, **_names(one, known.get(one.sym_name, one), programs, told)}
            for number, one in enumerate(every, start=1)
        ]
    return json.dumps(names, indent=1) + "\n"


def _device(module: ModuleOp, name: str) -> DeviceOp:
    for device in devices(module):
        if device.sym_name == name:
            return device
    raise design_error(module, f"the file has no device called '{name}'")


def _held(given: Sequence[str], device: DeviceOp) -> Iterator[tuple[str, Entry]]:
    """The host buffers' names, each with what its buffer holds, if that is a static memref."""
    found = sequences(device)
    types = [argument.type for argument in found[0].body.block.args] if found else []
    for name, held in zip_longest(given, types[: len(given)]):
        if isinstance(held, MemRefType) and DYNAMIC_INDEX not in held.get_shape():
            shape = list(held.get_shape())
            yield name, {"shape": shape, "element": str(held.element_type)}
        else:
            yield name, {}


def _arguments(device: DeviceOp) -> list[str]:
    """The names that the design gives its host buffers; mlir's own numbers are no names."""
    for sequence in sequences(device):
        return [a.name_hint or f"argument {i}" for i, a in enumerate(sequence.body.block.args)]
    return []


def _names(
    device: DeviceOp, compiled: DeviceOp, programs: Path | None, told: Told
) -> dict[str, list[Entry]]:
    """What a device holds; `compiled` is the device in the text that cores were compiled from."""
    return {
        "locks": [
            {"tile": list(op.position), "id": op.lock_id, "name": op.sym_name}
            for op in of_type(device, LockOp)
            if op.sym_name and op.lock_id is not None
        ],
        "buffers": [
            _buffer(op)
            for op in of_type(device, BufferOp)
            if op.sym_name and op.address is not None
        ],
        "channels": [
            {
                "tile": list(op.tile_op.position),
                "direction": op.channel_dir.name,
                "channel": op.channel_index,
                "name": op.sym_name.removesuffix("_shim_alloc"),
            }
            for op in of_type(device, ShimDMAAllocationOp)
        ],
        "cores": [_program(compiled, op, programs, told) for op in of_type(compiled, CoreOp)],
    }


def _buffer(op: BufferOp) -> Entry:
    """A buffer; with the cores that use it where those of other tiles are among them."""
    entry: Entry = {
        "tile": list(op.position),
        "address": op.address,
        "size": memref_bytes(op.buffer_type),
        "name": op.sym_name,
        "element": str(op.buffer_type.element_type),
    }
    cores = sorted({core.position for use in op.buffer.uses if (core := _core(use.operation))})
    if any(position != op.position for position in cores):
        entry["cores"] = [list(position) for position in cores]
    return entry


def _core(op: Operation) -> CoreOp | None:
    """The core that an operation is in, None for one outside of cores."""
    found: Operation | None = op
    while found is not None and not isinstance(found, CoreOp):
        found = found.parent_op()
    return found


def _program(device: DeviceOp, core: CoreOp, programs: Path | None, told: Told) -> Entry:
    """The core's ELF under the name that the compiler gives it, unless the design names one."""
    col, row = core.position
    name = f"{device.sym_name}_core_{col}_{row}"
    elf = core.elf_file or f"{name}.elf"
    entry: Entry = {"tile": [col, row], "elf": elf, "stack": core.stack_size}
    compiled = core.elf_file is None and not (
        programs is not None and read_elf(programs / f"{name}.elf").machine == ELF_MACHINE_AIE
    )
    if compiled:
        entry["body"] = {"file": f"{name}.c", "lines": dict(_lines(device, core, told))}
    return entry


def _lines(device: DeviceOp, core: CoreOp, told: Told) -> Iterator[tuple[str, str]]:
    """From which line of the body's C on what is there for which place in the design."""
    from softnpu.targets.core_c import core_source

    try:
        origins = core_source(device, core).origins
    except DesignError:  # a body that another compiler takes, and that has no C here
        return
    last = ""
    for number, origin in enumerate(origins, start=1):
        place = "" if origin is None else told(origin)
        if place != last:
            yield str(number), place
        last = place
