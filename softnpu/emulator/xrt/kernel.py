# ruff: noqa: N801 (the names are XRT's)
"""XRT's kernel and run."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any
from weakref import ReferenceType, ref

from softnpu.emulator.array.array import Array
from softnpu.emulator.context import WATCHDOG_CYCLES
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome, RunReport
from softnpu.emulator.scheduling.clock import CYCLES_PER_MS
from softnpu.emulator.xrt import commands, connectivity
from softnpu.emulator.xrt.buffer import bo
from softnpu.emulator.xrt.device import Job, device, hw_context
from softnpu.emulator.xrt.enums import PybindEnum, ert_cmd_state, xclBOSyncDirection
from softnpu.emulator.xrt.image import uuid
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.overloads import Callback, Milliseconds, Overloads, as_int32
from softnpu.errors import SoftnpuError
from softnpu.formats.xclbin.spec import FIRST_BUFFER_ARGUMENT

_log = logging.getLogger("softnpu.pyxrt")

_NO_BRACES = str.maketrans("", "", "{}")
"""A kernel's instance is named as in "MLIR_AIE:{MLIRAIE}"."""


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
        if context.elves:
            raise RuntimeError(
                "Invalid API called for xrt::kernel creation, xrt::hw_context passed is not created"
                " using XCLBIN"
            )
        image = context.image.parsed
        try:
            found = {k.name for k in image.kernels} | {i.name for i in image.instances}
        except SoftnpuError as error:
            raise RuntimeError(f"No valid DPU kernel found in xclbin (err=22): {error}") from error
        plain = name.translate(_NO_BRACES)
        if plain not in found:
            raise RuntimeError(f"No such kernel '{name}'")
        self.name = plain.split(":")[0]
        self.context = context
        self._image = image
        declared = image.kernel(self.name)
        self.arguments = declared.arguments
        pdi = context.image.pdi_of(declared)
        if pdi is None:
            raise RuntimeError(f"CU name ({name}) not found (err=2): No such file or directory")
        self.pdi = pdi
        self._instance = image.instance_index(declared) or 0
        self.told_group = False
        """Whether it was told that a buffer has another group. Not in XRT."""

    def group_id(self, argument: int, /) -> int:
        """The memory group of an argument: bank | slot << 16; 131071 for a scalar."""
        if not 0 <= argument < len(self.arguments):
            raise IndexError(f"argument {argument}: the kernel has {len(self.arguments)}")
        return self._image.group_id(argument, instance=self._instance)

    def connects(self, argument: int, bank: int) -> bool:
        """Whether a buffer in `bank` can be `argument`. Not in XRT."""
        wanted = (self._instance, argument, bank)
        return any((c.instance, c.argument, c.memory) == wanted for c in self._image.connections)

    has_module = False
    """Whether its control code is an ELF's. Not in XRT."""
    scratchpad = 0
    """Bytes of the scratchpad that its control code fetches, 0 for none. Not in XRT."""

    def command(self, arguments: commands.Arguments, scratchpad: bo | None) -> commands.Command:
        """What the NPU gets for a run with these arguments. Not in XRT.

        Raises:
            EmulatorError: the firmware would refuse it; saying why.
        """
        del scratchpad
        return commands.transaction(self, arguments)

    def __call__(self, *arguments: Any) -> run:
        """Sets the arguments and starts. What is neither buffer nor int, or more than the kernel
        takes, is left out, as pyxrt does; unlike pyxrt, a log message says so."""
        job = run(self)
        for index, argument in enumerate(arguments):
            value = argument if isinstance(argument, bo) else as_int32(argument)
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
            f"{len(self.arguments) - FIRST_BUFFER_ARGUMENT} are buffers"
        )
        _log.warning("argument %d is left out without a word by XRT: %s", index, why)


