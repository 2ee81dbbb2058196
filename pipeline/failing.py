"""How an action fails: in words, where somebody can mend it; any other exception is our bug."""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from doit.exceptions import TaskFailed

from pipeline.errors import PipelineError
from runner.errors import RunnerError
from softnpu.errors import SoftnpuError

P = ParamSpec("P")
R = TypeVar("R")

OF_THE_MACHINE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EEXIST, errno.ENOTDIR, errno.EISDIR),
}
"""What a system refuses for want of rights, space, memory or files, or for what lies there."""


def refused(error: OSError) -> str | None:
    """What the machine refuses, in words; None for what it does not answer for."""
    if error.errno not in OF_THE_MACHINE:
        return None
    return f"error: {error.filename or Path.cwd()}: {error.strerror}"


def in_words(action: Callable[P, R]) -> Callable[P, R | TaskFailed]:
    """An action that fails with the message of an error that somebody can mend."""

    @wraps(action)  # doit reads from the signature what to pass
    def run(*given: P.args, **named: P.kwargs) -> R | TaskFailed:
        try:
            return action(*given, **named)
        except (PipelineError, RunnerError, SoftnpuError) as error:
            return TaskFailed(str(error))
        except OSError as error:
            if told := refused(error):
                return TaskFailed(told)
            raise

    return run
