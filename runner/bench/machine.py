"""What a figure was measured on: machine, versions, the state of the sources, the NPU's mode."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from runner.doctor import System, devices
from runner.doctor.system import find_key

PACKAGES = ("numpy", "ml_dtypes", "unicorn")

UNKNOWN = "unknown"
CHANGED = "+"
"""Behind a commit: files have changed since."""


def machine(system: System) -> dict[str, str]:
    """Processor, operating system, Python and packages."""
    return {
        "processor": _processor(system),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def _processor(system: System) -> str:
    for line in (system.read("proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return str(metadata.version(name))
    except metadata.PackageNotFoundError:
        return UNKNOWN


def sources(system: System, folder: str) -> dict[str, str]:
    """The commit of the sources, "+" behind it where files have changed since; {} without git."""
    git = ["git", "-C", folder]
    commit = _said(system, [*git, "rev-parse", "--short=12", "HEAD"])
    if not commit:
        return {}
    changed = _said(system, [*git, "status", "--porcelain", "--untracked-files=no"])
    when = _said(system, [*git, "show", "-s", "--format=%cI", "HEAD"])
    return {"commit": commit + (CHANGED if changed else ""), "committed": when}


def _said(system: System, command: Sequence[str]) -> str:
    return (system.run(command) or "").strip()


def npu(system: System) -> dict[str, str]:
    """Power mode and clocks, which times depend on, as xrt-smi tells; "unknown" where it does not.

    Its report `platform` holds `power_mode` and `clocks`, each with `id` or `description` and
    `freq_mhz` (XRT, ReportPlatforms.cpp).
    """
    program, found = system.smi(), devices.find(system)
    tree = system.report(program, "platform", found[0].address) if program and found else None
    modes = find_key(tree, "power_mode")
    return {
        "power_mode": str(modes[0]) if modes else UNKNOWN,
        "clocks": _clocks(tree) or UNKNOWN,
    }


def _clocks(tree: Any) -> str:
    found = [c for clocks in find_key(tree, "clocks") for c in _with_frequency(clocks)]
    return ", ".join(f"{_name(c)} {c['freq_mhz']} MHz" for c in found)


def _with_frequency(tree: Any) -> list[Mapping[str, Any]]:
    if isinstance(tree, Mapping):
        return [tree] if "freq_mhz" in tree else []
    if isinstance(tree, list):
        return [clock for entry in tree for clock in _with_frequency(entry)]
    return []


def _name(clock: Mapping[str, Any]) -> str:
    return str(clock.get("id") or clock.get("description") or "clock")
