"""Runs core programs on their own, and keeps a record of what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ml_dtypes
import numpy as np
from elftools.elf.elffile import ELFFile
from numpy.typing import NDArray

from softnpu.arch.device import WINDOW_SIZE, WINDOWS
from softnpu.arch.standin import CASCADE_BYTES, Service
from softnpu.dialects.aie import CoreOp, DeviceOp
from softnpu.dialects.text import parse_text
from softnpu.emulator.cores.processor import MachineError
from softnpu.emulator.cores.standin import Machine as Processor
from softnpu.targets.core_c import core_source
from softnpu.targets.standin import compile_core

OWN = 0x70000
PROGRAM = 0x4000

DTYPES = {
    "i1": np.uint8,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "bf16": ml_dtypes.bfloat16,
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
}


class NoBus:
    """The tile's registers, which a core on its own has none of."""

    def bus_enabled(self) -> bool:
        return False

    def read(self, offset: int) -> int:
        raise NotImplementedError

    def write(self, offset: int, value: int) -> None:
        raise NotImplementedError


@dataclass
class Machine:
    """One core's program on the emulator's processor, with memory of its own.

    Attributes:
        asked: each service that the program asked for, with its two arguments.
        replies: what GET_STREAM and GET_CASCADE give, in order.
        sent: the bytes of each PUT_CASCADE.
    """

    elf: Path
    asked: list[tuple[Service, int, int]] = field(default_factory=list)
    replies: list[int | bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        program = np.zeros(PROGRAM, np.uint8)
        windows = {window: np.zeros(WINDOW_SIZE, np.uint8) for window in WINDOWS.values()}
        with self.elf.open("rb") as file:
            for segment in ELFFile(file).iter_segments("PT_LOAD"):
                start, data = segment["p_vaddr"], np.frombuffer(segment.data(), np.uint8)
                window = start // WINDOW_SIZE * WINDOW_SIZE
                memory = windows.get(window, program)
                memory[start % WINDOW_SIZE :][: len(data)] = data
        self.processor = Processor(program, windows, NoBus())

    def run(self, instructions: int = 50_000_000) -> Machine:
        """Runs to the end of the program; MachineError if it does not come there."""
        self.done = False
        self.processor.run(instructions, self._service)
        if not self.done:
            raise MachineError("does not end", self.processor.pc)
        return self

    def write(self, address: int, values: NDArray[np.generic]) -> None:
        self.processor.write(address, values.tobytes())

    def read(self, address: int, count: int, dtype: type) -> NDArray[np.generic]:
        size = np.dtype(dtype).itemsize * count
        return np.frombuffer(self.processor.read(address, size), dtype)

    def _service(self, code: int, first: int, second: int) -> tuple[int, ...] | None:
        service = Service(code)
        if service is Service.DONE:
            self.done = True
            return None
        self.asked.append((service, first, second))
        if service is Service.PUT_CASCADE:
            self.sent.append(self.processor.read(first, CASCADE_BYTES))
        elif service is Service.GET_CASCADE:
            self.processor.write(first, self.replies.pop(0))
        elif service is Service.GET_STREAM:
            return (self.replies.pop(0), 1)
        return ()


Buffers = Mapping[str, tuple[Sequence[int], str]]
"""Buffers by name: shape and element type in MLIR."""


@dataclass(frozen=True)
class Program:
    """A compiled core of a small design, to be run with different data."""

    elf: Path
    text: str
    buffers: Buffers
    addresses: Mapping[str, int]

    def __call__(self, **inputs: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
        """Run with the given contents of buffers; gives the contents of all of them."""
        machine = Machine(self.elf)
        for name, values in inputs.items():
            machine.write(self.addresses[name], np.ascontiguousarray(values))
        machine.run()
        return {
            name: machine.read(
                self.addresses[name], int(np.prod(shape, dtype=int)), DTYPES[element]
            ).reshape(tuple(shape))
            for name, (shape, element) in self.buffers.items()
        }


def design(body: str, buffers: Buffers, functions: str = "", stack: int = 0x1000) -> str:
    """A design with one core: `body`, and the buffers as `%name`."""
    lines = []
    address = stack
    for name, (shape, element) in buffers.items():
        type = "x".join([*map(str, shape), element])
        lines.append(
            f'%{name} = aie.buffer(%tile) {{address = {address} : i32, sym_name = "{name}"}}'
            f" : memref<{type}>"
        )
        address += aligned(int(np.prod(shape, dtype=int)) * np.dtype(DTYPES[element]).itemsize)
    return f"""
module {{
  aie.device(npu1_1col) {{
    %tile = aie.tile(0, 2)
    {functions}
    {chr(10).join(lines)}
    %core = aie.core(%tile) {{
      {body}
    }} {{stack_size = {stack} : i32}}
  }}
}}
"""


def aligned(size: int) -> int:
    return -(-size // 64) * 64


def core_of(text: str) -> tuple[DeviceOp, CoreOp]:
    """The device and the one core of a design."""
    module = parse_text(text, "design.mlir")
    core = next(op for op in module.walk() if isinstance(op, CoreOp))
    device = core.parent_op()
    assert isinstance(device, DeviceOp)
    return device, core


def c_of(body: str, buffers: Buffers, functions: str = "") -> str:
    """The C that a core's body becomes."""
    device, core = core_of(design(body, buffers, functions))
    return core_source(device, core).text


def program(
    folder: Path, body: str, buffers: Buffers, functions: str = "", **objects: Path
) -> Program:
    """Compile a core with the given body."""
    device, core = core_of(design(body, buffers, functions))
    elf = compile_core(device, core, {f"{k}.o": v for k, v in objects.items()}, folder)
    addresses, address = {}, 0x1000
    for name, (shape, element) in buffers.items():
        addresses[name] = OWN + address
        address += aligned(int(np.prod(shape, dtype=int)) * np.dtype(DTYPES[element]).itemsize)
    return Program(elf, elf.with_suffix(".c").read_text(), buffers, addresses)


def elementwise(
    ops: str, inputs: Mapping[str, str], result: str, count: int
) -> tuple[str, Buffers]:
    """A body that computes `%r` from one element of each input, for every element.

    `ops` names the elements as `%x_a` for the buffer `a`.
    """
    loads = "\n".join(
        f"%x_{name} = memref.load %{name}[%i] : memref<{count}x{type}>"
        for name, type in inputs.items()
    )
    body = f"""
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant {count} : index
      scf.for %i = %c0 to %n step %c1 {{
        {loads}
        {ops}
        memref.store %r, %out[%i] : memref<{count}x{result}>
      }}
      aie.end
    """
    buffers = {name: ((count,), type) for name, type in inputs.items()}
    return body, {**buffers, "out": ((count,), result)}
