"""The part of a task's key that is not a file: options and tools' versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

KEPT = "key"
"""Under which name doit keeps a task's key with its other values."""


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
