"""Files that are written whole or not at all, whatever comes between: a full disk, a kill."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Puts a file of this text, in UTF-8, into the place of what is there.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
