"""Packages that not everybody needs: installed when what needs them is asked for first.

In a checkout, into the .venv that ./doit has made; elsewhere it is said how, since an environment
that somebody else has made is theirs.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.failing import in_words
from softnpu.environment import made_by_doit


@dataclass(frozen=True)
class Extra:
    """Packages for one purpose.

    Attributes:
        purpose: what takes them.
        modules: what can be imported then.
        listed: the checkout's file with their exact versions.
        told: what pip installs elsewhere; "" for what there is in a checkout only.
    """

    purpose: str
    modules: tuple[str, ...]
    listed: str
    told: str = ""


EXTRAS = {
    "report": Extra(
        "the report's plots take", ("vl_convert",), "requirements-report.txt", "npuforge[report]"
    ),
    "sweep": Extra(
        "a sweep takes", ("distributed", "optuna"), "requirements-sweep.txt", "npuforge[sweep]"
    ),
    "test": Extra("tests take", ("pytest",), "requirements-dev.txt", "npuforge[test]"),
    "dev": Extra(
        "npuforge's own tests and linters take",
        (
            "pytest",
            "xdist",
            "pytest_timeout",
            "hypothesis",
            "ruff",
            "mypy",
            "importlinter",
            "vl_convert",
        ),
        "requirements-dev.txt",
    ),
    "docs": Extra("the site takes", ("mkdocs", "material", "mermaidx"), "requirements-docs.txt"),
}


def need(name: str) -> None:
    """Sees to it that an extra's packages are there.

    Raises:
        PipelineError: they are not, with what installs them.
    """
    extra = EXTRAS[name]
    missing = [module for module in extra.modules if find_spec(module) is None]
    if not missing:
        return
    prefix = Path(sys.prefix)
    listed = prefix.parent / extra.listed
    ours = made_by_doit() and listed.is_file()
    what = f"'{extra.told}'" if extra.told and not ours else f"-r {extra.listed}"
    told = f"{sys.executable} -m pip install {what}"
    wanting = f"{extra.purpose} packages that are not installed ({', '.join(missing)})"
    if not ours:
        raise PipelineError(f"{wanting}:\n{told}")
    sys.stderr.write(f"npuforge: {wanting}; installing them into {prefix} (once)\n")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if subprocess.run([*pip, "-r", str(listed)], check=False).returncode:
        raise PipelineError(f"pip could not install them; its message stands above:\n{told}")


@in_words
def wanted(name: str) -> None:
    """`need` as a task's action."""
    need(name)
