"""The names of values that a parser knows, region in region.

xDSL's parser copies all of them before each region, to forget afterwards what was defined in it:
for a sequence of tasks, each with a region of its own, the square of its length.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import Self


class ValueNames:
    """What xDSL's parser asks of a dictionary of names; a copy takes no time.

    The copy is what was there, the original goes on in a scope within it: names are added to the
    copy only when the original is not used any more, as when a region ends.
    """

    def __init__(self) -> None:
        self._own: dict[str, Any] = {}
        self._around: ValueNames | None = None

    def get(self, name: str) -> Any:
        """The values of that name, None if there are none."""
        scope: ValueNames | None = self
        while scope is not None:
            if (found := scope._own.get(name)) is not None:
                return found
            scope = scope._around
        return None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __getitem__(self, name: str) -> Any:
        if (found := self.get(name)) is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, values: Any) -> None:
        self._own[name] = values

    def keys(self) -> Self:
        """The names, to look one up among them."""
        return self

    def copy(self) -> ValueNames:
        """What there is now."""
        there = ValueNames()
        there._own, there._around = self._own, self._around
        self._own, self._around = {}, there
        return there
