"""Command lines as LLVM's programs read them."""

import pytest

from softnpu.compiler.words import Kind, Option, read
from softnpu.errors import ToolError

OPTIONS = {
    "name": Option(Kind.VALUE),
    "fast": Option(Kind.SWITCH),
    "get": Option(Kind.GET),
    "I": Option(Kind.PREFIX),
    "load": Option(Kind.VALUE, "nothing is loaded"),
    "l": Option(Kind.PREFIX),
}


def test_one_dash_or_two_and_values_behind_or_after_mean_the_same() -> None:
    for given in (["--name=a"], ["-name=a"], ["--name", "a"], ["-name", "a"]):
        assert read(given, OPTIONS).last("name") == "a", given
    assert read(["-Iinc", "-I", "more", "-lfoo"], OPTIONS).values == {
        "I": ["inc", "more"],
        "l": ["foo"],
    }
    assert read(["--load", "x"], OPTIONS).ignored == {"load": "nothing is loaded"}


def test_the_last_value_counts_and_a_switch_takes_what_llvm_takes() -> None:
    assert read(["--name=a", "--name=b"], OPTIONS).last("name") == "b"
    for given, on in (("--fast", True), ("--fast=0", False), ("--fast=true", True)):
        assert read([given], OPTIONS).on("fast") is on
    assert read([], OPTIONS).on("fast", True) is True


def test_what_may_stand_without_a_value_leaves_the_next_word_alone() -> None:
    words = read(["--get", "design.mlir", "--", "host.cpp", "-o", "x"], OPTIONS)
    assert words.last("get", "no") == ""
    assert words.inputs == ["design.mlir"]
    assert words.behind == ["host.cpp", "-o", "x"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["--nam=x"], "there is no option --nam; did you mean --name?"),
        (["--Ifoo"], "there is no option --Ifoo"),
        (["--name"], "--name needs a value"),
        (["--fast=maybe"], "--fast is true or false, not 'maybe'"),
    ],
)
def test_what_no_program_takes_is_refused(given: list[str], problem: str) -> None:
    with pytest.raises(ToolError, match=problem.replace("?", r"\?")):
        read(given, OPTIONS)
