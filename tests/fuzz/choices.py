"""Where a random design's decisions come from, so that they can be made again, and fewer of them.

A generator asks for numbers only; what it got is recorded. The same numbers make the same design,
and numbers that are lowered or left out make a smaller one: generators put the simplest case at 0,
and a list of numbers that has come to its end goes on with zeros. So one way of shrinking serves
all generators. What belongs together is drawn from a branch, a list in the list: what is changed
or left out there does not shift what comes behind it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")
Drawn = list["int | Drawn"]


class Choices:
    """Decisions, drawn at random or given.

    Args:
        source: where new numbers come from, or the numbers themselves.

    Attributes:
        drawn: the numbers so far, each below what was asked for, and those of branches.
    """

    def __init__(self, source: Random | Drawn) -> None:
        self._random = source if isinstance(source, Random) else None
        self._given: Drawn = [] if isinstance(source, Random) else source
        self.drawn: Drawn = []

    def branch(self) -> Choices:
        """Choices of their own, recorded here."""
        given = self._next()
        branch = Choices(self._random or (given if isinstance(given, list) else []))
        self.drawn.append(branch.drawn)
        return branch

    def below(self, count: int) -> int:
        """A number from 0 to `count` - 1."""
        if self._random is not None:
            number = self._random.randrange(count)
        else:
            given = self._next()
            number = min(given, count - 1) if isinstance(given, int) else 0
        self.drawn.append(number)
        return number

    def _next(self) -> int | Drawn:
        place = len(self.drawn)
        return self._given[place] if place < len(self._given) else 0

    def between(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def one_of(self, things: Sequence[T]) -> T:
        """One of `things`; the first is the simplest."""
        return things[self.below(len(things))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; False is the simpler case."""
        return self.below(100) >= 100 - percent

    def some_of(self, things: Sequence[T], count: int) -> list[T]:
        """`count` different ones of `things`, in any order."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(count)]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """`things` in any order; as they are is the simplest."""
        return self.some_of(things, len(things))


def shrink(drawn: Drawn, fails: Callable[[Drawn], bool], attempts: int) -> Drawn:
    """Fewer and smaller numbers for which `fails` still holds, found in so many attempts."""
    shrinker = _Shrinker(drawn, fails, attempts)
    while shrinker.pass_over():
        pass
    return shrinker.best


Path = tuple[int, ...]
"""Which branch of which branch."""


class _Shrinker:
    def __init__(self, drawn: Drawn, fails: Callable[[Drawn], bool], attempts: int) -> None:
        self.best = _trimmed(drawn)
        self._fails = fails
        self._left = attempts
        self._tried: set[str] = set()

    def pass_over(self) -> bool:
        """Tries everything once, whole branches before what is in them; whether it helped."""
        before = self.best
        waiting: list[Path] = [()]
        while waiting and self._left:
            path = waiting.pop(0)
            self._shorten(path)
            node = _at(self.best, path)
            waiting += [(*path, n) for n, item in enumerate(node) if isinstance(item, list)]
        return self.best != before and self._left > 0

    def _shorten(self, path: Path) -> None:
        """Simplifies one list: runs to zero, runs left out, numbers lowered."""
        length = 1 << max(len(_at(self.best, path)) - 1, 0).bit_length()
        while length:
            self._runs(path, length, _zeros)
            self._runs(path, length, _nothing)
            length //= 2
        for place, item in enumerate(_at(self.best, path)):
            if isinstance(item, int):
                self._lower(path, place)

    def _runs(self, path: Path, length: int, simpler: Callable[[Drawn], Drawn]) -> None:
        """Replaces runs of a list, the last one first."""
        for start in reversed(range(0, len(_at(self.best, path)), length)):
            now = _at(self.best, path)
            run = now[start : start + length]
            self._try(path, [*now[:start], *simpler(run), *now[start + length :]])

    def _lower(self, path: Path, place: int) -> None:
        while place < len(now := _at(self.best, path)):
            number = now[place]
            if not isinstance(number, int):
                return
            lower = [n for n in dict.fromkeys((number // 2, number - 1)) if 0 < n < number]
            if not any(self._try(path, [*now[:place], n, *now[place + 1 :]]) for n in lower):
                return

    def _try(self, path: Path, node: Drawn) -> bool:
        candidate = _trimmed(_replaced(self.best, path, node))
        key = json.dumps(candidate)
        if self._left == 0 or key in self._tried or candidate == self.best:
            return False
        self._tried.add(key)
        self._left -= 1
        if not self._fails(candidate):
            return False
        self.best = candidate
        return True


def _zeros(run: Drawn) -> Drawn:
    return [[] if isinstance(item, list) else 0 for item in run]


def _nothing(run: Drawn) -> Drawn:
    return []


def _trimmed(drawn: Drawn) -> Drawn:
    """Without what makes no difference: zeros and empty branches at the ends."""
    kept = [_trimmed(item) if isinstance(item, list) else item for item in drawn]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _at(drawn: Drawn, path: Path) -> Drawn:
    """The branch at a path; empty where there is none any more."""
    for place in path:
        item = drawn[place] if place < len(drawn) else 0
        if not isinstance(item, list):
            return []
        drawn = item
    return drawn


def _replaced(drawn: Drawn, path: Path, node: Drawn) -> Drawn:
    if not path:
        return node
    place, *rest = path
    if place >= len(drawn) or not isinstance(item := drawn[place], list):
        return drawn
    return [*drawn[:place], _replaced(item, tuple(rest), node), *drawn[place + 1 :]]
