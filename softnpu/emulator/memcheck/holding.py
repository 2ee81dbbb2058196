"""Which objects of its objectfifos a core holds, by the locks that it takes and gives back.

mlir-aie names what it makes of one end of an objectfifo X on a tile `X_prod_lock_0`,
`X_cons_lock_0` and `X_buff_0`, `X_buff_1`, …; a producer takes the first lock and gives the second
back, a consumer the other way round, and each goes over the objects in their order
(AIEObjectFifoStatefulTransform). Buffers for which that does not hold, by their names or by what
the core does, are always held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from softnpu.emulator.memcheck.seen import Seen
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.naming.names import Names, Place

_LOCK = re.compile(r"(?P<end>.+)_(?P<kind>prod|cons)_lock(_\d+)?")
_BUFFER = re.compile(r"(?P<end>.+)_buff_(?P<number>\d+)")
_OTHER = {"prod": "cons", "cons": "prod"}

End = tuple[Place, str]
"""The tile and the name of an objectfifo's end."""


class Held(IntEnum):
    """What a core may do with an object, as check.h numbers it."""

    NEVER = 0
    NOW = 1
    RELEASED = 2


@dataclass
class _Role:
    """What a core holds as producer or as consumer: `count` objects in turn, `first` the oldest."""

    first: int = 0
    count: int = 0


class Holding:
    """What one core holds from its start on.

    Args:
        names: of the array's locks.
        buffers: what the core sees.
        locks: those that it reaches.
        tell: called with a buffer's tag and whether the core holds it, at each change.
    """

    def __init__(
        self,
        names: Names,
        buffers: Iterable[Seen],
        locks: Iterable[Lock | None],
        tell: Callable[[int, Held], None],
    ) -> None:
        self._tell = tell
        self._locks = dict(_locks_of_ends(names))
        known = {(lock.tile, lock.index): lock for lock in locks if lock is not None}
        units: dict[End, list[int]] = {}
        for (end, _), place in _by_end(self._locks).items():
            units.setdefault(end, []).extend(known[p].given for p in place if p in known)
        self._objects = {
            end: objects
            for end, objects in _objects(buffers).items()
            # two locks, which were given a unit an object: else an acquire may mean another number
            if len(units.get(end, ())) == 2 and sum(units[end]) == len(objects)
        }
        self._roles: dict[tuple[End, str], _Role] = {}
        for objects in self._objects.values():
            for one in objects:
                tell(one.tag, Held.NEVER)

    def acquired(self, lock: Lock, value: int) -> None:
        """The core has got `value` (below 0: so many units) of a lock."""
        found = self._locks.get((lock.tile, lock.index))
        if found is None or found[0] not in self._objects:
            return
        end, kind = found
        objects = self._objects[end]
        role = self._roles.setdefault((end, kind), _Role())
        if value > 0 or role.count - value > len(objects):
            self._give_up(end)
            return
        for index in range(role.count, role.count - value):
            self._tell(objects[(role.first + index) % len(objects)].tag, Held.NOW)
        role.count -= value

    def released(self, lock: Lock, value: int) -> None:
        """The core has added `value` to a lock."""
        found = self._locks.get((lock.tile, lock.index))
        if found is None or found[0] not in self._objects:
            return
        end, kind = found
        objects = self._objects[end]
        role = self._roles.setdefault((end, _OTHER[kind]), _Role())
        if not 0 <= value <= role.count:
            self._give_up(end)
            return
        for index in range(value):
            at = (role.first + index) % len(objects)
            if not self._holds(end, kind, at):
                self._tell(objects[at].tag, Held.RELEASED)
        role.first = (role.first + value) % len(objects)
        role.count -= value

    def follow_no_more(self) -> None:
        """What the core takes and gives back from now on is of no interest."""
        self._objects.clear()

    def _holds(self, end: End, kind: str, at: int) -> bool:
        """Whether the core holds an object in another role."""
        role = self._roles.get((end, kind), _Role())
        return (at - role.first) % len(self._objects[end]) < role.count

    def _give_up(self, end: End) -> None:
        """The core does not go over the objects as it was expected to."""
        for one in self._objects.pop(end):
            self._tell(one.tag, Held.NOW)


def _locks_of_ends(names: Names) -> Iterable[tuple[tuple[Place, int], tuple[End, str]]]:
    for place, (name, _) in names.locks.items():
        if match := _LOCK.fullmatch(name):
            yield place, ((place[0], match["end"]), match["kind"])


def _by_end(
    locks: Mapping[tuple[Place, int], tuple[End, str]],
) -> dict[tuple[End, str], list[tuple[Place, int]]]:
    found: dict[tuple[End, str], list[tuple[Place, int]]] = {}
    for place, end in locks.items():
        found.setdefault(end, []).append(place)
    return found


def _objects(buffers: Iterable[Seen]) -> dict[End, list[Seen]]:
    """The buffers of each end, in their order, where none is missing and each has a tag."""
    found: dict[End, dict[int, Seen]] = {}
    for one in buffers:
        if (match := _BUFFER.fullmatch(one.buffer.name)) and one.tag:
            found.setdefault((one.tile, match["end"]), {})[int(match["number"])] = one
    return {
        end: [numbered[n] for n in range(len(numbered))]
        for end, numbered in found.items()
        if set(numbered) == set(range(len(numbered)))
    }
