# ruff: noqa: N801 (the names are XRT's)
"""XRT's kernel, run and runlist."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from softnpu.emulator.array import Array
from softnpu.emulator.context import CYCLES_PER_MS, WATCHDOG_CYCLES
from softnpu.emulator.explain import explain
from softnpu.emulator.host_memory import HostBuffer
from softnpu.emulator.report import Outcome, RunReport
from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.device import device, hw_context
from softnpu.emulator.xrt.enums import PybindEnum, ert_cmd_state
from softnpu.emulator.xrt.image import uuid
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.overloads import Overloads
from softnpu.errors import SoftnpuError

_log = logging.getLogger("softnpu.pyxrt")

OPCODE_TRANSACTION = 3
"""The opcode that runs an instruction stream (mlir-aie, python/utils/xrt.py)."""

_OPCODE, _INSTRUCTIONS, _FIRST_BUFFER = 0, 1, 3


class kernel:
    """A kernel of a context's xclbin; calling it makes a run and starts it.

    kernel(hw_context, name), or as of old kernel(device, uuid, name[, mode]), which makes a context
    of its own.

    Raises:
        RuntimeError: the xclbin has no such kernel.
    """

    class cu_access_mode(PybindEnum):
        """Whether others may use the kernel in turn."""

        exclusive = 0
        shared = 1
        none = 2

    exclusive, shared, none = cu_access_mode.exclusive, cu_access_mode.shared, cu_access_mode.none

    def __init__(self, *given: Any, **named: Any) -> None:
        found = _KERNEL.read(given, named)
        if "hw_context" in found:
            self._open(found["hw_context"], found["name"])
            return
        warnings.warn(
            "kernel(device, uuid, name[, mode]) is deprecated; "
            "use kernel(hw_context, name) instead.",
            DeprecationWarning,
            stacklevel=2,
        )
        exclusive = found.get("mode") is self.exclusive
        mode = hw_context.exclusive if exclusive else hw_context.shared
        self._open(hw_context(found["device"], found["uuid"], mode), found["name"])

    def _open(self, context: hw_context, name: str) -> None:
        image = context.image.parsed
        try:
            found = {k.name for k in image.kernels} | {i.name for i in image.instances}
        except SoftnpuError as error:
            raise RuntimeError(f"No valid DPU kernel found in xclbin (err=22): {error}") from error
        if name not in found:
            raise RuntimeError(f"No such kernel '{name}'")
        self.name = name.split(":")[0]
        self.context = context
        self._image = image
        self.arguments = image.kernel(self.name).arguments

    def group_id(self, argument: int) -> int:
        """The memory group of an argument: bank | slot << 16; 131071 for a scalar."""
        if not 0 <= argument < len(self.arguments):
            raise IndexError(f"argument {argument}: the kernel has {len(self.arguments)}")
        return self._image.group_id(argument)

    def connects(self, argument: int, bank: int) -> bool:
        """Whether a buffer in `bank` can be `argument`. Not in XRT."""
        return any(c.argument == argument and c.memory == bank for c in self._image.connections)

    def __call__(self, *arguments: Any) -> run:
        """Sets the arguments and starts. What is neither buffer nor int, or more than the kernel
        takes, is left out, as pyxrt does; unlike pyxrt, a log message says so."""
        job = run(self)
        for index, argument in enumerate(arguments):
            value = argument if isinstance(argument, bo) else _as_int32(argument)
            if value is not None and index < len(self.arguments):
                job.set_arg(index, value)
            else:
                self._tell_left_out(index, value)
        job.start()
        return job

    def _tell_left_out(self, index: int, value: bo | int | None) -> None:
        why = (
            "it is neither a buffer nor an int"
            if value is None
            else f"{self.name} takes {len(self.arguments)}, of which "
            f"{len(self.arguments) - _FIRST_BUFFER} are buffers"
        )
        _log.warning("argument %d is left out without a word by XRT: %s", index, why)


def _as_int32(value: Any) -> int | None:
    """`value` as the C++ int that pybind casts it to, None if it cannot."""
    try:
        number = int(value.__index__())
    except (AttributeError, TypeError):
        return None
    return number if -(1 << 31) <= number < 1 << 31 else None


class run:
    """One execution of a kernel, or several after one another.

    Attributes:
        kernel: what it executes.
        unfinished: the time of a `wait` was over before it was; the next `wait` goes on with it.
            Not in XRT.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        self._kernel: kernel | None = _RUN.read(given, named).get("arg0")
        self._arguments: dict[int, bo | int] = {}
        self._state = ert_cmd_state.ERT_CMD_STATE_NEW
        self._report: RunReport | None = None
        self._problem: str | None = None
        self._managed = False
        self._listed = False
        self._watchdog_ended = False
        self.unfinished = False

    @property
    def kernel(self) -> kernel:
        """What it executes. Not in XRT."""
        if self._kernel is None:
            raise RuntimeError("this run is empty: pyxrt.run(kernel) makes one")
        return self._kernel

    def set_arg(self, index: int, value: bo | int) -> None:
        """Sets an argument; a buffer in the wrong memory is replaced by a copy, with a warning."""
        if not 0 <= index < len(self.kernel.arguments):
            raise RuntimeError(f"Bad argument index '{index}'")
        if isinstance(value, bo) and not self.kernel.connects(index, value.bank):
            self._warn_of_copy(index, value)
            value = _copy_of(value, self.kernel.group_id(index))
        self._arguments[index] = value

    def _warn_of_copy(self, index: int, value: bo) -> None:
        _log.warning(
            "[XRT] WARNING: Kernel %s has no compute units with connectivity required for global "
            "argument at index %d. The argument is allocated in bank %d, the compute unit is "
            "connected to bank %d. Allocating local copy of argument buffer in connected bank.",
            self.kernel.name,
            index,
            value.bank,
            self.kernel.group_id(index),
        )
        _log.warning(
            "[XRT] WARNING: Reverting to host copy of buffers (exec_buf: Operation not supported)"
        )

    def start(self) -> None:
        """Queues the execution; one with a callback cannot be, on NPUs (XRT, hw_queue.cpp)."""
        if self._managed:
            raise RuntimeError("Managed execution is not supported for this device")
        if self._listed:
            raise RuntimeError("Run object belongs to a runlist and cannot be explicitly started")
        self._submit()

    def _submit(self) -> None:
        if self._state is _SUBMITTED:
            raise RuntimeError("bad command state, can't launch")
        self._state = _SUBMITTED
        self._watchdog_ended = False
        self._report = self._problem = None
        self.kernel.context.submit(self)

    def execute(self, timeout_ms: float) -> None:
        """Runs it on the emulator. Not in XRT."""
        problem = self._missing()
        if problem is not None:
            self._end(ert_cmd_state.ERT_CMD_STATE_ERROR, problem)
            return
        instructions = self._arguments[_INSTRUCTIONS]
        assert isinstance(instructions, bo)
        try:
            context = self.kernel.context.emulated()
            if self.unfinished:
                report = context.resume(timeout_ms=timeout_ms or None)
            else:
                self.kernel.context.check_pair(instructions.device_bytes())
                report = context.run(
                    instructions.device_bytes(),
                    self._buffers(),
                    timeout_ms=timeout_ms or None,
                    until=_stop_condition(),
                )
        except SoftnpuError as error:
            self._end(ert_cmd_state.ERT_CMD_STATE_ERROR, str(error))
            return
        self._report = report
        self.unfinished = report.outcome is Outcome.TIMEOUT and not context.watchdog_expired
        if self.unfinished:
            self._problem = explain(report, self.kernel.context.names)
            _log.warning("not done after %g ms; %s", timeout_ms, self._problem)
            return
        if (listener := machine().settings.on_report) is not None:
            listener(report)
        problem = None if report.completed else explain(report, self.kernel.context.names)
        lasted = not timeout_ms or timeout_ms >= WATCHDOG_CYCLES / CYCLES_PER_MS
        self._watchdog_ended = lasted and _STATES[report.outcome] is _TIMEOUT
        self._end(_STATES[report.outcome], problem)

    def _end(self, state: ert_cmd_state, problem: str | None) -> None:
        self.unfinished = False
        self._state, self._problem = state, problem
        if problem is not None:
            _log.error("%s: %s", state.name, problem)
            self.kernel.context.drop()

    def _missing(self) -> str | None:
        """Why the firmware would refuse the command, or None."""
        opcode = self._arguments.get(_OPCODE)
        if opcode is None or isinstance(opcode, bo):
            return f"argument 0 must be the opcode {OPCODE_TRANSACTION}; {self._signature()}"
        if opcode != OPCODE_TRANSACTION:
            return f"opcode {opcode} is not known; {OPCODE_TRANSACTION} runs an instruction stream"
        if not isinstance(self._arguments.get(_INSTRUCTIONS), bo):
            return f"argument 1 must be the instruction buffer; {self._signature()}"
        return None

    def _signature(self) -> str:
        names = ", ".join(f"{a.name}: {a.type}" for a in self.kernel.arguments)
        return f"the xclbin declares {self.kernel.name}({names})"

    def _buffers(self) -> list[HostBuffer | None]:
        """The buffers as the instruction stream counts them; None where none was given."""
        declared = self.kernel.arguments
        given = self.kernel.context.names.arguments
        found: list[HostBuffer | None] = []
        for index in range(_FIRST_BUFFER, len(declared)):
            value = self._arguments.get(index)
            name = given.get(index - _FIRST_BUFFER, declared[index].name)
            found.append(
                value.argument(f"argument {index} ({name})") if isinstance(value, bo) else None
            )
        return found

    def wait(self, timeout_ms: int = 0) -> ert_cmd_state:
        """Executes what is queued up to this run and returns its state.

        Args:
            timeout_ms: of the array's estimated time; 0 waits as long as the driver's watchdog.
                A run that takes longer is ERT_CMD_STATE_TIMEOUT, and can be waited for again.

        Raises:
            RuntimeError: the watchdog ended it, if that is how the driver is to tell it.
        """
        self.kernel.context.finish(self, timeout_ms)
        if self._watchdog_ended and machine().settings.watchdog_raises:
            raise RuntimeError("qds_device::wait() unexpected command state")
        return _TIMEOUT if self._is_waiting else self._state

    @property
    def _is_waiting(self) -> bool:
        return self._state is _SUBMITTED

    def wait2(self, *timeout: Any) -> None:
        """As `wait`; RuntimeError if the run does not complete, TypeError for a timeout."""
        _no_timeout("wait2", timeout)
        state = self.wait()
        if state is not ert_cmd_state.ERT_CMD_STATE_COMPLETED:
            short = state.name.removeprefix("ERT_CMD_STATE_")
            raise RuntimeError(f"Command failed to complete successfully ({short})")

    def state(self) -> ert_cmd_state:
        """The state; asking for it executes what is queued."""
        self.kernel.context.finish(self, 0)
        return self._state

    def add_callback(
        self, state: ert_cmd_state, callback: Callable[..., Any], data: Any = None
    ) -> None:
        """Wants `callback` to be called with `data`; then `start` fails, as on all NPUs."""
        del callback, data
        if state is not ert_cmd_state.ERT_CMD_STATE_COMPLETED:
            raise RuntimeError("Cannot add callback, run state may only be ERT_CMD_STATE_COMPLETED")
        self._managed = True

    def get_ctrl_scratchpad_bo(self) -> bo:
        """Fails as for any xclbin, which has no control code module: RuntimeError."""
        raise RuntimeError("No module associated with run object")

    def report(self) -> RunReport | None:
        """What happened: statistics, an estimate of the time, hazards. Not in XRT."""
        return self._report

    def explanation(self) -> str:
        """Why the run did not complete; empty if it did. Not in XRT."""
        return self._problem or ""

    def listed(self) -> None:
        """Belongs to a runlist from now on. Not in XRT."""
        self._listed = True

    def submit_listed(self) -> None:
        """Queues the execution for its runlist. Not in XRT."""
        self._submit()


