from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.doctor import tools
from runner.doctor import Status, Tool
from runner.doctor.tools import check, fit
from tests.amd_tools.install import PEANO, WITHOUT_PEANO, install
from tests.project import make_project


def test_the_command_writes_nothing_but_json_and_exits_as_it_found(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    project = make_project(tmp_path_factory.mktemp("project"))
    done = project.doit("doctor", "--json")
    data = json.loads(done.stdout)
    assert data["ready"]["emulator"] and done.returncode == 0


def test_without_what_the_emulator_needs_the_exit_code_is_1(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.edit("runner/doctor/machine.py", 'COMPILER = "ziglang"', 'COMPILER = "nobodys"')
    done = project.doit("doctor")
    assert done.returncode == 1
    needed, _, for_the_npu = done.stdout.partition("\nneeded for the NPU:\n")
    assert needed.startswith("needed:\nok       Python ")
    assert "FAILED   packages       missing: nobodys" in needed
    assert "packages" not in for_the_npu.partition("emulator: ")[0]
    assert "\nemulator: not ready: packages\n" in for_the_npu


def test_names_say_nothing_to_the_doctor(tmp_path: Path) -> None:
    done = make_project(tmp_path).doit("doctor", "vector_add")
    assert done.returncode != 0
    assert "takes no names: vector_add" in done.stdout + done.stderr


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


def by_name(environment: dict[str, str]) -> dict[str, Tool]:
    return {tool.name: tool for tool in tools(environment)}


def test_tools_are_told_with_their_versions_and_why_they_were_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = install(tmp_path / "aie" / "bin", (*WITHOUT_PEANO, *PEANO))
    found = by_name({"MLIR_AIE_INSTALL_DIR": str(folder.parent), "PATH": str(folder)})
    assert found["aie-opt"].path == str(folder / "aie-opt")
    assert "LLVM" in found["aie-opt"].version and "MLIR_AIE" in found["aie-opt"].reason
    assert check(found["peano"]).status is Status.OK
    assert fit(list(found.values())).status is Status.OK


def test_a_second_peano_of_another_build_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = install(tmp_path / "first" / "bin", PEANO)
    second = install(tmp_path / "second", PEANO, version=" (another build)")
    found = by_name({"PEANO_INSTALL_DIR": str(first.parent), "PATH": str(second)})["peano"]
    assert found.path == str(first / "clang")
    (other,) = found.others
    assert str(second / "clang") in other and "another build" in other


def test_a_program_that_is_not_what_its_name_says_is_told_as_unusable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = install(tmp_path / "bin", ("xclbinutil",), modes={"xclbinutil": "other"})
    found = by_name({"PATH": str(folder)})["xclbinutil"]
    assert found.broken and str(folder / "xclbinutil") in found.reason
