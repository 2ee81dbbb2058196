"""Whether an instruction stream belongs to an xclbin, as the build's manifest beside it tells.

XRT runs any stream on any xclbin: the run completes, and its results mean nothing.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path

MANIFEST = "manifest.json"


class Pair:
    """What was built together with an xclbin.

    Args:
        xclbin: its path; a manifest that is missing, or is another file's, tells nothing.
    """

    def __init__(self, xclbin: Path) -> None:
        self._xclbin = xclbin
        self._known: set[str] = set()

    def problem(self, instructions: bytes) -> str | None:
        """What is wrong with the pair, told once for each stream; None if nothing is known."""
        digest = _digest(instructions)
        if not self._built_together or digest in self._known | self._built_together:
            return None
        self._known.add(digest)
        return (
            f"the instruction buffer holds none of the streams that {self._xclbin.name} was built "
            f"with ({MANIFEST} beside it): what comes out may mean nothing"
        )

    @cached_property
    def _built_together(self) -> frozenset[str]:
        """The hashes of all that was built with the xclbin; empty if that is not known."""
        try:
            listed = json.loads((self._xclbin.parent / MANIFEST).read_text())["artifacts"]
            hashes = frozenset(listed.values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return frozenset()
        return hashes if _digest(self._xclbin.read_bytes()) in hashes else frozenset()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
