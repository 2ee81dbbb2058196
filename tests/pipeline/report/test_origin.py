"""What the head of the page says of where it comes from."""

from collections.abc import Sequence

import softnpu
from pipeline.report.origin import origin, tools
from pipeline.selection import Toolchain
from runner.doctor import System


def test_each_tool_is_told_once_with_all_that_it_makes() -> None:
    found = {tool.name: tool for tool in tools(Toolchain())}
    assert found["ziglang"].stages == ("kernels", "cores")
    assert found["unicorn"].stages == ("test_emu",)
    assert found["jinja2"].version and "npuforge" not in found


def test_the_commit_is_told_and_whether_files_have_changed_since() -> None:
    def git(changed: str) -> System:
        said = {"rev-parse": "abc123", "status": changed, "show": "2026-01-01"}
        return System(run=lambda command: _of(said, command))

    assert (origin(Toolchain(), git("")).commit, origin(Toolchain(), git("")).changed) == (
        "abc123",
        False,
    )
    changed = origin(Toolchain(), git(" M k.c"))
    assert changed.commit == "abc123" and changed.changed
    assert changed.npuforge == softnpu.__version__


def test_a_project_without_git_has_no_commit() -> None:
    assert origin(Toolchain(), System(run=lambda _command: None)).commit == ""


def _of(said: dict[str, str], command: Sequence[str]) -> str | None:
    return next((text for word, text in said.items() if word in command), None)
