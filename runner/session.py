"""A kernel loaded through the pyxrt interface: XRT's own or softnpu's."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from runner.artifact import Argument
from runner.compare import POISON
from runner.dtypes import dtype
from runner.errors import RunnerError
from runner.messages import explained, is_hang
from softnpu.formats.xclbin.reader import NO_BANK
from softnpu.formats.xclbin.spec import KERNEL_NAME as KERNEL
from softnpu.warned import collected, counted

if TYPE_CHECKING:
    from runner.strays import Strays
    from softnpu.emulator.explaining.report import RunReport

Array = np.ndarray[Any, Any]

OPCODE = 3
"""Run a transaction stream (mlir-aie, python/utils/hostruntime/xrtruntime/hostruntime.py)."""
INSTRUCTIONS = 1
FIRST_BUFFER = 3
"""Kernel argument of the first host buffer: opcode, instructions, their size, bo0, ..."""
TIMEOUT_MS = 10_000

XRT_ERRORS = (
    *(RuntimeError, TypeError, ValueError, LookupError, ArithmeticError),
    *(AttributeError, MemoryError, OSError),
)
"""What pyxrt raises: pybind11's translation of C++ exceptions, and arguments of other types."""


@dataclass(frozen=True)
class Program:
    """What is loaded.

    Attributes:
        insts: the instruction stream as the NPU's controller reads it.
        kernel: the kernel's name in the xclbin.
        arguments: the host buffers in order.
    """

    xclbin: Path
    insts: bytes
    kernel: str
    arguments: tuple[Argument, ...]


class Runs(Protocol):
    """A loaded kernel, wherever it runs.

    Attributes:
        seconds: how long the latest run took, without copies to and from the host's buffers.
    """

    seconds: float

    def run(
        self, inputs: Mapping[str, Array], timeout_ms: int = TIMEOUT_MS, fill: int = POISON
    ) -> dict[str, Array]:
        """Runs once; see `Session.run`."""

    def written(self) -> dict[str, Array] | None:
        """Which bytes of each output the latest run wrote, whatever the values, by name, as flat
        booleans; None where nobody can tell: on hardware."""

    def printed(self) -> tuple[str, ...]:
        """What cores have printed in the latest run, a line each; on hardware they are silent."""

    def memory_checked(self) -> str:
        """What the emulator's memory check has checked so far, in a line; "" without it."""

    def notes(self) -> list[str]:
        """What was said in runs that completed and is worth a warning."""

    def close(self) -> None:
        """Gives the context back; nothing can be run after it."""


