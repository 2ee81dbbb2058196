"""`npuforge opt`: passes over a design, as aie-opt runs them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softnpu.compiler.pass_pipelines import (
    OUT_OF_SCOPE,
    PASSES,
    make_pass,
    parse_pipeline,
    pass_options,
)
from softnpu.errors import DesignError, ToolError

if TYPE_CHECKING:
    from softnpu.compiler.expectations import Report
    from softnpu.subcommands import Subparsers

DESCRIPTION = """\
Runs passes over a design and prints what comes out, as aie-opt does.

Each pass has an option of its name; passes run in the order in which they are given. The options
of a pass stand behind it: --aie-place-tiles="cores-per-col=2". A pipeline can be given as text:
--pass-pipeline="builtin.module(aie.device(aie-assign-lock-ids))".
"""

EXAMPLES = """\
examples:
  npuforge opt design.mlir
      the design as it was understood: all checks, no passes
  npuforge opt --aie-objectFifo-stateful-transform --aie-assign-lock-ids design.mlir
  npuforge opt -verify-diagnostics -split-input-file cases.mlir
      each case between lines of // ----- is refused where // expected-error says so
  npuforge opt --list-passes
"""

SEPARATOR = "// -----"
"""The line between cases of one file."""
OPTIONAL_VALUES = frozenset((*PASSES, *OUT_OF_SCOPE, "verify-diagnostics"))


def add_parser(subparsers: Subparsers) -> None:
    """Adds `opt` to the command line."""
    parser = subparsers.add_parser(
        "opt",
        help="run passes over a design, by their names",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "design",
        nargs="?",
        default="-",
        metavar="DESIGN.mlir",
        help="the design (- or nothing: stdin)",
    )
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE", help="where to write to")
    _flag(parser, "split-input-file", f"cases stand between lines of {SEPARATOR}")
    _flag(
        parser,
        "mlir-print-debuginfo",
        "print where ops and arguments come from: what the text says, or their places in it",
    )
    parser.add_argument(
        "-verify-diagnostics",
        "--verify-diagnostics",
        nargs="?",
        choices=("", "places"),
        metavar="WHAT",
        help="compare messages with the design's // expected-error {{...}} comments; "
        "=places: where they stand alone, for comments that quote aie-opt",
    )
    parser.add_argument(
        "-pass-pipeline",
        "--pass-pipeline",
        action=_AddPipeline,
        dest="passes",
        default=[],
        metavar="TEXT",
        help="passes as aie-opt's pipelines are written",
    )
    parser.add_argument("--list-passes", action="store_true", help="list the passes and stop")
    group = parser.add_argument_group("passes")
    for name in (*PASSES, *OUT_OF_SCOPE):
        group.add_argument(
            f"--{name}",
            f"-{name}",
            nargs="?",
            action=_AddPass,
            dest="passes",
            help=argparse.SUPPRESS,
        )
    parser.set_defaults(run=run)


def _flag(parser: argparse.ArgumentParser, name: str, help: str) -> None:
    parser.add_argument(f"-{name}", f"--{name}", action="store_true", help=help)


class _AddPass(argparse.Action):
    """Notes a pass with its options."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:  # noqa: ARG002
        name = (option or "").lstrip("-")
        namespace.passes = [*namespace.passes, (name, values or "")]


class _AddPipeline(argparse.Action):
    """Notes the text of a pipeline."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:  # noqa: ARG002
        namespace.passes = [*namespace.passes, (None, values)]


def run(options: argparse.Namespace) -> int:
    """Runs the passes; SoftnpuError goes to the caller, which prints it."""
    if options.list_passes:
        sys.stdout.write("".join(f"{line}\n" for line in listing()))
        return 0
    text, name = read_design(options.design)
    cases = list(split(text)) if options.split_input_file else [(text, 0)]
    printed: list[str] = []
    for case, line in cases:
        if options.verify_diagnostics is None:
            printed.append(_optimized(case, name, line, options))
        else:
            printed.append(_verified(case, name, line, options))
    _write(options.output, f"{SEPARATOR}\n".join(printed))
    return 0


def listing() -> Iterator[str]:
    """A line for each pass, with its options."""
    for name in PASSES:
        options = " ".join(f"{key}={value}" for key, value in pass_options(name).items())
        yield f"{name}  {options}".rstrip()


def split(text: str) -> Iterator[tuple[str, int]]:
    """The cases of a file, and how many lines stand before each."""
    case: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.strip() == SEPARATOR:
            yield "".join(case), start
            case, start = [], number
        else:
            case.append(line)
    yield "".join(case), start


def _optimized(text: str, name: str, line: int, options: argparse.Namespace) -> str:
    return optimized(text, name, line, options.passes, locations=options.mlir_print_debuginfo)


def optimized(
    text: str,
    name: str,
    line: int,
    passes: Sequence[tuple[str | None, str]],
    *,
    locations: bool = False,
) -> str:
    """What passes make of a design.

    Args:
        line: lines of the file before `text`, which messages count too.
        passes: names with their options, or None with the text of a pipeline.
        locations: print where everything comes from.
    """
    from softnpu.compiler import pipelines
    from softnpu.dialects.text import parse_text, print_module, verify

    made = []
    for pass_name, given in passes:
        made += parse_pipeline(given) if pass_name is None else [make_pass(pass_name, given)]
    module = parse_text("\n" * line + text, name)
    for one in made:
        pipelines.run([one], module)
        verify(module)
    return print_module(module, locations=locations)


def _verified(text: str, name: str, line: int, options: argparse.Namespace) -> str:
    """As `optimized`; messages are held against what the text expects, the rest is an error."""
    from softnpu.compiler.expectations import Report, expectations

    report: Report = Report()
    made = ""
    with report.listening():
        try:
            made = _optimized(text, name, line, options)
        except DesignError as error:
            report.add_error(error)
    report.compare(expectations(text, line), exact=not options.verify_diagnostics)
    return made


def read_design(design: str) -> tuple[str, str]:
    """The text of a design and what it is called: `-` is what comes in."""
    if design == "-":
        return sys.stdin.read(), "<stdin>"
    try:
        return Path(design).read_text(encoding="utf-8"), design
    except UnicodeDecodeError as error:
        raise ToolError(f"{design} is no MLIR text: it is not UTF-8") from error


def _write(path: Path | None, text: str) -> None:
    if path is None:
        sys.stdout.write(text)
    else:
        path.write_text(text, encoding="utf-8")
