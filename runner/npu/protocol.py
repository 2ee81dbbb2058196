"""What is asked of the process that holds the NPU, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifact import Argument

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Probe:
    """Request: is there an NPU? The answer is its name."""


@dataclass(frozen=True)
class Load:
    """Request: open a context. The answer is the device's name."""

    xclbin: Path
    insts: bytes
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Run:
    """Request: run once. The answer is the outputs by name."""

    inputs: dict[str, Array]
    timeout_ms: int


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
