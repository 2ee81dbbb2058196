"""What names on doit's command line stand for."""

from __future__ import annotations

from typing import Any

import pytest
from doit.cmdparse import CmdParseError
from doit.task import Task

import dodo
from pipeline.naming import DEFAULT, NAMES, Names
from pipeline.stages import STAGES
from runner.labels import TASKS, UnknownNameError

LABELS = ("vector_scale/small", "vector_scale/large", "vector_add/default")
OF_ARTIFACTS = ("render", "lower", "manifest", "compare", "test_emu", "races")


def _tasks() -> list[Any]:
    found = [Task(f"{task}:{label}", None) for task in OF_ARTIFACTS for label in LABELS]
    return [
        *found,
        *(Task(task, None) for task in (*OF_ARTIFACTS, "kernels", "build", "lint", "_npu")),
        Task("kernels:vector_scale/small:vector_scale", None, targets=["vector_scale.o"]),
        Task("render:broken", None),
        Task("report", None, pos_arg=NAMES),
        Task("parity", None, pos_arg=NAMES, task_dep=["compare"]),
        Task("test", None, pos_arg="args"),
        Task("new", None, params=[{"name": "name", "long": "name", "default": ""}]),
    ]


def named(*words: str) -> list[str]:
    return Names(_tasks(), ["history", "bench"]).tasks(words, DEFAULT)


BROKEN = "render:broken"

BUILD_SMALL = [
    *("render:vector_scale/small", "kernels:vector_scale/small:vector_scale"),
    *("lower:vector_scale/small", "manifest:vector_scale/small"),
]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["test_emu:vector_add"], ["test_emu:vector_add/default"]),
        (["test_emu", "vector_add"], ["test_emu:vector_add/default"]),
        (["vector_add", "test_emu"], ["test_emu:vector_add/default"]),
        (
            ["test_emu:vector_scale/*"],
            ["test_emu:vector_scale/small", "test_emu:vector_scale/large"],
        ),
        (["test_emu:*/small"], ["test_emu:vector_scale/small", "render:broken"]),
        (["*:vector_add"], [f"{task}:vector_add/default" for task in OF_ARTIFACTS]),
        (["build:vector_scale/small"], BUILD_SMALL),
        (["vector_scale/small"], [*BUILD_SMALL, "test_emu:vector_scale/small"]),
        (
            ["races", "lower", "vector_add"],
            ["races:vector_add/default", "lower:vector_add/default"],
        ),
        (["lint", "races", "*_add"], ["lint", "races:vector_add/default"]),
        (
            ["races", "test_emu:vector_add"],
            ["races:vector_add/default", "test_emu:vector_add/default"],
        ),
        (
            ["test_emu:vector_add/default", "races"],
            ["races:vector_add/default", "test_emu:vector_add/default"],
        ),
        (["build", "test_emu:*/small"], [*BUILD_SMALL, "test_emu:vector_scale/small", BROKEN]),
        (
            ["races:vector_add", "test_emu:vector_scale/small"],
            ["races:vector_add/default", "test_emu:vector_scale/small"],
        ),
        (["lint", "test_emu:vector_add"], ["lint", "test_emu:vector_add/default"]),
        (
            ["races", "vector_add", "test_emu:vector_scale/small"],
            [
                *("races:vector_add/default", "races:vector_scale/small"),
                "test_emu:vector_scale/small",
            ],
        ),
        (["test_emu:vector_add", "test_emu", "vector_add"], ["test_emu:vector_add/default"]),
        (["broken"], [BROKEN]),
        (["kernels:vector_*:*scale"], ["kernels:vector_scale/small:vector_scale"]),
        (["test_emu:broken"], ["render:broken"]),
        (["races", "bro*"], ["render:broken"]),
        (["report", "vector_add"], ["report"]),
        (["test*"], ["test_emu", "test"]),
        (["vector_scale.o"], ["vector_scale.o"]),
        (["new", "--name", "vector_add"], ["new", "--name", "vector_add"]),
        (["test", "--", "-k", "nothing"], ["test", "--", "-k", "nothing"]),
    ],
)
def test_names_are_artifacts_and_tasks_are_done_with_them(
    words: list[str], meant: list[str]
) -> None:
    assert sorted(named(*words)) == sorted(meant)


