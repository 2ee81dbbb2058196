"""`npuforge sweep`: builds and runs the product of settings of a design's parameters."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit import doit_cmd
from doit.cmd_base import Command
from doit.exceptions import InvalidCommand

from pipeline import selection, whole
from pipeline.bench import PLACES, chosen
from pipeline.checkout import WAIT, alone
from pipeline.errors import PipelineError
from pipeline.extras import need
from pipeline.naming import HELP
from pipeline.options import (
    FAILED,
    TOOLCHAIN_OPTIONS,
    PlainErrors,
    json_option,
    options_first,
    take_options,
)

if TYPE_CHECKING:
    from pipeline.designs import Variant
    from pipeline.sweeping.jobs import Job
    from pipeline.sweeping.results import Kept, Row

FOLDER = Path("build/sweep")
"""Results by design: kept as they come, and as they were shown last."""


class Sweep(PlainErrors, Command):  # type: ignore[misc]
    """One design, a product of settings, a table."""

    name = "sweep"
    takes_settings = True
    doc_purpose = "build and run a design in many settings, side by side"
    doc_usage = "NAME --set PARAMETER=VALUE,VALUE,... [--set ...]"
    doc_description = f"""
Every combination of the values is built, run on all vectors and judged: npuforge sweep
matmul_tiled_int8 --set n=128,256 --set tile=16,32,64. A setting that is impossible (it does not
fit a memory, the design refuses it) is a result and no error; one whose output is wrong is. What
is known from before is not done again; the rows are kept in {FOLDER}/DESIGN, with a CSV file and a
plot. Other parameters are those of the variant that is named, the design's first unless one is.

With --search N only N settings are tried, chosen by what came of those before them.

