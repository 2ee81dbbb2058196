"""compile_commands.json, which editors read."""

from __future__ import annotations

from pathlib import Path

from pipeline import editors
from pipeline.discovery import discover
from softnpu import zig
from tests.project import ROOT


def test_an_editor_is_told_how_each_kernel_is_compiled() -> None:
    entries = editors.commands(discover(ROOT).variants)
    found = {Path(entry["file"]).name: entry["arguments"] for entry in entries}
    assert {path.name for path in (ROOT / "kernels_src").glob("*.c*")} == set(found)
    arguments = found["vector_scale_aie.cc"]
    assert "-DLINE=1024" in arguments
    done = zig.run(*arguments, "-fsyntax-only")
    assert done.ok, done.messages
