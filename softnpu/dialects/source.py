"""Where ops stand in a design, and saying what is wrong there."""

from __future__ import annotations

from xdsl.ir import Operation

from softnpu.dialects.locations import origin_of, place_of
from softnpu.errors import DesignError, SourceLocation, diagnostic


def location_of(op: Operation) -> SourceLocation | None:
    """Where an op stands in the design, or, if a pass made it, the op that it is part of."""
    current: Operation | None = op
    while current is not None:
        place = place_of(current.location)
        if place is not None:
            return place
        current = current.parent_op()
    return None


def design_error(op: Operation, message: str, *notes: str) -> DesignError:
    """An error about an op, with its place."""
    return DesignError(message, location_of(op), (*notes, *_origin(op)))


def design_warning(op: Operation, message: str, *notes: str) -> str:
    """The text of a warning about an op, with its place."""
    return diagnostic("warning", message, location_of(op), (*notes, *_origin(op)))


def _origin(op: Operation) -> tuple[str, ...]:
    """Where the op comes from, if the text that was read says so: `loc("design.py":3:5)`."""
    origin = origin_of(op.location)
    return () if origin is None else (f"it comes from {origin}",)
