"""Linking a stand-in core: mlir-aie's linker script, then every check that the array won't make."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from softnpu.arch.standin import VECTOR_ENTRY, VECTOR_MEMORY, VECTOR_MEMORY_SIZE
from softnpu.errors import DesignError, SourceLocation, ToolError
from softnpu.targets.linking.checks import STANDIN, check_object, check_program
from softnpu.targets.linking.elf import Elf
from softnpu.targets.linking.layout import DATA_MEMORY, CoreLayout
from softnpu.targets.linking.symbols import Call, link_error
from softnpu.targets.linking.zeros import write_out_zeros
from softnpu.targets.standin.stack import stack_need
from softnpu.targets.standin.toolchain import runtime
from softnpu.zig import link

LINK_FLAGS = (
    *("-m", "elf32lriscv", "--nmagic", "--gc-sections", "--discard-locals"),
    "--emit-relocs",  # the emulator's memory check asks where a program names which buffer
)

STANDIN_SCRIPT = """\
/* For the stand-in's start code (crt0.S). */
__standin_stack_top = DEFINED({vector_entry})
    ? {vector_stack_top:#x} : _sp_start_value_DM_stack + {stack_size:#x};
__standin_bss_begin = ADDR(.bss);
__standin_bss_end = ADDR(.bss) + SIZEOF(.bss);
"""

_INPUT = re.compile(r"^INPUT\(.*\)\n", re.MULTILINE)
_DATA_LENGTH = re.compile(r"(data \(!RX\) : ORIGIN = \w+, LENGTH = )\w+")


def link_core(
    core_object: Path,
    objects: Sequence[Path],
    script: str,
    output: Path,
    layout: CoreLayout,
    *,
    calls: Sequence[Call] = (),
    location: SourceLocation | None = None,
) -> None:
    """Link one core's program and check it.

    Args:
        core_object: the core's own body, which defines `core_<column>_<row>`.
        objects: the kernels' objects or archives, in link order.
        script: mlir-aie's linker script of the core, as it is. Its INPUT lines are left out
            (`objects` says which files are meant), and it may overflow its data region, so that
            the message can say by how much.
        layout: the design's share of the data memory, for messages.
        calls: the external functions that the core's body calls.
        location: the core, for messages.

    Raises:
        DesignError: a function that no object defines, or a program, data or stack too large.
        ToolError: an object for another machine, a symbol that no object defines.
    """
    for path in objects:
        check_object(path, STANDIN)
    with tempfile.TemporaryDirectory(prefix="softnpu-") as folder:
        variant = Path(folder) / "ld.script"
        variant.write_text(standin_script(script, layout.stack_size))
        made = runtime()
        outcome = link(
            *LINK_FLAGS,
            *("-T", variant),
            made.crt0,
            core_object,
            *objects,
            made.library,
            output=output,
        )
    if not outcome.ok:
        output.unlink(missing_ok=True)
        raise link_error(outcome.messages, objects, calls, layout)
    write_out_zeros(output)
    try:
        check_program(Elf(output), STANDIN, layout, lambda: stack_need(output), location)
    except (DesignError, ToolError):
        output.unlink(missing_ok=True)
        raise


def standin_script(script: str, stack_size: int) -> str:
    """mlir-aie's linker script with what the stand-in's start code asks for added."""
    text = _INPUT.sub("", script)
    text = _DATA_LENGTH.sub(rf"\g<1>{16 * DATA_MEMORY:#x}", text)
    return text + STANDIN_SCRIPT.format(
        stack_size=stack_size,
        vector_entry=VECTOR_ENTRY,
        vector_stack_top=VECTOR_MEMORY + VECTOR_MEMORY_SIZE,
    )
