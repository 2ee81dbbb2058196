"""The pipeline's one exception class."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path) -> Path:
    """A path as the author knows it: relative to the working directory where it lies below it."""
    here = Path.cwd()
    return path.relative_to(here) if here in path.parents else path


class PipelineError(Exception):
    """Something the author has to mend.

    Attributes:
        message: what is wrong and what to do.
        file: the file to look into, relative to the project where possible.
        line: the line there, counted from 1, or None.
    """

    def __init__(self, message: str, file: Path | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        if self.file is None:
            return f"error: {self.message}"
        file = shown(self.file)
        where = f"{file}:{self.line}" if self.line else str(file)
        return f"{where}: error: {self.message}"
