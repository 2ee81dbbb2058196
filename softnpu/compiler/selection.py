"""Parts of a file: its main device, one device alone, the array without runtime sequences."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.dialects.aie import DeviceOp
from softnpu.errors import DesignError
from softnpu.passes.sequence_ops import devices, sequences


def main_device(module: ModuleOp) -> DeviceOp:
    """The device that `final.xclbin` and `insts.bin` are for.

    It is the one called `main`, else the first with a runtime sequence, else the first.

    Raises:
        DesignError: the file has no device.
    """
    found = devices(module)
    if not found:
        raise DesignError(
            "the file has no aie.device, so there is nothing to compile",
            notes=("a design is written inside: aie.device(npu1_1col) { … }",),
        )
    named = (device_op for device_op in found if device_op.sym_name == "main")
    with_sequence = (device_op for device_op in found if sequences(device_op))
    return next(named, None) or next(with_sequence, None) or found[0]


def keep_only(module: ModuleOp, name: str) -> None:
    """Remove all devices but one; DesignError with the nearest name if there is none such."""
    from softnpu.targets.npu_binary import find_device

    kept = find_device(module, name)
    for device_op in devices(module):
        if device_op is not kept:
            _remove(device_op)


def without_sequences(module: ModuleOp) -> ModuleOp:
    """A copy of a file without its runtime sequences."""
    array = module.clone()
    for device_op in devices(array):
        for sequence in sequences(device_op):
            _remove(sequence)
    return array


def _remove(op: Operation) -> None:
    block = op.parent_block()
    assert block is not None
    block.erase_op(op)
