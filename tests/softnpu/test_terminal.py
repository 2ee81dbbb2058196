"""A reader that leaves early ends a program without a word; any terminal shows what it can."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from softnpu import terminal

WRITES = (
    "from softnpu.terminal import end_when_the_reader_leaves as end; end({code}); end();\n{body}"
)
BODIES = {
    "line by line": "for i in range(200000): print(i)",
    "at the end": "import time; print('first', flush=True); time.sleep(0.5); print('second')",
    "past handlers of errors": (
        "try:\n    for i in range(200000): print(i)\nexcept Exception: raise SystemExit(3)"
    ),
}


def outcome(code: str, body: str) -> tuple[str, str]:
    """The exit code as the shell saw it, and stderr."""
    text = WRITES.format(code=code, body=body)
    script = '"$0" -c "$1" | head -1 >/dev/null; echo ${PIPESTATUS[0]}'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, text], capture_output=True, text=True, check=True
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("body", [b for name, b in BODIES.items() if name != "at the end"])
def test_the_program_ends_as_by_sigpipe(body: str) -> None:
    assert outcome("", body) == ("141", "")


def test_a_program_that_only_shows_ends_well() -> None:
    assert outcome("0", BODIES["line by line"]) == ("0", "")


def test_what_is_left_at_the_end_tells_by_the_code_alone() -> None:
    assert outcome("", BODIES["at the end"]) == ("141", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_the_terminal_lacks_is_written_escaped(encoding: str) -> None:
    body = r"print('arrow \u2192, byte \udcff')"
    done = subprocess.run(
        [sys.executable, "-c", WRITES.format(code=0, body=body)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    arrow = "\u2192" if encoding == "utf-8" else r"\u2192"
    assert done.stdout.decode() == f"arrow {arrow}, byte \\udcff\n"


def closed(redirections: str, body: str) -> subprocess.CompletedProcess[str]:
    """A program that is started without some of its streams."""
    text = WRITES.format(code="", body=body)
    shell = f'"$0" -c "$1" {redirections}'
    return subprocess.run(
        ["bash", "-c", shell, sys.executable, text], capture_output=True, text=True
    )


@pytest.mark.parametrize("redirections", ["<&-", ">&-", "<&- >&-", "2>&-", "<&- >&- 2>&-"])
def test_without_its_streams_a_program_works_as_with_them(
    tmp_path: Path, redirections: str
) -> None:
    file = tmp_path / "file"
    body = (
        f"file = open({str(file)!r}, 'w'); file.write('kept'); print('shown', flush=True)\n"
        "sys.stderr.write('said'); assert sys.stdin.read() == ''"
    )
    done = closed(f"</dev/null {redirections}", f"import sys\n{body}")
    assert done.returncode == 0
    assert file.read_text() == "kept"
    assert done.stdout == ("" if ">&-" in redirections.split() else "shown\n")
    assert done.stderr == ("" if "2>&-" in redirections else "said")


@pytest.mark.parametrize("body", ["print(1, flush=True)", "print(1)"])
def test_output_that_cannot_be_written_is_a_failure_with_its_reason(body: str) -> None:
    done = closed(">/dev/full", body)
    assert done.returncode != 0
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


class Narrow(io.StringIO):
    """A terminal, or what looks like one."""

    def isatty(self) -> bool:
        return True


def test_a_line_that_is_too_long_goes_on_below_its_last_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    text = "  watch     build and run again whenever a file is saved\nFAILED   NPU  none\n"
    assert terminal.fitted(text, Narrow()) == (
        "  watch     build and run again whenever\n"
        "            a file is saved\n"
        "FAILED   NPU  none\n"
    )
    assert terminal.fitted(text, io.StringIO()) == text, "a pipe gets whole lines"


def test_a_line_with_a_mark_below_it_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((20, 24)))
    text = "    %out = aie.acquire @y(Produce, 1)\n           ^\ny: [0:9] expected 1 2 3 4 5 6\n"
    assert terminal.fitted(text, Narrow()) == text


def test_a_path_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((20, 24)))
    path = "build/npu1_1col/vector-scale/small/final.xclbin"
    assert path in terminal.fitted(f"see {path}", Narrow()).split("\n")
