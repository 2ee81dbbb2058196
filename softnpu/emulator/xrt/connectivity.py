"""Buffers in other memories than the kernel's arguments are connected to.

Source: XRT, xrt_kernel.cpp, validate_bo_at_index, which compares the bank alone.
"""

from __future__ import annotations

import logging
from typing import Protocol

import numpy as np

from softnpu.emulator.xrt.buffer import bo

_log = logging.getLogger("softnpu.pyxrt")


class Kernel(Protocol):
    """What a kernel is called and connected to.

    Attributes:
        told_group: whether it was told that a buffer has another group.
    """

    told_group: bool

    @property
    def name(self) -> str: ...

    def group_id(self, argument: int, /) -> int:
        """The group of buffers that an argument is connected to."""


def copied(original: bo, kernel: Kernel, argument: int) -> bo:
    """The copy in the right bank that XRT runs the kernel on, with its warning; the original stays
    as it is."""
    group = kernel.group_id(argument)
    _log.warning(
        "[XRT] WARNING: Kernel %s has no compute units with connectivity required for global "
        "argument at index %d. The argument is allocated in bank %d, the compute unit is "
        "connected to bank %d. Allocating local copy of argument buffer in connected bank.",
        kernel.name,
        argument,
        original.bank,
        group,
    )
    _log.warning(
        "[XRT] WARNING: Reverting to host copy of buffers (exec_buf: Operation not supported)"
    )
    made = bo(original.owner, original.size(), bo.flags.host_only, group)
    made.buffer.data[: original.size()] = np.frombuffer(original.device_bytes(), np.uint8)
    return made


def tell_other_group(buffer: bo, kernel: Kernel, argument: int) -> None:
    """Warns of a group that has the right bank and is not the kernel's, once for each kernel."""
    wanted = kernel.group_id(argument)
    if not buffer.has_group or buffer.group == wanted or kernel.told_group:
        return
    kernel.told_group = True
    _log.warning(
        "argument %d: its buffer was made with group %d, kernel.group_id(%d) is %d. XRT compares "
        "the bank alone and takes it, but on NPUs such buffers have been left untouched by runs "
        "that completed (mlir-aie, issue 3653): make it with kernel.group_id(%d). Of this kernel's "
        "other buffers this is not told again",
        argument,
        buffer.group,
        argument,
        wanted,
        argument,
    )
