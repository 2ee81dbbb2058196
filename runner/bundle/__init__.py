"""An artifact with inputs, expected outputs and a host in one zip, for someone else's NPU."""

from runner.bundle.reading import Bundle, opened
from runner.bundle.writing import write

__all__ = ["Bundle", "opened", "write"]
