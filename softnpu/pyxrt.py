"""The emulator behind XRT's Python API: `import softnpu.pyxrt as pyxrt`.

The classes and calls are those that a host for an NPU uses, with the behaviour of the real ones
where it hurts: a buffer that was not synced is stale, a buffer where a scalar belongs or in the
wrong memory is replaced by a copy with XRT's warning, a hang is ERT_CMD_STATE_TIMEOUT, a seventh
context fails. Source: XRT, src/python/pybind11/src/pyxrt.cpp, core/common/api/xrt_kernel.cpp,
xrt_bo.cpp.

Beyond XRT: `run.report()` and `run.explanation()` tell what happened; `assume_core_isa`,
`configure` and `last_timeline` set and show what the emulator does.

A run executes when its result is asked for (`wait`, `state`, a later run's `wait`), so a host that
reads an output without waiting sees the old contents. A hang is noticed at once: `wait` does not
sleep, whatever the timeout.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.device import device, hw_context, uuid, xclbin
from softnpu.emulator.xrt.enums import ert_cmd_state, xclBOSyncDirection, xrt_info_device
from softnpu.emulator.xrt.kernel import kernel, run, runlist
from softnpu.emulator.xrt.machine import MODELS, machine

if TYPE_CHECKING:
    from softnpu.emulator.report import RunReport
    from softnpu.emulator.timeline import Timeline

__all__ = [
    "assume_core_isa",
    "bo",
    "configure",
    "device",
    "enumerate_devices",
    "ert_cmd_state",
    "hw_context",
    "kernel",
    "last_timeline",
    "log_message",
    "run",
    "runlist",
    "uuid",
    "xclBOSyncDirection",
    "xclbin",
    "xrt_info_device",
]

_log = logging.getLogger(__name__)


def assume_core_isa(isa: str | None) -> None:
    """Says what the cores of xclbins without a mark hold ("rv32"). Not in XRT."""
    machine().settings.core_isa = isa


def configure(
    *,
    device: str = "npu1",
    seed: int | None = None,
    trace: bool = False,
    stop_at: int | None = None,
    on_report: Callable[[RunReport], None] | None = None,
) -> None:
    """Sets how contexts made from now on run. Not in XRT.

    Args:
        device: "npu1" or "npu2": the device's name, and how many contexts there can be. What the
            array is comes from the artifact.
        seed: shuffles the order of what is ready.
        trace: records a timeline, see `last_timeline`.
        stop_at: ends each run at this cycle; its explanation shows the array's state.
        on_report: called with the report of each run.
    """
    settings = machine().settings
    settings.model = MODELS[device]
    settings.seed, settings.trace = seed, trace
    settings.stop_at, settings.on_report = stop_at, on_report


def last_timeline() -> Timeline | None:
    """The timeline of the latest context made with `configure(trace=True)`. Not in XRT."""
    return machine().timeline


def enumerate_devices() -> int:
    """How many devices there are."""
    return 1


def log_message(level: Any, tag: str, message: str) -> None:
    """Passes a message on to Python's logging."""
    _log.info("[%s] %s: %s", tag, level, message)
