"""All checks, one after the other; none hides another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from runner.doctor import devices, machine, tools, xrt
from runner.doctor.check import Check, Status, unseen
from runner.doctor.place import where
from runner.doctor.system import System
from runner.doctor.tools import Tool

ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
"""What odd contents of a file may cause in a check: that one then says so, the others go on."""

HARDWARE: tuple[tuple[str, Callable[[System], Check]], ...] = (
    ("place", where),
    ("NPU", devices.npu),
    ("driver", devices.driver),
    ("IOMMU", devices.iommu),
    ("firmware", devices.firmware),
    ("device node", devices.node),
    ("memlock", machine.memlock),
    ("XRT", xrt.xrt),
    ("XRT plugin", xrt.plugin),
    ("pyxrt", xrt.pyxrt),
    ("power mode", devices.power_mode),
    ("contexts", devices.contexts),
    ("kernel log", machine.kernel_log),
)


def examine(system: System, found: Sequence[Tool]) -> list[Check]:
    """Everything that the doctor looks at.

    Args:
        found: AMD's build tools, each found or not.
    """
    jobs: list[tuple[str, Callable[[], Check]]] = [
        ("Python", machine.python),
        ("packages", machine.packages),
        *((tool.name, partial(tools.check, tool)) for tool in found),
        ("tools fit", partial(tools.fit, found)),
        *((name, partial(job, system)) for name, job in HARDWARE),
    ]
    checks = [_guarded(name, job) for name, job in jobs]
    if any(check.name == "place" and check.status is Status.FAILED for check in checks):
        return [_elsewhere(check) for check in checks]
    return checks


def _elsewhere(check: Check) -> Check:
    """A check where no NPU can be reached: what else is missing for it, nothing here mends."""
    of_npu = check.name in dict(HARDWARE) and check.name != "place"
    return replace(check, hint="") if of_npu else check


def _guarded(name: str, job: Callable[[], Check]) -> Check:
    try:
        return job()
    except ERRORS as error:
        return unseen(name, f"the check itself failed: {type(error).__name__}: {error}")


def emulator_ready(checks: Sequence[Check]) -> bool:
    """Whether `npuforge test_emu` can work."""
    return not any(c.status is Status.FAILED and not c.hardware for c in checks)


def hardware_ready(checks: Sequence[Check]) -> bool:
    """Whether `npuforge test_hw` can work, as far as can be told."""
    return not any(c.status is Status.FAILED for c in checks)
