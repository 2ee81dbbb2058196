"""What makes a task run again beside its inputs: options, tools' versions, its own outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

KEPT = "key"
"""Under which name doit keeps a task's key with its other values."""
MADE = "made"
"""Under which name it keeps what the task's targets held."""


class Key:
    """Options and versions; doit runs the task again when they are not those of the last success.

    doit's own `config_changed` does the same with a digest, which cannot tell what changed.

    Args:
        value: by subject ("tools", "options"), names and their values, all JSON.
    """

    def __init__(self, value: Mapping[str, Mapping[str, Any]]) -> None:
        self.value = value

    def configure_task(self, task: Any) -> None:
        """doit calls this once; from then on it keeps the value with each success."""
        task.value_savers.append(lambda: {KEPT: self.value})

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        """Whether nothing has changed; doit passes its task and the kept values by these names."""
        del task
        return bool(values.get(KEPT) == self.value)

    def changes(self, values: Mapping[str, Any]) -> Iterator[str]:
        """What has changed since the last success, a line each."""
        before = dict(_flat(values.get(KEPT, {})))
        now = dict(_flat(self.value))
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                yield f"{name}: {_shown(before, name)} -> {_shown(now, name)}"


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", inner


def _shown(values: Mapping[str, Any], name: str) -> str:
    return str(values[name]) if name in values else "(nothing)"


class Made:
    """A task's targets as it made them: what is put into their place makes it run again.

    Otherwise a foreign file would pass for a built one, and everything behind it would be made
    from it. Targets that are missing are doit's own matter.

    Args:
        perhaps: what it may have made beside its targets: made again if it did and they are gone.
    """

    def __init__(self, targets: Iterable[Path], perhaps: Iterable[Path] = ()) -> None:
        self._targets = [str(path) for path in targets]
        self._perhaps = [str(path) for path in perhaps]

    def configure_task(self, task: Any) -> None:
        """doit calls this once; from then on it keeps the files' content with each success."""
        task.value_savers.append(lambda: {MADE: dict(self._states())})

    def _states(self) -> Iterator[tuple[str, list[Any]]]:
        there = (name for name in self._perhaps if Path(name).is_file())
        return ((name, _state(name)) for name in (*self._targets, *there))

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        """Whether every target that is there is the one that was made."""
        del task
        return not any(self.changes(values))

    def changes(self, values: Mapping[str, Any]) -> Iterator[str]:
        """The targets that something else has taken the place of, a line each."""
        known = values.get(MADE, {})
        for name in self._targets:
            if Path(name).is_file() and not _same(name, known.get(name)):
                yield f"{name} is not what was made here"
        for name in self._perhaps:
            if name in known and not (Path(name).is_file() and _same(name, known[name])):
                yield f"{name} is gone, or not what was made here"


class Listed:
    """The files that a target lists, name -> SHA-256: one that is gone or another is made again.

    For what a task makes without knowing beforehand how many: the programs of a design's cores.

    Args:
        listing: the JSON file; what it lists lies beside it.
    """

    def __init__(self, listing: Path) -> None:
        self._listing = listing

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        """Whether all of them are there as they were made."""
        del task
        return not any(self.changes(values))

    def changes(self, values: Mapping[str, Any]) -> Iterator[str]:
        """The files that are gone or another, a line each."""
        del values
        if not self._listing.is_file():
            return
        try:
            listed = dict(json.loads(self._listing.read_text()))
        except (ValueError, TypeError):
            yield f"{self._listing} is not what was made here"
            return
        for name, known in listed.items():
            path = self._listing.parent / name
            if not path.is_file():
                yield f"{path} is gone"
            elif digest(path) != known:
                yield f"{path} is not what was made here"


class Read:
    """Files that a task turned out to read: one that is gone or another makes it run again.

    Args:
        kept: under which name the task's action returns them, path -> SHA-256, for doit to keep.
        word: what one of them is called.
    """

    def __init__(self, kept: str, word: str) -> None:
        self.kept = kept
        self.word = word

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        """Whether every file that was read the last time still holds the same."""
        del task
        return not self.changed(values)

    def changed(self, values: Mapping[str, Any]) -> list[str]:
        """The files that no longer hold what was read."""
        known: Mapping[str, str] = values.get(self.kept, {})
        return [p for p, was in known.items() if not Path(p).is_file() or digest(Path(p)) != was]


HEADERS, DATA = Read("headers", "header"), Read("data", "data file")
"""What a kernel's compiler read; what an author's reference and vectors did."""


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _state(name: str) -> list[Any]:
    """Size, date and digest of a file."""
    status = Path(name).stat()
    return [status.st_size, status.st_mtime_ns, digest(Path(name))]


def _same(name: str, known: list[Any] | None) -> bool:
    """Whether a file holds what is known of it; the content is read if its date is another."""
    if known is None:
        return False
    status = Path(name).stat()
    size, date, digest = known
    if status.st_size != size:
        return False
    return bool(status.st_mtime_ns == date or _state(name)[2] == digest)
