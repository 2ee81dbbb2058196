"""Commands, their log, and what becomes of their failures."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.amd.running import Shell
from softnpu.errors import DesignError, ToolError
from softnpu.warned import collected


def script(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_log_is_a_script_with_what_was_printed_as_comments(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", 'echo "about $1"; cp in.txt "$2"')
    (tmp_path / "in.txt").write_text("content")
    shell = Shell(tmp_path, "stage")
    shell.run(tool, "it's (this)", "out.txt", makes=["out.txt"])
    (tmp_path / "out.txt").unlink()
    subprocess.run(["sh", str(shell.log)], check=True, capture_output=True)
    assert (tmp_path / "out.txt").read_text() == "content"
    assert "# about it's (this)" in shell.log.read_text()
    assert "# exit 0, " in shell.log.read_text()


def test_an_output_of_a_former_run_does_not_count(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", "echo done")
    (tmp_path / "out.txt").write_text("old")
    with pytest.raises(ToolError, match=r"did not write out.txt\n +done\n"):
        Shell(tmp_path, "stage").run(tool, makes=["out.txt"])


def test_a_failure_shows_the_end_of_what_was_said(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", "seq 100; exit 2")
    with pytest.raises(ToolError, match=r"tool failed with 2\n +\(60 lines before\)\n +61\n"):
        Shell(tmp_path, "stage").run(tool)


def test_a_killed_tool_is_told_by_its_signal(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", "kill -11 $$")
    with pytest.raises(ToolError, match="tool was killed by signal 11"):
        Shell(tmp_path, "stage").run(tool)


def test_a_tool_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot run"):
        Shell(tmp_path, "stage").run(tmp_path / "missing")


def test_a_diagnostic_becomes_an_error_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text("module {\n  aie.tile(9, 9)\n}\n")
    said = (
        "design.mlir:2:3: error: 'aie.tile' op column index (9) must be less than 1\n"
        "  aie.tile(9, 9)\n  ^\n"
        'design.mlir:2:3: note: see current operation: \\"aie.tile\\"()\n'
        "design.mlir:1:1: note: in this module"
    )
    tool = script(tmp_path, "aie-opt", f"cat >&2 <<EOF\n{said}\nEOF\nexit 1")
    with pytest.raises(DesignError) as caught:
        Shell(tmp_path, "lower").run(tool, "design.mlir", "-o", "out", reads=["design.mlir"])
    error = caught.value
    assert error.message == "aie-opt: 'aie.tile' op column index (9) must be less than 1"
    assert error.location is not None
    assert (error.location.line, error.location.column) == (2, 3)
    assert error.notes[0] == "design.mlir:1: in this module"
    assert "  aie.tile(9, 9)\n    ^" in str(error)


def test_a_failed_pass_leaves_a_script_that_repeats_it(tmp_path: Path) -> None:
    tool = script(tmp_path, "aie-opt", 'echo "$@"; exit 1')
    (tmp_path / "a.mlir").write_text("module {}")
    with pytest.raises(ToolError, match=r"to look into it: .*logs/lower.reproduce.sh"):
        Shell(tmp_path, "lower").run(
            tool, "--pass-pipeline=p{a=b c=d}", "a.mlir", "-o", "b.mlir", reads=["a.mlir"]
        )
    (tmp_path / "a.mlir").write_text("changed since")
    again = subprocess.run(
        [str(tmp_path / "logs/lower.reproduce.sh")], capture_output=True, text=True, check=False
    )
    assert again.stdout.split() == [
        "--mlir-print-ir-after-failure",
        "--mlir-disable-threading",
        "--pass-pipeline=p{a=b",
        "c=d}",
        "logs/lower.failed.mlir",
        "-o",
        "/dev/null",
    ]
    assert (tmp_path / "logs/lower.failed.mlir").read_text() == "module {}"


def test_what_a_tool_that_succeeds_warns_of_is_passed_on_one_by_one(tmp_path: Path) -> None:
    tool = script(
        tmp_path,
        "tool",
        """echo "[INFO] : about"; echo "WARNING: an old option"
cat >&2 <<'END'
k.c:1:2: warning: unused x
    1 | int x;
k.c:3:4: warning: unused y
2 warnings generated.
END""",
    )
    with collected() as warned:
        Shell(tmp_path, "stage").run(tool)
    assert warned == [
        "k.c:1:2: warning: unused x\n    1 | int x;",
        "k.c:3:4: warning: unused y",
        "tool: WARNING: an old option",
    ]
    with collected() as warned:
        Shell(tmp_path, "stage").run(script(tmp_path, "quiet", "echo all is well"))
    assert warned == []
