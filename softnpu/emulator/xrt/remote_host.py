"""XRT's objects for a host in another process: what softnpu/xrt's C++ library calls.

The host's handles are numbers of objects that are kept here. A buffer's host copy lies in memory
that both share, so that what the host maps is what `sync` copies.
"""

from __future__ import annotations

import mmap
import os
import socket
import traceback
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.xrt import wire
from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.device import device, hw_context
from softnpu.emulator.xrt.extended import HOST_BANK
from softnpu.emulator.xrt.raised import is_bug
from softnpu.emulator.xrt.wire import Field
from softnpu.errors import SoftnpuError

_DONE, _FAILED, _INDEX = 0, 1, 2
"""What an answer begins with."""

_NO_GROUP = 0xFFFFFFFF
"""The group of a buffer of xrt::ext, which chooses none."""

Answer = Iterable[Field]
Operations = Mapping[str, Callable[..., Answer]]
"""What a host can ask for, by the names that the library's sources have for it; a function takes
the host and the request's fields."""


class SharedBuffer(bo):
    """A buffer whose host copy is mapped by the host, too.

    Attributes:
        descriptor: the memory's.
    """

    descriptor: int

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)

    def __init__(self, owner: device | hw_context, size: int, flags: int, group: int) -> None:
        try:
            kind = self.flags(flags)
        except ValueError:
            raise RuntimeError("Bad BO flags (err=95): Operation not supported") from None
        self.has_group = group != _NO_GROUP
        self._allocate(owner, size, kind, group if self.has_group else HOST_BANK)

    def _host_copy(self, size: int) -> NDArray[np.uint8]:
        self.descriptor = os.memfd_create("softnpu")
        os.ftruncate(self.descriptor, size)
        return np.frombuffer(mmap.mmap(self.descriptor, size), np.uint8)


class Host:
    """What one host has: its objects by their numbers."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._numbers = count(1)
        self._objects: dict[int, Any] = {}
        self.shared: int | None = None
        """The descriptor that goes with the next answer."""

    def serve(self, channel: socket.socket) -> None:
        """Answers until the host is gone."""
        while (request := wire.receive(channel)) is not None:
            name, *arguments = request
            assert isinstance(name, bytes)
            answer = self._answer(self._operations[name.decode()], arguments)
            wire.send(channel, answer, self.shared)
            self.shared = None

    def _answer(self, operation: Callable[..., Answer], arguments: list[int | bytes]) -> Answer:
        try:
            return [_DONE, *operation(self, *arguments)]
        except IndexError as error:
            if is_bug(traceback.extract_tb(error.__traceback__)):
                raise
            return [_INDEX, str(error)]
        except SoftnpuError as error:
            return [_FAILED, str(error)]
        except (RuntimeError, OSError) as error:
            if is_bug(traceback.extract_tb(error.__traceback__)):
                raise
            return [_FAILED, str(error)]

    def told_buffer(self, made: SharedBuffer) -> Answer:
        """A buffer as bo.cpp reads it: its number, the bytes of its memory, its size."""
        self.shared = made.descriptor
        return [self.keep(made), len(made.buffer.data), made.size()]

    def keep(self, made: Any) -> int:
        """The number of an object from now on."""
        number = next(self._numbers)
        self._objects[number] = made
        return number

    def drop(self, number: int) -> None:
        """Forgets an object."""
        self._objects.pop(number, None)

    def get(self, number: int, called: str) -> Any:
        """An object by its number; RuntimeError for that of an empty handle."""
        found = self._objects.get(number)
        if found is None:
            raise RuntimeError(f"an empty {called} is used: it was not made of anything")
        return found
