"""A host script that somebody else wrote, whose errors are its own.

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

from softnpu.emulator.xrt.raised import OURS, is_bug

MLIR_AIE = ("aie", "air", "iron")
"""Packages of AMD's that a host script may build its design with."""

Frames = Iterable[traceback.FrameSummary]


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
        if is_bug(list(_from_script(traceback.extract_tb(error.__traceback__), script))):
            raise
        sys.stderr.write(told(error, script))
        return 1
    return 0


def _from_script(frames: Frames, script: Path) -> Frames:
    """The frames from the script's first on; those before are the way to it."""
    return dropwhile(lambda frame: frame.filename != str(script), frames)


def _down_to_ours(frames: Frames) -> Frames:
    """The frames down to the call into pyxrt."""
    return takewhile(lambda frame: not frame.filename.startswith(OURS), frames)


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
        " run-host stands in for pyxrt alone. Install it (`npuforge docs"
        " hardware` says how), or let the script print its MLIR where it is installed, and"
        " compile that: npuforge compile design.mlir -o out\n"
    )
