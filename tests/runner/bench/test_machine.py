"""What is noted beside a figure, on made-up machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.bench import machine
from runner.doctor import System

PLATFORM = {
    "platforms": [
        {
            "power_mode": "Turbo",
            "clocks": {"clocks": [{"id": "H Clock", "freq_mhz": "1810"}, {"id": "no figure"}]},
        }
    ]
}


def _system(root: Path, report: Any = None, said: Sequence[str] = ()) -> System:
    waiting = iter(said)
    return System(
        root=root,
        environ={},
        run=lambda _command: next(waiting, None),
        report=lambda _program, name, _address: report if name == "platform" else None,
    )


def _npu(root: Path) -> None:
    folder = root / "sys/bus/pci/devices/0000:c6:00.1"
    folder.mkdir(parents=True)
    for name, value in {"vendor": "0x1022", "device": "0x1502", "revision": "0x00"}.items():
        (folder / name).write_text(value)
    smi = root / "opt/xilinx/xrt/bin/xrt-smi"
    smi.parent.mkdir(parents=True)
    smi.touch()


def test_power_mode_and_clocks_are_noted(tmp_path: Path) -> None:
    _npu(tmp_path)
    assert machine.npu(_system(tmp_path, PLATFORM)) == {
        "power_mode": "Turbo",
        "clocks": "H Clock 1810 MHz",
    }


def test_what_xrt_smi_does_not_tell_is_unknown(tmp_path: Path) -> None:
    assert machine.npu(_system(tmp_path)) == {"power_mode": "unknown", "clocks": "unknown"}


def test_changed_sources_are_marked(tmp_path: Path) -> None:
    found = machine.sources(_system(tmp_path, said=["abc\n", " M x.c\n", "2026-01-01\n"]), ".")
    assert found == {"commit": "abc+", "committed": "2026-01-01"}
    found = machine.sources(_system(tmp_path, said=["abc\n", "", "2026-01-01\n"]), ".")
    assert found["commit"] == "abc"


def test_without_git_there_is_no_commit(tmp_path: Path) -> None:
    assert machine.sources(_system(tmp_path), ".") == {}


def test_the_processor_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor\t: 0\nmodel name\t: Ryzen 7 7840U\n")
    found = machine.machine(_system(tmp_path))
    assert found["processor"] == "Ryzen 7 7840U"
    assert found["numpy"][0].isdigit()
