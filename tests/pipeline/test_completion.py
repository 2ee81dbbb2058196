"""`npuforge completion`: words, options, files and designs at a press of Tab."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import shtab

from pipeline import commands, completion
from pipeline.new import new

ASKS = """. ./script; function=$(complete -p npuforge | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
$function; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
"""What bash does at a press of Tab."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("project")
    new(found, "saxpy")
    new(found, "scale")
    (found / "script").write_text(shtab.complete(completion.everything(), "bash"))
    return found


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("npuforge bu", ["build", "bundle"]),
        ("npuforge dis", ["disasm"]),
        ("npuforge test_emu s", ["saxpy", "scale"]),
        ("npuforge bench sc", ["scale"]),
        ("npuforge new --like sa", ["saxpy"]),
        ("npuforge dump --ar", ["--array"]),
        ("npuforge build --toolc", ["--toolchain"]),
        ("npuforge bench --on n", ["npu"]),
        ("npuforge dump scr", ["script"]),
        ("npuforge completion f", ["fish"]),
    ],
)
def test_bash_completes(folder: Path, words: str, completed: list[str]) -> None:
    done = subprocess.run(
        ["bash", "-c", ASKS.format(words=words)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(done.stdout.split()) == completed


@pytest.mark.parametrize("shell", completion.INSTALL)
def test_every_shell_learns_every_word(shell: str) -> None:
    script = shtab.complete(completion.everything(), shell)
    for name in (*commands.purposes(), *commands.tasks()):
        assert name in script
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=script, text=True, check=True)


def test_the_designs_are_listed_without_starting_npuforge(folder: Path) -> None:
    (folder / "mlir_templates" / "_shared.py").write_text("")
    done = subprocess.run(
        ["sh", "-c", completion.DESIGNS], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["saxpy", "scale"]
