"""How two files or two folders differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from softnpu.errors import FormatError
from softnpu.inspect.diff.contents import differences
from softnpu.inspect.diff.difference import Difference
from softnpu.inspect.files import read


@dataclass(frozen=True)
class FileDifference:
    """How one file of two builds differs.

    Attributes:
        file: its path in both folders; of two files, the first one's name.
        found: the differences; empty if the file is in one folder only.
        only_in: the folder that alone has it, None if both do.
    """

    file: str
    found: tuple[Difference, ...] = ()
    only_in: Path | None = None

    @property
    def matters(self) -> bool:
        """Whether more differs than what varies from run to run anyway."""
        return self.only_in is not None or any(not one.varies for one in self.found)


def compare_paths(old: Path, new: Path) -> Iterator[FileDifference]:
    """The files that differ, in the order of their names.

    A file and a folder are compared as the file and the one of its name in the folder.

    Raises:
        FormatError: a file that is too large (see inspect.files).
        OSError: a file that cannot be read; two folders that have no file in common.
    """
    if old.is_dir() and new.is_dir():
        yield from _folders(old, new)
        return
    if old.is_dir():
        old = old / new.name
    elif new.is_dir():
        new = new / old.name
    found = differences(read(old), read(new))
    if found:
        yield FileDifference(old.name, tuple(found))


def _folders(old: Path, new: Path) -> Iterator[FileDifference]:
    mine, other = _files(old), _files(new)
    if not mine & other:
        raise FormatError(f"{old} and {new} have no file in common")
    for name in sorted(mine | other):
        if name not in other:
            yield FileDifference(name, only_in=old)
        elif name not in mine:
            yield FileDifference(name, only_in=new)
        elif found := differences(read(old / name), read(new / name)):
            yield FileDifference(name, tuple(found))


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
