"""XRT played by softnpu, with faults put in: a pyxrt.py of a test's own."""

from __future__ import annotations

from pathlib import Path

from runner.artifact import Argument
from runner.npu.locate import Found

PRELUDE = """\
import os, sys, time
from softnpu import pyxrt as emulated
from softnpu.pyxrt import *

def after_start(replace):
    '''A kernel whose runs wait as `replace(run, milliseconds)` says.'''
    class Kernel(emulated.kernel):
        def __call__(self, *arguments):
            run = super().__call__(*arguments)
            run.wait = lambda milliseconds=0: replace(run, milliseconds)
            run.explanation = None
            return run
    return Kernel

"""


def fake_pyxrt(folder: Path, faults: str = "") -> Found:
    """A module that behaves as softnpu's, but for the faults."""
    path = folder / "pyxrt.py"
    path.write_text(PRELUDE + faults)
    return Found(path, {})


def memtile_arguments(size: int = 2048) -> list[Argument]:
    """What the golden design passthrough_memtile takes: 2048 int32 in, as many out."""
    return [Argument("in", "in", (size,), "int32"), Argument("out", "out", (size,), "int32")]
