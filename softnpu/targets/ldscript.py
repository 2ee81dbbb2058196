"""The linker script of a core: program at 0, stack and buffers where the design puts them.

What `aie-translate --aie-generate-ldscript` writes (mlir-aie, AIETargetLdScript.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import StringAttr
from xdsl.dialects.func import CallOp, FuncOp

from softnpu.arch.device import OWN_WINDOW, WINDOW_SIZE, WINDOWS, Device, device
from softnpu.arch.ports import Bundle
from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, TileOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error

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

_WINDOW_ORDER = (Bundle.South, Bundle.West, Bundle.North, Bundle.East)


def linker_script(device_op: DeviceOp, core: CoreOp) -> str:
    """The linker script of one core.

    What data the program brings beyond its stack and the design's buffers goes behind them. A
    buffer that reaches out of the memory makes the length wrap around, as in aie-translate.

    Raises:
        DesignError: a buffer that has no address yet.
    """
    target = device(device_op.device.name)
    buffers = _buffers_by_tile(device_op)
    tile = core.position
    used = max([core.stack_size, *(_end(buffer) for buffer in buffers.get(tile, ()))])
    parts = [
        _HEAD.format(
            program_length=PROGRAM_LENGTH,
            origin=OWN_WINDOW + used,
            length=(target.local_memory_size - used) % (1 << 64),
            own=OWN_WINDOW,
            stack=core.stack_size,
        )
    ]
    for window in _WINDOW_ORDER:
        parts.extend(_window(target, tile, window, buffers))
    parts.append("  .bss : { *(.bss*) } > data\n}\n")
    parts.extend(f"INPUT({name})\n" for name in link_files(device_op, core))
    parts.append(f"PROVIDE(main = core_{tile[0]}_{tile[1]});\n")
    return "".join(parts)


def link_files(device_op: DeviceOp, core: CoreOp) -> tuple[str, ...]:
    """The objects that a core links, each once, in mlir-aie's order.

    They stand in the core's `link_files`; otherwise in its `link_with` (as mlir-aie wrote it
    until 2026) followed by the `link_with` of each function that the core calls
    (aie-assign-core-link-files).
    """
    if core.link_files is not None:
        return core.link_files
    found = [] if core.link_with is None else [core.link_with]
    by_function = _function_objects(device_op)
    if by_function:
        calls = (op.callee.root_reference.data for op in core.walk() if isinstance(op, CallOp))
        found.extend(by_function[callee] for callee in calls if callee in by_function)
    return tuple(dict.fromkeys(found))


def _function_objects(device_op: DeviceOp) -> dict[str, str]:
    """The object that each function declaration names in `link_with`."""
    objects = {}
    for function in (op for op in device_op.body.ops if isinstance(op, FuncOp)):
        name = function.get_attr_or_prop("link_with")
        if isinstance(name, StringAttr):
            objects[function.sym_name.data] = name.data
    return objects


Buffers = dict[tuple[int, int], list[BufferOp]]


def _buffers_by_tile(device_op: DeviceOp) -> Buffers:
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
        yield f". = 0x{base + _address(buffer):X};\n{_name(buffer)} = .;\n. += 0x{size:X};\n"


def _end(buffer: BufferOp) -> int:
    return _address(buffer) + memref_bytes(buffer.buffer_type)


def _address(buffer: BufferOp) -> int:
    if buffer.address is None:
        raise design_error(
            buffer, "the buffer has no address yet", "run aie-assign-buffer-addresses"
        )
    return buffer.address


def _name(buffer: BufferOp) -> str:
    if buffer.sym_name is None:
        raise design_error(buffer, "the buffer has no name (sym_name)")
    return buffer.sym_name
