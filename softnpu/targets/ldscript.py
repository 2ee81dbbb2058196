"""The linker script of a core: program at 0, stack and buffers where the design puts them.

What `aie-translate --aie-generate-ldscript` writes (mlir-aie, AIETargetLdScript.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator

from softnpu.arch.device import OWN_WINDOW, WINDOW_SIZE, WINDOWS, Device, device
from softnpu.arch.ports import Bundle
from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, TileOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error
from softnpu.passes.assign_core_link_files import artifacts_of, needed_by
from softnpu.targets.linking.layout import largest_gap

PROGRAM_LENGTH = "0x0020000"
"""mlir-aie's figure; the program memory itself is smaller, which loading the program checks."""

_HEAD = """\

MEMORY
{{
   program (RX) : ORIGIN = 0, LENGTH = {program_length}
   data (!RX) : ORIGIN = 0x{origin:X}, LENGTH = 0x{length:X}
}}
ENTRY(__start)
SECTIONS
{{
  . = 0x0;
  .text : {{
     /* the __start symbol has to come at address zero. */
     *crt0.o(.text*)
     _ctors_start = .;
     _init_array_start = .;
     KEEP(SORT(*.init_array))
     _ctors_end = .;
     _init_array_end = .;
     _dtors_start = .;
     _dtors_end = .;
     *(.text*)
  }} > program
  .data : {{
     *(.data*)
     *(.rodata*)
  }} > data
  .comment : {{
     *(.comment*)
  }}
  .symtab : {{
     *(.symtab)
  }}
  .shstrtab : {{
     *(.shstrtab)
  }}
  .strtab : {{
     *(.strtab)
  }}
  .stack_sizes : {{
     *(.stack_sizes)
  }}

. = 0x{own:X};
_sp_start_value_DM_stack = .;
. += 0x{stack:X}; /* stack */
"""

WINDOW_ORDER = (Bundle.South, Bundle.West, Bundle.North, Bundle.East)
"""The order in which a core's windows are listed."""


def linker_script(device_op: DeviceOp, core: CoreOp) -> str:
    """The linker script of one core.

    What data the program brings beyond its stack and the design's buffers goes into the largest
    gap between them.

    Raises:
        DesignError: a buffer that has no address yet.
    """
    target = device(device_op.device.name)
    buffers = buffers_by_tile(device_op)
    tile = core.position
    taken = ((address_of(b), memref_bytes(b.buffer_type)) for b in buffers.get(tile, ()))
    start, length = largest_gap(core.stack_size, taken, target.local_memory_size)
    parts = [
        _HEAD.format(
            program_length=PROGRAM_LENGTH,
            origin=OWN_WINDOW + start,
            length=length,
            own=OWN_WINDOW,
            stack=core.stack_size,
        )
    ]
    for window in WINDOW_ORDER:
        parts.extend(_window(target, tile, window, buffers))
    parts.append("  .bss : { *(.bss*) } > data\n}\n")
    parts.extend(f"INPUT({name})\n" for name in link_inputs(device_op, core))
    parts.append(f"PROVIDE(main = core_{tile[0]}_{tile[1]});\n")
    return "".join(parts)


def link_inputs(device_op: DeviceOp, core: CoreOp) -> Iterator[str]:
    """The files that are linked with a core's object; merged ones are part of it."""
    merged = core.link_merge_files or ()
    return (name for name in link_files(device_op, core) if name not in merged)


def link_files(device_op: DeviceOp, core: CoreOp) -> tuple[str, ...]:
    """The files that a core links, each once, in mlir-aie's order; merged ones last.

    A core that `aie-assign-core-link-files` has not seen, as in what mlir-aie wrote until 2026,
    links what its own body asks for.
    """
    if core.link_files is not None or core.link_merge_files is not None:
        return (*(core.link_files or ()), *(core.link_merge_files or ()))
    return tuple(artifact.path for artifact in needed_by(core, artifacts_of(device_op)))


Buffers = dict[tuple[int, int], list[BufferOp]]


def buffers_by_tile(device_op: DeviceOp) -> Buffers:
    """The buffers of each tile that the design has, in the design's order."""
    found: Buffers = {op.position: [] for op in device_op.body.ops if isinstance(op, TileOp)}
    for buffer in (op for op in device_op.body.ops if isinstance(op, BufferOp)):
        found[buffer.position].append(buffer)
    return found


def _window(
    target: Device, tile: tuple[int, int], window: Bundle, buffers: Buffers
) -> Iterator[str]:
    """What a core sees in one window: the buffers there, or that nothing is."""
    base = WINDOWS[window]
    owner = target.neighbour(*tile, window)
    if owner is None:
        yield f"/* No tile with memory exists to the {window.name.lower()}. */\n"
        yield f". = 0x{base:X};\n. += 0x{WINDOW_SIZE:X};\n"
        return
    for buffer in buffers.get(owner, ()):
        size = memref_bytes(buffer.buffer_type)
        yield f". = 0x{base + address_of(buffer):X};\n{name_of(buffer)} = .;\n. += 0x{size:X};\n"


def address_of(buffer: BufferOp) -> int:
    """Where in its tile's memory a buffer lies; DesignError if that is open."""
    if buffer.address is None:
        raise design_error(
            buffer, "the buffer has no address yet", "run aie-assign-buffer-addresses"
        )
    return buffer.address


def name_of(buffer: BufferOp) -> str:
    """What a buffer is called; DesignError if it has no name."""
    if buffer.sym_name is None:
        raise design_error(buffer, "the buffer has no name (sym_name)")
    return buffer.sym_name
