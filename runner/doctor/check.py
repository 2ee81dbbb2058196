"""What one check of the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"
    UNSEEN = "unseen"
    """It cannot be told from here; the detail says why."""


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        detail: what was found; a line for each finding.
        hint: what to do, a line for each remedy; "" when there is nothing to do.
        hardware: it matters for runs on the NPU only; the emulator works without.
    """

    name: str
    status: Status
    detail: str
    hint: str = ""
    hardware: bool = True


def ok(name: str, detail: str, *, hardware: bool = True) -> Check:
    """A check that found nothing wrong."""
    return Check(name, Status.OK, detail, hardware=hardware)


def warning(name: str, detail: str, hint: str, *, hardware: bool = True) -> Check:
    """A check that found what works and may surprise."""
    return Check(name, Status.WARNING, detail, hint, hardware)


def failed(name: str, detail: str, hint: str, *, hardware: bool = True) -> Check:
    """A check that found what does not work."""
    return Check(name, Status.FAILED, detail, hint, hardware)


def unseen(name: str, detail: str, hint: str = "") -> Check:
    """A check that could not see what it looks at."""
    return Check(name, Status.UNSEEN, detail, hint)
