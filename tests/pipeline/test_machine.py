"""`npuforge --json`: one document for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.options import take_json
from tests.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, "passthrough")


@pytest.mark.parametrize("where", [("--json", "test_emu"), ("test_emu", "--json")])
def test_stdout_holds_one_document_with_tasks_and_outcomes(
    project: Project, where: tuple[str, str]
) -> None:
    done = project.doit("run", *where)
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["ok"]
    tasks = {task["name"]: task for task in found["tasks"]}
    assert tasks["lower:passthrough/default"]["state"] == "done"
    assert tasks["lower:passthrough/default"]["seconds"] > 0
    (outcome,) = found["outcomes"]
    assert (outcome["label"], outcome["verdict"]) == ("passthrough/default", "PASS")


def test_a_failure_comes_with_its_message_and_the_differences(project: Project) -> None:
    project.edit("mlir_templates/passthrough.py", "return x", "return x + 1")
    done = project.doit("test_emu", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert not found["ok"]
    failed = [task for task in found["tasks"] if task["state"] == "failed"]
    assert [task["name"] for task in failed] == ["test_emu:passthrough/default"]
    assert failed[0]["message"] == "passthrough/default: 7 of 7 runs failed"
    run = found["outcomes"][0]["runs"][0]
    assert len(run["mismatches"][0]["differences"]) == 50


def test_what_stands_behind_two_dashes_is_not_ours() -> None:
    assert take_json({}, ["test", "--", "--json"]) == (False, ["test", "--", "--json"])
    assert take_json({}, ["test", "--json", "--", "-k"]) == (True, ["test", "--", "-k"])
