"""npuforge: C kernels and MLIR designs to checked runs on AMD NPUs, with or without one.

The task graph is `pipeline/tasks.py`, for every project alike; what is here is for npuforge itself.
"""

import sys

from doit.tools import Interactive

from pipeline import extras
from pipeline.tasks import *

NEEDED = (extras.wanted, ["dev"])


def task_lint():
    """ruff, mypy and import-linter on npuforge itself"""
    commands = ("ruff check .", "ruff format --check .", "mypy", "tools.module_circles")
    checks = [Interactive(f"{sys.executable} -m {command}") for command in commands]
    return {"actions": [NEEDED, *checks], "uptodate": [False], "verbosity": 2}


def task_test():
    """npuforge's own test suite; pytest's arguments go behind `--`"""

    def command(args: list[str]) -> str:
        return f"{sys.executable} -m pytest -n 2 --dist loadfile {' '.join(args)}"

    return {
        "actions": [NEEDED, Interactive(command)],
        "pos_arg": "args",
        "uptodate": [False],
        "verbosity": 2,
    }
