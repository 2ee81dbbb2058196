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
        self._is_running = False
        self._failed: ert_cmd_state | None = None
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
            item.prepare(self)
        self._is_running, self._failed, self.hung = True, None, False
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
            raise RuntimeError(f"runlist failed execution ({self._failed.name})")

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
        self._failed = state
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
