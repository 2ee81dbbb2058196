"""The doctor's findings as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from runner.doctor.check import Check, Status
from runner.doctor.examine import emulator_ready, hardware_ready

NAME_WIDTH, STATUS_WIDTH = 14, 8


def as_text(checks: Sequence[Check]) -> str:
    """A line a check, its remedy below it where there is one, and what it comes to."""
    lines = []
    for check in checks:
        lines.append(
            f"{check.status.value:<{STATUS_WIDTH}} {check.name:<{NAME_WIDTH}} {check.detail}"
        )
        if check.hint:
            lines.append(f"{'':<{STATUS_WIDTH}} {'':<{NAME_WIDTH}} -> {check.hint}")
    return "\n".join([*lines, "", *_sums(checks)])


def _sums(checks: Sequence[Check]) -> list[str]:
    failures = [c.name for c in checks if c.status is Status.FAILED]
    emulator = "ready: doit test_emu" if emulator_ready(checks) else "not ready"
    hardware = (
        "ready: doit test_hw"
        if hardware_ready(checks)
        else f"not ready: {', '.join(failures)} (docs/hardware.md)"
    )
    return [f"emulator: {emulator}", f"hardware: {hardware}"]


def as_json(checks: Sequence[Check]) -> str:
    """The same for programs."""
    return json.dumps(
        {
            "checks": [{**asdict(c), "status": c.status.value} for c in checks],
            "ready": {"emulator": emulator_ready(checks), "hardware": hardware_ready(checks)},
        },
        indent=1,
    )
