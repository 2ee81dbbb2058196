"""What a run comes to, by the verdicts that it shows."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.reporter import TOLD_IN, Reporter


def up_to_date(folder: Path, **verdicts: str) -> Reporter:
    """A reporter of tests that doit takes for done, with these verdicts in their files."""
    reporter = Reporter(io.StringIO(), {})
    for design, verdict in verdicts.items():
        file = folder / f"{design}.json"
        file.write_text(json.dumps({"label": f"{design}/default", "verdict": verdict}))
        task: Any = SimpleNamespace(
            name=f"test_emu:{design}/default", actions=["run"], targets=[str(file)], meta=None
        )
        reporter.skip_uptodate(task)
    return reporter


@pytest.mark.parametrize(
    ("verdicts", "failed", "skipped"),
    [
        ({"a": "PASS"}, False, False),
        ({"a": "PASS", "b": "FAIL"}, True, False),
        ({"a": "SKIPPED"}, False, True),
        ({"a": "PASS", "b": "SKIPPED"}, False, False),
        ({}, False, False),
    ],
)
def test_what_the_table_says_decides_whatever_doit_takes_for_done(
    tmp_path: Path, verdicts: dict[str, str], failed: bool, skipped: bool
) -> None:
    reporter = up_to_date(tmp_path, **verdicts)
    assert (reporter.failed, reporter.skipped_all) == (failed, skipped)


@pytest.mark.parametrize("brief", [False, True])
def test_what_a_task_has_to_say_is_told_whole_where_it_was_asked_for(
    tmp_path: Path, brief: bool
) -> None:
    file = tmp_path / "profile.txt"
    file.write_text("core (0,2): 29,862 cycles\n  by line:\n")
    told = io.StringIO()
    reporter = Reporter(told, {})
    reporter.brief = brief
    task: Any = SimpleNamespace(
        name="profile:a/x", actions=["run"], targets=[], meta={TOLD_IN: file}
    )
    reporter.skip_uptodate(task)
    assert "core (0,2): 29,862 cycles" in told.getvalue()
    assert ("by line" in told.getvalue()) is not brief
