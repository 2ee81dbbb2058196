"""What was asked for, and who makes each stage for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.amd import finding
from pipeline.amd.finding import Rule
from pipeline.errors import PipelineError
from pipeline.selection import NEEDS, Request, Toolchain, chain, request, resolve, take
from tests.amd_tools.install import PEANO, WITHOUT_PEANO, install


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are found on PATH and by PEANO_INSTALL_DIR only."""
    rules = {tool: Rule((), (), ()) for tool in finding.TOOLS}
    rules[finding.PEANO] = Rule(("PEANO_INSTALL_DIR",), (), ())
    monkeypatch.setattr(finding, "RULES", rules)


def on(folder: Path, request: Request, **variables: str) -> Toolchain:
    return resolve(request, {"PATH": str(folder), **variables}, folder / "cache.json")


def test_options_stand_anywhere_on_the_command_line() -> None:
    environment: dict[str, str] = {}
    left = take(["build", "--toolchain", "auto", "test_emu", "--pdi=embedded"], environment)
    assert left == ["build", "test_emu"]
    assert request(environment) == Request("auto", {"pdi": "embedded"})


def test_what_stands_behind_a_lone_dash_dash_is_not_for_us() -> None:
    environment: dict[str, str] = {}
    assert take(["test", "--", "--pdi", "amd"], environment) == ["test", "--", "--pdi", "amd"]
    assert environment == {}


@pytest.mark.parametrize("arguments", [["--toolchain", "amdd"], ["--toolchain"], ["--pdi="]])
def test_a_choice_that_there_is_not_is_named(arguments: list[str]) -> None:
    with pytest.raises(PipelineError, match="takes auto, amd, embedded, not"):
        take(arguments, {})


def test_a_wrong_variable_is_a_problem_not_a_crash() -> None:
    (problem,) = chain({"NPUFORGE_PDI": "amdd"}).problems()
    assert "NPUFORGE_PDI takes auto, amd, embedded, not 'amdd'" in problem


def test_auto_takes_amds_tools_stage_by_stage(tmp_path: Path) -> None:
    found = on(install(tmp_path, ["aie-translate", "bootgen"]), Request())
    assert {stage for stage in NEEDS if found.by_amd(stage)} == {"cdo", "pdi"}
    assert not found.by_amd("kernels")
    assert found.problems() == []
    assert "aie-opt" in found.absent


def test_peano_makes_kernels_and_cores_alike(tmp_path: Path) -> None:
    install(tmp_path / "peano" / "bin", PEANO)
    found = on(tmp_path, Request(), PEANO_INSTALL_DIR=str(tmp_path / "peano"))
    assert found.by_amd("kernels")
    assert found.by_amd("cores")
    assert found.compiler().aie_opt is None
    chosen = Request(stages={"cores": "embedded"})
    other = on(tmp_path, chosen, PEANO_INSTALL_DIR=str(tmp_path / "peano"))
    assert not other.by_amd("kernels")


def test_of_two_peanos_the_named_one_is_used(tmp_path: Path) -> None:
    install(tmp_path / "one" / "bin", PEANO, version=" one")
    install(tmp_path / "two", PEANO, version=" two")
    found = on(tmp_path / "two", Request(), PEANO_INSTALL_DIR=str(tmp_path / "one"))
    assert found.tools["peano"].version.endswith("one for aie2")


def test_what_is_asked_for_and_missing_is_said_once_a_tool(tmp_path: Path) -> None:
    found = on(install(tmp_path, ["aie-opt"]), Request("amd"))
    problems = found.problems()
    assert len(problems) == 4
    assert any(p.startswith("aie-translate, which is to make insts and cdo,") for p in problems)
    assert on(tmp_path, Request("embedded")).problems() == []


def test_a_key_changes_with_the_maker_and_its_version(tmp_path: Path) -> None:
    embedded = on(tmp_path, Request("embedded")).key("pdi")
    first = on(install(tmp_path, WITHOUT_PEANO), Request()).key("pdi")
    second = on(install(tmp_path, WITHOUT_PEANO, version=".1"), Request()).key("pdi")
    assert len({str(embedded), str(first), str(second)}) == 3
    assert set(first) == {"bootgen", "npuforge"}


def test_nothing_is_looked_for_that_was_not_asked_for(tmp_path: Path) -> None:
    found = on(install(tmp_path, WITHOUT_PEANO), Request("embedded", {"pdi": "auto"}))
    assert set(found.tools) == {"bootgen"}
