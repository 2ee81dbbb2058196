# ruff: noqa: N801 (the names are XRT's)
"""XRT's ext.kernel: a kernel whose control code is an ELF's.

The host writes the buffers' addresses into such code before it runs (XRT, xrt_module.cpp), so that
neither opcode nor instruction buffer is an argument that matters, and buffers have no groups.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from softnpu.emulator.memory.host_memory import HostBuffer
from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.commands import Arguments, Command, buffers
from softnpu.emulator.xrt.configuration import module, streamed
from softnpu.emulator.xrt.device import hw_context
from softnpu.emulator.xrt.kernel import kernel
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.overloads import Overloads
from softnpu.errors import EmulatorError, FormatError
from softnpu.formats.job import ControlCode, Scheme
from softnpu.formats.records import word_bytes, words
from softnpu.formats.xclbin.metadata import GLOBAL, Argument
from softnpu.formats.xclbin.spec import FIRST_BUFFER_ARGUMENT

_BUFFER_BYTES = 8
_PACKET_LOW, _PACKET_HIGH = 2, 3
_HIGH_BITS, _UNTOUCHED = 0xFFF, 0xFFFF0000


class ext_kernel(kernel):
    """ext.kernel(hwctx, module, name), of an xclbin; or ext.kernel(hwctx, name), of a full ELF,
    where a name is "kernel:instance", or the kernel's if it has one instance.

    Raises:
        RuntimeError: there is no such kernel, or the context is of the other kind.
    """

    has_module = True

    def __init__(self, *given: Any, **named: Any) -> None:
        found = _EXT_KERNEL.read(given, named)
        context: hw_context = found["hwctx"]
        if "module" in found:
            self._open(context, found["name"])
            self._code = _code_with_xclbin(found["module"])
            self._first = FIRST_BUFFER_ARGUMENT
        else:
            self._of_elf(context, found["name"])
            self._first = 0
        buffers = len(self.arguments) - self._first
        self._stream = streamed(self._code, self._first, buffers)
        self.scratchpad = self._stream.scratchpad

    def _of_elf(self, context: hw_context, name: str) -> None:
        if not context.elves:
            raise RuntimeError(
                "Invalid API called for xrt::kernel creation, xrt::hw_context passed is not created"
                " using full ELF"
            )
        self._code = _code_of(context, name)
        self.name, self.context, self.pdi = name, context, 0
        self.arguments = tuple(
            Argument(f"argv{number}", "void*", hex(number * _BUFFER_BYTES), GLOBAL)
            for number in range(self._code.arguments or 0)
        )
        self.told_group = False

    def group_id(self, argument: int, /) -> int:
        """The memory group of an argument: 0, the host's memory, for a full ELF."""
        return 0 if self._first == 0 else super().group_id(argument)

    def connects(self, argument: int, bank: int) -> bool:
        """Whether a buffer in `bank` can be `argument`. Not in XRT."""
        return self._first == 0 or super().connects(argument, bank)

    def command(self, arguments: Arguments, scratchpad: bo | None) -> Command:
        """What the NPU gets for a run with these arguments. Not in XRT."""
        given = buffers(self, arguments, self._first)
        if self._code.packets:
            given.append(self._packets(given))
        fetched = None if scratchpad is None else scratchpad.argument("the scratchpad")
        return Command(self._stream.instructions, given, fetched)

    def _packets(self, given: list[HostBuffer | None]) -> HostBuffer:
        """The control packets in the host's memory, with the buffers' addresses in them."""
        made = machine().memory.allocate(len(self._code.packets), "the control packets")
        data = bytearray(self._code.packets)
        for patch in self._code.packet_patches:
            number = int(patch.symbol) - self._first if patch.symbol.isdigit() else -1
            buffer = given[number] if 0 <= number < len(given) else None
            if buffer is None or patch.scheme is not Scheme.CONTROL_PACKET_48:
                raise EmulatorError(
                    f"control packets are patched with '{patch.symbol}' ({patch.scheme.name}), "
                    "which the run was not given, or which is not modelled"
                )
            low, high = words(data[patch.offset + 8 : patch.offset + 16])
            address = ((high & _HIGH_BITS) << 32 | low) + buffer.address + patch.addend
            data[patch.offset + 8 : patch.offset + 16] = word_bytes(
                [address & 0xFFFFFFFC, high & _UNTOUCHED | address >> 32]
            )
        made.data[: len(data)] = np.frombuffer(data, np.uint8)
        return made


def _code_with_xclbin(given: module) -> ControlCode:
    job = given.elf.job
    if job.is_full:
        raise RuntimeError(
            "Invalid API called for xrt::kernel creation, xrt::module passed is created using full "
            "ELF"
        )
    return job.codes[0]


def _code_of(context: hw_context, name: str) -> ControlCode:
    problems = []
    for loaded in context.elves:
        try:
            return loaded.job.code(name)
        except FormatError as error:
            problems.append(str(error))
    raise RuntimeError(problems[0])


_EXT_KERNEL = Overloads(
    "pyxrt.ext.kernel",
    (
        {"hwctx": hw_context, "module": module, "name": str},
        {"hwctx": hw_context, "name": str},
    ),
)
