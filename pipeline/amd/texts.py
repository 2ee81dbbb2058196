"""What aie-opt printed, cut and patched as text: so that it stays in the spelling of its version.

aie-opt prints an op with a region over several lines; the one that ends it begins with a brace, as
far in as the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from softnpu.errors import ToolError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

_SEQUENCE = re.compile(r" *aiex?\.runtime_sequence\b")
_CORE = re.compile(r" *%[\w$.-]+ = aie\.core\(")
_ELF = re.compile(r"\belf_file = ")


def without_sequences(text: str) -> str:
    """A file without its runtime sequences."""
    kept = (lines for head, lines in _ops(text) if not _SEQUENCE.match(head))
    return "".join(line for lines in kept for line in lines)


def with_elfs(text: str, programs: Sequence[str]) -> str:
    """A file in which each core names its program instead of having a body.

    Args:
        programs: the file of each core's program, in the order of the text.

    Raises:
        ToolError: the text has other cores than those.
    """
    names = iter(programs)
    parts: list[str] = []
    cores = 0
    for head, lines in _ops(text):
        if not _CORE.match(head):
            parts += lines
            continue
        cores += 1
        parts += _handed_over(lines, next(names, ""))
    if cores != len(programs):
        raise ToolError(
            f"a file with {len(programs)} cores spells {cores} of them as aie-opt does; "
            "npuforge has to know each to name its program"
        )
    return "".join(parts)


def programs_of(module: ModuleOp) -> list[str]:
    """The file of each core's program, in the order of the text."""
    from softnpu.compiler.programs import cores, program_name
    from softnpu.passes.sequence_ops import devices

    return [
        core.elf_file or program_name(device_op, core)
        for device_op in devices(module)
        for core in cores(device_op)
    ]


def _handed_over(lines: Sequence[str], program: str) -> list[str]:
    head, last = lines[0], lines[-1]
    indent = head[: len(head) - len(head.lstrip())]
    closing, _, attributes = last.strip().partition(" {")
    if not _ELF.search(attributes):
        attributes = f'elf_file = "{program}"' + (f", {attributes}" if attributes else "}")
    return [head, f"{indent}  aie.end\n", f"{indent}{closing} {{{attributes}\n"]


def _ops(text: str) -> Iterator[tuple[str, list[str]]]:
    """Sequences and cores with all their lines; every other line by itself, each with its first."""
    lines = iter(text.splitlines(keepends=True))
    for line in lines:
        found = [line]
        if (_SEQUENCE.match(line) or _CORE.match(line)) and line.rstrip().endswith("{"):
            end = line[: len(line) - len(line.lstrip())] + "}"
            for inner in lines:
                found.append(inner)
                if inner.startswith(end):
                    break
        yield line, found
