"""Why a run did not complete, in words: the chain of waits from the controller to the cause."""

from __future__ import annotations

from softnpu.emulator.report import Outcome, RunReport


def explain(report: RunReport) -> str:
    """What happened to a run, a few lines."""
    if report.outcome is Outcome.FAULT:
        return str(report.error)
    return f"{report.outcome.value}: {report.wait}"
