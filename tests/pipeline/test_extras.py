"""What not everybody needs is installed when it is asked for, where ./doit made the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline import extras
from pipeline.errors import PipelineError
from softnpu.environment import MADE_BY_DOIT, made_anew, made_with
from tests.project import ROOT


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment without them in a checkout; gives the checkout."""
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    monkeypatch.setattr("sys.prefix", str(tmp_path / ".venv"))
    (tmp_path / ".venv").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", extras.EXTRAS)
def test_elsewhere_the_command_is_told_and_nothing_is_done(name: str) -> None:
    extra = extras.EXTRAS[name]
    with pytest.raises(PipelineError) as error:
        extras.need(name)
    assert extra.modules[0] in str(error.value)
    assert f"-m pip install {f'{extra.told!r}' if extra.told else '-r'}" in str(error.value)


def test_in_the_environment_that_doit_made_they_are_installed(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare / ".venv" / MADE_BY_DOIT).touch()
    (bare / "requirements-report.txt").touch()
    asked: list[list[str]] = []

    class Done:
        returncode = 0

    def run(command: list[str], **_options: Any) -> Done:
        asked.append(command)
        return Done()

    monkeypatch.setattr("subprocess.run", run)
    extras.need("report")
    assert asked[0][-2:] == ["-r", str(bare / "requirements-report.txt")]
    assert "vl_convert" in capsys.readouterr().err
    Done.returncode = 1
    with pytest.raises(PipelineError, match="pip could not install them"):
        extras.need("report")


def test_what_is_there_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: name)
    extras.need("dev")


def test_every_list_of_packages_is_there_and_marks_what_doit_leaves() -> None:
    for extra in extras.EXTRAS.values():
        assert (ROOT / extra.listed).is_file()
    assert f".venv/{MADE_BY_DOIT}" in (ROOT / "doit").read_text()


def test_what_is_missing_of_npuforge_is_installed_as_it_was(bare: Path) -> None:
    assert made_anew().endswith("-m pip install --force-reinstall npuforge")
    assert made_with("python3.12").startswith("python3.12 -m venv env && ")
    (bare / ".venv" / MADE_BY_DOIT).touch()
    assert made_anew() == "rm -r .venv; ./doit"
    assert made_with("python3.12") == "rm -r .venv; NPUFORGE_PYTHON=python3.12 ./doit"
