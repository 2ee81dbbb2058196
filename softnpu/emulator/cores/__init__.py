"""The processors of cores: stand-in code (RV32) and an NPU's own, behind one interface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softnpu.arch.standin import STANDIN_ISA
from softnpu.emulator.cores.processor import Processor, ProcessorBus
from softnpu.emulator.memcheck.core import CoreCheck
from softnpu.emulator.memcheck.owned import OwnedCheck
from softnpu.emulator.memcheck.tagged import TaggedCheck
from softnpu.emulator.observing.recorder import Recorder
from softnpu.emulator.observing.stops import CoreStops
from softnpu.errors import EmulatorError


def check_runnable(isa: str | None, generation: str, where: str) -> None:
    """Makes sure that a core's code is executed here.

    Args:
        isa: what an xclbin's mark or the user says that it is; None for the NPU's own code.
        generation: of the NPU that the array is.
        where: the tile, for the message.

    Raises:
        EmulatorError: it is not.
    """
    if isa not in (None, STANDIN_ISA, generation):
        raise EmulatorError(
            f'the core of {where} holds "{isa}" code; executed are "{STANDIN_ISA}" and, on this'
            f' NPU, "{generation}"'
        )


def processor(
    isa: str | None,
    generation: str,
    program: NDArray[np.uint8],
    windows: dict[int, NDArray[np.uint8]],
    bus: ProcessorBus,
    recorder: Recorder | None = None,
    check: CoreCheck | None = None,
    stops: CoreStops | None = None,
) -> Processor:
    """A processor for code that `check_runnable` lets through; arguments as of `Processor`.

    Args:
        recorder: sees what is executed, for a profile.
        check: holds what the code accesses against what it may touch.
        stops: where a debugger wants the code to stop.
    """
    if isa == STANDIN_ISA:
        from softnpu.emulator.cores import standin

        tagged = check if isinstance(check, TaggedCheck) else None
        return standin.Machine(program, windows, bus, recorder, tagged, stops)
    from softnpu.emulator.cores import aie2
    from softnpu.isa import table

    owned = check if isinstance(check, OwnedCheck) else None
    return aie2.Aie2Processor(table.load(generation), program, windows, recorder, owned, stops)
