# ruff: noqa: N801 (the names are XRT's)
"""XRT's bo: a buffer with a copy on either side."""

from __future__ import annotations

import logging
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.memory.host_memory import WORD, HostBuffer
from softnpu.emulator.xrt.device import device, hw_context
from softnpu.emulator.xrt.enums import PybindEnum, xclBOSyncDirection
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.overloads import Overloads
from softnpu.formats.xclbin.reader import NO_BANK

_NOT_SUPPORTED = "(err=95): Operation not supported"

_log = logging.getLogger("softnpu.pyxrt")


class bo:
    """A buffer: a host copy, which the program sees, and a device copy, which the array sees.

    bo(device or hwctx, size, flags, group), bo(hwctx, size, group) or bo(parent, size, offset).

    Raises:
        RuntimeError: flags that NPUs do not support.
        TypeError: arguments that fit none of these forms.
    """

    class flags(PybindEnum):
        """Kinds of buffer."""

        normal = 0
        cacheable = 1 << 24
        svm = 1 << 27
        device_only = 1 << 28
        host_only = 1 << 29
        p2p = 1 << 30

    owner: device | hw_context
    _parent: bo | None = None
    has_group = True
    """Whether its maker chose the group. Not in XRT."""
    normal, cacheable, svm = flags.normal, flags.cacheable, flags.svm
    device_only, host_only, p2p = flags.device_only, flags.host_only, flags.p2p

    def __init__(self, *given: Any, **named: Any) -> None:
        found = _BUFFER.read(given, named)
        if "arg0" in found:
            self._view(*found.values())
            return
        flags = found.get("flags", self.flags.host_only)
        owner = found.get("device", found.get("hwctx"))
        self._allocate(owner, int(found["size"]), flags, int(found["group"]))

    def _allocate(self, owner: Any, size: int, flags: bo.flags, group: int) -> None:
        if isinstance(owner, device):
            owner.check_open()
        if flags is self.flags.normal:
            raise RuntimeError(f"unsupported buffer type: none flag {_NOT_SUPPORTED}")
        if flags not in (self.flags.cacheable, self.flags.host_only):
            raise RuntimeError(f"Bad BO flags {_NOT_SUPPORTED}")
        if size <= 0:
            raise RuntimeError(f"Invalid buffer size '{size}': Invalid argument")
        if flags is self.flags.cacheable:
            heap = machine().heap
            weakref.finalize(self, heap.give, heap.take(size, "CREATE_BO"))
        memory = machine().memory
        self.owner = owner
        self.group = group
        self.buffer: HostBuffer = memory.allocate(size)
        self._host = self._host_copy(len(self.buffer.data))
        self._offset, self._size = 0, size
        self._address = self.buffer.address
        weakref.finalize(self, memory.free, self.buffer)

    def _host_copy(self, size: int) -> NDArray[np.uint8]:
        """Zeros for what the program sees."""
        return np.zeros(size, np.uint8)

    def _view(self, parent: bo, size: int, offset: int) -> None:
        if offset + size > parent._size:
            raise RuntimeError("sub buffer size and offset: Invalid argument")
        self._parent = parent
        self.owner = parent.owner
        self.group, self.buffer, self._host = parent.group, parent.buffer, parent._host
        self._offset, self._size = parent._offset + offset, size
        self._address = self.buffer.address + offset
        if self._address != self.buffer.address + self._offset:
            _log.warning(
                "a sub-buffer of a sub-buffer: XRT gives the kernel byte %d of the whole buffer, "
                "the host byte %d (xrt_bo.cpp, buffer_sub); make it of the whole buffer",
                offset,
                self._offset,
            )

    @property
    def bank(self) -> int:
        """The memory bank that it was allocated in."""
        return self.group & NO_BANK

    def argument(self, name: str) -> HostBuffer:
        """What the array sees of it. Not in XRT."""
        start = self._address - self.buffer.address
        if (start, self._size) == (0, self.buffer.size):
            self.buffer.name = name
        data = self.buffer.data[start : start + -(-self._size // WORD) * WORD]
        return HostBuffer(data, self._size, self._address, name)

    def device_bytes(self) -> bytes:
        """The device copy's bytes, as the array sees them. Not in XRT."""
        return self.argument("").data[: self._size].tobytes()

    def write(self, data: Any, seek: int, /) -> None:
        """Copies `data` into the host copy from byte `seek` on, as it lies in memory."""
        raw = _memory_of(data)
        if seek + len(raw) > self._size:
            raise RuntimeError("attempting to write past buffer size: Invalid argument")
        start = self._offset + seek
        self._host[start : start + len(raw)] = raw

    def read(self, size: int, skip: int, /) -> NDArray[np.int8]:
        """A copy of `size` bytes of the host copy from byte `skip` on, int8."""
        if skip + size > self._size:
            raise RuntimeError("attempting to read past buffer size: Invalid argument")
        start = self._offset + skip
        copied: NDArray[np.int8] = self._host[start : start + size].view(np.int8).copy()
        return copied

    def sync(self, *given: Any, **named: Any) -> None:
        """sync(direction) or sync(direction, size, offset): host copy to the device's, or back."""
        found = _SYNC.read(given, named)
        direction = found["arg0"]
        count, offset = int(found.get("arg1", self._size)), int(found.get("arg2", 0))
        self._check_sync(count, offset)
        part = slice(self._offset + offset, self._offset + offset + count)
        if direction is xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE:
            self.buffer.data[part] = self._host[part]
        elif direction is xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE:
            self._host[part] = self.buffer.data[part]
        else:
            raise RuntimeError("GMIO sync needs an AIE graph")

    def _check_sync(self, count: int, offset: int) -> None:
        """A sub-buffer's range may go on in its parent, which XRT syncs then."""
        if offset + count > self._size and self._parent is None:
            raise RuntimeError(
                f"Invalid BO offset and size for sync'ing: {offset}, {count} (err=22): Invalid "
                "argument"
            )
        if self._offset + offset + count > self.buffer.size:
            raise RuntimeError("Invalid offset and size when syncing sub buffer: Invalid argument")
        if offset + count > self._size:
            _log.warning(
                "a sync of bytes %d to %d goes beyond a sub-buffer of %d: XRT syncs what lies "
                "behind it in its parent",
                offset,
                offset + count,
                self._size,
            )

    def map(self) -> memoryview:
        """The host copy, writable. XRT unmaps it when the buffer goes, whoever still has it."""
        mapped = self._host[self._offset : self._offset + self._size]
        weakref.finalize(self, machine().maps.orphan, weakref.ref(mapped))
        return mapped.data

    def size(self) -> int:
        """Bytes."""
        return self._size

    def address(self) -> int:
        """Where the device sees it."""
        return self._address


def _memory_of(data: Any) -> NDArray[np.uint8]:
    """The bytes from a buffer's first element on, as many as it has: XRT ignores its strides.

    Raises:
        RuntimeError: some of them would lie outside of the buffer.
        TypeError: it is no buffer, e.g. a list.
    """
    view = memoryview(data)
    if view.c_contiguous:
        return np.frombuffer(data, np.uint8) if view.nbytes else np.zeros(0, np.uint8)
    _log.warning("XRT writes a strided array as it lies in memory: use np.ascontiguousarray")
    array = np.asarray(view)
    steps = zip(array.shape, array.strides, strict=True)
    reach = array.itemsize + sum((count - 1) * step for count, step in steps)
    if min(array.strides) < 0 or reach < array.nbytes:
        raise RuntimeError(
            "XRT ignores an array's strides: with these, it would write what lies outside of it; "
            "use np.ascontiguousarray"
        )
    raw = np.lib.stride_tricks.as_strided(array, (array.size,), (array.itemsize,))
    return np.frombuffer(raw, np.uint8)


_SYNC = Overloads(
    "pyxrt.bo.sync",
    (
        {"arg0": xclBOSyncDirection, "arg1": int, "arg2": int},
        {"arg0": xclBOSyncDirection},
    ),
    method=True,
)
_BUFFER = Overloads(
    "pyxrt.bo",
    (
        {"device": device, "size": int, "flags": bo.flags, "group": int},
        {"hwctx": hw_context, "size": int, "flags": bo.flags, "group": int},
        {"hwctx": hw_context, "size": int, "group": int},
        {"arg0": bo, "arg1": int, "arg2": int},
    ),
)
