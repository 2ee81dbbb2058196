# ruff: noqa: N801 (the names are XRT's)
"""XRT's runlist: runs that the NPU gets as one command."""

from __future__ import annotations

from typing import Any

from softnpu.emulator.xrt.device import hw_context
from softnpu.emulator.xrt.enums import ert_cmd_state
from softnpu.emulator.xrt.kernel import run
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.overloads import Milliseconds, Overloads

_COMPLETED = ert_cmd_state.ERT_CMD_STATE_COMPLETED
_ABORT, _TIMEOUT = ert_cmd_state.ERT_CMD_STATE_ABORT, ert_cmd_state.ERT_CMD_STATE_TIMEOUT


class runlist:
    """Runs that execute in order, as one: runlist(hwctx); runlist() is none.

    Source: XRT, xrt_kernel.cpp, runlist_impl.

    Attributes:
        unfinished: never; no timeout can be given. Not in XRT.
        hung: whether one of its runs hung. Not in XRT.
    """

    unfinished = False

    def __init__(self, *given: Any, **named: Any) -> None:
        self._context: hw_context | None = _RUNLIST.read(given, named).get("hwctx")
        self._runs: list[run] = []
        self._is_running = self._executed = False
        self._failed: ert_cmd_state | None = None
        self._failed_at = -1
        self.hung = False

    def __del__(self) -> None:
        for item in getattr(self, "_runs", ()):
            item.listed(-1)

    def add(self, run: run) -> None:
        """Appends a run; it cannot be started on its own any more."""
        self._opened("cannot add run object to uninitialized runlist")
        self._check_idle("adding run objects")
        run.listed(1)
        self._runs.append(run)

    def execute(self) -> None:
        """Queues all runs."""
        context = self._opened("cannot execute uninitialized runlist")
        self._check_idle("submitting for execution")
        if not self._runs:
            return
        for item in self._runs:
            item.settle()
            item.prepare(self)
        self._is_running, self._failed, self.hung = True, None, False
        self._executed = True
        context.submit(self)

    def wait(self, *given: Any, **named: Any) -> None:
        """Executes all runs.

        Raises:
            RuntimeError: a run did not complete; those behind it are ERT_CMD_STATE_ABORT.
            TypeError: a timeout, which the binding cannot take.
        """
        _WAIT.read(given, named)
        context = self._opened("cannot wait on uninitialized runlist")
        context.finish(self, 0)
        was_running, self._is_running = self._is_running, False
        if was_running and self._failed is not None:
            raise RuntimeError(self._told())

    def _told(self) -> str:
        assert self._failed is not None
        return f"runlist failed execution ({self._failed.name})"

    def failure(self) -> tuple[int, ert_cmd_state, str] | None:
        """The run that did not complete, its state and what XRT says; None if all did. Not in
        XRT's binding."""
        if self._failed is None:
            return None
        return self._failed_at, self._failed, self._told()

    def state(self) -> ert_cmd_state:
        """The state of the last `execute`, which is executed if it waits for that. Not in XRT's
        binding."""
        context = self._opened("cannot get state of uninitialized runlist")
        context.finish(self, 0)
        if not self._is_running and self._failed is None and not self._executed:
            return ert_cmd_state.ERT_CMD_STATE_NEW
        return self._failed or _COMPLETED

    def reset(self) -> None:
        """Lets go of all runs. Not in XRT's binding."""
        if self._is_running:
            raise RuntimeError(
                "The runlist is submitted for execution and cannot be reset. Wait for it first: "
                "Invalid argument"
            )
        for item in self._runs:
            item.listed(-1)
        self._runs, self._failed, self._executed = [], None, False

    def perform(self, timeout_ms: float) -> None:
        """Runs them on the emulator. Not in XRT."""
        for index, item in enumerate(self._runs):
            item.perform(timeout_ms)
            if item.current is not _COMPLETED:
                self.hung = item.hung
                self._fail(index, item.current)
                return

    def abort(self) -> None:
        """Ends with the run before it, which hung. Not in XRT."""
        self._fail(0, _TIMEOUT)

    def _fail(self, index: int, state: ert_cmd_state) -> None:
        """As XRT, drivers name the run and the state; older ones the first and ABORT."""
        if state is _TIMEOUT and machine().settings.watchdog_raises:
            index, state = 0, _ABORT
        self._failed, self._failed_at = state, index
        self._runs[index].become(state)
        for item in self._runs[index + 1 :]:
            item.abort()

    def _opened(self, problem: str) -> hw_context:
        if self._context is None:
            raise RuntimeError(f"{problem}: pyxrt.runlist(hwctx) makes one")
        return self._context

    def _check_idle(self, what: str) -> None:
        if self._is_running:
            raise RuntimeError(f"runlist must be idle before {what}, current state: running")


_RUNLIST = Overloads("pyxrt.runlist", ({}, {"hwctx": hw_context}))
_WAIT = Overloads("pyxrt.runlist.wait", ({}, {"timeout": Milliseconds}), method=True)
