"""Errors that a host meets: XRT's, raised on purpose, or bugs of softnpu's."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

import softnpu

OURS = str(Path(softnpu.__file__).parent)
_CALLS = (str(Path(OURS, "pyxrt.py")), str(Path(OURS, "emulator", "xrt")))
"""Where what XRT raises is raised on purpose; from elsewhere it is a bug."""


def is_bug(frames: Sequence[traceback.FrameSummary]) -> bool:
    """Whether an error with these frames, the innermost last, began within softnpu, elsewhere than
    where XRT's are raised."""
    within = any(frame.filename.startswith(OURS) for frame in frames)
    return within and not frames[-1].filename.startswith(_CALLS)
