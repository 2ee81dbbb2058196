"""What a run hands to the NPU, made of its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from softnpu.emulator.memory.host_memory import HostBuffer
from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.device import hw_context
from softnpu.errors import EmulatorError
from softnpu.formats.xclbin.metadata import Argument
from softnpu.formats.xclbin.spec import FIRST_BUFFER_ARGUMENT

OPCODE_TRANSACTION = 3
"""The opcode that runs an instruction stream (mlir-aie, python/utils/xrt.py)."""

_OPCODE, _INSTRUCTIONS = 0, 1

Arguments = Mapping[int, bo | int]


@dataclass(frozen=True)
class Command:
    """What the NPU gets.

    Attributes:
        buffers: as the instruction stream counts them; None where none was given.
    """

    instructions: bytes
    buffers: list[HostBuffer | None]
    scratchpad: HostBuffer | None = None


class Kernel(Protocol):
    """What a kernel takes, and where it runs."""

    @property
    def name(self) -> str: ...

    @property
    def arguments(self) -> Sequence[Argument]: ...

    @property
    def context(self) -> hw_context: ...


def transaction(kernel: Kernel, arguments: Arguments) -> Command:
    """The command of a kernel whose instruction stream is an argument.

    Raises:
        EmulatorError: the firmware would refuse it; saying why.
    """
    opcode, instructions = arguments.get(_OPCODE), arguments.get(_INSTRUCTIONS)
    if opcode is None or isinstance(opcode, bo):
        raise EmulatorError(
            f"argument 0 must be the opcode {OPCODE_TRANSACTION}; {_signature(kernel)}"
        )
    if opcode != OPCODE_TRANSACTION:
        raise EmulatorError(
            f"opcode {opcode} is not known; {OPCODE_TRANSACTION} runs an instruction stream"
        )
    if not isinstance(instructions, bo):
        raise EmulatorError(f"argument 1 must be the instruction buffer; {_signature(kernel)}")
    stream = instructions.device_bytes()
    kernel.context.check_pair(stream)
    return Command(stream, buffers(kernel, arguments, FIRST_BUFFER_ARGUMENT))


def buffers(kernel: Kernel, arguments: Arguments, first: int) -> list[HostBuffer | None]:
    """The buffers from an argument on, by the design's names."""
    known = kernel.context.names.arguments
    found: list[HostBuffer | None] = []
    for index in range(first, len(kernel.arguments)):
        value = arguments.get(index)
        name = known.get(index - first, kernel.arguments[index].name)
        found.append(
            value.argument(f"argument {index} ({name})") if isinstance(value, bo) else None
        )
    return found


def _signature(kernel: Kernel) -> str:
    names = ", ".join(f"{a.name}: {a.type}" for a in kernel.arguments)
    return f"the xclbin declares {kernel.name}({names})"
