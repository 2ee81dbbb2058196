"""The files that an author's Python opens: data beside a design, on which its verdict depends.

A reference that loads a table, or the outputs that another program made, is another one when that
file is. Python tells of each file that it opens (an audit hook, PEP 578), and whoever's code is on
the way there depends on it: the declarations of a design, a module that several share. What a
library opens by C's own means goes unseen.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from pipeline.keys import DATA, digest

_watched: set[str] = set()
"""The folders of designs."""
_opened: dict[str, dict[str, tuple[int, int]]] = {}
"""By a Python file in one of them: what its code has opened, with size and date at that time."""

_PYTHONS = (".py", ".pyc", ".pyi", ".so", ".pth")
"""Endings of what an import opens: a design's own modules are known, others are the machine's."""


def watch(folder: Path) -> None:
    """From now on what the code of a folder opens is noted."""
    _watched.add(str(folder.absolute()))
    _listen()


def beside(files: Iterable[Path], root: Path) -> dict[str, Any]:
    """The data that the code of some Python files has opened, each file with its SHA-256.

    What has been saved since it was opened has none: nobody knows what was read.

    Args:
        root: files below it are named from there, others by their whole path.

    Returns:
        What doit keeps with a task, for `keys.DATA`.
    """
    found = {}
    for file in files:
        for name, state in _opened.get(str(file.absolute()), {}).items():
            path = Path(name)
            if path.is_file() and not _is_machines(path) and not _is_made(path, root):
                known = digest(path) if _state(name) == state else ""
                found[_named(path, root)] = known
    return {DATA.kept: found}


@functools.cache
def _listen() -> None:
    """Once in a process: a hook cannot be taken away again."""
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open":
        return
    path, mode, flags = arguments
    if not isinstance(path, str | bytes | os.PathLike) or not _reads(mode, flags):
        return
    for opener in _authors(sys._getframe(1)):
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 (no object for each import)
        if not name.endswith(_PYTHONS) and (state := _state(name)) is not None:
            _opened.setdefault(opener, {})[name] = state


def _reads(mode: str | None, flags: int) -> bool:
    """Whether a file is opened to be read; `os.open` gives flags alone."""
    if mode is None:
        return flags & os.O_ACCMODE != os.O_WRONLY
    return "r" in mode or "+" in mode


def _authors(frame: FrameType | None) -> Iterator[str]:
    """The Python files of watched folders whose code is on the way."""
    while frame is not None:
        name = frame.f_code.co_filename
        if os.path.dirname(name) in _watched:  # noqa: PTH120
            yield name
        frame = frame.f_back


def _state(name: str) -> tuple[int, int] | None:
    """Size and date of a file; None where there is none."""
    try:
        status = os.stat(name)  # noqa: PTH116
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _is_machines(path: Path) -> bool:
    """Whether it belongs to Python or a package, whose versions stand in the requirements."""
    places = (sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev")
    return "site-packages" in path.parts or any(path.is_relative_to(place) for place in places)


def _is_made(path: Path, root: Path) -> bool:
    """Whether a build made it: its own inputs are known."""
    return path.is_relative_to(root.absolute() / "build")


def _named(path: Path, root: Path) -> str:
    root = root.absolute()
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
