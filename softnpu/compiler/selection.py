"""Parts of a file: its main device, one device alone, the array without runtime sequences."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.arch.device import DEVICES
from softnpu.arch.device import device as arch_device
from softnpu.dialects.aie import DeviceOp, RuntimeSequenceOp
from softnpu.dialects.aside import set_aside
from softnpu.dialects.source import design_error
from softnpu.errors import DesignError
from softnpu.passes.sequence_ops import devices, find_device, sequences


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


def check_npus(module: ModuleOp) -> None:
    """Every device of a file is one for which an xclbin can be made.

    Raises:
        DesignError: one is not, or the file has no device.
    """
    main_device(module)
    for device_op in devices(module):
        name = device_op.device.name
        if not arch_device(name).is_npu:
            raise design_error(
                device_op,
                f"npuforge does not build for {name}",
                "a Versal device is no NPU: passes and translations take it, an xclbin cannot "
                "be made for it",
                "NPUs: " + ", ".join(d.name for d in DEVICES.values() if d.is_npu),
            )


def keep_only(module: ModuleOp, name: str) -> None:
    """Remove all devices but one; DesignError with the nearest name if there is none such."""
    kept = find_device(module, name)
    for device_op in devices(module):
        if device_op is not kept:
            _remove(device_op)


def without_sequences(module: ModuleOp) -> ModuleOp:
    """A copy of a file without its runtime sequences."""
    with set_aside(_sequences_of(module)):
        array = module.clone()
    for sequence in _sequences_of(array):
        _remove(sequence)
    return array


def _sequences_of(module: ModuleOp) -> list[RuntimeSequenceOp]:
    return [sequence for device_op in devices(module) for sequence in sequences(device_op)]


def _remove(op: Operation) -> None:
    block = op.parent_block()
    assert block is not None
    block.erase_op(op)