def test_without_a_choice_of_tasks_a_name_stands_for_all_of_its_own() -> None:
    found = Names(_tasks()).tasks(["vector_add"])
    assert found == [f"{task}:vector_add/default" for task in OF_ARTIFACTS]


@pytest.mark.parametrize(
    "words",
    [
        *(["report:vector_add"], ["report", "vector_add"], ["report:vector_add", "lint"]),
        ["report", "test_emu:vector_add"],
    ],
)
def test_a_task_for_all_artifacts_is_told_which(words: list[str]) -> None:
    names = Names(_tasks())
    assert names.tasks(words, DEFAULT)[0] == "report"
    assert names.chosen("report") == ["vector_add/default"]
    assert Names(_tasks()).chosen("report") == []


def test_what_such_a_task_needs_is_done_for_those_alone() -> None:
    tasks = _tasks()
    Names(tasks).tasks(["parity", "vector_scale/small"], DEFAULT)
    (parity,) = [task for task in tasks if task.name == "parity"]
    assert parity.task_dep == ["compare:vector_scale/small"]


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (["tst_emu:*"], "test_emu:*"),
        (["test_emu:vector_scal/*"], "test_emu:vector_scale/*"),
        (
            ["test_emu:vector_scale/tiny"],
            "test_emu:vector_scale/small or test_emu:vector_scale/large",
        ),
        (["lower", "vector_scal"], "vector_scale"),
        (["test_emu/vector_scale"], "test_emu:vector_scale"),
        (["biuld"], "build"),
        (["hsitory"], "history"),
        (["dump"], "npuforge dump"),
        (["reprt:vector_add"], "report:vector_add"),
    ],
)
def test_a_name_that_nothing_has_is_answered_with_those_near_it(
    words: list[str], suggested: str
) -> None:
    with pytest.raises(UnknownNameError) as error:
        named(*words)
    assert str(error.value).endswith(f"; did you mean {suggested}?")


@pytest.mark.parametrize("word", ["test_emu:gemm", "gemm", "gemm*", "lint:vector_add", "npu", ""])
def test_a_name_that_is_like_nothing_is_an_error_too(word: str) -> None:
    with pytest.raises(UnknownNameError, match="nothing is called"):
        named(word)


@pytest.mark.parametrize("words", [["kernels:vector_add"], ["kernels", "vector_add"]])
def test_a_task_that_an_artifact_does_not_have_is_said_to_be_none(words: list[str]) -> None:
    with pytest.raises(UnknownNameError, match="kernels has nothing to do there"):
        named(*words)


def test_an_option_that_a_task_does_not_have_is_told_with_the_task() -> None:
    with pytest.raises(CmdParseError, match="--nmae not recognized; `npuforge help new` lists"):
        named("new", "--nmae", "x")


def test_a_new_designs_name_is_said_to_be_an_option() -> None:
    with pytest.raises(CmdParseError, match="as an option: npuforge new --name vector_mul"):
        named("new", "vector_mul")


def test_an_option_behind_a_name_is_told_to_stand_in_front() -> None:
    with pytest.raises(CmdParseError, match="option -n stands in front of tasks and names"):
        named("vector_add", "-n", "2")


def test_every_task_that_is_done_with_artifacts_can_stand_in_front_of_a_name() -> None:
    made = {
        name.removeprefix("task_"): make for name, make in vars(dodo).items() if "task_" in name
    }
    per_artifact = {
        name
        for name, make in made.items()
        if make.__code__.co_flags & 0x20  # a generator
    }
    single = {"report", "parity", "build"}
    assert per_artifact | single == set(TASKS)
    assert set(STAGES) <= per_artifact
