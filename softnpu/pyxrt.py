"""The emulator behind XRT's Python API: `import softnpu.pyxrt as pyxrt`.

The classes and calls are XRT's, with the behaviour of the real ones where it hurts: a buffer that
was not synced is stale, a buffer where a scalar belongs or in the wrong memory is replaced by a
copy with XRT's warning, a hang is ERT_CMD_STATE_TIMEOUT, a seventh context fails. What NPUs or the
emulator lack (graphs, imported memory) has its names, too, and says so when it is used. Source:
XRT, src/python/pybind11/src/pyxrt.cpp, core/common/api/xrt_kernel.cpp, xrt_bo.cpp.

Beyond XRT: `run.report()` and `run.explanation()` tell what happened; `assume_core_isa`,
`configure` and `last_timeline` set and show what the emulator does.

A run executes when its result is asked for (`wait`, `state`, a later run's `wait`), so a host that
reads an output without waiting sees the old contents. A hang is noticed at once: `wait` does not
sleep, whatever the timeout.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.configuration import elf, module, program
from softnpu.emulator.xrt.device import device, hw_context
from softnpu.emulator.xrt.enums import (
    XCL_BO_FLAGS_NONE,
    ert_cmd_state,
    xclBOSyncDirection,
    xrt_info_device,
    xrt_msg_level,
)
from softnpu.emulator.xrt.extended import aie, ext, graph
from softnpu.emulator.xrt.image import (
    uuid,
    xclbin,
    xclbinip_vector,
    xclbinkernel_vector,
    xclbinmem_vector,
)
from softnpu.emulator.xrt.kernel import kernel, run
from softnpu.emulator.xrt.machine import MODELS, machine
from softnpu.emulator.xrt.runlist import runlist

if TYPE_CHECKING:
    from softnpu.emulator.explaining.report import RunReport
    from softnpu.emulator.observing.attached import Attached
    from softnpu.emulator.timelines.timeline import Timeline

__all__ = [
    "XCL_BO_FLAGS_NONE",
    "aie",
    "alert",
    "assume_core_isa",
    "bo",
    "configure",
    "critical",
    "debug",
    "device",
    "elf",
    "emergency",
    "enumerate_devices",
    "error",
    "ert_cmd_state",
    "ext",
    "graph",
    "hw_context",
    "info",
    "kernel",
    "last_timeline",
    "log_message",
    "module",
    "notice",
    "program",
    "run",
    "runlist",
    "uuid",
    "warning",
    "xclBOSyncDirection",
    "xclbin",
    "xclbinip_vector",
    "xclbinkernel_vector",
    "xclbinmem_vector",
    "xrt_info_device",
    "xrt_msg_level",
]

_log = logging.getLogger(__name__)

emergency, alert = xrt_msg_level.emergency, xrt_msg_level.alert
critical, error = xrt_msg_level.critical, xrt_msg_level.error
warning, notice = xrt_msg_level.warning, xrt_msg_level.notice
info, debug = xrt_msg_level.info, xrt_msg_level.debug

_LEVELS = {
    **dict.fromkeys((emergency, alert, critical), logging.CRITICAL),
    **{error: logging.ERROR, warning: logging.WARNING},
    **{notice: logging.INFO, info: logging.INFO, debug: logging.DEBUG},
}


def assume_core_isa(isa: str | None) -> None:
    """Says what the cores of xclbins without a mark hold ("rv32"). Not in XRT."""
    machine().settings.core_isa = isa


def configure(
    *,
    device: str | None = None,
    watchdog_raises: bool = False,
    seed: int | None = None,
    trace: bool = False,
    memcheck: int | None = None,
    stop_at: int | None = None,
    debugger: Attached | None = None,
    on_report: Callable[[RunReport], None] | None = None,
) -> None:
    """Sets how contexts made from now on run. Not in XRT.

    Args:
        device: "npu1" or "npu2": the device's name, how many contexts there can be and how many
            columns they can have; what fits the xclbins unless given. What the array is comes
            from the artifact.
        watchdog_raises: a run that the driver's watchdog has ended raises in `wait`, instead of
            being ERT_CMD_STATE_TIMEOUT: drivers tell it either way.
        seed: shuffles the order of what is ready.
        trace: records a timeline, see `last_timeline`.
        memcheck: holds so many of the cores' accesses against what they may touch, 0 for
            all; none unless given.
        stop_at: ends each run at this cycle; its explanation shows the array's state.
        debugger: stops cores and looks at the array.
        on_report: called with the report of each run.
    """
    settings = machine().settings
    settings.model = None if device is None else MODELS[device]
    settings.watchdog_raises = watchdog_raises
    settings.seed, settings.trace, settings.memcheck = seed, trace, memcheck
    settings.stop_at, settings.on_report = stop_at, on_report
    settings.debugger = debugger


def last_timeline() -> Timeline | None:
    """The timeline of the latest context made with `configure(trace=True)`. Not in XRT."""
    return machine().timeline


def enumerate_devices() -> int:
    """How many devices there are."""
    return 1


def log_message(level: xrt_msg_level, tag: str, message: str, /) -> None:
    """Passes a message on to Python's logging."""
    if not isinstance(level, xrt_msg_level):
        raise TypeError(f"log_message(): incompatible function arguments: {level!r} is no level")
    _log.log(_LEVELS[level], "[%s] %s", tag, message)
