"""Steps: how far a core goes until it is where its user wants to look next."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softnpu.emulator.cores.core import Core
    from softnpu.emulator.debugging.view import CoreView
    from softnpu.emulator.unwinding.frames import Frame


class Kind(Enum):
    """How far."""

    INSTRUCTION = "the next instruction"
    INTO = "the next line, into functions"
    OVER = "the next line, over functions"
    OUT = "the caller"


class Plan:
    """A step of one core.

    Attributes:
        everywhere: whether every instruction is looked at.
        places: the addresses that are looked at otherwise.
    """

    def __init__(self, kind: Kind, view: CoreView, times: int = 1) -> None:
        self.core: Core = view.core
        self.kind = kind
        self.everywhere = kind is Kind.INSTRUCTION
        self.places: Iterable[int] = ()
        self._times = times
        self._begin(view)

    def _begin(self, view: CoreView) -> None:
        """Remembers where it stands."""
        frames = view.frames()
        self._frame = frames[0] if frames else None
        self._here = _place(view, self._frame)
        self._back = _return_address(view, self._frame)
        statements = view.symbols.statements
        if self.kind is Kind.OUT:
            self.places = () if self._back is None else (self._back,)
        elif self.kind is not Kind.INSTRUCTION:
            self.places = statements
            self.everywhere = not statements

    def done(self, view: CoreView, pc: int) -> bool:
        """Whether the step is at its end; it goes on otherwise, maybe looking elsewhere."""
        if self.kind is not Kind.INSTRUCTION and not self._arrived(view, pc):
            return False
        self._times -= 1
        if self._times > 0:
            self._begin(view)
        return self._times <= 0

    def _arrived(self, view: CoreView, pc: int) -> bool:
        frames = view.frames()
        entered = view.symbols.function(pc)
        if entered is not None and entered.begin == pc != view.symbols.body(entered):
            return False  # goes on to where its variables can be read
        if self._frame is None or not frames:
            return True
        if self.kind is Kind.OUT:
            return _is_outer(frames[0], self._frame)
        if self.kind is Kind.OVER and self._is_inside(view, frames):
            return False
        same = _is_same(frames[0], self._frame)
        return not (same and _place(view, frames[0]) == self._here)

    def _is_inside(self, view: CoreView, frames: list[Frame]) -> bool:
        """Whether it is in something that the function where the step began has called."""
        start = self._frame
        assert start is not None
        inlined = start.scope is not None and any(s == start.scope for s in frames[0].outer)
        if inlined and _is_same(frames[0], start):
            return True
        if any(_is_same(frame, start) for frame in frames if frame.depth):
            self._look_at(frames, start)
            return True
        self.places = view.symbols.statements or self.places
        return False

    def _look_at(self, frames: list[Frame], start: Frame) -> None:
        """Looks on where what was called comes back, not at each of its lines."""
        outer = [frame for frame in frames if _is_same(frame, start)]
        self.places = [frame.pc + 1 for frame in outer[:1]]


def _place(view: CoreView, frame: Frame | None) -> tuple[str, str]:
    return ("", "") if frame is None else (frame.function, view.symbols.place(frame.line))


def _is_same(frame: Frame, other: Frame) -> bool:
    """Whether two frames are of one call."""
    if frame.cfa is None or other.cfa is None:
        return frame.function == other.function
    one, two = frame.whole, other.whole
    return frame.cfa == other.cfa and (one is None or two is None or one.begin == two.begin)


def _is_outer(frame: Frame, start: Frame) -> bool:
    """Whether the function where the step began has returned."""
    if frame.cfa is None or start.cfa is None:
        return frame.function != start.function
    return frame.cfa > start.cfa or not _is_same(frame, start)


def _return_address(view: CoreView, frame: Frame | None) -> int | None:
    """Where the function of a frame comes back to."""
    if frame is None:
        return None
    frames = view.frames()
    outer = next((one for one in frames if one.depth > frame.depth), None)
    if outer is not None:
        return outer.pc + 1
    back = view.registers().get("lr")
    return back if back else None