class Session:
    """One context on a device; state on the array persists from run to run, as on hardware.

    Args:
        xrt: `softnpu.pyxrt` or `pyxrt`.
        state: where the emulator leaves the array's state after a run that does not complete; None
            for nowhere.

    Raises:
        RunnerError: with the backend's own message and what it means.
    """

    def __init__(self, xrt: Any, program: Program, state: Path | None = None) -> None:
        self._xrt = xrt
        self._program = program
        self._state = state
        self._arguments = program.arguments
        self._traced = False
        self.seconds = 0.0
        self._hazards: dict[str, None] = {}
        self._xclbin = program.xclbin
        self._watch: Strays | None = None
        self._report: RunReport | None = None
        try:
            with collected() as said:
                self._open(program)
        except XRT_ERRORS as error:
            raise RunnerError(explained(str(error))) from error
        self._hazards.update(dict.fromkeys(said))

    def _open(self, program: Program) -> None:
        xrt, insts = self._xrt, program.insts
        self._device = xrt.device(0)
        image = xrt.xclbin(str(program.xclbin))
        self._device.register_xclbin(image)
        self._context = xrt.hw_context(self._device, image.get_uuid())
        self._kernel = xrt.kernel(self._context, program.kernel)
        self._insts = xrt.bo(
            self._device, len(insts), xrt.bo.flags.cacheable, self._group(INSTRUCTIONS)
        )
        self._insts.write(insts, 0)
        self._insts_bytes = len(insts)
        self._to_device(self._insts)
        self._buffers = [
            xrt.bo(
                self._device,
                argument.bytes,
                xrt.bo.flags.host_only,
                self._group(FIRST_BUFFER + i),
            )
            for i, argument in enumerate(self._arguments)
        ]

    def _group(self, index: int) -> int:
        """The memory group of a kernel argument that is a buffer, from the xclbin."""
        group = int(self._kernel.group_id(index))
        if group & NO_BANK == NO_BANK:
            raise RunnerError(
                f"XRT gives group {group} for argument {index} of the kernel, which means no"
                " memory: it is a scalar in this xclbin, or not connected"
            )
        return group

    def _to_device(self, buffer: Any) -> None:
        buffer.sync(self._xrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)

    def _from_device(self, buffer: Any) -> None:
        buffer.sync(self._xrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE)

    def run(
        self, inputs: Mapping[str, Array], timeout_ms: int = TIMEOUT_MS, fill: int = POISON
    ) -> dict[str, Array]:
        """Runs once; outputs are filled first, so that what is never written shows.

        Args:
            inputs: an array for each input argument, by name, of its shape and dtype.
            timeout_ms: at least 1: XRT takes 0 for "as long as it takes".
            fill: the byte that outputs hold before.

        Returns:
            An array for each output argument and each trace, by name.

        Raises:
            RunnerError: when an input does not fit its declaration or the run does not complete.
        """
        self._report = None
        try:
            self._begin_trace()
            self._fill(inputs, fill)
            start = time.perf_counter()
            with collected() as said:
                run = self._kernel(OPCODE, self._insts, self._insts_bytes, *self._buffers)
                state = run.wait(max(timeout_ms, 1))
            self.seconds = time.perf_counter() - start
        except XRT_ERRORS as error:
            raise RunnerError(explained(str(error)), hang=is_hang(str(error))) from error
        report = getattr(run, "report", None)
        self._report = report() if report is not None else None
        if state != self._xrt.ert_cmd_state.ERT_CMD_STATE_COMPLETED:
            raise _incomplete(run, state, [*said], self._saved())
        self._hazards.update(dict.fromkeys(said))
        self._note_report()
        return self._outputs()

    def _begin_trace(self) -> None:
        """Opens another context for another trace: the last run's transfer to the trace buffer is
        still under way, since nothing fills the buffer up, and would take what comes first."""
        if self._traced:
            del self._insts, self._kernel, self._context
            self._buffers.clear()
            self._watch = None
            self._open(self._program)
        self._traced = any(argument.is_trace for argument in self._arguments)

    def _saved(self) -> list[str]:
        """Saves the array's state; says where."""
        if self._state is None or self._report is None:
            return []
        from softnpu.emulator.debugging.state import save
        from softnpu.emulator.naming import names
        from softnpu.errors import EmulatorError

        try:
            known = names.understood(self._xclbin)
            save(self._state, self._report.array, known, self._report)
        except EmulatorError as error:
            return [f"the array's state is not kept: {error}"]
        return [f"all buffers, locks and registers at that moment: npuforge state {self._state}"]

    def _fill(self, inputs: Mapping[str, Array], fill: int) -> None:
        for argument, buffer in zip(self._arguments, self._buffers, strict=True):
            if argument.is_input:
                argument.check(inputs[argument.name])
                buffer.write(np.ascontiguousarray(inputs[argument.name]).tobytes(), 0)
            else:
                buffer.write(bytes([0 if argument.is_trace else fill]) * argument.bytes, 0)
            self._to_device(buffer)

    def _outputs(self) -> dict[str, Array]:
        outputs = {}
        for argument, buffer in zip(self._arguments, self._buffers, strict=True):
            if argument.is_output or argument.is_trace:
                self._from_device(buffer)
                raw = np.frombuffer(bytes(buffer.read(argument.bytes, 0)), np.uint8)
                outputs[argument.name] = raw.view(dtype(argument.dtype)).reshape(argument.shape)
        return outputs

    def _note_report(self) -> None:
        """What the emulator saw go well that might not on hardware; XRT has no such report."""
        if (seen := self._report) is not None:
            self._hazards.update(dict.fromkeys(seen.hazards))
            self._hazards.update(dict.fromkeys(self._strays(seen)))

    def printed(self) -> tuple[str, ...]:
        """As `Runs.printed`."""
        return () if self._report is None else tuple(map(str, self._report.printed))

    def memory_checked(self) -> str:
        """As `Runs.memory_checked`."""
        check = None if self._report is None else self._report.array.memcheck
        return "" if check is None else check.summary()

    def written(self) -> dict[str, Array] | None:
        """What the emulator's DMAs wrote; see `Runs.written`."""
        if self._report is None:
            return None
        pairs = zip(self._arguments, self._report.arguments, strict=True)
        return {given.name: use.written_bytes() for given, use in pairs if given.is_output}

    def _strays(self, report: RunReport) -> Iterator[str]:
        """Writes behind the buffers of the array's cores."""
        from runner.strays import Strays
        from softnpu.emulator.naming import names

        if self._watch is None:
            self._watch = Strays(names.understood(self._xclbin))
        yield from self._watch.found(report.array)

    def notes(self) -> list[str]:
        """The emulator's doubts; of XRT's nothing: in this process it writes to the console."""
        return list(self._hazards)

    def close(self) -> None:
        """Gives context, buffers and device back; they are few."""
        self._buffers.clear()
        del self._insts, self._kernel, self._context, self._device


def kernel_name(names: Sequence[str]) -> str:
    """The kernel to run: mlir-aie's MLIR_AIE where there is one, the first otherwise.

    Raises:
        RunnerError: the xclbin has none.
    """
    if not names:
        raise RunnerError(explained("No valid DPU kernel found in xclbin"))
    return KERNEL if KERNEL in names else names[0]


HOW_TO_READ = "how to read this: npuforge docs hangs"


def _incomplete(run: Any, state: Any, said: Sequence[str], kept: Sequence[str] = ()) -> RunnerError:
    """A run that did not complete: what happened, by the backend's own explanation (softnpu's).

    Args:
        said: what was logged meanwhile: the same once more, for hosts that do not ask, and what
            else there was to say.
        kept: lines about what is kept of it.
    """
    name = getattr(state, "name", str(state))
    explanation = getattr(run, "explanation", None)
    if explanation is not None and (text := explanation()):
        head, *rest = text.splitlines()
        same = f"{name}: "
        others = [one for one in said if text not in one and not one.startswith(same)]
        warnings = (f"warning: {one}" for one in counted(others))
        page = [HOW_TO_READ] if is_hang(name) else []
        lines = [f"{head.rstrip(':')} ({name})", *rest, *warnings, *page, *kept]
        return RunnerError("\n".join(lines), hang=is_hang(name))
    return RunnerError(explained(name), hang=is_hang(name))
