"""What the NPU's firmware can reach: 64 MB for instructions, PDIs and the driver's own buffers.

Buffers with the flag `cacheable` lie there, and so does a part of every context: who keeps many
instruction buffers cannot make a context any more. Source: xdna-driver, amdxdna_gem.c, aie2_ctx.c,
npu1_regs.c, npu4_family.h; src/shim/kmq/pcidev.cpp, hwctx.cpp; the same in Linux, aie2_ctx.c.
Newer drivers let the heap grow.
"""

from __future__ import annotations

SIZE = 64 << 20

_SLOT = 32 << 10
"""Everything in it begins at a multiple of this (dev_mem_buf_shift)."""

_COMMANDS = 4
"""Buffers that the driver takes for a context (CTX_MAX_CMDS)."""


class DeviceHeap:
    """The heap of one process. Holes are not modelled: what is free can be had in one piece."""

    def __init__(self) -> None:
        self.used = 0

    def take(self, size: int, ioctl: str) -> int:
        """Takes room for `size` bytes; gives what is to be given back.

        Args:
            size: in bytes.
            ioctl: who asks, e.g. "CREATE_BO".

        Raises:
            RuntimeError: as from the driver, if there is not as much, or never was.
        """
        taken = -(-size // _SLOT) * _SLOT
        if taken > SIZE:
            raise RuntimeError(f"DRM_IOCTL_AMDXDNA_{ioctl} IOCTL failed (err=-22): {_INVALID}")
        if self.used + taken > SIZE:
            raise RuntimeError(f"DRM_IOCTL_AMDXDNA_{ioctl} IOCTL failed (err=-28): {_NO_SPACE}")
        self.used += taken
        return taken

    def take_context(self, pdis: list[int]) -> int:
        """Takes what a context needs whose kernels have PDIs of these sizes, in bytes."""
        taken = self.take(_COMMANDS * _SLOT, "CREATE_HWCTX")
        for size in pdis:
            try:
                taken += self.take(size, "CREATE_BO")
            except RuntimeError:
                self.give(taken)
                raise
        return taken

    def give(self, taken: int) -> None:
        """Gives room back."""
        self.used -= taken


_INVALID, _NO_SPACE = "Invalid argument", "No space left on device"
