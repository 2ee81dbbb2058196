"""The environment that npuforge runs in: the one that ./doit has made in a checkout, or another."""

from __future__ import annotations

import sys
from pathlib import Path

MADE_BY_DOIT = "npuforge.installed"
"""The file that ./doit leaves in a virtual environment when it has made it."""


def made_by_doit() -> bool:
    """Whether ./doit has made this environment, so that it may be changed."""
    return (Path(sys.prefix) / MADE_BY_DOIT).is_file()


def made_anew() -> str:
    """The command that installs what is missing of npuforge's packages."""
    if made_by_doit():
        return "rm -r .venv; ./doit"
    return f"{sys.executable} -m pip install --force-reinstall npuforge"


def made_with(python: str) -> str:
    """The command that makes such an environment with another Python.

    Args:
        python: its program, "python3.12".
    """
    if made_by_doit():
        return f"rm -r .venv; NPUFORGE_PYTHON={python} ./doit"
    return f"{python} -m venv env && env/bin/python -m pip install npuforge"
