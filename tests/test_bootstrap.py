"""The script `doit` on a machine that is not as it should be: nothing is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import heed_rights
from tests.project import ROOT, Project, make_project

REFUSES = """#!/bin/sh
case "$1 $2" in
"-m venv") echo "asked: $0"; exit 1 ;;
"-c import sys, ensurepip;"*) {ensurepip} ;;
esac
exec "{python}" "$@"
"""
"""A Python that makes no virtual environment, as Debian's without python3-venv."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "pro ject")


def python(path: Path, *, ensurepip: bool = True) -> Path:
    """Puts a Python there that tells who was to make the virtual environment."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        REFUSES.format(python=sys.executable, ensurepip="true" if ensurepip else "exit 1")
    )
    path.chmod(0o755)
    return path


def no_python(path: Path) -> Path:
    """Puts a program there that is no Python, whatever it is asked."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\necho Python 2.7.18\n")
    path.chmod(0o755)
    return path


def bootstrap(
    project: Project, *arguments: str, heed: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "NPUFORGE_PYTHON"}
    return subprocess.run(
        [project.root / "doit", *arguments],
        cwd=project.root.parent,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        preexec_fn=heed_rights if heed else None,
        check=False,
    )


def path_with(folder: Path) -> str:
    """A PATH with these Pythons and the tools of a shell."""
    for name in ("sh", "dirname", "cat", "rm", "sed", "head", "cp"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return str(folder)


def test_a_named_python_that_is_not_there_is_an_error(project: Project) -> None:
    done = bootstrap(project, "list", NPUFORGE_PYTHON="/usr/no python3")
    assert done.returncode == 1
    assert "'/usr/no python3' is no program that can be run" in done.stderr
    assert not (project.root / ".venv").exists()


def test_a_named_program_that_is_no_python_is_an_error(project: Project, tmp_path: Path) -> None:
    old = no_python(tmp_path / "bin" / "python2")
    done = bootstrap(project, "list", NPUFORGE_PYTHON="bin/python2")
    assert done.returncode == 1
    assert f"'{old}' says 'Python 2.7.18'" in done.stderr


def test_the_package_is_named_that_makes_virtual_environments(
    project: Project, tmp_path: Path
) -> None:
    made = python(tmp_path / "bin" / "python3")
    done = bootstrap(project, NPUFORGE_PYTHON=str(made))
    assert done.returncode == 1
    assert "sudo apt install python{}.{}-venv".format(*sys.version_info) in done.stderr


@pytest.mark.parametrize(
    ("good", "lame", "bad", "taken"),
    [
        (["python3", "python3.14"], [], [], "python3"),
        (["python3.14", "python3.10"], [], ["python3"], "python3.14"),
        (["python3.12"], ["python3", "python3.14"], [], "python3.12"),
        ([], ["python3"], ["python3.14"], "python3"),
    ],
)
def test_the_first_python_is_taken_that_is_new_enough_and_makes_environments(
    project: Project, tmp_path: Path, good: list[str], lame: list[str], bad: list[str], taken: str
) -> None:
    folder = tmp_path / "bin"
    for name in good:
        python(folder / name)
    for name in lame:
        python(folder / name, ensurepip=False)
    for name in bad:
        no_python(folder / name)
    done = bootstrap(project, PATH=path_with(folder))
    assert f"asked: {folder / taken}\n" in done.stderr


def test_without_any_python_it_says_how_to_get_one(project: Project, tmp_path: Path) -> None:
    no_python(tmp_path / "bin" / "python3")
    done = bootstrap(project, PATH=path_with(tmp_path / "bin"))
    assert done.returncode == 1
    assert "needs Python 3.10 or newer; 'python3' here is Python 2.7.18" in done.stderr


def test_a_folder_that_cannot_be_written_is_named(project: Project) -> None:
    project.root.chmod(0o555)
    done = bootstrap(project, NPUFORGE_PYTHON=sys.executable, heed=True)
    project.root.chmod(0o755)
    assert done.returncode == 1
    assert f"{project.root} cannot be written" in done.stderr
    assert "apt install" not in done.stderr


def test_an_environment_whose_python_has_gone_is_made_anew(
    project: Project, tmp_path: Path
) -> None:
    venv = project.root / ".venv"
    (venv / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "requirements.txt", venv / "npuforge.installed")
    (venv / "bin/python").symlink_to(tmp_path / "gone")
    made = python(tmp_path / "bin" / "python3")
    assert "setting up .venv" in bootstrap(project, NPUFORGE_PYTHON=str(made)).stderr


def test_a_comment_in_the_list_of_packages_makes_nothing_anew(
    project: Project, tmp_path: Path
) -> None:
    venv = project.root / ".venv"
    venv.mkdir()
    python(venv / "bin" / "python")
    listed = (project.root / "requirements.txt").read_text()
    (venv / "npuforge.installed").write_text(listed)
    made = str(python(tmp_path / "bin" / "python3"))
    project.write("requirements.txt", f"# a comment\n\n{listed}  # another\n")
    done = bootstrap(project, "list", NPUFORGE_PYTHON=made)
    assert (done.returncode, done.stderr) == (0, "")
    command = [venv / "bin" / "npuforge", "--version"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("npuforge ")
    project.write("requirements.txt", listed.replace("doit==", "doit==9"))
    assert "setting up" in bootstrap(project, "list", NPUFORGE_PYTHON=made).stderr


def test_help_in_front_is_npuforges_and_an_empty_argument_an_error(
    project: Project, tmp_path: Path
) -> None:
    venv = project.root / ".venv"
    venv.mkdir()
    python(venv / "bin" / "python")
    shutil.copy(project.root / "requirements.txt", venv / "requirements.installed")
    told = bootstrap(project, "--help")
    assert (told.returncode, told.stdout) == (0, bootstrap(project, "help").stdout)
    assert told.stdout.startswith("npuforge: ")
    empty = bootstrap(project, "build", "")
    assert empty.returncode == 1
    assert empty.stderr == "error: one of the arguments is empty\n"
