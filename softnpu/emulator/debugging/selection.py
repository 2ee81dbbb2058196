"""What the prompt looks at: the core and the frame that commands are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.emulator.debugging.debugger import Debugger, Reason, Stop
from softnpu.emulator.debugging.showing import Showing
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.cores.core import Core
    from softnpu.emulator.debugging.view import CoreView
    from softnpu.emulator.unwinding.frames import Frame

_OVER = (Reason.FAULT, Reason.HANG, Reason.TIMEOUT, Reason.END)


class CommandError(EmulatorError):
    """A command that cannot be done."""


class Selection:
    """What commands are about.

    Args:
        tell: shows a text to the user.
        folders: where sources lie.

    Attributes:
        core: the core that is looked at, None if there is none.
        number: the frame, from the innermost one on.
    """

    def __init__(self, tell: Callable[[str], None], folders: tuple[Path, ...] = ()) -> None:
        self.tell = tell
        self.core: Core | None = None
        self.number = 0
        self._folders = folders
        self._debugger: Debugger | None = None
        self._stop: Stop | None = None

    def stopped(self, debugger: Debugger, stop: Stop) -> None:
        """Looks at the core that was stopped; if none was, at the one that it looked at before."""
        self._debugger, self._stop, self.number = debugger, stop, 0
        if stop.core is not None:
            self.core = stop.core
        elif self.core is None:
            self.core = next(iter(debugger.cores()), None)

    @property
    def debugger(self) -> Debugger:
        """What runs the array."""
        assert self._debugger is not None
        return self._debugger

    @property
    def showing(self) -> Showing:
        """What tells of it."""
        return Showing(self.debugger, self._folders)

    @property
    def view(self) -> CoreView:
        """The core that is looked at; CommandError if there is none."""
        if self.core is None:
            raise CommandError("no core of this design has a program")
        return self.debugger.view(self.core)

    @property
    def began(self) -> bool:
        """Whether it has begun its program."""
        return self.core is not None and self.core.processor is not None

    @property
    def frames(self) -> list[Frame]:
        """Its frames; CommandError before it has begun."""
        found = self.view.frames()
        if not found:
            raise CommandError(
                f"{self.view.core.place} has not begun its program; `break` and `continue` get"
                " there"
            )
        return found

    @property
    def frame(self) -> Frame:
        """The one that is looked at."""
        found = self.frames
        return found[min(self.number, len(found) - 1)]

    def check_running(self) -> None:
        """Makes sure that there is something to go on with."""
        assert self._stop is not None
        if self._stop.reason in _OVER:
            raise CommandError("the run is over; `continue` tells its verdict")
