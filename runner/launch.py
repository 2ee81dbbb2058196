"""Opens a session for an artifact: checked first, then loaded where it shall run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import preflight
from runner.artifact import Argument, Artifact
from runner.errors import RunnerError
from runner.preflight import EMULATOR, NPU, Launch
from runner.session import Program, Runs, Session

WITHOUT_NPU = (
    "Without an NPU, `npuforge test_emu` runs the same artifacts on the emulator (all but npu2's "
    "with Peano's cores)."
)


@dataclass(frozen=True)
class Opened:
    """A loaded kernel, with what the checks before it found doubtful."""

    session: Runs
    warnings: tuple[str, ...]


def open_artifact(artifact: Artifact, target: str, state: Path | None = None) -> Opened:
    """Opens a built artifact; see `open_pair`."""
    return open_pair(
        artifact.xclbin,
        artifact.insts,
        artifact.arguments,
        target,
        device=artifact.device,
        core_isa=artifact.core_isa,
        state=state,
    )


def open_pair(
    xclbin: Path,
    insts: Path,
    arguments: Sequence[Argument],
    target: str,
    *,
    device: str | None = None,
    core_isa: str | None = None,
    state: Path | None = None,
) -> Opened:
    """Checks an xclbin with its instruction stream and loads it.

    Args:
        target: EMULATOR or NPU.
        device: what the design was built for, None if nobody knows.
        core_isa: what the cores hold, for an xclbin without a mark.
        state: where the emulator leaves the array's state when a run does not complete.

    Raises:
        RunnerError: the pair is refused, or cannot be loaded.
    """
    launch = preflight.read(xclbin, insts, arguments, target, device=device, core_isa=core_isa)
    warnings = preflight.check(launch)
    program = Program(xclbin, launch.insts, launch.kernel.name, launch.arguments)
    session = _on_npu(launch, program) if target == NPU else _emulated(launch, program, state)
    return Opened(session, warnings)


def _emulated(launch: Launch, program: Program, state: Path | None) -> Runs:
    from softnpu import pyxrt

    pyxrt.assume_core_isa(launch.core_isa)
    return Session(pyxrt, program, state)


def _on_npu(launch: Launch, program: Program) -> Runs:
    from runner.npu.locate import find
    from runner.npu.session import NpuSession

    return NpuSession(find(), program, launch.generation, contexts_in_use)


def contexts_in_use() -> str:
    """Who has the NPU's contexts, as the doctor tells."""
    from runner.doctor import System, devices

    return devices.contexts(System()).detail


def find_npu() -> str:
    """The name of the NPU that can be reached from this Python.

    Raises:
        RunnerError: saying what is missing, and naming the emulator as the way out.
    """
    from runner.npu.locate import find
    from runner.npu.process import probe

    try:
        return probe(find())
    except RunnerError as error:
        raise RunnerError(f"no NPU can be reached from here: {error}\n{WITHOUT_NPU}") from error


__all__ = ["EMULATOR", "NPU", "Opened", "find_npu", "open_artifact", "open_pair"]
