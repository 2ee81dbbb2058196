"""What stages have made, by the content that they made it from: for other checkouts and machines.

An entry is one file, a zip of a stage's files with an index of their SHA-256 digests. It appears
whole (written beside, then renamed), so that any number of writers may share a folder, on a network
file system, too; it is used only if every file in it has the digest that the index says. Nothing
depends on an entry: what cannot be read is made anew, what cannot be written is not kept.

The folder is ~/.cache/npuforge, or NPUFORGE_CACHE, which may be `off`.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FROM_CACHE = "from the shared cache"
"""Under which name a task's values, or a check's results, tell that somebody else did the work."""

VARIABLE = "NPUFORGE_CACHE"
LIMIT_VARIABLE = "NPUFORGE_CACHE_SIZE"
OFF = "off"
OPTION: dict[str, Any] = {
    "name": "cache",
    "long": "cache",
    "type": str,
    "default": "",
    "help": "folder of the shared cache, or off (default: ~/.cache/npuforge)",
}
"""doit's; see `take`."""

VERSION = 1
"""Of the entries' layout; part of every key."""

LIMIT = 2_000_000_000
"""Bytes of all entries together, beyond which the ones that were used least lately go."""
ROOM = 0.8
"""What is left of the limit after that."""
LOOKS = 16
"""One write in so many looks how much there is."""

_INDEX = "index.json"
_ENDING = ".zip"
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Entry:
    """What a stage made.

    Attributes:
        result: what doit keeps with the task.
        warnings: what was warned of meanwhile, as it was said.
    """

    result: Mapping[str, Any] | None
    warnings: tuple[str, ...]


class Cache:
    """A folder of entries by key."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def fetch(
        self, key: str, target: Path, fits: Callable[[Entry], bool] = lambda _: True
    ) -> Entry | None:
        """Puts an entry's files into a folder; None, and no file, if it is not there or not whole.

        Args:
            target: takes the files; those of a name that are there are written over.
            fits: whether it may be used, if that is known only when it has been found.
        """
        path = self._path(key)
        try:
            with zipfile.ZipFile(path) as packed:
                index = json.loads(packed.read(_INDEX))
                files = {name: packed.read(name) for name in index["files"]}
            if any(_digest(data) != index["files"][name] for name, data in files.items()):
                raise ValueError("an entry's file is not what its index says")
            if any(Path(name).name != name for name in files):
                raise ValueError("an entry's file lies elsewhere")
            entry = Entry(index["result"], tuple(index["warnings"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            with suppress(OSError):
                path.unlink()
            return None
        if not fits(entry):
            return None
        target.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (target / name).write_bytes(data)
        with suppress(OSError):
            os.utime(path)  # it was used: others go before it
        return entry

    def store(self, key: str, files: Iterable[Path], entry: Entry) -> None:
        """Keeps files and what goes with them; where that is refused, nothing happens."""
        with suppress(OSError):
            contents = {path.name: path.read_bytes() for path in files}
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, contents, entry)
            if random.randrange(LOOKS) == 0:
                self.prune()

    def prune(self) -> int:
        """Removes what was used least lately, if there is more than the limit; how many went."""
        known = []
        for path in self._entries():
            with suppress(OSError):
                status = path.stat()
                known.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in known)
        if total <= self.limit:
            return 0
        gone = 0
        for _, size, path in sorted(known):
            with suppress(OSError):
                path.unlink()
                gone += 1
                total -= size
            if total <= self.limit * ROOM:
                break
        return gone

    def size(self) -> tuple[int, int]:
        """How many entries there are, and their bytes."""
        sizes = []
        for path in self._entries():
            with suppress(OSError):
                sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Removes all entries; how many there were."""
        gone = 0
        for path in self._entries():
            with suppress(OSError):
                path.unlink()
                gone += 1
        return gone

    def _entries(self) -> list[Path]:
        return list(self.folder.glob(f"??/*{_ENDING}"))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{_ENDING}"


def _write(path: Path, contents: Mapping[str, bytes], entry: Entry) -> None:
    index = {
        "files": {name: _digest(data) for name, data in contents.items()},
        "result": entry.result,
        "warnings": list(entry.warnings),
    }
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as out, zipfile.ZipFile(out, "w") as packed:
            members = {_INDEX: json.dumps(index).encode(), **contents}
            for member, data in members.items():
                packed.writestr(zipfile.ZipInfo(member, _DATE), data, zipfile.ZIP_DEFLATED, 1)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def take(params: Mapping[str, Any], environment: MutableMapping[str, str]) -> None:
    """Passes `--cache` on to the tasks; with `--always` nothing is taken for known."""
    if params.get("always"):
        environment[VARIABLE] = OFF
    elif asked := params.get(OPTION["name"]):
        environment[VARIABLE] = asked if asked == OFF else str(Path(asked).absolute())


def of(environment: Mapping[str, str]) -> Cache | None:
    """The cache that the environment asks for; None if it is off, or nobody has a home."""
    asked = environment.get(VARIABLE, "")
    if asked == OFF:
        return None
    try:
        folder = Path(asked) if asked else _default(environment)
        limit = int(float(environment.get(LIMIT_VARIABLE, LIMIT)))
    except (RuntimeError, ValueError):
        return None
    return Cache(folder, limit)


def _default(environment: Mapping[str, str]) -> Path:
    home = environment.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "npuforge"


@dataclass(frozen=True)
class Step:
    """A stage of a variant, as the cache knows it.

    Attributes:
        subject: what it is, by whose tools, with which options: JSON.
        reads: the files that its outcome depends on.
        folder: the variant's, in which it makes its files.
        makes: patterns of their names.
    """

    subject: Mapping[str, Any]
    reads: Sequence[Path]
    folder: Path
    makes: Sequence[str]

    def key(self) -> str:
        """The SHA-256 of all that the outcome depends on.

        Raises:
            OSError: one of the files cannot be read.
        """
        found = hashlib.sha256()
        named = {"version": VERSION, "folder": self.folder.as_posix(), **self.subject}
        found.update(json.dumps(named, sort_keys=True).encode())
        for path in sorted(self.reads):
            found.update(f"\n{path.as_posix()} {_digest(path.read_bytes())}".encode())
        return found.hexdigest()

    def made(self) -> list[Path]:
        """The files that it has made."""
        return sorted({path for pattern in self.makes for path in self.folder.glob(pattern)})
