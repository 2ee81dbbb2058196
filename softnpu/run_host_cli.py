"""`npuforge run-host HOST`: a host for XRT on the emulated NPU, unchanged."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.errors import EmulatorError
from softnpu.warned import FEW, kind

if TYPE_CHECKING:
    from softnpu.emulator.explaining.report import RunReport
    from softnpu.emulator.hosts import cxx_host
    from softnpu.emulator.hosts.cxx import Installed

DESCRIPTION = """Runs a host program on the emulated NPU, unchanged:
  a Python script that imports pyxrt,
  a C++ source for XRT's API (xrt/xrt_device.h and so on), which is compiled here,
  or a program that was linked with XRT's libxrt_coreutil.
What the host prints goes to stdout as usual; what the emulator has to say goes to stderr. The exit
code is the host's."""

EXAMPLES = """examples:
  npuforge run-host host.py -x final.xclbin
  npuforge run-host test.cpp -- -x final.xclbin -i insts.bin -k MLIR_AIE
  npuforge run-host -I test_lib --with test_lib/test_utils.cpp -l uuid test.cpp -- ...
  npuforge run-host ./test -x final.xclbin -i insts.bin -k MLIR_AIE
  npuforge run-host --xrt               a folder to build hosts with: include, lib
  CMAKE_PREFIX_PATH=$(npuforge run-host --xrt) make run powershell="npuforge run-host"
                                        a Makefile of mlir-aie's examples, as it is
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand `run-host`."""
    parser = subparsers.add_parser(
        "run-host",
        help="run a host for XRT (Python, C++ or a program), on the emulated NPU",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--device",
        choices=("npu1", "npu2"),
        help="which NPU the host finds (npu1: NPU Phoenix, npu2: NPU Strix; default: what "
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
    _add_compiling(parser)
    parser.add_argument("host", type=Path, nargs="?", metavar="HOST")
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        help="the host's own arguments; a -- may precede them",
    )
    parser.set_defaults(run=run_host)


def _add_compiling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a host in C++")
    group.add_argument(
        "-I", action="append", default=[], dest="includes", metavar="DIR", help="headers are here"
    )
    group.add_argument(
        "-D", action="append", default=[], dest="defines", metavar="NAME[=VALUE]", help="a macro"
    )
    group.add_argument(
        "-L", action="append", default=[], dest="folders", metavar="DIR", help="libraries are here"
    )
    group.add_argument(
        "-l", action="append", default=[], dest="libraries", metavar="LIBRARY", help="a library"
    )
    group.add_argument(
        "--with",
        action="append",
        default=[],
        type=Path,
        dest="others",
        metavar="FILE",
        help="a further source, object file or library of the host",
    )
    group.add_argument("--std", default="c++17", help="the language (default: %(default)s)")
    group.add_argument(
        "--cxx",
        metavar="COMPILER",
        help="the compiler (default: the environment's CXX, g++, clang++, or the ziglang wheel's)",
    )
    group.add_argument(
        "--xrt",
        action="store_true",
        help="print the folder of softnpu's XRT, for builds of your own (-I F/include -L F/lib "
        "-lxrt_coreutil), and do nothing else",
    )


def run_host(options: argparse.Namespace) -> int:
    """Runs the host; gives its exit code."""
    from softnpu import pyxrt

    if options.xrt:
        sys.stdout.write(f"{_xrt(options)}\n")
        return 0
    run = _prepared(options)
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
        return run()
    finally:
        notes.end()
        timeline = pyxrt.last_timeline()
        if options.trace is not None and timeline is not None:
            timeline.save(options.trace)


def _xrt(options: argparse.Namespace) -> Installed:
    from softnpu.emulator.hosts import cxx

    return cxx.installed(cxx.compiler(options.cxx))


def _prepared(options: argparse.Namespace) -> Callable[[], int]:
    """What runs the host, once it is known what it is, and compiled if it is a source."""
    from softnpu.emulator.hosts import cxx, cxx_host
    from softnpu.emulator.hosts import kinds as hosts
    from softnpu.emulator.hosts import program as program_host
    from softnpu.emulator.hosts import script as host_script

    host: Path | None = options.host
    if host is None:
        raise EmulatorError(f"run-host takes a host: {hosts.WANTED}")
    arguments = options.arguments[options.arguments[:1] == ["--"] :]
    host, arguments = hosts.resolved(host, arguments)
    kind = hosts.kind_of(host)
    if kind is hosts.Kind.SCRIPT:
        return lambda: host_script.run(host, arguments)
    if kind is hosts.Kind.PROGRAM:
        xrt = _xrt(options)
        program_host.check(host, xrt)
        return lambda: program_host.run(host, arguments, xrt)
    compiler = cxx.compiler(options.cxx)
    xrt = cxx.installed(compiler)
    program = cxx_host.program(host, _build(options), compiler, xrt)
    return lambda: program_host.run(program, arguments, xrt)


def _build(options: argparse.Namespace) -> cxx_host.Build:
    from softnpu.emulator.hosts.cxx_host import Build

    return Build(
        options.others,
        [
            *(f"-I{Path(name).absolute()}" for name in options.includes),
            *(f"-D{name}" for name in options.defines),
        ],
        [*(f"-L{name}" for name in options.folders), *(f"-l{name}" for name in options.libraries)],
        options.std,
    )


def _tell(report: RunReport) -> None:
    from softnpu.emulator.explaining.summary import summary

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
