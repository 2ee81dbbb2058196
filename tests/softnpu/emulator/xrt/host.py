"""A host program for the golden passthrough through the memory tile, for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from softnpu import pyxrt
from softnpu.formats import txn
from softnpu.formats.operations import Write
from softnpu.formats.xclbin import SectionKind, container

TO_DEVICE = pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE
FROM_DEVICE = pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE
State = pyxrt.ert_cmd_state
COMPLETED, ERROR, TIMEOUT = (
    State.ERT_CMD_STATE_COMPLETED,
    State.ERT_CMD_STATE_ERROR,
    State.ERT_CMD_STATE_TIMEOUT,
)
WORDS = 2048
SIZE = 4 * WORDS
IN, OUT = 3, 4
DATA = np.arange(WORDS, dtype=np.int32) * 3 + 1


@dataclass
class Host:
    """A host program for the golden passthrough through the memory tile."""

    folder: Path
    device: pyxrt.device
    context: pyxrt.hw_context
    kernel: pyxrt.kernel

    @classmethod
    def opened(cls, folder: Path, artifact: Path | None = None) -> Host:
        """A context on the design in `folder`, or on a copy of its xclbin."""
        device = pyxrt.device(0)
        image = pyxrt.xclbin(str(artifact or folder / "final.xclbin"))
        device.register_xclbin(image)
        context = pyxrt.hw_context(device, image.get_uuid())
        return cls(folder, device, context, pyxrt.kernel(context, "MLIR_AIE"))

    @property
    def insts(self) -> bytes:
        return (self.folder / "insts.bin").read_bytes()

    def instructions(self, data: bytes | None = None) -> pyxrt.bo:
        data = self.insts if data is None else data
        buffer = pyxrt.bo(self.device, len(data), pyxrt.bo.cacheable, self.kernel.group_id(1))
        buffer.write(data, 0)
        buffer.sync(TO_DEVICE)
        return buffer

    def buffer(self, argument: int, values: np.ndarray | None = None, size: int = SIZE) -> pyxrt.bo:
        group = self.kernel.group_id(argument)
        buffer = pyxrt.bo(self.device, size, pyxrt.bo.host_only, group)
        if values is not None:
            buffer.write(values, 0)
            buffer.sync(TO_DEVICE)
        return buffer

    def out(self, buffer: pyxrt.bo) -> np.ndarray:
        buffer.sync(FROM_DEVICE)
        return np.frombuffer(buffer.map(), np.int32)


def without(insts: bytes, *addresses: int) -> bytes:
    """An instruction stream without the writes to some registers."""
    stream = txn.parse(insts)
    kept = [o for o in stream.operations if not (isinstance(o, Write) and o.address in addresses)]
    return txn.build(
        txn.Txn(stream.devgen, stream.rows, stream.columns, stream.memory_rows, tuple(kept))
    )


def without_section(path: Path, kind: SectionKind, to: Path) -> str:
    """A copy of an xclbin without one of its sections."""
    parsed = container.parse(path.read_bytes())
    kept = tuple(section for section in parsed.sections if section.kind != kind)
    to.write_bytes(container.build(replace(parsed, sections=kept)))
    return str(to)
