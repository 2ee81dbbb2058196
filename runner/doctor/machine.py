"""What a build and every run need of the machine: Python, packages, limits, the kernel's log."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata

from runner.doctor.check import Check, failed, ok, unseen, warning
from runner.doctor.place import place
from runner.doctor.system import System
from runner.kernel_messages import KERNEL_MESSAGES
from runner.messages import explanations
from runner.npu.kernel_log import BY_HAND, KernelLog
from softnpu.environment import made_anew, made_with

OLDEST_PYTHON = (3, 10)

PACKAGES = ("doit", "jinja2", "ml_dtypes", "numpy", "pyelftools", "rich", "unicorn", "xdsl")
COMPILER = "ziglang"
"""The wheel with the compiler of stand-in cores."""

QUOTED = 3
"""Lines of the kernel's log at most that are quoted without being understood."""

LEAST_LOCKED = 128 << 20
"""Bytes: twice the driver's heap (amdxdna, aie2_pci.h: AIE2_DEVM_SIZE); buffers come on top."""


def python(
    version: tuple[int, ...] = tuple(sys.version_info[:3]), executable: str = sys.executable
) -> Check:
    """The Python that runs this."""
    told = ".".join(map(str, version))
    if version[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return failed(
            "Python",
            f"{told} ({executable}); {oldest} or newer is needed",
            made_with("/path/to/python3"),
            hardware=False,
        )
    return ok("Python", f"{told} ({executable})", hardware=False)


def packages(names: Sequence[str] = (*PACKAGES, COMPILER)) -> Check:
    """The Python packages that builds and the emulator take."""
    missing = []
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return failed(
            "packages",
            f"missing: {', '.join(missing)}",
            made_anew(),
            hardware=False,
        )
    told = f"all {len(names)} are installed; unicorn {metadata.version('unicorn')}"
    return ok("packages", f"{told}, {COMPILER} {metadata.version(COMPILER)}", hardware=False)


def memlock(system: System) -> Check:
    """How much memory a process may lock, as buffers of the NPU are."""
    if system.memlock is None:
        return ok("memlock", "unlimited")
    told = f"{system.memlock >> 10} KB may be locked"
    if system.memlock < LEAST_LOCKED:
        remedy = place(system).memlock
        return warning("memlock", f"{told}: contexts or larger buffers may fail", remedy)
    return ok("memlock", told)


def kernel_log(system: System) -> Check:
    """What the driver complained of since the machine was started.

    Each known complaint is explained; errors that are not known are quoted.
    """
    log = KernelLog(system.run, everything=True).news()
    if log.unreadable:
        return unseen("kernel log", "this user may not read it", BY_HAND)
    found = explanations("\n".join(log.lines), KERNEL_MESSAGES)
    unknown = [line for line in log.complaints if not explanations(line, KERNEL_MESSAGES)]
    if not found and not unknown:
        lines = f"{len(log.lines)} line{'s' * (len(log.lines) != 1)}"
        return ok("kernel log", f"{lines} about the NPU, no complaint")
    details = [e.meaning for e in found]
    details += [f'the driver says "{line}"' for line in unknown[:QUOTED]]
    if len(unknown) > QUOTED:
        details.append(f"and {len(unknown) - QUOTED} more such lines")
    hints = list(dict.fromkeys(e.remedy for e in found))
    if unknown:
        hints.append(f"what that means is not known here: {BY_HAND}; issues of amd/xdna-driver")
    return warning("kernel log", "\n".join(details), "\n".join(hints))
