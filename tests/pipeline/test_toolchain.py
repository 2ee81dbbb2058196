"""What npuforge itself is made of is part of a task's key, whatever kind of file it lies in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import toolchain
from pipeline.toolchain import TOOLS, source_version
from tests.project import ROOT


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where npuforge lies for this test; versions are found out anew."""
    monkeypatch.setattr(toolchain, "ROOT", tmp_path)
    monkeypatch.setattr(toolchain, "source_version", source_version.__wrapped__)
    (tmp_path / "softnpu" / "__pycache__").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("name", ["pass.py", "aie2.isa", "aie.hpp", "lanes.h", "crt0.S", "page.j2"])
def test_an_edit_of_any_file_is_another_version(package: Path, name: str) -> None:
    file = package / "softnpu" / name
    file.write_text("one")
    before = toolchain.source_version("softnpu")
    file.write_text("two")
    assert toolchain.source_version("softnpu") != before


def test_what_python_compiles_is_none(package: Path) -> None:
    before = toolchain.source_version("softnpu")
    (package / "softnpu" / "__pycache__" / "pass.cpython-311.pyc").write_text("made")
    assert toolchain.source_version("softnpu") == before


def test_every_source_that_a_stage_names_is_there() -> None:
    for tools in TOOLS.values():
        for part in tools.sources:
            assert (ROOT / part).exists()


def test_runs_on_the_emulator_know_the_instruction_sets() -> None:
    assert "softnpu/isa" in TOOLS["test_emu"].sources
