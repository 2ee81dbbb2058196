"""In which order programs are looked for, and which file is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.amd import finding
from pipeline.amd.finding import AIE_OPT, PEANO, Rule, candidates, places


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No usual places and no Python packages but those that a test makes."""
    rule = Rule(("MLIR_AIE_INSTALL_DIR",), ("mlir_aie",), (str(tmp_path / "usual"),))
    peano = Rule(("PEANO_INSTALL_DIR",), ("llvm-aie",), ())
    monkeypatch.setattr(finding, "RULES", {AIE_OPT: rule, PEANO: peano})
    monkeypatch.setattr(finding.sys, "path", [])


def program(path: Path, *, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_intent_comes_first_and_path_last(tmp_path: Path) -> None:
    on_path = program(tmp_path / "path" / "aie-opt")
    usual = program(tmp_path / "usual" / "bin" / "aie-opt")
    wheel = program(tmp_path / "env/lib/python3.12/site-packages/mlir_aie/bin/aie-opt")
    named = program(tmp_path / "named" / "bin" / "aie-opt")
    environment = {
        "PATH": str(on_path.parent),
        "VIRTUAL_ENV": str(tmp_path / "env"),
        "MLIR_AIE_INSTALL_DIR": str(tmp_path / "named"),
    }
    assert [c.path for c in candidates(AIE_OPT, environment)] == [named, wheel, usual, on_path]
    reasons = [c.reason for c in candidates(AIE_OPT, environment)]
    assert reasons[0] == "$MLIR_AIE_INSTALL_DIR"
    assert reasons[-1] == "PATH"


def test_a_variable_may_name_the_bin_folder_itself(tmp_path: Path) -> None:
    found = program(tmp_path / "peano" / "bin" / "clang")
    environment = {"PEANO_INSTALL_DIR": str(tmp_path / "peano" / "bin")}
    assert [c.path for c in candidates(PEANO, environment)] == [found]


def test_what_cannot_be_executed_is_no_candidate(tmp_path: Path) -> None:
    program(tmp_path / "path" / "aie-opt", mode=0o644)
    (tmp_path / "other" / "aie-opt").mkdir(parents=True)
    path = f"{tmp_path / 'path'}:{tmp_path / 'other'}:"
    assert candidates(AIE_OPT, {"PATH": path}) == []


def test_one_program_is_found_once(tmp_path: Path) -> None:
    found = program(tmp_path / "usual" / "bin" / "aie-opt")
    environment = {"PATH": f"{found.parent}:{found.parent}"}
    assert [c.reason for c in candidates(AIE_OPT, environment)] == ["a usual place"]


def test_one_program_is_found_once_by_two_names_of_its_folder(tmp_path: Path) -> None:
    found = program(tmp_path / "usr" / "bin" / "aie-opt")
    (tmp_path / "bin").symlink_to(found.parent)
    environment = {"PATH": f"{found.parent}:{tmp_path / 'bin'}"}
    assert [c.path for c in candidates(AIE_OPT, environment)] == [found]


def test_a_message_names_every_place(tmp_path: Path) -> None:
    text = places(AIE_OPT)
    assert text.startswith("$MLIR_AIE_INSTALL_DIR, the Python package mlir_aie")
    assert text.endswith("PATH")
