"""The doctor's findings as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from runner.doctor.check import Check, Status
from runner.doctor.examine import emulator_ready, hardware_ready

NAME_WIDTH, STATUS_WIDTH = 14, 8


HEADINGS = {False: "needed", True: "needed for the NPU"}
"""By whether a check matters for the NPU only."""


def as_text(checks: Sequence[Check]) -> str:
    """What is needed, what the NPU needs beyond that, and what it comes to."""
    lines = []
    for hardware, heading in HEADINGS.items():
        found = [line for c in checks if c.hardware is hardware for line in _lines(c)]
        lines += [f"{heading}:", *found, ""] if found else []
    return "\n".join([*lines, *_sums(checks)])


def _lines(check: Check) -> list[str]:
    """A line for a check, and its remedy below it where there is one."""
    first, *rest = check.detail.split("\n")
    hints = [f"-> {hint}" for hint in check.hint.split("\n") if hint]
    return [
        f"{check.status.value:<{STATUS_WIDTH}} {check.name:<{NAME_WIDTH}} {first}",
        *(f"{'':<{STATUS_WIDTH}} {'':<{NAME_WIDTH}} {line}" for line in (*rest, *hints)),
    ]


def _sums(checks: Sequence[Check]) -> list[str]:
    failures = [c.name for c in checks if c.status is Status.FAILED]
    needed = [c.name for c in checks if c.status is Status.FAILED and not c.hardware]
    emulator = f"not ready: {', '.join(needed)}" if needed else "ready: npuforge test_emu"
    hardware = (
        "ready: npuforge test_hw"
        if hardware_ready(checks)
        else f"not ready: {', '.join(failures)} (npuforge docs hardware)"
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
