"""Where AMD's programs lie: each looked for by itself, in a fixed order, by absolute path.

The order is that of a person's intent: what the environment names, what the active Python
environment holds, the usual places, and PATH last.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from softnpu.tools.folder import is_ours

AIE_OPT, AIE_TRANSLATE, BOOTGEN, XCLBINUTIL = "aie-opt", "aie-translate", "bootgen", "xclbinutil"
PEANO = "peano"
"""Peano's clang, opt, llc and ld.lld: one compiler, so one tool, found as one folder."""

TOOLS = (AIE_OPT, AIE_TRANSLATE, PEANO, BOOTGEN, XCLBINUTIL)

PEANO_PROGRAMS = ("clang", "opt", "llc", "ld.lld")


@dataclass(frozen=True)
class Rule:
    """Where one tool is looked for, before PATH.

    Attributes:
        variables: environment variables that name its installation folder.
        packages: folders in a Python environment's site-packages.
        places: installation folders; `~` is the user's home.
    """

    variables: tuple[str, ...]
    packages: tuple[str, ...]
    places: tuple[str, ...]


_MLIR_AIE = Rule(
    ("MLIR_AIE_INSTALL_DIR",),
    ("mlir_aie",),
    ("/opt/mlir-aie", "~/mlir-aie/install", "~/mlir-aie/my_install/mlir_aie"),
)
_XRT = Rule(("XILINX_XRT",), (), ("/opt/xilinx/xrt",))

RULES: Mapping[str, Rule] = {
    AIE_OPT: _MLIR_AIE,
    AIE_TRANSLATE: _MLIR_AIE,
    PEANO: Rule(
        ("PEANO_INSTALL_DIR",),
        ("llvm-aie",),
        ("/opt/llvm-aie", "/opt/peano", "~/mlir-aie/my_install/llvm-aie", "~/llvm-aie/install"),
    ),
    # mlir-aie builds and installs bootgen beside its own programs.
    BOOTGEN: Rule((*_MLIR_AIE.variables, *_XRT.variables), _MLIR_AIE.packages, _MLIR_AIE.places),
    XCLBINUTIL: Rule(
        (*_XRT.variables, *_MLIR_AIE.variables),
        _MLIR_AIE.packages,
        (*_XRT.places, *_MLIR_AIE.places),
    ),
}


@dataclass(frozen=True)
class Candidate:
    """A program that may be the one wanted.

    Attributes:
        path: absolute; for Peano its clang.
        reason: why it was looked at, in words.
    """

    path: Path
    reason: str

    @property
    def folder(self) -> Path:
        """The folder with its companions."""
        return self.path.parent


def candidates(tool: str, environment: Mapping[str, str] | None = None) -> list[Candidate]:
    """The programs found for a tool, best first, none twice; npuforge's own in their place not."""
    known: dict[Path, Candidate] = {}
    for candidate in _search(tool, os.environ if environment is None else environment):
        if not is_ours(candidate.path):
            known.setdefault(candidate.path.resolve(), candidate)  # /bin may be /usr/bin
    return list(known.values())


def _search(tool: str, environment: Mapping[str, str]) -> Iterator[Candidate]:
    rule = RULES[tool]
    program = PEANO_PROGRAMS[0] if tool == PEANO else tool
    for variable in rule.variables:
        if value := environment.get(variable):
            yield from _in_installation(Path(value), program, f"${variable}")
    for folder in site_packages(environment):
        for package in rule.packages:
            yield from _in_installation(folder / package, program, f"the Python package {package}")
    for place in rule.places:
        yield from _in_installation(_expanded(place), program, "a usual place")
    for entry in environment.get("PATH", "").split(os.pathsep):
        if entry and runs(path := Path(entry).absolute() / program):
            yield Candidate(path, "PATH")


def _expanded(place: str) -> Path:
    """A place, where `~` is the user's home if there is one."""
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def _in_installation(root: Path, program: str, reason: str) -> Iterator[Candidate]:
    """A program in an installation folder, its bin, or its parent's when bin itself was named."""
    for folder in (root / "bin", root):
        if runs(path := folder.absolute() / program):
            yield Candidate(path, reason)
            return


def site_packages(environment: Mapping[str, str]) -> list[Path]:
    """The package folders of this Python's environment, and of an activated one."""
    folders = [Path(entry) for entry in sys.path if entry.endswith("-packages")]
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if root := environment.get(variable):
            folders.extend(sorted(Path(root).glob("lib/python3*/site-packages")))
    return list(dict.fromkeys(folders))


def runs(path: Path) -> bool:
    """Whether a path is a file that can be executed; asked first is whether it can be reached."""
    return os.access(path, os.X_OK) and path.is_file()


def places(tool: str) -> str:
    """Where a tool is looked for, in words, for a message that it was not found."""
    rule = RULES[tool]
    variables = [f"${name}" for name in rule.variables]
    packages = [f"the Python package {name}" for name in rule.packages]
    return ", ".join([*variables, *packages, *rule.places, "PATH"])
