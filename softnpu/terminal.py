"""What command lines share: output for any reader and terminal, and commands that there are not."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import io
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, TextIO

LEFT = 128 + 13
"""The exit code of a program whose output nobody reads any more, as shells give it for SIGPIPE.

The signal itself would end the program at any pipe, that of a worker that has died included.
"""


UNWRITTEN = 1
"""The exit code of a program whose output cannot be written: onto a full disk, for one."""


class Output:
    """A stream that ends the program with `code`, without a word, when its reader has left.

    Whatever else keeps its text from being written ends the program with UNWRITTEN and the reason.
    """

    def __init__(self, stream: TextIO, code: int) -> None:
        self._stream = stream
        self._code = code
        self.ended: int | None = None
        """The code that the program ends with, once its output could not be written."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream's own."""
        with self._ending():
            return self._stream.write(text)

    def flush(self) -> None:
        """As the stream's own."""
        with self._ending():
            self._stream.flush()

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self.discard()
            self.ended = self._code
            raise SystemExit(self._code) from None
        except OSError as error:
            self.discard()
            with contextlib.suppress(OSError):
                sys.stderr.write(f"error: the output cannot be written: {error.strerror}\n")
            self.ended = UNWRITTEN
            raise SystemExit(UNWRITTEN) from None

    def discard(self) -> None:
        """What is still to be written goes nowhere."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def end_when_the_reader_leaves(code: int = LEFT) -> None:
    """From now on, a closed pipe behind stdout ends the program with `code` and nothing else.

    0 is for programs that do nothing but show: then the reader has seen enough. Characters that the
    terminal's encoding lacks, and bytes of file names that are none, are written escaped.
    """
    if isinstance(sys.stdout, Output):
        return
    open_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    output = Output(sys.stdout, code)
    sys.stdout = output
    atexit.register(_flush, output)


def open_streams() -> None:
    """What this program was started without (`>&-`) of stdin, stdout and stderr goes nowhere.

    Otherwise the next file that is opened would take its place, and receive what is printed.
    """
    for number, (name, mode) in enumerate(STREAMS.items()):
        try:
            os.fstat(number)
        except OSError:
            # The lowest one that is free, which is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


_COLUMNS = re.compile(r"\s*(?:\S+(?: \S+)*\s{2,}){0,2}")
"""Before a line's last column: its indentation, or a table's first one or two."""


def fitted(text: str, stream: TextIO) -> str:
    """Text for a terminal, where lines that are too long for it go on below their last column; for
    a pipe or a file as it is."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lines = text.split("\n")
    return "\n".join(
        line if len(line) <= width or drawn(line, below) else _folded(line, width)
        for line, below in zip(lines, [*lines[1:], ""], strict=True)
    )


_MARK = re.compile(r"[ |]*[\^~]+[ ^~]*$|\s+\|")
"""Below a line of source, what points at a place in it; or a compiler's margin."""
_DRAWN = re.compile(r"\s*\d+ \||.*\[\d+:\d+\] (expected|got) |\s*(\w+: )?[+|].*[+|]$")
"""A line of source behind its number, values below each other, a row of a picture."""


def drawn(line: str, below: str) -> bool:
    """Whether a line of a message stands where it does for what lies above or below it: breaking
    it would move that away."""
    return any(map(bool, (_MARK.match(line), _DRAWN.match(line), _MARK.match(below))))


def _folded(line: str, width: int) -> str:
    found = _COLUMNS.match(line)
    indent = found.end() if found else 0
    return textwrap.fill(
        line,
        width,
        subsequent_indent=" " * (indent if indent <= width // 2 else _SHORT_INDENT),
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )


_SHORT_INDENT = 4


STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}
"""By file descriptor, with how each is opened."""


def _flush(output: Output) -> None:
    """What is left is written. Python itself would do so later, and from 3.14 on end with 0 where
    that fails."""
    with contextlib.suppress(SystemExit, ValueError):
        output.flush()
    if output.ended is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(output.ended)


def check_command(
    parser: argparse.ArgumentParser, given: Sequence[str], commands: Collection[str]
) -> None:
    """Ends the program, as argparse does, for a command that there is not; with the nearest.

    Args:
        given: the command line; its first word that is no option is the command.
    """
    word = next((argument for argument in given if not argument.startswith("-")), None)
    if word is None or word in commands:
        return
    near = get_close_matches(word, commands, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(commands)}"
    parser.error(f"there is no command {word!r}; {hint}")
