"""What doit remembers from run to run, and what the author's files hold when a run begins."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from doit.dependency import JsonDB, MD5Checker

from pipeline import whole
from pipeline.designs import KERNELS, TEMPLATES

FILE = ".doit.json"
"""Where doit keeps it, in the checkout."""


class Memory(JsonDB):  # type: ignore[misc]
    """doit's own JSON file, of which a run writes what it has learnt, all of it or nothing.

    Of other tasks the file keeps what it holds by then: `npuforge test` works beside a build.
    Without the file, or with one that cannot be read, everything is done again.
    """

    def __init__(self, name: str, codec: Any, *, module_name: str | None = None) -> None:
        self._learnt: set[str] = set()
        self._all = False
        super().__init__(name, codec, module_name=module_name)

    def _load(self) -> dict[str, Any]:
        try:
            found = json.loads(Path(self.name).read_text(encoding="utf-8"))
            if _is_memory(found):
                return dict(found)
            problem = "not what doit writes"
        except FileNotFoundError:
            return {}
        except OSError as error:
            problem = str(error.strerror)
        except ValueError as error:
            problem = str(error)
        sys.stderr.write(f"{self.name}: {problem}; taken as empty, so everything is done again\n")
        return {}

    def known(self) -> dict[str, Any]:
        """All that is remembered, by task."""
        return dict(self._db)

    def dump(self) -> None:
        """Writes what this run has learnt, if there is any."""
        if not self._learnt and not self._all:
            return
        kept = {} if self._all else self._load() if Path(self.name).exists() else {}
        for task in self._learnt:
            kept.pop(task, None)
            if task in self._db:
                kept[task] = self._db[task]
        try:
            whole.write(Path(self.name), self.codec.encode(kept))
        except OSError as error:
            sys.stderr.write(
                f"{self.name} cannot be written: {error.strerror}; what was done is done again"
                " the next time\n"
            )

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Keeps a value of a task."""
        super().set(task_id, dependency, value)
        self._learnt.add(task_id)

    def remove(self, task_id: str) -> None:
        """Forgets a task."""
        super().remove(task_id)
        self._learnt.add(task_id)

    def remove_all(self) -> None:
        """Forgets all tasks."""
        super().remove_all()
        self._all = True


def _is_memory(found: Any) -> bool:
    """Whether it is a table of tasks, each with a table of what is known of it."""
    return isinstance(found, dict) and all(
        isinstance(task, dict) and isinstance(task.get("_values_:", {}), dict)
        for task in found.values()
    )


def sources() -> dict[str, Any]:
    """The author's files by path, each as doit keeps it of a task's inputs.

    To be asked before anything reads them: what is saved later is not what is worked on.
    """
    checker = MD5Checker()
    found = {}
    for folder in (KERNELS, TEMPLATES):
        for path in map(str, Path(folder).rglob("*.*")):
            with suppress(OSError):  # whoever needs it says why it cannot be read
                found[path] = checker.get_state(path, None)
    return found
