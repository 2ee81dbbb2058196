"""Finds pyxrt, XRT's Python module, wherever XRT put it, for the Python that runs this.

pyxrt is a compiled extension: it can be loaded by the one version of Python that it was built for.
Sources: XRT, src/python/pybind11/CMakeLists.txt (where it is installed), setup.sh.
"""

from __future__ import annotations

import importlib.machinery
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.errors import RunnerError
from softnpu.environment import made_with

XRT_PLACES = ("opt/xilinx/xrt",)
"""Where XRT's own packages go; a distribution's packages go to usr."""
SYSTEM_PLACES = (
    "usr/lib/python3/dist-packages",
    "usr/local/lib/python{version}/dist-packages",
    "usr/lib/python{version}/dist-packages",
    "usr/lib64/python{version}/site-packages",
    "usr/lib/python{version}/site-packages",
    "usr/local/lib64/python{version}/site-packages",
    "usr/local/lib/python{version}/site-packages",
)
"""Where distributions keep Python packages (Debian and Ubuntu, Fedora, Arch)."""

_TAGGED = re.compile(r"pyxrt\.cpython-(?P<major>\d)(?P<minor>\d+)\w?-")
_SUFFIXES = (*importlib.machinery.EXTENSION_SUFFIXES, ".py")


@dataclass(frozen=True)
class Module:
    """A pyxrt on this machine.

    Attributes:
        python: the version of Python that it was built for, "3.12"; None if its name says nothing.
        loadable: whether this Python can load it, as far as its name tells.
    """

    path: Path
    python: str | None
    loadable: bool


@dataclass(frozen=True)
class Found:
    """The pyxrt to use, and the environment that it needs."""

    path: Path
    environment: dict[str, str]


def this_python() -> str:
    """The version of the running Python, as "3.11"."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def places(environ: Mapping[str, str], root: Path, path: Iterable[str]) -> Iterator[Path]:
    """Folders where pyxrt can lie, the most wanted first, each once.

    Args:
        root: stands for "/".
        path: Python's own search path.
    """
    xrt = environ.get("XILINX_XRT")
    listed = [Path(entry or ".") for entry in path]
    if xrt:
        listed.append(Path(xrt) / "python")
    listed += [root / place / "python" for place in XRT_PLACES]
    for place in SYSTEM_PLACES:
        if "{version}" in place:
            # Folders of other versions too: what lies there explains why nothing fits.
            listed += sorted(root.glob(place.format(version="3.*")))
        else:
            listed.append(root / place)
    yield from dict.fromkeys(listed)


def modules(folders: Iterable[Path]) -> list[Module]:
    """Every pyxrt in the folders."""
    found = []
    for folder in folders:
        if folder.is_dir():
            candidates = sorted(folder.glob("pyxrt*.so")) + sorted(folder.glob("pyxrt.py"))
            found += [_module(path) for path in candidates]
    return found


def _module(path: Path) -> Module:
    tag = _TAGGED.match(path.name)
    built = f"{tag['major']}.{tag['minor']}" if tag else None
    return Module(path, built, path.name.removeprefix("pyxrt") in _SUFFIXES)


def find(
    environ: Mapping[str, str] | None = None,
    root: Path = Path("/"),
    path: Iterable[str] | None = None,
) -> Found:
    """The first pyxrt that this Python can load.

    Raises:
        RunnerError: there is none, or only for other versions of Python.
    """
    environ = os.environ if environ is None else environ
    looked = list(places(environ, root, sys.path if path is None else path))
    there = modules(looked)
    for module in there:
        if module.loadable:
            return Found(module.path, _environment(module.path, environ))
    raise RunnerError(_nothing_fits(there, looked, environ))


def _environment(module: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What XRT's setup.sh would set: its libraries are found when the child starts."""
    home = module.parent.parent
    if module.parent.name != "python" or not (home / "lib").is_dir():
        return {}
    libraries = [str(home / "lib"), *filter(None, [environ.get("LD_LIBRARY_PATH")])]
    return {"XILINX_XRT": str(home), "LD_LIBRARY_PATH": os.pathsep.join(libraries)}


def _nothing_fits(there: list[Module], looked: list[Path], environ: Mapping[str, str]) -> str:
    if there:
        lines = [f"- {m.path} is for Python {m.python or 'another version'}" for m in there]
        versions = sorted({m.python for m in there if m.python})
        return "\n".join(
            [
                f"pyxrt is installed, but not for this Python ({this_python()}, {sys.executable}):",
                *lines,
                "A compiled module loads into the Python that it was built for only. Make an"
                " environment with that one:",
                *(f"  {made_with(f'python{version}')}" for version in versions),
            ]
        )
    wrong = environ.get("XILINX_XRT")
    hint = (
        [f"XILINX_XRT is {wrong}, and there is no pyxrt in {wrong}/python."]
        if wrong
        else ["XILINX_XRT is not set."]
    )
    return "\n".join(
        [
            "no pyxrt on this machine, the Python module of AMD's XRT.",
            *hint,
            "Looked into: " + ", ".join(map(str, looked)),
            "`npuforge docs hardware` tells how to install XRT and its NPU plugin; npuforge doctor"
            " tells what is there.",
        ]
    )
