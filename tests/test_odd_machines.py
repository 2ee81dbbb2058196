"""A machine that is not as one expects: what works works, all else is told in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import heed_rights
from tests.project import Project, make_project

KERNEL, TEMPLATE = "kernels_src/vector_add.c", "mlir_templates/vector_add.mlir.j2"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A design without a core, which is built in no time."""
    return make_project(tmp_path / "project", "passthrough_memtile")


def run(project: Project, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs doit as somebody who is not root; a variable that is "" is not there."""
    there = {**os.environ, "NPUFORGE_TOOLCHAIN": "auto", **environment}
    done = subprocess.run(
        [sys.executable, "-m", "doit", *arguments],
        cwd=project.root,
        env={name: value for name, value in there.items() if value},
        capture_output=True,
        text=True,
        preexec_fn=heed_rights,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


def test_a_closed_folder_on_path_is_passed_over(project: Project, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "bin").mkdir(parents=True)
    closed.chmod(0)
    try:
        path = os.pathsep.join([str(closed / "bin"), str(closed), "/no/such", os.environ["PATH"]])
        assert run(project, "list", PATH=path).returncode == 0
        assert "aie-opt        not found" in run(project, "doctor", PATH=path).stdout
    finally:
        closed.chmod(0o755)


def test_a_user_without_home_and_name_builds(project: Project) -> None:
    """As in a container that is run with a number for a user."""
    uid = (
        "import os, sys, pwd\n"
        "def nobody(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        "sys.argv = ['doit', 'build']\n"
        "from doit.__main__ import main\n"
        "sys.exit(main())\n"
    )
    kept = {name: os.environ[name] for name in ("PATH",)}
    done = subprocess.run(
        [sys.executable, "-c", uid],
        cwd=project.root,
        env={**kept, "NPUFORGE_TOOLCHAIN": "auto"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_build_folder_that_cannot_be_written_fails_with_its_name(project: Project) -> None:
    build = project.root / "build"
    build.mkdir()
    build.chmod(0o555)
    done = run(project, "build")
    build.chmod(0o755)
    assert done.returncode == 1
    assert "FAILED    render:passthrough_memtile/default" in done.stdout
    assert "error: build/npu1_1col: Permission denied" in done.stdout


def test_an_output_file_that_cannot_be_written_is_named(project: Project) -> None:
    done = run(project, "run", "--output-file", "no/such/file", "build")
    assert done.returncode == 1
    assert "error: --output-file no/such/file: No such file or directory" in done.stderr
    assert run(project, "run", "--output-file", "log", "build").stdout == ""
    assert "manifest  passthrough_memtile/default" in (project.root / "log").read_text()


def test_an_authors_file_that_cannot_be_read_hides_no_other_design(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", "passthrough_memtile", "vector_add")
    (project.root / TEMPLATE).chmod(0)
    done = run(project, "build")
    assert done.returncode == 1
    assert f"{TEMPLATE}: error: template: [Errno 13] Permission denied" in done.stdout
    assert "manifest  passthrough_memtile/default" in done.stdout


def test_a_path_with_a_line_break_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path / "two\nlines", "passthrough_memtile")
    done = run(project, "build")
    assert done.returncode == 1
    assert "holds a line break" in done.stderr


@pytest.mark.parametrize("name", ["a b", "ä…", "it's $1;#%"])
def test_a_path_may_hold_any_other_character(tmp_path: Path, name: str) -> None:
    project = make_project(tmp_path / name, "vector_add")
    assert "PASS       vector_add/default" in run(project).stdout
    assert run(project, "explain").stdout.endswith(" 0 tasks would run, 11 are up to date\n"[1:])
    header = "kernels_src/it's a b.h"
    project.write(header, "// nothing\n")
    project.edit(KERNEL, "#include <stdint.h>", '#include <stdint.h>\n#include "it\'s a b.h"')
    assert run(project, "build").returncode == 0
    project.write(header, "// something\n")
    assert f"header changed: {header}" in run(project, "explain").stdout


def test_a_kernel_may_have_comments_in_another_encoding(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_add")
    kernel = project.root / KERNEL
    kernel.write_bytes("// Größe\n".encode("latin-1") + kernel.read_bytes())
    done = run(project, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_design_in_another_encoding_is_told_with_its_file(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_add")
    plain = project.root / "mlir_templates/plain.mlir"
    plain.write_bytes("// Größe\n".encode("latin-1"))
    done = run(project, "build")
    assert done.returncode == 1
    assert "mlir_templates/plain.mlir: error: no text in UTF-8" in done.stdout
    assert "manifest  vector_add/default" in done.stdout
