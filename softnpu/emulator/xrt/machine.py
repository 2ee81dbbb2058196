"""What all handles of the emulated device share: memory, registered xclbins, contexts."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.memory.host_memory import HostMemory
from softnpu.emulator.xrt.heap import DeviceHeap

if TYPE_CHECKING:
    from softnpu.emulator.explaining.report import RunReport
    from softnpu.emulator.observing.attached import Attached
    from softnpu.emulator.timelines.timeline import Timeline
    from softnpu.emulator.xrt.image import xclbin


@dataclass(frozen=True)
class Model:
    """An NPU as its driver presents it.

    Attributes:
        name: what `device.get_info` says; mlir-aie's hosts recognise the generation by it.
        contexts: how many hardware contexts there can be at a time.
        columns: how many of the array's columns they can have.
    """

    name: str
    contexts: int
    columns: int


MODELS = {"npu1": Model("NPU Phoenix", 6, 4), "npu2": Model("NPU Strix", 16, 8)}
"""Names as in mlir-aie, python/utils/hostruntime/xrtruntime/hostruntime.py; contexts and columns as
in xdna-driver, drivers/accel/amdxdna, npu1_regs.c and npu4_regs.c (hwctx_limit). All programs share
the contexts; mlir-aie's own figure for npu2, 32, is more than there are (its pull request 3526)."""


@dataclass
class Settings:
    """How contexts are made from now on; see `configure`."""

    model: Model | None = None
    watchdog_raises: bool = False
    core_isa: str | None = None
    seed: int | None = None
    trace: bool = False
    memcheck: int | None = None
    stop_at: int | None = None
    debugger: Attached | None = None
    on_report: Callable[[RunReport], None] | None = None


class Maps:
    """Maps of buffers that are gone: XRT has unmapped them, and to touch one is a crash."""

    def __init__(self) -> None:
        self._orphans: list[weakref.ref[NDArray[np.uint8]]] = []

    def orphan(self, mapped: weakref.ref[NDArray[np.uint8]]) -> None:
        """The buffer of a map is gone."""
        if mapped() is not None:
            self._orphans.append(mapped)

    def held(self) -> int:
        """How many of them are still held, told once: those that went with their buffers, as at
        the end of a function, are none."""
        orphans, self._orphans = self._orphans, []
        return sum(mapped() is not None for mapped in orphans)


class Machine:
    """What all handles of one device share."""

    def __init__(self) -> None:
        self.memory = HostMemory()
        self.heap = DeviceHeap()
        self.maps = Maps()
        self.xclbins: dict[str, xclbin] = {}
        self.contexts: weakref.WeakSet[object] = weakref.WeakSet()
        self.settings = Settings()
        self.timeline: Timeline | None = None

    @property
    def model(self) -> Model:
        """The NPU that it is: as set, else the first that is wide enough for what it was given."""
        if self.settings.model is not None:
            return self.settings.model
        widest = max((image.columns for image in self.xclbins.values()), default=0)
        return next((m for m in MODELS.values() if m.columns >= widest), MODELS["npu2"])


@lru_cache(maxsize=1)
def machine() -> Machine:
    """The one device of this process."""
    return Machine()
