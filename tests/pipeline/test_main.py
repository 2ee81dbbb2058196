"""`npuforge`: one command, one name for each thing, wherever it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from doit.doit_cmd import DoitMain

import softnpu
from pipeline import commands, helping
from pipeline.__main__ import main, project
from pipeline.init import init
from tests.project import ROOT


@pytest.fixture
def npuforge(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command as a program of its own, in a folder that no project is above."""

    def run(*words: str, folder: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NPUFORGE_TOOLCHAIN": "embedded"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"npuforge {softnpu.__version__}\n"


def test_help_groups_everything_there_is(
    npuforge: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    told = npuforge("--help").stdout
    assert told == npuforge("help").stdout == npuforge().stdout
    doits = DoitMain(config_filenames=(), extra_config=commands.configuration()).get_cmds()
    grouped = {name for names in helping.GROUPS.values() for name in names}
    assert {*commands.purposes(), *commands.tasks(), *doits} - {"tabcompletion"} == grouped
    for name in grouped:
        assert f"\n  {name} " in told


def test_each_word_has_one_meaning() -> None:
    """But for `profile`, which takes designs in a project and files anywhere."""
    doits = [*commands.configuration()["COMMAND"], *commands.tasks()]
    every = [name for line in commands.COMMAND_LINES for name in line.subcommands] + doits
    assert [name for name in every if every.count(name) > 1] == [commands.BOTH] * 2


def test_profile_is_of_a_file_where_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"")
    assert commands.command_line(["profile", "vector_scale/small"]) is None
    for file in ("kernel.o", "out/final.xclbin", str(tmp_path / "made")):
        found = commands.command_line(["profile", file])
        assert found is not None
        assert "profile" in found.subcommands


def test_help_of_a_command_is_what_help_behind_it_says(
    npuforge: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    for word in ("dump", "draw", "init"):
        behind = npuforge(word, "--help")
        assert behind.stdout == npuforge("help", word).stdout
        assert behind.stdout.startswith(f"usage: npuforge {word} ")
    assert "whether" in commands.tasks()["routes"]
    assert npuforge("help", "routes").stdout.rstrip() == commands.tasks()["routes"]


def test_where_no_project_is_it_is_told_how_to_start_one(
    npuforge: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = npuforge("build")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"no dodo.py in {tmp_path} or above it" in done.stderr
    assert "npuforge init" in done.stderr


def test_a_project_is_found_from_a_folder_in_it(
    npuforge: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    init(tmp_path / "mine")
    inside = tmp_path / "mine" / "kernels_src"
    assert project(inside) == tmp_path / "mine"
    done = npuforge("list", folder=inside)
    assert done.returncode == 0, done.stderr
    assert "test_emu" in done.stdout
    assert done.stderr == f"in {tmp_path / 'mine'}\n"


def test_a_word_that_is_nothing_comes_with_the_nearest(
    npuforge: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    init(tmp_path / "mine")
    done = npuforge("affin", folder=tmp_path / "mine")
    assert done.returncode == 1
    assert "nothing is called 'affin'; did you mean affine?" in done.stderr


def test_plain_doit_knows_the_same_commands() -> None:
    assert (ROOT / "doit.cfg").read_text() == commands.CONFIGURATION.read_text()


def test_a_dump_starts_without_what_builds_take(march: Path) -> None:
    path = march / "explicit_dma" / "insts.bin"
    code = (
        "import sys; from pipeline.__main__ import main; "
        f"main(['dump', {str(path)!r}]); "
        "print([name for name in sys.modules if name in ('xdsl', 'numpy', 'unicorn', 'doit')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
