"""A kernel loaded on the NPU, in a child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from runner.compare import POISON
from runner.errors import RunnerError
from runner.kernel_messages import KERNEL_MESSAGES
from runner.messages import explanations
from runner.npu import kernel_log
from runner.npu.generation import generation
from runner.npu.locate import Found
from runner.npu.process import GRACE_SECONDS, OPEN_SECONDS, NpuProcess
from runner.npu.protocol import Load, Probe, Ran, Request, Run
from runner.session import TIMEOUT_MS, Program

Array = np.ndarray[Any, Any]


class NpuSession:
    """One context on the NPU; see `runner.session.Session`.

    Args:
        made_for: "npu1" or "npu2", what the instruction stream was made for.
        contexts: tells who has the NPU's contexts, for when none is left.

    Raises:
        RunnerError: with XRT's message, what it means, and what the kernel's log says.
    """

    def __init__(
        self,
        pyxrt: Found,
        program: Program,
        made_for: str,
        contexts: Callable[[], str] = lambda: "",
    ) -> None:
        self.seconds = 0.0
        self._contexts = contexts
        self._log = kernel_log.KernelLog()
        self._process = NpuProcess(pyxrt)
        try:
            self._check_generation(made_for)
            self._ask(Load(program), OPEN_SECONDS)
        except RunnerError:
            self._process.close()
            raise

    def _check_generation(self, made_for: str) -> None:
        name = self._ask(Probe(), OPEN_SECONDS)
        found = generation(name)
        if found is not None and found != made_for:
            raise RunnerError(
                f"the artifact is for {made_for}, this machine's NPU is {name} ({found}): a design"
                f" for it says aie.device({found}_1col) or the like",
                elsewhere=True,
            )

    def run(
        self, inputs: Mapping[str, Array], timeout_ms: int = TIMEOUT_MS, fill: int = POISON
    ) -> dict[str, Array]:
        """Runs once; see `Session.run`. After a failure the context is not used again."""
        for_xrt = max(timeout_ms, 1)
        seconds = for_xrt / 1000 + GRACE_SECONDS
        ran: Ran = self._ask(Run(dict(inputs), for_xrt, fill), seconds)
        self.seconds = ran.seconds
        return ran.outputs

    def printed(self) -> tuple[str, ...]:
        """As `Runs.printed`."""
        return ()

    def written(self) -> None:
        """XRT does not tell."""

    def memory_checked(self) -> str:
        """As `Runs.memory_checked`: on hardware nobody looks."""
        return ""

    def notes(self) -> list[str]:
        """What XRT wrote to the console in runs that seemed to go well, explained where known."""
        return [f"XRT said: {e.meaning}; {e.remedy}" for e in explanations(self._process.console())]

    def close(self) -> None:
        """Gives the context back and ends the process."""
        self._process.close()

    def _ask(self, request: Request, seconds: float) -> Any:
        try:
            return self._process.ask(request, seconds)
        except RunnerError as error:
            lines = [str(error), *self._who_holds_contexts(str(error)), *self._circumstances()]
            raise RunnerError("\n".join(lines), hang=error.hang) from error

    def _circumstances(self) -> list[str]:
        """What else is known of a failure: XRT's console, the kernel's log."""
        lines = []
        if console := self._process.console():
            lines.append("XRT wrote:")
            lines += [f"  {line}" for line in console.splitlines()]
            lines += [f"  means: {e.meaning}" for e in explanations(console)]
        log = self._log.news()
        if log.lines:
            lines.append("the kernel's log:")
            lines += [f"  {line}" for line in log.latest]
            for item in explanations("\n".join(log.latest), KERNEL_MESSAGES):
                lines += [f"  means: {item.meaning}", f"  do: {item.remedy}"]
        elif log.unreadable:
            lines.append(f"the kernel's log cannot be read here ({log.unreadable}); see it with:")
            lines.append(f"  {kernel_log.BY_HAND}")
        return lines

    def _who_holds_contexts(self, message: str) -> list[str]:
        """For a context that could not be had: the processes that have some."""
        held = self._contexts() if "CREATE_HWCTX" in message else ""
        return [f"  contexts: {held}"] if held else []
