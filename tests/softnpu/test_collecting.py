"""Python's search for garbage: off in a short command, on in one that runs code."""

import subprocess
import sys

import pytest

SCRIPT = """
import atexit, gc, runpy, sys
atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 0))
sys.argv = ["softnpu", *sys.argv[1:]]
runpy.run_module("softnpu", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("command", "searches"),
    [(["diff", "/dev/null", "/dev/null"], False), (["run-host", "nowhere.py"], True)],
)
def test_garbage_is_looked_for_only_by_commands_that_run_code(
    command: list[str], searches: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *command], check=False, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == f"{searches} True"
