"""What a design asks of the kernel in its xclbin: the device that it runs on, and its buffers.

Both depend on the runtime sequences, which the packing of the array does not read: between the
stages they lie in `input_kernel.json`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler.selection import main_device
from softnpu.errors import MALFORMED_JSON, FormatError, in_short
from softnpu.passes.sequence_ops import devices, sequences
from softnpu.targets.npu_binary import check_buffers

KERNEL = "input_kernel.json"


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


def of_module(module: ModuleOp) -> DesignKernel:
    """What the design in `module` asks of its kernel.

    Raises:
        DesignError: the file has no device, or a sequence takes more buffers than a kernel can.
    """
    chosen = main_device(module)
    found = sequences(chosen) or [one for each in devices(module) for one in sequences(each)]
    buffers = [check_buffers(sequence) for sequence in found]
    return DesignKernel(chosen.sym_name, max(buffers, default=0))


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
