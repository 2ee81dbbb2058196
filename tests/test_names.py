"""Every command takes the same names, answers a wrong one with the nearest, and has help."""

from __future__ import annotations

import json
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.project import ROOT, Project, make_project

UNKNOWN = [
    ("test_emu:vector_scal/*",),
    ("tst_emu:*",),
    ("run", "vector_scal"),
    ("races", "vector_scal"),
    ("report:vector_scal",),
    *[
        (command, "vector_scal")
        for command in ("list", "info", "explain", "clean", "forget", "ignore")
    ],
    *[(command, "vector_scal") for command in ("watch", "bench", "history", "reset-dep", "help")],
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("project"), "vector_scale", "passthrough")


@pytest.mark.parametrize("words", UNKNOWN, ids=" ".join)
def test_a_name_that_stands_for_nothing_ends_every_command(
    project: Project, words: tuple[str, ...]
) -> None:
    done = project.doit(*words)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: nothing is called ")
    assert "did you mean " in line


MISUSED = [
    (("vector_scale", "-n", "2"), "option -n stands in front of tasks and names"),
    (("build", "--memcheck"), "--memcheck is for test_emu, which is not asked for"),
    (("n=4096", "vector_scale"), "n=4096 means nothing here: parameters and variants"),
    (("-f", "nowhere.py", "list"), "Could not find dodo file"),
    (("ignore",), "ignore takes names of what is to be left out"),
    (("strace", "vector_scale"), "strace follows one task, not "),
    (("strace", "render:vector_scale/small"), "runs no program of its own"),
    (("info",), "must select *one* task"),
    (("dumpdb", "vector_scale"), "dumpdb takes no names: vector_scale"),
    (("tabcompletion", "vector_scale"), "tabcompletion takes no names: vector_scale"),
]


@pytest.mark.parametrize(("words", "answer"), MISUSED, ids=lambda word: str(word)[:30])
def test_a_command_line_that_cannot_be_meant_is_answered_with_a_sentence(
    project: Project, words: tuple[str, ...], answer: str
) -> None:
    done = project.doit(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert answer in done.stderr


def test_programs_are_told_of_a_wrong_name_in_their_document(project: Project) -> None:
    done = project.doit("test_emu:vector_scal", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert not document["ok"]
    assert document["errors"] == [
        "nothing is called 'test_emu:vector_scal'; did you mean test_emu:vector_scale?"
    ]


def test_a_name_chooses_what_is_run_explained_listed_reported_and_cleaned(
    tmp_path: Path,
) -> None:
    project = make_project(tmp_path, "vector_scale", "passthrough")
    ran = project.doit("vector_scale/small")
    assert ran.returncode == 0, ran.stdout
    assert "PASS       vector_scale/small" in ran.stdout
    assert "large" not in ran.stdout
    assert "passthrough" not in ran.stdout

    explained = project.doit("explain", "*/small")
    assert explained.returncode == 0, explained.stdout
    assert "test_emu:vector_scale/small: up to date" in explained.stdout
    assert "large" not in explained.stdout

    listed = project.doit("list", "races", "vector_scale", "--quiet").stdout.split()
    assert listed == ["races:vector_scale/small", "races:vector_scale/large"]

    reported = project.doit("report", "vector_scale/small")
    assert reported.returncode == 0, reported.stdout
    page = (project.root / "build/report/index.html").read_text()
    assert "vector_scale/small" in page
    assert "passthrough" not in page
    assert not (project.root / "build/npu1_1col/passthrough").exists()

    assert project.doit("clean", "vector_scale").returncode == 0
    assert not (project.root / "build/npu1_1col/vector_scale/small").exists()


def test_what_doit_remembers_is_shown_and_forgotten_stage_by_stage(tmp_path: Path) -> None:
    project = make_project(tmp_path, "passthrough_memtile")
    nothing = project.doit("dumpdb")
    assert nothing.returncode == 1
    assert nothing.stderr == "error: .doit.json is not there: nothing has been built here\n"
    assert project.doit("render").returncode == 0
    name = "render:passthrough_memtile/default"
    shown = project.doit("dumpdb")
    assert shown.returncode == 0
    assert f"{name} -> {{" in shown.stdout

    for words in (["forget"], ["forget", "build"]):
        assert f"forgetting {name}\n" in project.doit(*words).stdout
        assert "render" in project.tasks_run("render")

    design = project.root / "build/npu1_1col/passthrough_memtile/default/design.mlir"
    assert project.doit("clean", "build").returncode == 0
    assert not design.exists()
    reset = project.doit("reset-dep", "lower")
    assert "design.mlir' does not exist" in reset.stdout
    assert reset.returncode == 1


def test_a_broken_design_tells_what_is_wrong_whatever_is_asked_of_it(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale")
    project.edit("mlir_templates/vector_scale.py", "parameters = {", "parameters = {,")
    for words in (["vector_scale"], ["races:vector_scale/small"], ["bench", "vector_scale"]):
        done = project.doit(*words)
        assert done.returncode == 1
        assert "mlir_templates/vector_scale.py:5: error: " in done.stdout + done.stderr


def commands() -> list[str]:
    config = ConfigParser(allow_no_value=True)
    config.read(ROOT / "doit.cfg")
    return list(config["COMMAND"])


@pytest.mark.parametrize("word", [*commands(), "new", "bundle", "report", "test", "lint"])
def test_help_stands_behind_every_command_and_task(project: Project, word: str) -> None:
    done = project.doit(word, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert f"npuforge {word}" in done.stdout
    if word not in ("run", "help"):
        assert project.doit("help", word).stdout == done.stdout


def test_help_tells_of_tasks_commands_and_names(project: Project) -> None:
    told = project.doit("help").stdout
    for words in ("\n  test_emu ", "\n  bench ", "NAME is a design", "npuforge new --name saxpy"):
        assert words in told
    assert "[--name=ARG]" in project.doit("new", "--help").stdout
    assert "pytest" in project.doit("test", "--help").stdout


def test_what_takes_long_is_done_when_it_is_asked_for(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale")
    project.edit("mlir_templates/vector_scale.py", "-7}}\n", '-7}}\nlong = ["large"]\n')
    assert "vector_scale/large" not in project.doit("explain").stdout
    plain = project.doit()
    assert plain.returncode == 0, plain.stdout
    assert "PASS       vector_scale/small" in plain.stdout
    assert "PASS       vector_scale/large" not in plain.stdout
    assert "left out, since they take long: vector_scale/large" in plain.stdout
    assert project.doit("explain").stdout.startswith("0 tasks would run")
    assert json.loads(project.doit("--json").stdout)["left_out"] == ["vector_scale/large"]
    asked = project.doit("test_emu")
    assert "PASS       vector_scale/large" in asked.stdout
    assert "left out" not in asked.stdout
    project.edit("mlir_templates/vector_scale.py", '["large"]', '["huge"]')
    told = project.doit("vector_scale").stdout
    assert "vector_scale.py:7: error: long takes the names of variants, small, large; not" in told
