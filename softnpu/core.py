"""One function on one core, called as C calls it: a unit test of a kernel in milliseconds.

import numpy as np
import softnpu.core

x = np.arange(256, dtype=np.int32)
done = softnpu.core.run("scale.o", x, np.zeros_like(x), 256, entry="scale")
done.arrays[1], done.cycles
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softnpu.emulator.aie2.image import Image, load
from softnpu.emulator.aie2.machine import UNSET, Fault, Machine, Request
from softnpu.emulator.aie2.program import Program
from softnpu.emulator.naming.source_lines import SourceLines
from softnpu.emulator.observing.recorder import Recorder
from softnpu.emulator.profiling.profile import Profile, of_recorder
from softnpu.errors import EmulatorError
from softnpu.isa import table
from softnpu.isa.text import notation

Array = np.ndarray[Any, Any]

WINDOW = 0x10000
MEMORY, OWN = 0x40000, 0x70000
"""The four windows of a core on data memory; its stack begins its own and grows upwards."""
_ALIGNED = 64
POINTERS, SCALARS = 8, 8
"""Arguments that go into registers: pointers from p0, numbers from r0 (Peano's convention)."""
LIMIT = 1_000_000_000
"""Cycles after which a run is taken for an endless loop: a second of the NPU's time."""


@dataclass(frozen=True)
class Done:
    """What a call left.

    Attributes:
        arrays: the arrays that were given, as they are behind the call, in their order.
        result: r0, as int32.
        cycles: bundles that were issued, and stalls.
        stalls: of these, the cycles in which a memory bank held the core up.
        profile: where the cycles went, if that was asked for.
    """

    arrays: list[Array]
    result: int
    cycles: int
    stalls: int
    profile: Profile | None = None


def run(
    file: str | Path,
    *arguments: Array | int,
    entry: str | None = None,
    device: str = "npu1",
    limit: int = LIMIT,
    profile: bool = False,
    unset: int = UNSET,
) -> Done:
    """Calls a function of a file.

    Args:
        file: assembly (.s), an object, or a linked ELF file.
        arguments: arrays go into data memory, and pointers to them into p0, p1, …; numbers go
            into r0, r1, ….
        entry: the function; the only one, or the program's start, when None.
        device: npu1 or npu2.
        limit: cycles.
        profile: records where the cycles go.
        unset: each byte of the registers that nothing has set. What differs between two runs with
            two of them reads such a register.

    Raises:
        EmulatorError: the file is not for such a core, the arguments do not fit, or the code does
            what the NPU leaves undefined, goes where no memory is, waits for others, or does not
            end; the message names function and bundle.
    """
    image = load(Path(file), device)
    start = image.function(entry)
    recorder = Recorder(image.code, start) if profile else None
    instructions = table.load(table.BY_DEVICE[device])
    machine = Machine(Program(instructions, image.code, (start,)), recorder, unset=unset)
    memory = bytearray(4 * WINDOW)
    for window in range(4):
        machine.map(MEMORY + window * WINDOW, memory, window * WINDOW)
    for address, data in image.data:
        _put(memory, address, data)
    places = _pass(machine, memory, arguments)
    machine.write("sp", OWN.to_bytes(4, "little"))
    machine.write("lr", machine.program.halt.to_bytes(4, "little"))
    machine.start(start)
    request = machine.run(limit)
    while request is Request.EVENT:  # which nobody traces here
        request = machine.run(limit)
    if request not in (Request.RETURNED, Request.DONE):
        raise EmulatorError(_why(request, machine, image, limit))
    arrays = [
        np.frombuffer(memory, given.dtype, given.size, place - MEMORY).reshape(given.shape).copy()
        for place, given in places
    ]
    result = int.from_bytes(machine.read("r0"), "little", signed=True)
    code = instructions.name.upper()
    spent = None if recorder is None else _profile(Path(file), image, recorder, code)
    return Done(arrays, result, machine.state.cycles, machine.state.stalled, spent)


def _profile(file: Path, image: Image, recorder: Recorder, code: str) -> Profile:
    """By the lines of a linked file; an object's are not known where it is placed."""
    source = SourceLines(file) if image.linked else None
    return of_recorder(file.name, recorder, code, source, function=image.function_at)


def _put(memory: bytearray, address: int, data: bytes) -> None:
    if not MEMORY <= address <= MEMORY + len(memory) - len(data):
        raise EmulatorError(f"{len(data)} bytes of data at {address:#x}: no window is there")
    memory[address - MEMORY : address - MEMORY + len(data)] = data


def _pass(
    machine: Machine, memory: bytearray, arguments: tuple[Array | int, ...]
) -> list[tuple[int, Array]]:
    """Puts arguments where the function looks for them; the arrays' addresses."""
    free, scalars = MEMORY, 0
    places: list[tuple[int, Array]] = []
    for argument in arguments:
        if isinstance(argument, int | np.integer):
            if scalars == SCALARS:
                raise EmulatorError(f"more than {SCALARS} numbers do not fit into registers")
            machine.write(f"r{scalars}", (int(argument) & 0xFFFFFFFF).to_bytes(4, "little"))
            scalars += 1
            continue
        if len(places) == POINTERS:
            raise EmulatorError(f"more than {POINTERS} arrays do not fit into registers")
        data = np.ascontiguousarray(argument).tobytes()
        if free + len(data) > OWN:
            raise EmulatorError(
                f"the arrays take more than the {OWN - MEMORY:,} bytes that a core reaches beside "
                "its own memory"
            )
        _put(memory, free, data)
        machine.write(f"p{len(places)}", free.to_bytes(4, "little"))
        places.append((free, np.asarray(argument)))
        free = -(-(free + len(data)) // _ALIGNED) * _ALIGNED
    return places


_WAITS = {
    Request.ACQUIRE: "waits for a lock",
    Request.RELEASE: "releases a lock",
    Request.STREAM_IN: "reads from a stream",
    Request.STREAM_OUT: "writes to a stream",
    Request.CASCADE_IN: "reads from the cascade",
    Request.CASCADE_OUT: "writes to the cascade",
    Request.PACKET_HEADER: "writes to a stream",
    Request.TILE_LOAD: "reads a register of its tile",
    Request.TILE_STORE: "writes a register of its tile",
}


def _why(request: Request, machine: Machine, image: Image, limit: int) -> str:
    state = machine.state
    if request is Request.GOES_ON:
        return f"the code has not ended after {limit:,} cycles: an endless loop, or give more"
    if request in _WAITS:
        return (
            f"{image.named(state.pc)} {_WAITS[request]}, which one core alone has not: call a "
            "function that works on memory only, or run the design with npuforge test_emu"
        )
    bundle = machine.program.bundle(state.fault_pc)
    text = f" ({notation(machine.program.instructions).write_bundle(bundle)})" if bundle else ""
    fault = Fault(state.fault)
    what = fault.told.format(at=f"{state.fault_at:#x}")
    return f"{image.named(state.fault_pc)}{text} {what}{_overrun(state.stack_high, image)}"


def _overrun(stack: int, image: Image) -> str:
    """What a stack that has reached up to `stack` may have to do with a fault."""
    below = [address for address, data in image.data if OWN <= address < stack and data]
    if not below:
        return ""
    return (
        f"; its stack reached up to {stack:#x}, over the program's own data from {min(below):#x} "
        "on: link it with a larger stack_size"
    )
