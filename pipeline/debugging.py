"""`npuforge debug`: an artifact's run on the emulator, stopped where somebody wants to look."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.cmd_base import Command

from pipeline.bench import chosen
from pipeline.checkout import WAIT
from pipeline.ending import doit
from pipeline.errors import PipelineError
from pipeline.options import (
    FAILED,
    TOOLCHAIN_OPTIONS,
    PlainErrors,
    options_first,
    take_options,
)

if TYPE_CHECKING:
    from pipeline.designs import Variant
    from runner.artifact import Artifact
    from runner.judge import Outcome
    from runner.vectors import Vector
    from softnpu.emulator.debugging.debugger import Debugger, Frontend
    from softnpu.emulator.debugging.gdb.server import GdbServer
    from softnpu.emulator.debugging.prompt import Prompt

FOLDER = "debug"
"""Within a variant's folder, what `--no-optimize` builds."""
NOT_OPTIMISED = ("-O0",)
"""With -Og, clang's -O1, a loop's counter is gone as with -O2."""
TAKES_MORE = (
    "that is with --no-optimize, where code and stack take several times the memory: give the core"
    " a larger stack_size for the while, or debug without it"
)
_ADDRESS = re.compile(r"(?:(?P<host>[^:]+|\[.*\]):)?(?P<port>\d+)")
_TILE = re.compile(r"(\d+),(\d+)")


def _text(name: str, help_: str, type_: type = str) -> dict[str, Any]:
    empty: Any = type_()
    return {"name": name, "long": name, "type": type_, "default": empty, "help": help_}


class Debug(PlainErrors, Command):  # type: ignore[misc]
    """Builds one artifact and debugs its run."""

    name = "debug"
    doc_purpose = "stop a run on the emulator: breakpoints, steps, variables, buffers, locks"
    doc_usage = "NAME"
    doc_description = """
Builds NAME (vector_scale/small) and runs it on one input vector, under the checks of test_emu.
It stops at breakpoints, at a core's fault and at a hang, where a prompt takes commands; `help`
there lists them. While one core is stopped, time stands still for the whole array.

`npuforge debug saxpy`: stops before anything has run; `continue` goes on to a fault, a hang, end.

`npuforge debug saxpy --break saxpy.c:6`: at a line of a kernel; also at a function, at a line of
the design, at *ADDRESS.

`npuforge debug saxpy --no-optimize --break saxpy.c:6`: with the variables that -O2 does away with.

`npuforge debug saxpy --gdb 3333`: waits for gdb, lldb or VS Code.

Commands may come from a pipe or from --command, one after the other. When they are at their end,
the run goes on to its own.

The exit code is 0 if the run's output is right; 1 if it is wrong, hangs or faults, if a command
of a script fails, or if the run was left before its end.

`npuforge docs debugging` goes through a session, and tells how gdb, lldb and VS Code attach."""
    cmd_options = (
        _text("break", "stop at FILE:LINE, FUNCTION or *ADDRESS; may be repeated", list),
        _text("core", "COLUMN,ROW: break there alone, and look at it first"),
        _text("command", "a command of the prompt; may be repeated", list),
        _text("gdb", "[HOST:]PORT: wait there for gdb or lldb instead of the prompt"),
        _text("vector", "the input vector, by name or number (default: the first)"),
        {
            "name": "no-optimize",
            "long": "no-optimize",
            "type": bool,
            "default": False,
            "help": "compile kernels with -O0, apart from the artifact of `npuforge build`",
        },
        {
            "name": "no-memcheck",
            "long": "no-memcheck",
            "type": bool,
            "default": False,
            "help": "without the memory check, whose tags show in pointers to buffers",
        },
        WAIT,
        *TOOLCHAIN_OPTIONS,
    )

    def parse_execute(self, in_args: list[str]) -> Any:
        """Takes options behind the name as well as before it."""
        return super().parse_execute(options_first(in_args, self.cmd_options))

    def execute(self, opt_values: Mapping[str, Any], pos_args: list[str]) -> int:
        """Returns 0 when the run's output is right."""
        from pipeline.discovery import discover

        names = take_options(opt_values, pos_args)
        gdb = _address(opt_values["gdb"])
        if gdb is not None and (opt_values["break"] or opt_values["command"]):
            raise PipelineError("--break and --command are the prompt's; gdb has its own (-ex)")
        variants, broken = chosen(discover(Path()), names)
        for error in broken:
            raise error
        variant = _one(variants, names)
        if code := doit([f"manifest:{variant.label}", f"--wait={opt_values['wait']}"]):
            return code
        return _debug(variant, opt_values, gdb)


def _one(variants: Sequence[Variant], names: Sequence[str]) -> Variant:
    if len(variants) == 1 and names:
        return variants[0]
    labels = ", ".join(variant.label for variant in variants[:8])
    more = ", …" if len(variants) > 8 else ""
    raise PipelineError(f"debug takes one artifact: npuforge debug NAME with one of {labels}{more}")


def _address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise PipelineError(f"--gdb takes [HOST:]PORT, e.g. 3333, not {text!r}")
    return match["host"] or "localhost", int(match["port"])


