"""A reader that leaves early ends a program without a word."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
