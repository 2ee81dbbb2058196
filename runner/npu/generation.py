"""Which generation an NPU is, by the name that XRT or the driver gives it."""

from __future__ import annotations

DEVICE_NAMES = {
    "npu1": ("npu1", "phoenix", "hawk point"),
    "npu2": ("npu4", "npu5", "npu6", "strix", "krackan", "gorgon"),
}
"""What a device's name holds, by generation (mlir-aie, hostruntime.py: NPU_MODELS)."""


def generation(name: str) -> str | None:
    """ "npu1" or "npu2" by a device's name, None for a name that is not known."""
    lower = name.lower()
    for found, parts in DEVICE_NAMES.items():
        if any(part in lower for part in parts):
            return found
    return None
