"""One checkout, one run at a time: two that build in one folder would take each other's files.

The system holds the lock for a process and lets go of it with that process's end, whatever ends
it; workers hold it with the process that they work for.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from pipeline.errors import PipelineError
from pipeline.memory import FILE
from softnpu.subcommands import PROGRAM

LOCK = Path(f"{FILE}.lock")
"""Beside doit's memory."""

POLL_SECONDS = 0.2

WAIT: dict[str, Any] = {
    "name": "wait",
    "long": "wait",
    "type": float,
    "default": float("inf"),
    "help": "seconds to wait for another run in this checkout, 0 to give up at once"
    " (default: until it ends)",
}
"""The option of every command that changes what is built or what is known of it."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system says that has no locks."""


@contextmanager
def alone(seconds: float, lock: Path = LOCK) -> Iterator[None]:
    """Holds the checkout for this process and those that it forks.

    Args:
        seconds: how long to wait for another one.

    Raises:
        PipelineError: another one holds it for longer, or the folder cannot be written or named.
    """
    if "\n" in str(Path.cwd()):
        raise PipelineError(
            f"the path {str(Path.cwd())!r} holds a line break, with which compilers cannot list"
            " the headers that they read: move the project"
        )
    file = _taken(lock, seconds)
    try:
        json.dump(_me(), file)
        file.flush()
        yield
    finally:
        file.truncate(0)
        file.close()


def _me() -> dict[str, Any]:
    """Who works here, for those who wait."""
    since = datetime.now().isoformat(" ", "seconds")
    return {"pid": os.getpid(), "command": " ".join([PROGRAM, *sys.argv[1:]]), "since": since}


def _taken(lock: Path, seconds: float) -> TextIO:
    """The lock's file, empty and locked."""
    until = time.monotonic() + seconds
    told = ""
    while True:
        file = _opened(lock)
        if _locks(file) and _is(lock, file):
            file.truncate(0)
            return file
        file.seek(0)
        holder = _holder(file.read())
        file.close()
        if time.monotonic() >= until:
            raise PipelineError(f"{holder} works in this checkout, where one run at a time can")
        if holder != told:
            sys.stderr.write(f"waiting: {holder} works in this checkout; Ctrl-C gives up\n")
            sys.stderr.flush()
            told = holder
        time.sleep(POLL_SECONDS)


def _opened(lock: Path) -> TextIO:
    try:
        return lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise PipelineError(
            f"cannot write in {Path.cwd()}, as builds do: {error.strerror} ({lock}). In a copy in"
            " a folder of your own they work; list, explain and help work here, too"
        ) from error


def _locks(file: TextIO) -> bool:
    """Whether this process has the lock now; where there are no locks it goes on without."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        sys.stderr.write("this file system has no locks: let only one doit work here at a time\n")
    return True


def _is(lock: Path, file: TextIO) -> bool:
    """Whether it is still the file of that name, which somebody may have removed."""
    return lock.exists() and os.path.samestat(lock.stat(), os.fstat(file.fileno()))


def _holder(text: str) -> str:
    """Who holds the lock, in words."""
    try:
        known = json.loads(text)
        return f"{known['command']!r} (process {known['pid']}, since {known['since']})"
    except (ValueError, KeyError, TypeError):
        return "another doit"
