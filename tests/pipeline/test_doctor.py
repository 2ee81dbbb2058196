from __future__ import annotations

import json

import pytest

from pipeline.doctor import Doctor, tools
from tests.project import make_project


def test_the_command_writes_nothing_but_json_and_exits_as_it_found(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    project = make_project(tmp_path_factory.mktemp("project"))
    done = project.doit("doctor", "--json")
    data = json.loads(done.stdout)
    assert done.returncode == (0 if data["ready"]["hardware"] else 1)
    assert data["ready"]["emulator"]


def test_a_design_that_cannot_be_read_does_not_keep_the_doctor_away(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    project = make_project(tmp_path_factory.mktemp("project"))
    project.write("dodo.py", "this is no Python")
    assert "emulator: ready" in project.doit("doctor").stdout


def test_every_tool_is_told_of_and_only_peano_is_needed() -> None:
    found = list(tools({"PATH": "/nonexistent"}))
    assert {tool.name for tool in found} >= {"aie-opt", "peano", "bootgen", "xclbinutil"}
    assert [tool.name for tool in found if tool.needed] == ["peano"]


def test_it_is_a_command_of_doit() -> None:
    assert Doctor.name == "doctor" and Doctor.doc_purpose
