"""One function on one core, called as C calls it: a unit test of a kernel in milliseconds.

import numpy as np
import softnpu.core

x = np.arange(256, dtype=np.int32)
done = softnpu.core.run("scale.o", x, np.zeros_like(x), 256, entry="scale")
done.arrays[1], done.cycles
softnpu.core.run("bias.o", x, registers=done.registers)  # begins with what the first one left
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise
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
        registers: what an NPU would leave in them for the program that comes next, by name: all but
            those that a reset of the core sets (control, status, `lr`, `sp`, the loop's).
    """

    arrays: list[Array]
    result: int
    cycles: int
    stalls: int
    profile: Profile | None = None
    registers: dict[str, int] = field(default_factory=dict)


class RegisterError(EmulatorError):
    """A register that there is not, or that cannot hold what it is given."""


def run(
    file: str | Path,
    *arguments: Array | int,
    entry: str | None = None,
    device: str = "npu1",
    limit: int = LIMIT,
    profile: bool = False,
    unset: int = UNSET,
    registers: Mapping[str, int] | None = None,
    at: Sequence[int] = (),
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
        registers: what registers hold at first, by the names of assembly: `registers` of an earlier
            `Done`, since an NPU clears none between two programs, or what a kernel relies on
            (`{"crRnd": 12}`). Arguments, `lr` and `sp` are set by the call.
        at: addresses of the first arrays, in their order, as a design places them: which banks
            they share decides about stalls. The other arrays lie from 0x40000 on.

    Raises:
        RegisterError: `registers` names one that there is not, or a value that it cannot hold.
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
    _begin(machine, registers or {}, device)
    places = _pass(machine, memory, arguments, at)
    _apart(places)
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
    lasting = machine.lasting().items()
    left = {text: int.from_bytes(machine.read(name), "little") for text, name in lasting}
    return Done(arrays, result, machine.state.cycles, machine.state.stalled, spent, left)


def _begin(machine: Machine, registers: Mapping[str, int], device: str) -> None:
    """Gives registers what they hold before the call."""
    known = machine.program.instructions.registers
    named = {register.text: name for name, register in known.items()}
    for text, value in registers.items():
        name = named.get(text)
        if name is None:
            near = get_close_matches(text, named, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise RegisterError(f"{device}'s cores have no register {text}{hint}")
        if known[name].parts:
            parts = ", ".join(known[part].text for part in known[name].parts)
            raise RegisterError(f"register {text} is made of {parts}: give these")
        bits = known[name].bits
        if not 0 <= value < 1 << bits:
            raise RegisterError(f"register {text} has {bits} bits: it cannot hold {value:#x}")
        machine.write(name, value.to_bytes(max(bits, 32) // 8, "little"))


def _profile(file: Path, image: Image, recorder: Recorder, code: str) -> Profile:
    """By the lines of a linked file; an object's are not known where it is placed."""
    source = SourceLines(file) if image.linked else None
    return of_recorder(file.name, recorder, code, source, function=image.function_at)


def _put(memory: bytearray, address: int, data: bytes) -> None:
    if not MEMORY <= address <= MEMORY + len(memory) - len(data):
        raise EmulatorError(f"{len(data)} bytes of data at {address:#x}: no window is there")
    memory[address - MEMORY : address - MEMORY + len(data)] = data


def _pass(
    machine: Machine, memory: bytearray, arguments: tuple[Array | int, ...], at: Sequence[int]
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
        if len(places) < len(at):
            place = at[len(places)]
        else:
            place, free = free, -(-(free + len(data)) // _ALIGNED) * _ALIGNED
            if place + len(data) > OWN:
                raise EmulatorError(
                    f"the arrays take more than the {OWN - MEMORY:,} bytes that a core reaches "
                    "beside its own memory"
                )
        _put(memory, place, data)
        machine.write(f"p{len(places)}", place.to_bytes(4, "little"))
        places.append((place, np.asarray(argument)))
    if len(places) < len(at):
        raise EmulatorError(f"{len(at)} addresses are given for {len(places)} arrays")
    return places


def _apart(places: list[tuple[int, Array]]) -> None:
    """EmulatorError where two arrays overlap."""
    taken = sorted((place, place + given.nbytes) for place, given in places)
    for (_, end), (start, _) in pairwise(taken):
        if start < end:
            raise EmulatorError(
                f"an array reaches up to {end:#x}, over one at {start:#x}: give other addresses"
            )


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
