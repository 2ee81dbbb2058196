"""What a wrong command line is answered with."""

from __future__ import annotations

from typing import Any

import pytest
from doit.cmd_base import ModuleTaskLoader
from doit.cmdparse import CmdParseError

from pipeline.bench import Bench
from pipeline.command import Run
from pipeline.explain import Explain


@pytest.mark.parametrize(
    ("command", "words", "answer"),
    [
        (Run, ["--nope"], "option --nope not recognized; `doit help run` lists the options"),
        (Explain, ["a", "--nope"], "option --nope not recognized; `doit help explain` lists"),
        (Bench, ["--iterations", "x"], "--iterations takes a whole number, not 'x'"),
        (Bench, ["--seconds", "1 s"], "--seconds takes a number, not '1 s'"),
        (Bench, ["--on", "mars"], "--on takes emulator or npu, not 'mars'"),
        (Bench, ["--iterations"], "option --iterations requires argument; `doit help bench`"),
    ],
)
def test_doits_innards_are_left_out(command: Any, words: list[str], answer: str) -> None:
    with pytest.raises(CmdParseError) as error:
        command(task_loader=ModuleTaskLoader({}), cmds={}).parse_execute(words)
    assert str(error.value).startswith(answer)
    assert "CmdOption" not in str(error.value)
