"""npuforge: C kernels and MLIR designs to checked runs on AMD NPUs, with or without one.

The task graph is `pipeline/tasks.py`, for every project alike; what is here is for npuforge itself.
"""

import sys

from doit.tools import Interactive

from pipeline import extras
from pipeline.tasks import *

NEEDED = (extras.wanted, ["dev"])


FAST = {
    "name": "fast",
    "long": "fast",
    "type": bool,
    "default": False,
    "help": "some tests of every room, in about a minute on two idle cores",
}


def task_lint():
    """ruff, mypy and import-linter on npuforge itself"""
    commands = ("ruff check .", "ruff format --check .", "mypy", "tools.module_circles")
    checks = [Interactive(f"{sys.executable} -m {command}") for command in commands]
    return {"actions": [NEEDED, *checks], "uptodate": [False], "verbosity": 2}


def pytest_command(args: list[str], fast: bool) -> str:
    """The test suite; the order of tests stays, or what failed would not come first."""
    options = "-n 2 --dist loadfile --no-loadscope-reorder --ff"
    return f"{sys.executable} -m pytest {options} {'--fast' * fast} {' '.join(args)}"


def task_test():
    """npuforge's own test suite, what failed last first; pytest's arguments go behind `--`"""
    return {
        "actions": [NEEDED, Interactive(pytest_command)],
        "params": [FAST],
        "pos_arg": "args",
        "uptodate": [False],
        "verbosity": 2,
    }
