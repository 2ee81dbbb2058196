"""The pipeline's one exception class."""

from __future__ import annotations

from pathlib import Path


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
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: error: {self.message}"
