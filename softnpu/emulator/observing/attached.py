"""What the array tells a debugger."""

from __future__ import annotations

from typing import Any, Protocol

from softnpu.emulator.observing.stops import CoreStops


class Attached(Protocol):
    """A debugger that is attached to an array.

    What it is told of stands above it, which is why no types say so: a core.Core, an array.Array, a
    report.RunReport.
    """

    def of_core(self, core: Any) -> CoreStops:
        """The stops of a core that begins its program."""

    def begins(self, array: Any) -> None:
        """A run is about to begin; the array is configured, nothing has had its turn."""

    def between(self) -> None:
        """Somebody's turn is over, and nobody's has begun."""

    def ended(self, report: Any) -> None:
        """A run has come to its end, or cannot go on."""
