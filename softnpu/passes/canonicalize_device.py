"""`aie-canonicalize-device`: every design has a device."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.arch.device import DEVICES
from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.source import design_error


class CanonicalizeDevicePass(ModulePass):
    """Makes sure that the module has an `aie.device`.

    mlir-aie wraps a module without one into a device of the first generation (xcvc1902), for
    the sake of old designs; there is no such NPU, so it is an error here.
    """

    name = "aie-canonicalize-device"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        if not any(isinstance(inner, DeviceOp) for inner in op.body.block.ops):
            raise design_error(
                op,
                "the module has no aie.device",
                "wrap the design: aie.device(npu1_1col) { ... }",
                "devices: " + ", ".join(d.name for d in DEVICES.values() if d.is_npu),
            )