class runlist:
    """Runs that execute in order, as one: runlist(hwctx); runlist() is none."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._context: hw_context | None = _RUNLIST.read(given, named).get("hwctx")
        self._runs: list[run] = []

    def add(self, run: run) -> None:
        """Appends a run; it cannot be started on its own any more."""
        if self._context is None:
            raise RuntimeError("this runlist is empty: pyxrt.runlist(hwctx) makes one")
        run.listed()
        self._runs.append(run)

    def execute(self) -> None:
        """Queues all runs."""
        for item in self._runs:
            item.submit_listed()

    def wait(self, *timeout: Any) -> None:
        """Executes all runs; RuntimeError at the first that does not complete, TypeError for a
        timeout."""
        _no_timeout("wait", timeout)
        for item in self._runs:
            item.wait2()


_KERNEL = Overloads(
    "pyxrt.kernel",
    (
        {"hw_context": hw_context, "name": str},
        {"device": device, "uuid": uuid, "name": str},
        {"device": device, "uuid": uuid, "name": str, "mode": kernel.cu_access_mode},
    ),
)
_RUN = Overloads("pyxrt.run", ({}, {"arg0": kernel}))
_RUNLIST = Overloads("pyxrt.runlist", ({}, {"hwctx": hw_context}))

_SUBMITTED = ert_cmd_state.ERT_CMD_STATE_SUBMITTED
_TIMEOUT = ert_cmd_state.ERT_CMD_STATE_TIMEOUT

_STATES = {
    Outcome.COMPLETED: ert_cmd_state.ERT_CMD_STATE_COMPLETED,
    Outcome.HANG: ert_cmd_state.ERT_CMD_STATE_TIMEOUT,
    Outcome.TIMEOUT: ert_cmd_state.ERT_CMD_STATE_TIMEOUT,
    Outcome.FAULT: ert_cmd_state.ERT_CMD_STATE_ERROR,
    Outcome.STOPPED: ert_cmd_state.ERT_CMD_STATE_ABORT,
}


def _stop_condition() -> Callable[[Array], bool] | None:
    """Holds when anything has reached the cycle that runs are to stop at."""
    cycle = machine().settings.stop_at
    if cycle is None:
        return None
    limit = cycle
    return lambda array: any(actor.clock >= limit for actor in array.actors())


def _no_timeout(method: str, given: tuple[Any, ...]) -> None:
    """XRT's binding leaves out pybind11/chrono.h, without which no timeout can be handed over."""
    if given:
        raise TypeError(
            f"{method}(): incompatible function arguments. pyxrt takes no "
            "std::chrono::milliseconds from Python, so no timeout can be given; "
            "run.wait(timeout_ms) takes an int\n\n"
            f"Invoked with: {', '.join(map(repr, given))}"
        )


def _copy_of(original: bo, group: int) -> bo:
    """The copy in another bank that XRT runs the kernel on; the original stays as it is."""
    made = bo(original.owner, original.size(), bo.flags.host_only, group)
    made.buffer.data[: original.size()] = np.frombuffer(original.device_bytes(), np.uint8)
    return made
