"""What each core sees of the memories around it: `aie-generate-mmap` and `aie-generate-bcf`.

The first is a list for the reader, tile by tile; the second, for one core, tells AMD's own
compiler (chess) what the linker script tells Peano (mlir-aie, AIETargets.cpp and
AIETargetBCF.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator

from softnpu.arch.device import OWN_WINDOW, SOUTH_WINDOW, WINDOW_SIZE, WINDOWS, Device
from softnpu.arch.ports import Bundle
from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.passes.sequence_ops import model_of
from softnpu.targets.ldscript import (
    WINDOW_ORDER,
    Buffers,
    address_of,
    buffers_by_tile,
    link_inputs,
    name_of,
)

ADDRESS_SPACE = 0x100000
"""Bytes of data that a core could address."""
ADDRESSES_END = OWN_WINDOW + WINDOW_SIZE
RULE = "-" * 49


def memory_map(device_op: DeviceOp) -> str:
    """For each tile, by column and row, the buffers that it sees: name, address, bytes.

    Raises:
        DesignError: a buffer without a name or an address.
    """
    model, buffers = model_of(device_op), buffers_by_tile(device_op)
    lines: list[str] = []
    for col, row in sorted(buffers):
        lines.append(f"// Tile({col}, {row})")
        lines.append("// Memory map: name base_address num_bytes")
        for window in WINDOW_ORDER:
            owner = model.neighbour(col, row, window)
            seen = buffers.get(owner, ()) if owner else ()
            lines.extend(_symbol(buffer, WINDOWS[window]) for buffer in seen)
    return "".join(f"{line}\n" for line in lines)


def chess_link_description(device_op: DeviceOp, core: CoreOp) -> str:
    """The BCF of one core.

    Raises:
        DesignError: a buffer without a name or an address.
    """
    model, buffers = model_of(device_op), buffers_by_tile(device_op)
    col, row = core.position
    entry = f"core_{col}_{row}"
    code = f"0x{SOUTH_WINDOW:X}"
    lines = [
        "_entry_point _main_init",
        f"_symbol {entry} _after _main_init",
        "_symbol _main_init 0",
        f"_reserved DMb 0x00000 {code} // Don't put data in code memory",
        f"_stack DM_stack 0x{OWN_WINDOW:X} 0x{core.stack_size:X} // stack for core",
        "",
        "// mapping neighbors tile memory",
        *(line for window in WINDOW_ORDER for line in _window(model, core, window, buffers)),
        "// end mapping neighbors tile memory",
        "",
        f"_reserved DMb 0x{ADDRESSES_END:X} 0x{ADDRESS_SPACE - ADDRESSES_END:X} "
        "// And everything else the core can't see",
        *(f"_include _file {file}" for file in link_inputs(device_op, core)),
        f"_resolve _main {entry}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _window(model: Device, core: CoreOp, window: Bundle, buffers: Buffers) -> Iterator[str]:
    """What lies in one window: free for the core's own data only in its own memory."""
    way, base = window.name.lower(), WINDOWS[window]
    owner = model.neighbour(*core.position, window)
    whole = f"_reserved DMb 0x{base:X} 0x{WINDOW_SIZE:X} "
    if owner is None:
        yield f"{whole} // No tile with memory exists to the {way}."
        return
    own = owner == core.position
    yield f"// {way} {RULE}"
    if not own:
        yield f"{whole} // Don't allocate variables in {way} neighbor"
        yield ""
    for buffer in buffers.get(owner, ()):
        yield from _buffer(buffer, base, own=own)
        yield ""


def _buffer(buffer: BufferOp, base: int, *, own: bool) -> Iterator[str]:
    """One buffer; data that it starts with are the core's in whose memory it lies."""
    name = name_of(buffer)
    place = f"0x{base + address_of(buffer):X}"
    size = memref_bytes(buffer.buffer_type)
    if buffer.initial_value is None:
        yield _symbol(buffer, base)
        yield f"_extern {name}"
        yield f"_reserved DMb {place} {size}"
    elif own:
        yield f"_overlay {name} {place} // {size} bytes"
    else:
        yield f"// skip initialization of {name} which is initialized in the neighboring tile"


def _symbol(buffer: BufferOp, base: int) -> str:
    size = memref_bytes(buffer.buffer_type)
    return f"_symbol {name_of(buffer)} 0x{base + address_of(buffer):X} {size}"
