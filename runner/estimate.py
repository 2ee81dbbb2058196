"""How long an artifact runs, by the emulator's estimate, and where the cycles go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from runner import vectors
from runner.artifact import Artifact
from runner.errors import RunnerError
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.memory.host_memory import HostBuffer
from softnpu.emulator.naming import names
from softnpu.emulator.profiling.profile import Profile, of_array
from softnpu.emulator.scheduling.clock import CYCLES_PER_MS
from softnpu.formats import xclbin

Array = np.ndarray[Any, Any]


def loaded(
    built: Artifact, inputs: Mapping[str, Array], *, profile: bool = False
) -> tuple[Context, list[HostBuffer]]:
    """A context for an artifact, and its buffers with these inputs."""
    image = xclbin.parse(built.xclbin.read_bytes())
    context = Context(image, core_isa=built.core_isa, profile=profile)
    buffers = [context.allocate(argument.bytes, argument.name) for argument in built.arguments]
    for argument, buffer in zip(built.arguments, buffers, strict=True):
        if argument.is_input:
            values = np.frombuffer(inputs[argument.name].tobytes(), np.uint8)
            buffer.data[: len(values)] = values
    return context, buffers


def profiled(built: Artifact, inputs: Mapping[str, Array]) -> list[Profile]:
    """Where the cores' cycles go in an artifact's first run.

    Raises:
        RunnerError: when it does not complete.
    """
    context, buffers = loaded(built, inputs, profile=True)
    report = context.run(built.insts.read_bytes(), buffers)
    named = names.beside(built.xclbin)
    if not report.completed:
        raise RunnerError(f"{built.label} does not complete: {explain(report, named)}")
    return of_array(report.array, named)


def steady_run(built: Artifact) -> RunReport:
    """The second run of a context, on random inputs: the first one sets the array up, too.

    Raises:
        RunnerError: when it does not complete.
    """
    inputs = next(iter(vectors.default_vectors(built.arguments))).inputs
    context, buffers = loaded(built, inputs)
    context.run(built.insts.read_bytes(), buffers)
    report = context.run(built.insts.read_bytes(), buffers)
    if not report.completed:
        raise RunnerError(f"{built.label} does not complete: {report.outcome.value}")
    return report


def milliseconds(report: RunReport) -> float:
    """A run's estimated time, at 1 GHz."""
    return report.cycles / CYCLES_PER_MS
