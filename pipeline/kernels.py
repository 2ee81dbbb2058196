"""What a C kernel depends on: the headers that it reads and the parameters that it mentions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.keys import HEADERS, digest

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")


def defines(source: Path, parameters: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that a kernel or its own headers mention, as C macros.

    A parameter `line` is the macro `LINE`. Only what is mentioned counts, so that another
    parameter's change does not rebuild the object.
    """
    words = set(_WORD.findall("\n".join(map(_text, local_files(source)))))
    macros = {name.upper(): _literal(value) for name, value in parameters.items()}
    return {name: value for name, value in sorted(macros.items()) if name in words}


def local_files(source: Path) -> set[Path]:
    """The source and the headers that it includes by relative name, directly or not."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        file = waiting.pop()
        if file in found or not file.is_file():
            continue
        found.add(file)
        waiting.extend(file.parent / name for name in _INCLUDE.findall(_text(file)))
    return found


def _text(source: Path) -> str:
    """A source as the compiler takes it: comments may be in any encoding."""
    return source.read_text(encoding="utf-8", errors="replace")


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int) and value < 0:
        return f"({value})"
    return str(value)


def headers_read(depfile: Path, root: Path, before: Mapping[Path, str]) -> dict[str, Any]:
    """The project's own files that the compiler read, by its depfile, each with its digest.

    Files outside root (the compiler's headers, which its version stands for) are left out.

    Args:
        before: digests from before the compiler read them, by absolute path: of a file that was
            saved meanwhile, nobody knows what it read.

    Returns:
        What doit keeps with the task, for `keys.HEADERS`.
    """
    _, _, listed = depfile.read_text().replace("\\\n", " ").partition(":")
    paths = (Path(p.replace("\0", " ")) for p in listed.replace("\\ ", "\0").split())
    root = root.absolute()
    venv = root / ".venv"
    inside = (p for p in paths if root in p.absolute().parents and venv not in p.absolute().parents)
    return {HEADERS.kept: {str(p): before.get(p.absolute()) or digest(p) for p in inside}}


def digests(source: Path) -> dict[Path, str]:
    """A kernel and the headers that it includes by relative name, by absolute path."""
    return {path.absolute(): digest(path) for path in local_files(source)}
