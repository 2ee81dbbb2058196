"""The debugger's own prompt: commands from a terminal, a pipe, or a list."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from softnpu.emulator.debugging.commands import REPEATED, command
from softnpu.emulator.debugging.debugger import Debugger, Quit, Reason, Stop
from softnpu.emulator.debugging.selection import Selection
from softnpu.errors import EmulatorError


class Prompt:
    """A frontend of the debugger.

    Args:
        tell: shows a text to the user.
        commands: what is asked for, one after another.
        folders: where sources lie.
        strict: a command that fails ends the run: nobody is there to see it.
        quiet: does not tell that nothing has run yet: commands begin that go on.

    Attributes:
        failed: a command of a script failed.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        commands: Iterator[str],
        folders: tuple[Path, ...] = (),
        *,
        strict: bool = False,
        quiet: bool = False,
    ) -> None:
        self.failed = False
        self._tell = tell
        self._commands = commands
        self._at = Selection(tell, folders)
        self._strict = strict
        self._quiet = quiet
        self._last = ""

    def stopped(self, debugger: Debugger, stop: Stop) -> None:
        """A frontend of the debugger."""
        ended = stop.reason is Reason.END
        if debugger.detached and ended:
            return
        self._at.stopped(debugger, stop)
        for printed in debugger.take_printed():
            self._tell(f"printed by {printed}")
        if stop.reason is not Reason.START or not self._quiet:
            self._tell(self._at.showing.stop(stop))
        if debugger.detached:
            return
        for line in self._commands:
            if self._done(line):
                return
        if not ended:
            debugger.detach()

    def _done(self, line: str) -> bool:
        """Does a command; whether the array goes on. An empty line does the last one again."""
        line = line.strip() or self._last
        self._last = line if line.partition(" ")[0] in REPEATED else ""
        word, _, rest = line.partition(" ")
        if not word or word.startswith("#"):
            return False
        if word.startswith("x/"):
            word, rest = "x", f"{word[1:]} {rest}"
        try:
            return bool(command(word).run(self._at, rest.strip()))
        except EmulatorError as error:
            self._tell(f"error: {error}")
            if self._strict:
                self.failed = True
                raise Quit from None
            return False


def from_lines(commands: Iterable[str], echo: Callable[[str], None]) -> Iterator[str]:
    """Commands of a list, each shown before it is done."""
    for line in commands:
        echo(line)
        yield line


def from_terminal(core: Callable[[], str]) -> Iterator[str]:
    """Commands that a user types, with a history; ends with the input."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (input() has a history then)
    while True:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            line = input(core())
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            continue
        finally:
            signal.signal(signal.SIGINT, before)
        yield line
