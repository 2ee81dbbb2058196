"""How deep a stack can get: frame sizes, summed along a call graph."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from softnpu.errors import DesignError, SourceLocation
from softnpu.targets.linking.layout import STACK_ALIGNMENT, CoreLayout

F = TypeVar("F", bound=Hashable)


@dataclass(frozen=True)
class StackNeed:
    """What the stack must hold at its deepest.

    Attributes:
        size: bytes; for a recursive program, of one round.
        path: the functions of the deepest call chain, each with the bytes of its frame.
        recursive: functions that call themselves, directly or not: there is no bound.
        indirect: functions that call through a pointer, whose callees are not counted.
        unknown: functions on whose frame nothing is known, counted as nothing.
    """

    size: int
    path: tuple[tuple[str, int], ...]
    recursive: tuple[str, ...] = ()
    indirect: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class CallGraph(Generic[F]):
    """Who calls whom, and what each takes of the stack.

    Attributes:
        frames: bytes by function; one that is not in it is unknown.
        callees: the functions that one calls.
        name: what a function is called.
    """

    frames: Mapping[F, int]
    callees: Callable[[F], Iterable[F]]
    name: Callable[[F], str]

    def need(self, entry: F, indirect: Iterable[str] = ()) -> StackNeed:
        """The stack need of a program that starts with `entry`.

        `indirect` is read after the walk, so that `callees` may add to it.
        """
        walk = _Walk(self)
        size, path = walk.depth(entry)
        return StackNeed(
            size,
            tuple((self.name(one), self.frames.get(one, 0)) for one in path),
            tuple(walk.recursive),
            tuple(indirect),
            tuple(walk.unknown),
        )


class _Walk(Generic[F]):
    """One walk from an entry, depth first; each function is looked at once."""

    def __init__(self, graph: CallGraph[F]) -> None:
        self.graph = graph
        self.recursive: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self._known: dict[F, tuple[int, tuple[F, ...]]] = {}
        self._open: set[F] = set()

    def depth(self, function: F) -> tuple[int, tuple[F, ...]]:
        """Bytes below the caller of a function, and the way to the deepest."""
        if function in self._known:
            return self._known[function]
        if function in self._open:
            self.recursive[self.graph.name(function)] = None
            return 0, ()
        if function not in self.graph.frames:
            self.unknown[self.graph.name(function)] = None
        self._open.add(function)
        below = max(
            (self.depth(callee) for callee in self.graph.callees(function)),
            key=lambda found: found[0],
            default=(0, ()),
        )
        self._open.discard(function)
        size = self.graph.frames.get(function, 0) + below[0]
        self._known[function] = (size, (function, *below[1]))
        return self._known[function]


_SORT = (
    "std::sort recurses, of all but numbers in their own order: std::make_heap and "
    "std::sort_heap sort without"
)


def check_stack(need: StackNeed, layout: CoreLayout, location: SourceLocation | None) -> None:
    """DesignError, with the number to write, unless the design's stack_size holds the need."""
    if need.recursive:
        raise DesignError(
            f"{layout.name}: {need.recursive[0]} calls itself, so its stack has no bound",
            location,
            (_SORT if "__introsort" in need.recursive[0] else "write it as a loop",),
        )
    if need.size <= layout.stack_size:
        return
    rounded = -(-need.size // STACK_ALIGNMENT) * STACK_ALIGNMENT
    frames = (f"{size:>8,}  {name}" for name, size in need.path if size)
    raise DesignError(
        f"{layout.name} needs {need.size:,} bytes of stack, and has {layout.stack_size:,}; "
        "on the array it would overwrite the first buffer without a word",
        location,
        (
            "the deepest calls:",
            *frames,
            *_not_counted(need),
            f"write {{stack_size = {rounded} : i32}} after the core's body, or make large local "
            "arrays static",
        ),
    )


def _not_counted(need: StackNeed) -> list[str]:
    notes = []
    if need.indirect:
        notes.append(f"not counted: what {', '.join(need.indirect)} calls through a pointer")
    if need.unknown:
        notes.append(f"not counted, for want of a frame size: {', '.join(need.unknown)}")
    return notes
