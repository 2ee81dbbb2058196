"""What lies where in a bundle."""

from __future__ import annotations

from runner.artifact import INSTS, MANIFEST, XCLBIN
from softnpu.emulator.naming.names import NAMES_FILE as NAMES

VERSION = 1

INDEX = "bundle.json"
"""version, label, device, kernel; `arguments` with name, direction, shape, dtype, bytes and, for
an output, `check`; `vectors` with name and, by buffer name, the files of what the buffers hold
`before` and are `expected` to hold after a run; `files`, the SHA-256 of each; `made`, on what.
Buffers are raw bytes, little-endian; those of outputs hold the poison before."""

SCRIPT, README = "run.py", "README.txt"

ARTIFACT = (XCLBIN, INSTS, MANIFEST)
OPTIONAL = (NAMES,)
"""Without these an artifact runs as well, only less is said of a hang."""

BEFORE, EXPECTED = "before", "expected"


def buffer_file(vector: int, kind: str, name: str) -> str:
    """The file of a buffer's bytes."""
    return f"vectors/{vector}/{kind}_{name}.bin"
