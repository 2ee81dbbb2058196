from __future__ import annotations

import json

import pytest

from runner.doctor import Status, Tool, as_json, as_text, devices, examine, hardware_ready
from tests.runner.doctor.machines import Machine

NO_PEANO = Tool("peano", None, reason="was not found", needed=True, remedy="pip install llvm-aie")


def test_a_failed_check_stands_with_its_remedy_and_decides_the_sum(laptop: Machine) -> None:
    text = as_text(examine(laptop.system, [NO_PEANO]))
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("FAILED"))
    assert "peano" in lines[at] and lines[at + 1].strip() == "-> pip install llvm-aie"
    assert "emulator: ready: npuforge test_emu" in lines
    assert "hardware: not ready: peano (npuforge docs hardware)" in lines


def test_json_says_the_same_to_programs(laptop: Machine) -> None:
    checks = examine(laptop.system, [NO_PEANO])
    data = json.loads(as_json(checks))
    assert data["ready"] == {"emulator": True, "hardware": False}
    (peano,) = (c for c in data["checks"] if c["name"] == "peano")
    assert peano["status"] == "FAILED" and peano["hint"] == "pip install llvm-aie"
    assert len(data["checks"]) == len(checks)


def test_a_check_that_breaks_is_told_and_hides_no_other(
    laptop: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(system: object) -> list[object]:
        raise ValueError("odd sysfs")

    monkeypatch.setattr(devices, "find", broken)
    checks = examine(laptop.system, [])
    by_name = {c.name: c for c in checks}
    assert by_name["firmware"].status is Status.UNSEEN and "odd sysfs" in by_name["firmware"].detail
    assert by_name["XRT"].status is Status.OK


def test_an_empty_machine_gives_every_check_and_no_exception(laptop: Machine) -> None:
    laptop.change(root=laptop.root / "nothing", run=lambda _: None)
    checks = examine(laptop.system, [])
    assert len(checks) == len(examine(laptop.system, []))
    assert not hardware_ready(checks)
    assert {c.status for c in checks} >= {Status.FAILED, Status.UNSEEN, Status.OK}
