"""What a design asks of the kernel in its xclbin: the device that it runs on, and its buffers.

Both depend on the runtime sequences, which the packing of the array does not read: between the
stages they lie in `input_kernel.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler.selection import main_device
from softnpu.dialects.aie import DeviceOp, RuntimeSequenceOp, ShimDMAAllocationOp
from softnpu.errors import MALFORMED_JSON, FormatError, in_short
from softnpu.passes.sequence_ops import devices, sequences
from softnpu.targets.npu_binary import check_buffers

KERNEL = "input_kernel.json"

PACKETS = "ctrlpkt"
"""How aie-generate-column-control-overlay begins the names of its shim DMA allocations."""


@dataclass(frozen=True)
class DesignKernel:
    """What a design asks of its kernel.

    Attributes:
        device: the main device, whose PDI is loaded first.
        buffers: the most host buffers that a runtime sequence of it takes; if it has no sequence,
            that one of another device does.
    """

    device: str
    buffers: int


def of_module(
    module: ModuleOp, sequence_name: str = "", others: Sequence[int] = ()
) -> DesignKernel:
    """What the design in `module` asks of its kernel.

    A device without a sequence is run by those of the file's others, with one more buffer where
    control packets reach it (mlir-aie, aiecc/SidecarFiles.h, `computeNumHostBOs`).

    Args:
        sequence_name: the only sequence that counts; "" for all.
        others: of devices that the file had besides, as `buffers_of` tells.

    Raises:
        DesignError: the file has no device, or a sequence takes more buffers than a kernel can.
    """
    chosen = main_device(module)
    if own := list(_named([chosen], sequence_name)):
        return DesignKernel(chosen.sym_name, max(map(check_buffers, own)))
    buffers = [*map(check_buffers, _named(devices(module), sequence_name)), *others]
    packets = 1 if buffers and _takes_control_packets(chosen) else 0
    return DesignKernel(chosen.sym_name, max(buffers, default=0) + packets)


def buffers_of(module: ModuleOp, sequence_name: str = "") -> list[int]:
    """How many host buffers each sequence of a file takes, or those of one name."""
    return [len(one.body.blocks[0].args) for one in _named(devices(module), sequence_name)]


def _named(found: Iterable[DeviceOp], name: str) -> Iterator[RuntimeSequenceOp]:
    every = (sequence for device_op in found for sequence in sequences(device_op))
    return (one for one in every if name in ("", one.sym_name))


def _takes_control_packets(device_op: DeviceOp) -> bool:
    """Whether the shim's DMA has channels for them, which are called so by their pass."""
    names = (op.sym_name for op in device_op.body.ops if isinstance(op, ShimDMAAllocationOp))
    return any(name.startswith(PACKETS) for name in names)


def write(module: ModuleOp, folder: Path) -> None:
    """Write `input_kernel.json` for the stages that do not see the runtime sequences."""
    text = json.dumps(asdict(of_module(module)), indent=2) + "\n"
    (folder / KERNEL).write_text(text, encoding="utf-8")


def read(folder: Path) -> DesignKernel:
    """What `write` kept.

    Raises:
        FormatError: the file is missing, or is none that `write` made.
    """
    path = folder / KERNEL
    try:
        return DesignKernel(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, *MALFORMED_JSON) as error:
        raise FormatError(
            f"{path} tells nothing of a design's kernel: {in_short(error)}"
        ) from error