Workers are this machine's unless --scheduler names a dask scheduler. `npuforge docs scale` tells
how it grows. It takes dask.distributed and optuna, which are installed or asked for when they are
missing.
{HELP}"""
    cmd_options = (
        {
            "name": "set",
            "long": "set",
            "type": list,
            "default": [],
            "help": "a parameter and its values: n=128,256 (again for further parameters)",
        },
        {
            "name": "on",
            "long": "on",
            "type": str,
            "default": PLACES[0],
            "choices": [(place, "") for place in PLACES],
            "help": "where to run: emulator or npu",
        },
        {
            "name": "workers",
            "long": "workers",
            "type": int,
            "default": 0,
            "help": "processes on this machine (default: as many as it has cores)",
        },
        {
            "name": "scheduler",
            "long": "scheduler",
            "type": str,
            "default": "",
            "help": "a dask scheduler whose workers do the work: tcp://host:8786",
        },
        {
            "name": "search",
            "long": "search",
            "type": int,
            "default": 0,
            "help": "try so many settings at most, the promising ones (default: all)",
        },
        WAIT,
        json_option("write the rows as JSON"),
        *TOOLCHAIN_OPTIONS,
    )

    def parse_execute(self, in_args: list[str]) -> Any:
        """Takes options behind names as well as before them."""
        return super().parse_execute(options_first(_with_values(in_args), self.cmd_options))

    def execute(self, opt_values: Mapping[str, Any], pos_args: list[str]) -> int:
        """Returns 0 when something passed and nothing failed."""
        from pipeline.sweeping import settings
        from pipeline.sweeping.results import Kept

        variant = _variant(take_options(opt_values, pos_args))
        values = settings.parse(opt_values["set"], variant.parameters)
        kept = Kept(FOLDER / variant.design.name / "results.jsonl")
        with alone(opt_values["wait"]):
            rows = _rows(variant, values, opt_values, kept)
            files = _write(variant.label, values, rows, kept.file.parent)
        if opt_values["json"]:
            from pipeline.sweeping.showing import record

            sys.stdout.write(f"{json.dumps([record(row) for row in rows], indent=1)}\n")
        else:
            _show(rows, opt_values["on"], files)
        verdicts = {row.verdict for row in rows}
        return 0 if "PASS" in verdicts and not verdicts & {"FAIL", "ERROR"} else FAILED


def _with_values(in_args: Sequence[str]) -> list[str]:
    """The command line as it was: doit takes every word with a `=` for a variable of its own.

    Raises:
        InvalidCommand: more than one `--set` for a parameter, of which doit keeps the last.
    """
    variables = doit_cmd._CMDLINE_VARS or {}  # get_var tells of those alone whose names are known
    taken = [f"--set={name}={value}" for name, value in variables.items()]
    if list(in_args).count("--set") > len(taken):
        raise InvalidCommand("--set takes NAME=VALUE,VALUE,...: all values of a parameter at once")
    return [*taken, *(argument for argument in in_args if argument != "--set")]


def _variant(names: Sequence[str]) -> Variant:
    """The variant whose parameters hold where a setting says nothing.

    Raises:
        PipelineError: not one design is named, or the one is broken.
    """
    from pipeline.discovery import discover

    if not names:
        raise PipelineError("which design? npuforge sweep NAME --set PARAMETER=VALUE,VALUE,...")
    variants, broken = chosen(discover(Path()), names)
    if broken:
        raise broken[0]
    designs = list(dict.fromkeys(variant.design.name for variant in variants))
    if len(designs) > 1:
        raise PipelineError(f"a sweep is about one design, not {', '.join(designs)}")
    return variants[0]


def _rows(
    variant: Variant,
    values: Mapping[str, Sequence[Any]],
    options: Mapping[str, Any],
    kept: Kept,
) -> list[Row]:
    """All rows that were asked for, in the order of their settings."""
    need("sweep")
    from pipeline.sweeping import jobs, settings
    from pipeline.sweeping.cluster import client

    chain = selection.chain(os.environ)
    order = settings.every(values)
    count = options["workers"] or os.cpu_count() or 1

    def job(setting: settings.Setting) -> Job:
        return jobs.job(variant, setting, options["on"], chain)

    with _told(options["search"] or len(order), quiet=options["json"]) as tell:
        if not options["search"]:
            everything = [job(setting) for setting in order]
            known = [row for one in everything if (row := kept.get(one.key))]
            for row in known:
                tell(row, "known")
            missing = [one for one in everything if kept.get(one.key) is None]
            found = [*known]
            if missing:
                with client(options["scheduler"], min(count, len(missing))) as workers:
                    found += _done(workers, missing, kept, tell)
        else:
            with client(options["scheduler"], count) as workers:
                found = _searched(workers, values, options["search"], job, kept, tell)
    return sorted(found, key=lambda row: order.index(dict(row.setting)))


def _done(workers: Any, missing: Sequence[Job], kept: Kept, tell: Any) -> Iterator[Row]:
    from pipeline.sweeping.cluster import Field

    field = Field(workers)
    field.give(missing)
    for job, row in field.rows():
        kept.add(job.key, row)
        tell(row)
        yield row


def _searched(
    workers: Any,
    values: Mapping[str, Sequence[Any]],
    budget: int,
    job: Any,
    kept: Kept,
    tell: Any,
) -> list[Row]:
    """As many settings at a time as there are workers, the next one when one is done."""
    from pipeline.sweeping.cluster import Field
    from pipeline.sweeping.search import Search

    search, field, found = Search(values, budget), Field(workers), []

    def more(count: int) -> None:
        """Gives out the next ones that nobody knows yet."""
        while count and (settings := search.ask(1)):
            one = job(settings[0])
            row = kept.get(one.key)
            if row is None:
                field.give([one])
                count -= 1
                continue
            search.tell(row)
            tell(row, "known")
            found.append(row)

    more(max(1, len(workers.scheduler_info()["workers"])))
    for one, row in field.rows():
        kept.add(one.key, row)
        search.tell(row)
        tell(row)
        found.append(row)
        more(1)
    return found


@contextmanager
def _told(count: int, *, quiet: bool) -> Iterator[Any]:
    """Tells each row as it comes: a line, and on a terminal a bar of how far it is."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from pipeline.sweeping.showing import line

    console = Console(file=sys.stderr if quiet else sys.stdout, highlight=False, soft_wrap=True)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task("settings", total=count)
    done = 0

    def tell(row: Row, how: str = "") -> None:
        nonlocal done
        done += 1
        bar.update(task, completed=done)
        ending = f"  ({how})" if how else ""
        bar.console.print(f"{done}/{count}  {line(row)}{ending}", markup=False)

    with bar:
        yield tell


def _write(
    label: str, values: Mapping[str, Sequence[Any]], rows: Sequence[Row], folder: Path
) -> list[Path]:
    """The table as CSV, and the plot where there is one."""
    from pipeline.sweeping import showing

    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / "sweep.csv"]
    whole.write(made[0], showing.as_csv(rows))
    if drawn := showing.plot(rows, values, label):
        made.append(folder / "sweep.svg")
        whole.write(made[-1], drawn)
    return made


def _show(rows: Sequence[Row], run_on: str, files: Iterable[Path]) -> None:
    from rich.console import Console

    from pipeline.sweeping.showing import table

    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=None if terminal else 160)
    console.print(table(rows, run_on))
    warned = [row for row in rows if row.warnings]
    if warned:
        console.print(f"{len(warned)} settings have warnings; {FOLDER} has them", markup=False)
    console.print(f"kept in {', '.join(map(str, files))}", markup=False)
