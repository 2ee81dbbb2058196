"""How actions fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from doit.exceptions import TaskFailed

from pipeline.errors import PipelineError
from pipeline.failing import in_words
from runner.errors import RunnerError
from softnpu.errors import ToolError


def raising(error: Exception) -> object:
    @in_words
    def action() -> None:
        raise error

    return action()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PipelineError("no such thing", Path("a.py"), 3), "a.py:3: error: no such thing"),
        (RunnerError("it hangs"), "it hangs"),
        (ToolError("clang failed"), "clang failed"),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "build/x"),
            "error: build/x: No space left on device",
        ),
    ],
)
def test_what_somebody_can_mend_is_told_in_words(error: Exception, told: str) -> None:
    failed = raising(error)
    assert isinstance(failed, TaskFailed) and failed.message == told


def test_a_disk_that_is_full_is_told_with_the_checkout_if_nothing_names_the_file() -> None:
    failed = raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert isinstance(failed, TaskFailed)
    assert failed.message == f"error: {Path.cwd()}: No space left on device"


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "x", "y")])
def test_our_own_bugs_keep_their_traceback(error: Exception) -> None:
    with pytest.raises(type(error)):
        raising(error)


def test_what_an_action_returns_is_passed_on() -> None:
    assert in_words(lambda: {"answer": 42})() == {"answer": 42}
