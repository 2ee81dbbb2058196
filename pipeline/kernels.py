"""What a C kernel depends on: the headers that it reads and the parameters that it mentions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")


def defines(source: Path, parameters: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that a kernel or its own headers mention, as C macros.

    A parameter `line` is the macro `LINE`. Only what is mentioned counts, so that another
    parameter's change does not rebuild the object.
    """
    words = set(_WORD.findall("\n".join(p.read_text() for p in _local_files(source))))
    macros = {name.upper(): _literal(value) for name, value in parameters.items()}
    return {name: value for name, value in sorted(macros.items()) if name in words}


def _local_files(source: Path) -> set[Path]:
    """The source and the headers that it includes by relative name, directly or not."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        file = waiting.pop()
        if file in found or not file.is_file():
            continue
        found.add(file)
        waiting.extend(file.parent / name for name in _INCLUDE.findall(file.read_text()))
    return found


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int) and value < 0:
        return f"({value})"
    return str(value)


def headers_read(depfile: Path, root: Path) -> list[Path]:
    """The project's own files that the compiler read last time, from its depfile.

    Files outside root (the compiler's headers, which its version stands for) are left out, as are
    those that are gone. An empty list when there is no depfile yet.
    """
    if not depfile.is_file():
        return []
    _, _, listed = depfile.read_text().replace("\\\n", " ").partition(":")
    paths = (Path(p.replace("\0", " ")) for p in listed.replace("\\ ", "\0").split())
    venv = root / ".venv"
    inside = (p for p in paths if root in p.absolute().parents and venv not in p.absolute().parents)
    return [p for p in inside if p.is_file()]