def _tile(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    match = _TILE.fullmatch(text)
    if match is None:
        raise PipelineError(f"--core takes COLUMN,ROW, e.g. 0,2, not {text!r}")
    return int(match[1]), int(match[2])


def _debug(variant: Variant, options: Mapping[str, Any], gdb: tuple[str, int] | None) -> int:
    from softnpu.emulator.debugging.debugger import Quit

    built = _artifact(variant, less=options["no-optimize"], gdb=gdb is not None)
    vector = _vector(variant, built, options["vector"])
    tile = _tile(options["core"])
    server = _server(variant, gdb, tile)
    prompt = None if server is not None else _prompt(variant, options, tile)
    checked = not options["no-memcheck"]
    _tell(f"{variant.label} on the emulator, vector {vector.name}")
    try:
        outcome = _run(variant, built, vector, (server or prompt), checked)  # type: ignore[arg-type]
    except Quit:
        if prompt is None or not prompt.failed:
            _tell("left before the run's end: no verdict")
        return FAILED
    lines = _verdict(outcome)
    failed = outcome.verdict.value == "FAIL"
    if server is not None:
        server.finish("\n".join(lines), int(failed))
    _tell("\n".join(lines))
    return FAILED if failed else 0


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _artifact(variant: Variant, *, less: bool, gdb: bool) -> Artifact:
    """What is debugged: the artifact that is built, or one beside it that is less optimised."""
    from pipeline.emulated import stand_in
    from runner import artifact
    from runner.core_code import CoreCode, core_code_of, for_npu_alone
    from softnpu.errors import SoftnpuError

    built = artifact.load(variant.folder)
    if less:
        try:
            return stand_in(variant, built, FOLDER, NOT_OPTIMISED)
        except SoftnpuError as error:
            raise PipelineError(f"{error}\n  note: {TAKES_MORE}") from error
    if why := for_npu_alone(built):
        raise PipelineError(f"{why}; --no-optimize debugs the same design on stand-in cores")
    if gdb and core_code_of(built) is CoreCode.AIE:
        raise PipelineError(
            "gdb and lldb have no AIE target, and these cores hold the NPU's own code: the prompt"
            " debugs it (without --gdb), and --no-optimize the same design on stand-in cores"
        )
    return built


def _vector(variant: Variant, built: Artifact, wanted: str) -> Vector:
    from pipeline.checks import inputs

    vectors = inputs(variant, built.arguments)
    if not wanted:
        return vectors[0]
    for number, vector in enumerate(vectors):
        if wanted in (vector.name, str(number)):
            return vector
    there = ", ".join(f"{number} {vector.name}" for number, vector in enumerate(vectors))
    raise PipelineError(f"--vector {wanted}: there is no such vector; there are: {there}")


def _folders(variant: Variant) -> tuple[Path, ...]:
    """Where sources lie."""
    from pipeline.designs import KERNELS, TEMPLATES

    root = variant.design.root
    return (root, root / TEMPLATES, root / KERNELS, variant.folder)


def _server(
    variant: Variant, address: tuple[str, int] | None, tile: tuple[int, int] | None
) -> GdbServer | None:
    from softnpu.emulator.debugging.gdb.server import GdbServer

    if address is None:
        return None
    return GdbServer(*address, _tell, tile, _folders(variant))


def _prompt(variant: Variant, options: Mapping[str, Any], tile: tuple[int, int] | None) -> Prompt:
    from softnpu.emulator.debugging.prompt import Prompt, from_lines, from_terminal

    interactive = sys.stdin.isatty()
    where = f" core {tile[0]},{tile[1]}" if tile else ""
    first = [f"break {place}{where}" for place in options["break"]]
    first += ["continue"] * bool(first)
    if tile and not first:
        first = [f"core {tile[0]},{tile[1]}"]
    given = from_lines(options["command"], lambda line: _tell(f"> {line}"))
    rest: Iterator[str]
    if interactive:
        rest = from_terminal(lambda: "> ")
    else:
        lines = (line.rstrip("\n") for line in sys.stdin)
        rest = from_lines(lines, lambda line: _tell(f"> {line}"))
    commands = chain(first, given, rest)
    return Prompt(
        _tell, commands, _folders(variant), strict=not interactive, quiet=bool(options["break"])
    )


def _run(
    variant: Variant,
    built: Artifact,
    vector: Vector,
    frontend: GdbServer | Prompt,
    checked: bool,
) -> Outcome:
    from pipeline.checks import MEMORY_CHECKED, expected
    from runner import judge, launch
    from softnpu import pyxrt
    from softnpu.emulator.debugging.debugger import Debugger
    from softnpu.emulator.naming import names

    stopped: Frontend = frontend.stopped
    asked = getattr(frontend, "interrupted", None)  # gdb passes a Ctrl-C of its own on
    debugger = Debugger(names.understood(built.xclbin), stopped, asked or (lambda: False))
    pyxrt.configure(memcheck=MEMORY_CHECKED if checked else None, debugger=debugger)
    try:
        with nullcontext() if asked is not None else _interrupting(debugger):
            return judge.judge(
                built,
                lambda it: launch.open_artifact(it, launch.EMULATOR),
                [vector],
                expected(variant, built.arguments),
            )
    finally:
        pyxrt.configure()


@contextmanager
def _interrupting(debugger: Debugger) -> Iterator[None]:
    """Ctrl-C stops the array instead of ending the process."""

    def interrupt(_number: int, _frame: object) -> None:
        debugger.interrupt()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _verdict(outcome: Outcome) -> list[str]:
    """The verdict's lines, without a time, which is the user's own; of a run that did not complete
    the first one: its stop told the rest."""
    from runner.report import verdict_lines

    run, told = outcome.runs[0], outcome.as_json()
    told["runs"][0].update(seconds=None, printed=())
    if run.verdict.value == "PASS":
        warned = verdict_lines({**told, "runs": []})
        return [f"{'PASS':<10} {outcome.label:<28} {run.vector}  {run.summary}", *warned]
    lines = verdict_lines(told)
    incomplete = run.verdict.value == "FAIL" and run.seconds is None
    return lines[:1] if incomplete and run.vector not in ("load", "reference") else lines
