"""What the kernel says about the NPU: its driver's lines and IOMMU faults.

Reading the log may need rights that a user does not have; then the reason is told instead.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BY_HAND = "sudo dmesg | grep -iE 'amdxdna|AMD-Vi' | tail"
MAXIMUM_LINES = 12
COMMAND_SECONDS = 5

COMMANDS = (
    ("dmesg",),
    ("journalctl", "--dmesg", "--output=short-monotonic", "--lines=2000", "--no-pager", "--quiet"),
)
"""Both begin each line with the seconds since boot in brackets."""

_LINE = re.compile(r"^\[\s*(?P<seconds>\d+\.\d+)\]\s*(?P<text>.*)$")
_WANTED = re.compile(r"amdxdna|amdnpu|AMD-Vi|IO_PAGE_FAULT", re.IGNORECASE)

_COMPLAINT = re.compile(
    r"(?:amdxdna|amdnpu)\b.*?(?:\*ERROR\* (?=\S)|(?=probe [^:]*failed))(?P<words>.+)$",
    re.IGNORECASE,
)
"""What the driver calls an error (drm_err), and what the kernel says of a driver that gave up."""

Runner = Callable[[Sequence[str]], "str | None"]
"""Runs a command; its output, or None when it is not there or may not read the log."""


@dataclass(frozen=True)
class Log:
    """The lines about the NPU that were found, or why there are none."""

    lines: tuple[str, ...] = ()
    unreadable: str | None = None

    @property
    def latest(self) -> tuple[str, ...]:
        """So many as a person reads."""
        return self.lines[-MAXIMUM_LINES:]

    @property
    def complaints(self) -> tuple[str, ...]:
        """Where the driver speaks of an error, each once, from its own words on."""
        words = (match["words"] for line in self.lines if (match := _COMPLAINT.search(line)))
        return tuple(dict.fromkeys(words))


class KernelLog:
    """The log from the moment on at which this is made.

    The latest line marks the moment: the log's clock is not the one that programs can ask.

    Args:
        everything: from the start of the machine on instead.
    """

    def __init__(self, run: Runner | None = None, *, everything: bool = False) -> None:
        self._run = run or run_command
        earlier = () if everything else (seconds for seconds, _ in self._read() or ())
        self._start = max(earlier, default=-1.0)

    def news(self) -> Log:
        """The lines about the NPU that are new."""
        lines = self._read()
        if lines is None:
            names = " nor ".join(command[0] for command in COMMANDS)
            return Log(unreadable=f"neither {names} may")
        found = [text for seconds, text in lines if seconds > self._start and _WANTED.search(text)]
        return Log(tuple(found))

    def _read(self) -> list[tuple[float, str]] | None:
        """All lines with their times; None when the log cannot be read."""
        for command in COMMANDS:
            output = self._run(command)
            if output is not None:
                matches = map(_LINE.match, output.splitlines())
                return [(float(m["seconds"]), m["text"]) for m in matches if m]
        return None


def run_command(command: Sequence[str]) -> str | None:
    """The output of a command that succeeds; see `Runner`."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    output = done.stdout.decode(errors="replace")
    return output if done.returncode == 0 and output.strip() else None
