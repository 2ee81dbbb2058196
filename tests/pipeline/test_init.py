"""`npuforge init` starts a project that passes, and writes over nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import softnpu
from pipeline.__main__ import main
from pipeline.discovery import discover
from pipeline.errors import PipelineError
from pipeline.init import DESIGN, FILES, init
from tests.project import ROOT


def doit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Plain `doit`, as in an environment with npuforge in it."""
    return subprocess.run(
        [sys.executable, "-m", "doit", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NPUFORGE_TOOLCHAIN": "embedded"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_project_passes_and_fails_when_it_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "my-kernels"
    init(folder)
    done = doit(folder, f"{DESIGN}/small")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"PASS       {DESIGN}/small" in done.stdout
    kernel = folder / "kernels_src" / f"{DESIGN}.c"
    kernel.write_text(kernel.read_text().replace("i < LINE;", "i < LINE - 1;"))
    broken = doit(folder, f"{DESIGN}/small")
    assert broken.returncode == 1
    assert "at the last place 1023 of each" in broken.stdout


def test_its_tests_hold_its_reference_against_numbers(tmp_path: Path) -> None:
    init(tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    for said, code in (("", 0), ("+ 1", 1)):
        design = tmp_path / "mlir_templates" / f"{DESIGN}.py"
        design.write_text(
            design.read_text().replace("x.dtype.type(p.b)", f"x.dtype.type(p.b){said}")
        )
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        assert subprocess.run(command, cwd=tmp_path, env=env, check=False).returncode == code


def test_files_bear_the_projects_name_and_the_version(tmp_path: Path) -> None:
    init(tmp_path / "my-kernels")
    texts = {name: (tmp_path / "my-kernels" / name).read_text() for name in FILES}
    assert texts["README.md"].startswith("# my-kernels\n")
    assert f"npuforge[test]~={softnpu.__version__}\n" in texts["requirements.txt"]
    assert not [name for name, text in texts.items() if "PROJECT" in text or "VERSION" in text]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(PipelineError, match="exists already; choose another folder"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_what_was_written_is_told_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "mine"]) == 0
    *wrote, now = capsys.readouterr().out.splitlines()
    assert {line.removeprefix("wrote ") for line in wrote} == {
        str(path.relative_to(tmp_path)) for path in (tmp_path / "mine").rglob("*") if path.is_file()
    }
    assert now == "now: cd mine && npuforge"
    assert not discover(tmp_path / "mine").broken
    assert main(["init", "mine"]) == 1
    assert capsys.readouterr().err.startswith("mine/")
