"""A host script that somebody else wrote: refused in words if it is none, and its errors its own.

What goes wrong in the script is shown as Python would show it alone: from the script's own frames
on, and down to its call into pyxrt, whose real self has no Python frames.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Iterable
from itertools import dropwhile, takewhile
from pathlib import Path

import softnpu
from softnpu.errors import EmulatorError
from softnpu.formats.identify import FileKind, identify

C_SUFFIXES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".h", ".hpp")
MLIR_AIE = ("aie", "air", "iron")
"""Packages of AMD's that a host script may build its design with."""

WANTED = "run-host runs a Python script that imports pyxrt"
WITHOUT_SCRIPT = (
    "a pair without a host script runs with python -m runner exec --xclbin F --insts F --arg ..."
)

Frames = Iterable[traceback.FrameSummary]

_OURS = str(Path(softnpu.__file__).parent)
_CALLS = (str(Path(_OURS, "pyxrt.py")), str(Path(_OURS, "emulator", "xrt")))
"""Where what XRT raises is raised on purpose; from elsewhere it is a bug of ours."""


def check(script: Path) -> None:
    """Refuses a file that is no Python script.

    Raises:
        EmulatorError: saying what it is instead, and what runs that.
    """
    if script.is_dir():
        raise EmulatorError(f"{script} is a folder; {WANTED}")
    if not script.exists():
        raise EmulatorError(f"{script}: No such file or directory")
    data = script.read_bytes()
    if script.suffix.lower() in C_SUFFIXES or data.lstrip().startswith(b"#include"):
        raise EmulatorError(
            f"{script} is a C or C++ source, for XRT's own library; {WANTED}. Its calls have the"
            f" same names in pyxrt; or, {WITHOUT_SCRIPT}"
        )
    if script.suffix == ".py" and b"\0" in data:
        raise EmulatorError(f"{script} is no text in UTF-8, as Python reads it (UTF-16?)")
    kind = identify(data)
    if kind not in (FileKind.TEXT, FileKind.EMPTY) and not script.suffix == ".py":
        raise EmulatorError(f"{script} is {kind.value}; {WANTED}; {WITHOUT_SCRIPT}")


def run(script: Path, arguments: list[str]) -> int:
    """Runs a script as Python does; gives its exit code."""
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    except Exception as error:
        if _is_bug(error, script):
            raise
        sys.stderr.write(told(error, script))
        return 1
    return 0


def _is_bug(error: Exception, script: Path) -> bool:
    """Whether an error began within softnpu, elsewhere than where XRT's are raised."""
    frames = list(_from_script(traceback.extract_tb(error.__traceback__), script))
    within = any(frame.filename.startswith(_OURS) for frame in frames)
    return within and not frames[-1].filename.startswith(_CALLS)


def _from_script(frames: Frames, script: Path) -> Frames:
    """The frames from the script's first on; those before are the way to it."""
    return dropwhile(lambda frame: frame.filename != str(script), frames)


def _down_to_ours(frames: Frames) -> Frames:
    """The frames down to the call into pyxrt."""
    return takewhile(lambda frame: not frame.filename.startswith(_OURS), frames)


def told(error: Exception, script: Path) -> str:
    """An error of the script as Python shows it, and what a missing package means here."""
    shown = traceback.TracebackException.from_exception(error)
    shown.stack = _stack(_down_to_ours(_from_script(shown.stack, script)))
    _trim_behind(shown)
    text = "".join(shown.format() if shown.stack else shown.format_exception_only())
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        if package in MLIR_AIE:
            text += _about_mlir_aie(script, package)
    return text


def _stack(frames: Frames) -> traceback.StackSummary:
    return traceback.StackSummary.from_list(list(frames))


def _trim_behind(shown: traceback.TracebackException) -> None:
    """Leaves of the errors behind one what the script has a part in."""
    for name in ("__cause__", "__context__"):
        behind = getattr(shown, name)
        if behind is not None:
            behind.stack = _stack(_down_to_ours(behind.stack))
            _trim_behind(behind)
            if not behind.stack:
                setattr(shown, name, None)


def _about_mlir_aie(script: Path, package: str) -> str:
    return (
        f"{script.name} needs {package}, a Python package of AMD's that is not installed here:"
        " run-host stands in for pyxrt alone. Install it (.venv/bin/pip install -r"
        " requirements-amd.txt), or let the script print its MLIR where it is installed, and"
        " compile that: python -m softnpu compile design.mlir -o out\n"
    )
