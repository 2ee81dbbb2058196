"""What a wrong command line is answered with."""

from __future__ import annotations

from typing import Any

import pytest
from doit.cmd_base import ModuleTaskLoader

from pipeline.bench import Bench
from pipeline.command import Run
from pipeline.explain import Explain
from pipeline.options import USAGE


@pytest.mark.parametrize(
    ("command", "words", "answer"),
    [
        (Run, ["--nope"], "option --nope not recognized; `npuforge help run` lists the options"),
        (Explain, ["a", "--nope"], "option --nope not recognized; `npuforge help explain` lists"),
        (Bench, ["--iterations", "x"], "--iterations takes a whole number, not 'x'"),
        (Bench, ["--seconds", "1 s"], "--seconds takes a number, not '1 s'"),
        (Bench, ["--on", "mars"], "--on takes emulator or npu, not 'mars'"),
        (Bench, ["--iterations"], "option --iterations requires argument; `npuforge help bench`"),
    ],
)
def test_doits_innards_are_left_out(
    command: Any, words: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command(task_loader=ModuleTaskLoader({}), cmds={}).parse_execute(words)
    told = capsys.readouterr().err
    assert code == USAGE
    assert told.startswith(f"error: {answer}")
    assert "CmdOption" not in told


@pytest.mark.parametrize(
    ("command", "words", "answer"),
    [
        (Run, ["-n", "-3"], "--process takes 0 or more, not -3"),
        (Run, ["--wait", "-1"], "--wait takes 0 or more, not -1.0"),
        (Bench, ["--iterations", "0"], "--iterations takes 1 or more, not 0"),
        (Bench, ["--warm-up", "-1"], "--warm-up takes 0 or more, not -1"),
        (Bench, ["--seconds", "-1"], "--seconds takes 0 or more, not -1.0"),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused(
    command: Any, words: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(task_loader=ModuleTaskLoader({}), cmds={}).parse_execute(words) == USAGE
    assert capsys.readouterr().err == f"error: {answer}\n"
