"""What the array tells a debugger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from softnpu.emulator.array import Array
    from softnpu.emulator.core import Core
    from softnpu.emulator.debugging.stops import CoreStops
    from softnpu.emulator.report import RunReport


class Attached(Protocol):
    """A debugger that is attached to an array."""

    def of_core(self, core: Core) -> CoreStops:
        """The stops of a core that begins its program."""

    def begins(self, array: Array) -> None:
        """A run is about to begin; the array is configured, nothing has had its turn."""

    def between(self) -> None:
        """Somebody's turn is over, and nobody's has begun."""

    def ended(self, report: RunReport) -> None:
        """A run has come to its end, or cannot go on."""