class run:
    """One execution of a kernel, or several after one another.

    Attributes:
        kernel: what it executes.
        unfinished: the time of a `wait` was over before it was; the next `wait` goes on with it.
            Not in XRT.
        hung: it did not complete because nothing could move any more, or for too long. Not in XRT.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        self._kernel: kernel | None = _RUN.read(given, named).get("arg0")
        self._arguments: dict[int, bo | int] = {}
        self._state = ert_cmd_state.ERT_CMD_STATE_NEW
        self._report: RunReport | None = None
        self._problem: str | None = None
        self._lists = 0
        self._list: ReferenceType[Job] | None = None
        """The runlist that executes it, unless it was started itself."""
        self._watchdog_ended = False
        self._scratchpad: bo | None = None
        self.unfinished = self.hung = False

    @property
    def kernel(self) -> kernel:
        """What it executes. Not in XRT."""
        if self._kernel is None:
            raise RuntimeError("this run is empty: pyxrt.run(kernel) makes one")
        return self._kernel

    def set_arg(self, index: int, value: bo | int, /) -> None:
        """Sets an argument; a buffer in the wrong memory is replaced by a copy, with a warning."""
        held = value if isinstance(value, bo) else as_int32(value)
        if held is None:
            raise TypeError(
                f"set_arg(): incompatible function arguments: {value!r} is no int or bo"
            )
        if not 0 <= index < len(self.kernel.arguments):
            raise RuntimeError(f"Bad argument index '{index}'")
        if isinstance(value, bo) and not self.kernel.connects(index, value.bank):
            held = connectivity.copied(value, self.kernel, index)
        elif isinstance(value, bo):
            connectivity.tell_other_group(value, self.kernel, index)
        self._arguments[index] = held

    def set_scalar(self, index: int, raw: bytes) -> None:
        """Sets a scalar from its bytes in memory, as XRT's C++ set_arg takes it: as many as the
        argument has. Not in XRT's binding."""
        if not 0 <= index < len(self.kernel.arguments):
            raise RuntimeError(f"Bad argument index '{index}'")
        size = self.kernel.arguments[index].size
        self._arguments[index] = int.from_bytes(raw[:size], "little")

    def start(self) -> None:
        """Queues the execution."""
        if self._lists:
            raise RuntimeError("Run object belongs to a runlist and cannot be explicitly started")
        if machine().maps.held():
            _log.warning(
                "a map is held whose buffer is gone: XRT has unmapped it, to touch it is a crash"
            )
        self.prepare(None)
        self.kernel.context.submit(self)

    def prepare(self, runs: Job | None) -> None:
        """Will be executed, by itself or as one of a runlist. Not in XRT."""
        if self._state is _SUBMITTED:
            raise RuntimeError("bad command state, can't launch")
        self._state, self._list = _SUBMITTED, ref(runs) if runs else None
        self._watchdog_ended = self.hung = False
        self._report = self._problem = None

    def settle(self) -> None:
        """Executes it if it was started by itself before, and never waited for. Not in XRT."""
        if self._state is _SUBMITTED and self._list is None:
            _log.warning(
                "a run was started by itself, and its runlist is executed without a wait for it "
                "in between: here it is done first; on hardware it is refused (bad command state) "
                "unless it is done by then"
            )
            self.kernel.context.finish(self, 0)

    def listed(self, change: int) -> None:
        """Belongs to one runlist more or less from now on. Not in XRT."""
        self._lists += change

    def perform(self, timeout_ms: float) -> None:
        """Runs it on the emulator. Not in XRT."""
        try:
            command = self.kernel.command(self._arguments, self._scratch())
            context = self.kernel.context.emulated(self.kernel.pdi)
            if self.unfinished:
                report = context.resume(timeout_ms=timeout_ms or None)
            else:
                report = context.run(
                    command.instructions,
                    command.buffers,
                    scratchpad=command.scratchpad,
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
        problem = None if report.completed else explain(report, self.kernel.context.names)
        lasted = not timeout_ms or timeout_ms >= WATCHDOG_CYCLES / CYCLES_PER_MS
        self.hung = _STATES[report.outcome] is _TIMEOUT
        self._watchdog_ended = lasted and self.hung
        self._end(_STATES[report.outcome], problem)
        if (listener := machine().settings.on_report) is not None:
            listener(report)

    def _end(self, state: ert_cmd_state, problem: str | None) -> None:
        self.unfinished = False
        self._state, self._problem = state, problem
        if problem is not None:
            self.kernel.context.tell(state.name, problem)
            self.kernel.context.drop()

    def abort(self) -> None:
        """Ends with the run before it, which did not complete. Not in XRT."""
        self._watchdog_ended = self._list is None
        self._state = ert_cmd_state.ERT_CMD_STATE_ABORT
        self._problem = "a run before this one did not complete, and took it along"

    def cancel(self) -> ert_cmd_state:
        """XRT's run.abort(), which its binding lacks: a run that is queued is taken out; gives the
        state."""
        if self._state is ert_cmd_state.ERT_CMD_STATE_NEW:
            raise RuntimeError("Cannot abort command that wasn't started: Invalid argument")
        if self._state is _SUBMITTED and self._list is None:
            self.kernel.context.withdraw(self)
            self.unfinished = False
            self._state = ert_cmd_state.ERT_CMD_STATE_ABORT
        return self._state

    def become(self, state: ert_cmd_state) -> None:
        """Ends in a state that its runlist knows. Not in XRT."""
        self._state = state

    @property
    def current(self) -> ert_cmd_state:
        """The state, without executing anything. Not in XRT."""
        return self._state

    def wait(self, *given: Any, **named: Any) -> ert_cmd_state:
        """wait() or wait(timeout_ms): executes what is queued up to this run; gives its state.

        The timeout is of the array's estimated time; 0 waits as long as the driver's watchdog. A
        run that takes longer is ERT_CMD_STATE_TIMEOUT, and can be waited for again.

        Raises:
            RuntimeError: the watchdog ended it, if that is how the driver is to tell it.
        """
        timeout_ms = int(_WAIT.read(given, named).get("arg0", 0))
        self.kernel.context.finish(self._job, timeout_ms)
        if self._watchdog_ended and machine().settings.watchdog_raises:
            raise RuntimeError("qds_device::wait() unexpected command state")
        return _TIMEOUT if self._is_waiting else self._state

    @property
    def _job(self) -> Job:
        """What the context has queued: the run itself, or its runlist."""
        return (self._list() if self._list else None) or self

    @property
    def _is_waiting(self) -> bool:
        return self._state is _SUBMITTED

    def wait2(self, *given: Any, **named: Any) -> None:
        """As `wait`; RuntimeError if the run does not complete, TypeError for a timeout, which the
        binding cannot take: it leaves out pybind11/chrono.h."""
        _WAIT2.read(given, named)
        state = self.wait()
        if state is not ert_cmd_state.ERT_CMD_STATE_COMPLETED:
            raise RuntimeError(f"Command failed to complete successfully ({state.name})")

    def state(self) -> ert_cmd_state:
        """The state; asking for it executes what is queued."""
        self.kernel.context.finish(self._job, 0)
        return self._state

    def add_callback(self, *given: Any, **named: Any) -> None:
        """Fails, as no Python function fits: the binding leaves out pybind11/functional.h."""
        _ADD_CALLBACK.read(given, named)

    def get_ctrl_scratchpad_bo(self) -> bo:
        """The buffer of the values that its control code fetches.

        Raises:
            RuntimeError: the kernel has no control code of an ELF, or that fetches none.
        """
        scratchpad = self._scratch()
        if scratchpad is None:
            raise RuntimeError(
                "Control scratchpad memory is not present"
                if self.kernel.has_module
                else "No module associated with run object"
            )
        scratchpad.sync(xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE)
        return scratchpad

    def _scratch(self) -> bo | None:
        """The run's own scratchpad, made when it is first asked for."""
        if self.kernel.scratchpad and self._scratchpad is None:
            self._scratchpad = self._new_scratchpad(self.kernel.scratchpad)
        return self._scratchpad

    def _new_scratchpad(self, size: int) -> bo:
        return bo(self.kernel.context.get_device(), size, bo.flags.host_only, 0)

    def report(self) -> RunReport | None:
        """What happened: statistics, an estimate of the time, hazards. Not in XRT."""
        return self._report

    def explanation(self) -> str:
        """Why the run did not complete; empty if it did. Not in XRT."""
        return self._problem or ""


_KERNEL = Overloads(
    "pyxrt.kernel",
    (
        {"hw_context": hw_context, "name": str},
        {"device": device, "uuid": uuid, "name": str},
        {"device": device, "uuid": uuid, "name": str, "mode": kernel.cu_access_mode},
    ),
)
_RUN = Overloads("pyxrt.run", ({}, {"arg0": kernel}))
_WAIT = Overloads("pyxrt.run.wait", ({}, {"arg0": int}), method=True)
_WAIT2 = Overloads("pyxrt.run.wait2", ({}, {"arg0": Milliseconds}), method=True)
_ADD_CALLBACK = Overloads(
    "pyxrt.run.add_callback",
    ({"arg0": ert_cmd_state, "arg1": Callback, "arg2": object},),
    method=True,
)

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
