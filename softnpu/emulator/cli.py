"""`python -m softnpu run-host SCRIPT`: a pyxrt host on the emulated NPU, unchanged."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.warned import FEW, kind

if TYPE_CHECKING:
    from softnpu.emulator.report import RunReport

DESCRIPTION = """Runs a Python script that imports pyxrt, with softnpu.pyxrt in pyxrt's place.
What the script prints goes to stdout as usual; what the emulator has to say goes to stderr."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand `run-host`."""
    parser = subparsers.add_parser(
        "run-host",
        help="run a Python script that uses pyxrt, on the emulated NPU",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--device",
        choices=("npu1", "npu2"),
        help="which NPU the script finds (npu1: NPU Phoenix, npu2: NPU Strix; default: what "
        "has the columns that its xclbins need)",
    )
    parser.add_argument(
        "--watchdog-raises",
        action="store_true",
        help="raise in wait() when the driver's watchdog ends a run, as some drivers have it, "
        "instead of ERT_CMD_STATE_TIMEOUT",
    )
    parser.add_argument("--summary", action="store_true", help="tell what each run did")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="write a timeline for Perfetto")
    parser.add_argument(
        "--stop-at", type=int, metavar="CYCLE", help="stop a run at this cycle and show the state"
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="shuffle the order of what is ready, to hunt races"
    )
    parser.add_argument(
        "--core-isa",
        choices=("rv32",),
        help="what the cores' programs are, for an xclbin that carries no mark",
    )
    parser.add_argument("script", type=Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the script's own arguments")
    parser.set_defaults(run=run_host)


def run_host(options: argparse.Namespace) -> int:
    """Runs the script; gives its exit code."""
    from softnpu import pyxrt
    from softnpu.emulator import host_script

    host_script.check(options.script)
    notes = _Notes()
    pyxrt.assume_core_isa(options.core_isa)
    pyxrt.configure(
        device=options.device,
        watchdog_raises=options.watchdog_raises,
        seed=options.seed,
        trace=options.trace is not None,
        stop_at=options.stop_at,
        on_report=_tell if options.summary else notes,
    )
    sys.modules["pyxrt"] = pyxrt
    try:
        return host_script.run(options.script, options.arguments)
    finally:
        notes.end()
        timeline = pyxrt.last_timeline()
        if options.trace is not None and timeline is not None:
            timeline.save(options.trace)


def _tell(report: RunReport) -> None:
    from softnpu.emulator.summary import summary

    _print(report)
    sys.stderr.write(summary(report) + "\n")


def _print(report: RunReport) -> None:
    """Tells what cores have printed."""
    sys.stderr.writelines(f"{line}\n" for line in report.printed)


class _Notes:
    """Tells the first notes of a kind; what runs that did not complete say is in the log."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, None]] = {}

    def __call__(self, report: RunReport) -> None:
        _print(report)
        for note in report.notes if report.completed else ():
            alike = self._told.setdefault(kind(note), {})
            if note not in alike and len(alike) < FEW:
                sys.stderr.write(f"note: {note}\n")
            alike[note] = None

    def end(self) -> None:
        """Says of which kinds there were more."""
        for alike in self._told.values():
            if (more := len(alike) - FEW) > 0:
                sys.stderr.write(f"note: … and {more} more like this one: {next(iter(alike))}\n")
