"""What is asked of the process that holds the NPU, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.session import Program

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Probe:
    """Request: is there an NPU? The answer is its name."""


@dataclass(frozen=True)
class Load:
    """Request: open a context. The answer says nothing."""

    program: Program


@dataclass(frozen=True)
class Run:
    """Request: run once. The answer is a Ran."""

    inputs: dict[str, Array]
    timeout_ms: int
    fill: int


@dataclass(frozen=True)
class Ran:
    """What a run gave: the outputs by name, and how long it took in seconds."""

    outputs: dict[str, Array]
    seconds: float


@dataclass(frozen=True)
class Close:
    """Request: give everything back and end."""


@dataclass(frozen=True)
class Answer:
    """What a request gave."""

    value: Any


@dataclass(frozen=True)
class Failure:
    """A request that failed; the message is a RunnerError's."""

    message: str
    hang: bool = False


Request = Probe | Load | Run | Close
