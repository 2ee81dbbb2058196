"""A kernel loaded through the pyxrt interface: XRT's own or softnpu's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifact import Argument
from runner.compare import POISON
from runner.dtypes import dtype
from runner.errors import RunnerError

Array = np.ndarray[Any, Any]

KERNEL = "MLIR_AIE"
OPCODE = 3
"""Run a transaction stream (mlir-aie, python/utils/xrt.py)."""
FIRST_BUFFER = 3
"""Kernel argument of the first host buffer: opcode, instructions, their size, bo0, ..."""
TIMEOUT_MS = 10_000


class Session:
    """One context on a device; state on the array persists from run to run, as on hardware.

    Args:
        xrt: `softnpu.pyxrt` or `pyxrt`.
        insts: the instruction stream as bytes.
        arguments: the host buffers in order.

    Raises:
        RunnerError: with the backend's own message.
    """

    def __init__(self, xrt: Any, xclbin: Path, insts: bytes, arguments: Sequence[Argument]) -> None:
        self._xrt = xrt
        self._arguments = tuple(arguments)
        try:
            self._open(xclbin, insts)
        except RuntimeError as error:
            raise RunnerError(str(error)) from error

    def _open(self, xclbin: Path, insts: bytes) -> None:
        xrt = self._xrt
        self._device = xrt.device(0)
        image = xrt.xclbin(str(xclbin))
        self._device.register_xclbin(image)
        self._context = xrt.hw_context(self._device, image.get_uuid())
        self._kernel = xrt.kernel(self._context, KERNEL)
        self._insts = xrt.bo(
            self._device, len(insts), xrt.bo.flags.cacheable, self._kernel.group_id(1)
        )
        self._insts.write(insts, 0)
        self._insts_bytes = len(insts)
        self._to_device(self._insts)
        self._buffers = [
            xrt.bo(
                self._device,
                argument.bytes,
                xrt.bo.flags.host_only,
                self._kernel.group_id(FIRST_BUFFER + i),
            )
            for i, argument in enumerate(self._arguments)
        ]

    def _to_device(self, buffer: Any) -> None:
        buffer.sync(self._xrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)

    def _from_device(self, buffer: Any) -> None:
        buffer.sync(self._xrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE)

    def run(self, inputs: Mapping[str, Array], timeout_ms: int = TIMEOUT_MS) -> dict[str, Array]:
        """Runs once; outputs are poisoned first, so that what is never written shows.

        Args:
            inputs: an array for each input argument, by name, of its shape and dtype.

        Returns:
            An array for each output argument, by name.

        Raises:
            RunnerError: when an input does not fit its declaration or the run does not complete.
        """
        try:
            self._fill(inputs)
            run = self._kernel(OPCODE, self._insts, self._insts_bytes, *self._buffers)
            state = run.wait(timeout_ms)
        except RuntimeError as error:
            raise RunnerError(str(error)) from error
        if state != self._xrt.ert_cmd_state.ERT_CMD_STATE_COMPLETED:
            raise RunnerError(self._explain(run, state))
        return self._outputs()

    def _fill(self, inputs: Mapping[str, Array]) -> None:
        for argument, buffer in zip(self._arguments, self._buffers, strict=True):
            if argument.is_input:
                argument.check(inputs[argument.name])
                buffer.write(np.ascontiguousarray(inputs[argument.name]).tobytes(), 0)
            else:
                buffer.write(bytes([POISON]) * argument.bytes, 0)
            self._to_device(buffer)

    def _outputs(self) -> dict[str, Array]:
        outputs = {}
        for argument, buffer in zip(self._arguments, self._buffers, strict=True):
            if argument.is_output:
                self._from_device(buffer)
                raw = np.frombuffer(bytes(buffer.read(argument.bytes, 0)), np.uint8)
                outputs[argument.name] = raw.view(dtype(argument.dtype)).reshape(argument.shape)
        return outputs

    def _explain(self, run: Any, state: Any) -> str:
        """The backend's own explanation where it has one (softnpu does)."""
        name = getattr(state, "name", str(state))
        explanation = getattr(run, "explanation", None)
        return f"{name}\n{explanation()}" if explanation else name


def backend(device: str) -> Any:
    """The module behind `--device`: "emulator" is softnpu.pyxrt, "npu" XRT's pyxrt.

    Raises:
        RunnerError: when pyxrt cannot be imported, naming the emulator as the way out.
    """
    if device == "emulator":
        from softnpu import pyxrt

        return pyxrt
    try:
        import pyxrt as hardware
    except ImportError as error:
        raise RunnerError(
            f"no NPU can be reached from here: Python cannot import pyxrt ({error}).\n"
            "pyxrt comes with AMD's XRT and its NPU plugin; source its setup script\n"
            "(/opt/xilinx/xrt/setup.sh) so that this Python finds it.\n"
            "Without an NPU, `doit test_emu` runs the same artifacts on the emulator."
        ) from error
    return hardware
