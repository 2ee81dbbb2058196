"""What all handles of the emulated device share: memory, registered xclbins, contexts."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from softnpu.emulator.host_memory import HostMemory
from softnpu.emulator.xrt.heap import DeviceHeap

if TYPE_CHECKING:
    from softnpu.emulator.report import RunReport
    from softnpu.emulator.timeline import Timeline
    from softnpu.emulator.xrt.device import hw_context
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


MODELS = {"npu1": Model("NPU Phoenix", 6, 4), "npu2": Model("NPU Strix", 32, 8)}
"""Names and numbers as in mlir-aie, python/utils/hostruntime/xrtruntime/hostruntime.py; columns as
in xdna-driver, npu1_regs.c and npu4_regs.c."""


@dataclass
class Settings:
    """How contexts are made from now on; see `configure`."""

    model: Model | None = None
    watchdog_raises: bool = False
    core_isa: str | None = None
    seed: int | None = None
    trace: bool = False
    stop_at: int | None = None
    on_report: Callable[[RunReport], None] | None = None


class Machine:
    """What all handles of one device share."""

    def __init__(self) -> None:
        self.memory = HostMemory()
        self.heap = DeviceHeap()
        self.xclbins: dict[str, xclbin] = {}
        self.contexts: weakref.WeakSet[hw_context] = weakref.WeakSet()
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
