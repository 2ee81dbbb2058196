"""How long an artifact runs, by the emulator's estimate."""

from __future__ import annotations

import numpy as np

from runner import vectors
from runner.artifact import Artifact
from runner.errors import RunnerError
from softnpu.emulator.context import CYCLES_PER_MS, Context
from softnpu.emulator.report import RunReport
from softnpu.formats import xclbin


def steady_run(built: Artifact) -> RunReport:
    """The second run of a context, on random inputs: the first one sets the array up, too.

    Raises:
        RunnerError: when it does not complete.
    """
    context = Context(xclbin.parse(built.xclbin.read_bytes()))
    inputs = next(iter(vectors.default_vectors(built.arguments))).inputs
    buffers = [context.allocate(argument.bytes) for argument in built.arguments]
    for argument, buffer in zip(built.arguments, buffers, strict=True):
        if argument.is_input:
            values = np.frombuffer(inputs[argument.name].tobytes(), np.uint8)
            buffer.data[: len(values)] = values
    context.run(built.insts.read_bytes(), buffers)
    report = context.run(built.insts.read_bytes(), buffers)
    if not report.completed:
        raise RunnerError(f"{built.label} does not complete: {report.outcome.value}")
    return report


def milliseconds(report: RunReport) -> float:
    """A run's estimated time, at 1 GHz."""
    return report.cycles / CYCLES_PER_MS
