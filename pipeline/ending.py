"""How others end a command: Ctrl-C, `kill` and a closed terminal are one and the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of what Ctrl-C ended, as shells have it."""


class Ended(KeyboardInterrupt):
    """What Ctrl-C raises, for another signal.

    Attributes:
        code: the exit code that shells give for it.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


def heed() -> None:
    """From now on SIGTERM and SIGHUP end this process as Ctrl-C does, if they are not ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: object) -> None:
    del frame
    raise Ended(number)


def doit(arguments: Iterable[str], stdout: Any = None) -> int:
    """Runs npuforge as a process of its own, to whose end this one waits, whoever is interrupted.

    Returns:
        Its exit code.
    """
    with subprocess.Popen([sys.executable, "-m", "pipeline", *arguments], stdout=stdout) as process:
        try:
            return process.wait()
        except KeyboardInterrupt as error:  # of which a terminal tells the other one, too
            if isinstance(error, Ended):
                process.terminate()
            process.wait()
            raise
