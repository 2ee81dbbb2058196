"""Output for a reader that may leave before the end, as `| head` does."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from typing import Any, NoReturn, TextIO

LEFT = 128 + 13
"""The exit code of a program whose output nobody reads any more, as shells give it for SIGPIPE.

The signal itself would end the program at any pipe, that of a worker that has died included.
"""


class Output:
    """A stream that ends the program with `code`, without a word, when its reader has left."""

    def __init__(self, stream: TextIO, code: int) -> None:
        self._stream = stream
        self._code = code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream's own."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._leave()

    def flush(self) -> None:
        """As the stream's own."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> NoReturn:
        self.discard()
        raise SystemExit(self._code)

    def discard(self) -> None:
        """What is still to be written goes nowhere."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def end_when_the_reader_leaves(code: int = LEFT) -> None:
    """From now on, a closed pipe behind stdout ends the program with `code` and nothing else.

    0 is for programs that do nothing but show: then the reader has seen enough.
    """
    if isinstance(sys.stdout, Output):
        return
    output = Output(sys.stdout, code)
    sys.stdout = output
    atexit.register(_flush, output)


def _flush(output: Output) -> None:
    with contextlib.suppress(SystemExit, ValueError):
        output.flush()
