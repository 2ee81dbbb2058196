"""Linking a stand-in core: mlir-aie's linker script, then every check that the array won't make."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from softnpu.arch.standin import ELF_MACHINE_AIE, ELF_MACHINE_RISCV, STACK_BASE
from softnpu.errors import DesignError, SourceLocation, ToolError
from softnpu.targets.standin.elf import TYPE_EXECUTABLE, Elf, is_archive
from softnpu.targets.standin.layout import (
    DATA_MEMORY,
    PROGRAM_MEMORY,
    STACK_ALIGNMENT,
    CoreLayout,
    code_table,
    data_table,
)
from softnpu.targets.standin.stack import stack_need
from softnpu.targets.standin.toolchain import LIBM, LIBM_OF_AIE, run, runtime

LINK_FLAGS = ("-m", "elf32lriscv", "--nmagic", "--gc-sections", "--discard-locals")

STANDIN_SCRIPT = """\
/* For the stand-in's start code (crt0.S). */
__standin_stack_top = _sp_start_value_DM_stack + {stack_size:#x};
__standin_bss_begin = ADDR(.bss);
__standin_bss_end = ADDR(.bss) + SIZEOF(.bss);
"""

_INPUT = re.compile(r"^INPUT\(.*\)\n", re.MULTILINE)
_DATA_LENGTH = re.compile(r"(data \(!RX\) : ORIGIN = \w+, LENGTH = )\w+")
_UNDEFINED = re.compile(r"undefined symbol: (.+)\n((?:>>> .*\n?)*)")
_REFERENCE = re.compile(r">>> referenced by (.+?)(?: \((.+)\))?$", re.MULTILINE)

_NO_OUTPUT = "a core has no output; put results into a buffer"
_NO_HEAP = "a core has no heap; use an array, in the function or static"
_LIBC_HINTS = {
    **dict.fromkeys(("printf", "putchar", "puts", "fprintf"), _NO_OUTPUT),
    **dict.fromkeys(("malloc", "calloc", "free", "operator new(unsigned int)"), _NO_HEAP),
    "__cxa_atexit": "objects with destructors cannot be static here",
}


@dataclass(frozen=True)
class Call:
    """A function that the core's body calls, and where."""

    name: str
    location: SourceLocation | None


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
        check_object(path)
    with tempfile.TemporaryDirectory(prefix="softnpu-") as folder:
        variant = Path(folder) / "ld.script"
        variant.write_text(standin_script(script, layout.stack_size))
        made = runtime()
        outcome = run(
            "ld.lld",
            *LINK_FLAGS,
            *("-T", variant),
            made.crt0,
            core_object,
            *objects,
            made.library,
            *("-o", output),
        )
    if not outcome.ok:
        output.unlink(missing_ok=True)
        raise _link_error(outcome.messages, objects, calls, layout)
    try:
        check_program(output, layout, location)
    except (DesignError, ToolError):
        output.unlink(missing_ok=True)
        raise


def standin_script(script: str, stack_size: int) -> str:
    """mlir-aie's linker script with what the stand-in's start code asks for added."""
    text = _INPUT.sub("", script)
    text = _DATA_LENGTH.sub(rf"\g<1>{16 * DATA_MEMORY:#x}", text)
    return text + STANDIN_SCRIPT.format(stack_size=stack_size)


def check_object(path: Path) -> None:
    """ToolError unless `path` is an RV32 object or an archive."""
    if not path.is_file():
        raise ToolError(f"{path}: no such object file")
    if is_archive(path):
        return
    machine = Elf(path).machine
    if machine == ELF_MACHINE_AIE:
        raise ToolError(
            f"{path} holds AIE code (e_machine {machine}); a stand-in core links RV32 objects "
            f"(e_machine {ELF_MACHINE_RISCV}): give the kernel's source instead, or build with "
            "AMD's tools"
        )
    if machine != ELF_MACHINE_RISCV:
        raise ToolError(
            f"{path} is for another machine (e_machine {machine}, expected {ELF_MACHINE_RISCV})"
        )


def check_program(path: Path, layout: CoreLayout, location: SourceLocation | None = None) -> None:
    """Check a linked core: kind, start, place of every segment, room for code, data and stack."""
    elf = Elf(path)
    if (elf.type, elf.machine, elf.entry) != (TYPE_EXECUTABLE, ELF_MACHINE_RISCV, 0):
        raise ToolError(
            f"{path}: expected an RV32 executable that starts at 0, found type {elf.type}, "
            f"machine {elf.machine}, start {elf.entry:#x}"
        )
    code = max((s.address + s.size for s in elf.segments if s.address < STACK_BASE), default=0)
    if PROGRAM_MEMORY < code < STACK_BASE:
        raise DesignError(
            f"{layout.name}: the program takes {code:,} bytes of the {PROGRAM_MEMORY:,} bytes "
            "of program memory",
            location,
            ("the largest functions:", *code_table(elf)),
        )
    end = max((s.address + s.size for s in elf.segments), default=0)
    if end > STACK_BASE + DATA_MEMORY:
        raise DesignError(
            f"{layout.name}: stack, buffers and the code's own data take "
            f"{end - STACK_BASE:,} bytes of the {DATA_MEMORY:,} bytes of data memory",
            location,
            (*data_table(layout, elf), "shrink a buffer, its depth, or a table in the C code"),
        )
    _check_segments(elf, layout)
    _check_constructors(elf)
    _check_stack(path, layout, location)


def _check_segments(elf: Elf, layout: CoreLayout) -> None:
    data_start = STACK_BASE + layout.used
    for segment in elf.segments:
        if segment.address < PROGRAM_MEMORY or segment.address >= data_start:
            continue
        raise ToolError(
            f"{elf.path}: a segment at {segment.address:#x} ({segment.size:,} bytes) lies "
            f"neither in program memory nor behind the buffers of {layout.name} "
            f"({data_start:#x})"
        )


def _check_constructors(elf: Elf) -> None:
    for name in (".init_array", ".ctors"):
        section = elf.section(name)
        if section is not None and section.size:
            raise ToolError(
                f"{elf.path}: a static C++ object needs a constructor, which no core runs; "
                "make it constexpr, or a local variable"
            )


def _check_stack(path: Path, layout: CoreLayout, location: SourceLocation | None) -> None:
    need = stack_need(path)
    if need.recursive:
        raise DesignError(
            f"{layout.name}: {need.recursive[0]} calls itself, so its stack has no bound",
            location,
            ("write it as a loop",),
        )
    if need.size <= layout.stack_size:
        return
    rounded = -(-need.size // STACK_ALIGNMENT) * STACK_ALIGNMENT
    frames = (f"{size:>8,}  {name}" for name, size in need.path if size)
    raise DesignError(
        f"{layout.name} needs {need.size:,} bytes of stack, and has {layout.stack_size:,}; "
        "on the array it would overwrite the first buffer without a word",
        location,
        (
            "the deepest calls:",
            *frames,
            f"write {{stack_size = {rounded} : i32}} after the core's body, or make large local "
            "arrays static",
        ),
    )


def _link_error(
    messages: str, objects: Sequence[Path], calls: Sequence[Call], layout: CoreLayout
) -> ToolError | DesignError:
    missing = {match[1]: match[2] for match in _UNDEFINED.finditer(messages)}
    for call in calls:
        if call.name in missing:
            return _missing_kernel(call, objects, layout)
    if not missing:
        return ToolError(f"{layout.name} cannot be linked:\n{messages}")
    lines = [f"{layout.name} cannot be linked:"]
    for name, references in missing.items():
        where = " and ".join(_references(references))
        lines.append(f"undefined symbol '{name}'{f', used in {where}' if where else ''}")
        lines.extend(f"  note: {hint}" for hint in _symbol_hints(name))
    return ToolError("\n".join(lines))


def _references(text: str) -> Iterator[str]:
    """The places (file:line, else file) of lld's `referenced by` lines."""
    for match in _REFERENCE.finditer(text):
        yield match[2] or match[1]


def _symbol_hints(name: str) -> Iterator[str]:
    if name in LIBM and name not in LIBM_OF_AIE:
        yield (
            f"no AIE core has {name}: Peano's libm holds {', '.join(sorted(LIBM_OF_AIE))} only. "
            "Write the function by arithmetic, or as a table"
        )
    elif name in _LIBC_HINTS:
        yield _LIBC_HINTS[name]
    elif "(" in name:
        yield 'a C++ name: declare the function extern "C" where both sides see it'


def _missing_kernel(call: Call, objects: Sequence[Path], layout: CoreLayout) -> DesignError:
    """No object defines a function that the core's body calls."""
    defined = {
        name: path for path in objects if not is_archive(path) for name in Elf(path).functions
    }
    notes = []
    mangled = [n for n in defined if re.match(rf"_ZL?{len(call.name)}{re.escape(call.name)}", n)]
    close = get_close_matches(call.name, defined, n=1)
    if not objects:
        notes.append(
            'the core links no object: name it with link_with = "..." at the function\'s '
            "declaration"
        )
    elif mangled:
        notes.append(
            f"{defined[mangled[0]].name} defines it as a C++ function ({mangled[0]}): "
            'declare it extern "C"'
        )
    elif close:
        notes.append(f"did you mean '{close[0]}'?")
    for path in objects:
        names = ", ".join(name for name, owner in defined.items() if owner == path)
        notes.append(f"{path.name} defines: {names or 'no function'}")
    return DesignError(
        f"{layout.name} calls '{call.name}', which none of the objects that it links defines",
        call.location,
        tuple(notes),
    )
