"""Lines and a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest

from pipeline.progress import Progress, running, workload


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_a_pipe_gets_plain_lines_and_no_bar() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.start(100)
    progress.begin("lower:a/b")
    progress.passing("lower     a/b")
    progress.end("lower:a/b")
    progress.line("FAIL       a/b")
    progress.stop()
    assert stream.getvalue() == "lower     a/b\nFAIL       a/b\n"


def test_a_terminal_shows_how_many_tasks_are_done_and_which_run() -> None:
    stream = Terminal()
    progress = Progress(stream)
    progress.start(100)
    progress.begin("lower:a/b")
    progress.end("render:c/d")
    shown = stream.getvalue()
    progress.stop()
    assert "1/100" in shown
    assert "lower a/b" in shown


def test_a_terminal_with_a_bar_is_spared_the_lines_of_what_went_well() -> None:
    stream = Terminal()
    progress = Progress(stream)
    progress.start(100)
    progress.passing("lower     a/b")
    progress.line("FAIL       a/b")
    progress.stop()
    assert "lower     a/b" not in stream.getvalue()
    assert "\x1b[1;31mFAIL\x1b[0m" in stream.getvalue()


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    Progress(stream).line("PASS       a/b")
    assert "\x1b[32m" not in stream.getvalue()


def test_long_lines_are_not_cut_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    Progress(stream).line("warning " + "x" * 60)
    assert "x" * 60 in stream.getvalue()


def test_the_bar_names_two_tasks_and_counts_the_others() -> None:
    assert running(["cdo:a", "pdi:b", "insts:c"]) == "cdo a, pdi b and 1 more"


@dataclass
class Task:
    actions: list[str]
    task_dep: list[str] = field(default_factory=list)
    setup_tasks: list[str] = field(default_factory=list)
    calc_dep: set[str] = field(default_factory=set)


def test_what_is_reached_from_the_selection_is_counted_once_and_groups_not_at_all() -> None:
    tasks = {
        "build": Task([], ["lower:a", "cores:a"]),
        "lower:a": Task(["do"]),
        "cores:a": Task(["do"], ["lower:a"]),
        "other": Task(["do"]),
    }
    assert workload(tasks, ["build"]) == 2
