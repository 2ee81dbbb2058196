"""Lines and a bar on a terminal; plain lines into a pipe or a file.

The bar is drawn anew when a task starts or ends, not by the clock: doit forks its workers, and a
process that forks must not have threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from softnpu.terminal import fitted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

FEW = 3
"""So many tasks are watched without a bar."""

SHOWN = 2
"""Running tasks that the bar names."""

STYLES = {
    "PASS": "green",
    "FAIL": "bold red",
    "FAILED": "bold red",
    "failed:": "bold red",
    "SKIPPED": "yellow",
    "not judged": "yellow",
    "warning": "yellow",
    "ignored": "yellow",
}
"""By the words that a line begins with; other lines begin with a stage, which is dimmed."""


class Progress:
    """What is under way, below the lines of what is done.

    Args:
        stream: colours and the bar are for terminals; NO_COLOR and TERM=dumb are heeded (rich).
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console: Console | None = None
        if stream.isatty():
            from rich.console import Console

            self._console = Console(file=stream, highlight=False)
        self._bar: Any = None
        self._running: list[str] = []

    def start(self, total: int) -> None:
        """Shows the bar where there is a terminal and enough to do."""
        if self._console is None or self._console.is_dumb_terminal or total <= FEW:
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            auto_refresh=False,
            transient=True,
        )
        self._row = self._bar.add_task("", total=total)
        self._bar.start()

    def begin(self, name: str) -> None:
        """A task has started."""
        self._running.append(name)
        self._draw()

    def end(self, name: str) -> None:
        """A task has ended, or had nothing to do."""
        if name in self._running:
            self._running.remove(name)
        if self._bar is not None:
            self._bar.advance(self._row)
        self._draw()

    def _draw(self) -> None:
        if self._bar is not None:
            self._bar.update(self._row, description=running(self._running), refresh=True)

    def passing(self, text: str) -> None:
        """Prints a line that the bar makes superfluous: it is shown without one only."""
        if self._bar is None:
            self.line(text)

    def line(self, text: str) -> None:
        """Prints a line, above the bar if there is one."""
        if self._console is None:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        else:
            self._console.print(styled(fitted(text, self._stream)), soft_wrap=True)

    def stop(self) -> None:
        """Takes the bar away; lines can still be printed."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def running(names: list[str]) -> str:
    """The tasks under way in a few words."""
    shown = ", ".join(name.replace(":", " ", 1) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def styled(line: str) -> Text:
    """A line with its first words in their colour."""
    from rich.text import Text

    text = Text(line)
    for words, style in STYLES.items():
        if line.startswith(f"{words} "):
            text.stylize(style, 0, len(words))
            return text
    if line and not line[0].isspace() and not line[0].isdigit():
        text.stylize("dim", 0, len(line.partition(" ")[0]))
    return text


def workload(tasks: Mapping[str, Any], selected: Iterable[str]) -> int:
    """How many tasks with something to do are reached from the selected ones."""
    reached: set[str] = set()
    waiting = list(selected)
    while waiting:
        name = waiting.pop()
        if name not in reached and name in tasks:
            reached.add(name)
            task = tasks[name]
            waiting.extend((*task.task_dep, *task.setup_tasks, *task.calc_dep))
    return sum(bool(tasks[name].actions) for name in reached)
