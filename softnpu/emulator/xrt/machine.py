"""What all handles of the emulated device share: memory, registered xclbins, contexts."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from softnpu.emulator.host_memory import HostMemory

if TYPE_CHECKING:
    from softnpu.emulator.report import RunReport
    from softnpu.emulator.timeline import Timeline
    from softnpu.emulator.xrt.device import hw_context, xclbin


@dataclass(frozen=True)
class Model:
    """An NPU as its driver presents it.

    Attributes:
        name: what `device.get_info` says; mlir-aie's hosts recognise the generation by it.
        contexts: how many hardware contexts there can be at a time.
    """

    name: str
    contexts: int


MODELS = {"npu1": Model("NPU Phoenix", 6), "npu2": Model("NPU Strix", 32)}
"""Names and numbers as in mlir-aie, python/utils/hostruntime/xrtruntime/hostruntime.py."""


@dataclass
class Settings:
    """How contexts are made from now on; see `configure`."""

    model: Model = MODELS["npu1"]
    core_isa: str | None = None
    seed: int | None = None
    trace: bool = False
    stop_at: int | None = None
    on_report: Callable[[RunReport], None] | None = None


class Machine:
    """What all handles of one device share."""

    def __init__(self) -> None:
        self.memory = HostMemory()
        self.xclbins: dict[str, xclbin] = {}
        self.contexts: weakref.WeakSet[hw_context] = weakref.WeakSet()
        self.settings = Settings()
        self.timeline: Timeline | None = None


@lru_cache(maxsize=1)
def machine() -> Machine:
    """The one device of this process."""
    return Machine()
