"""The task graph of a project: its dodo.py takes all of it and adds what is its own.

    from pipeline.tasks import *

The designs are those below the folder that doit runs in.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from doit.tools import Interactive

from pipeline import (
    bundling,
    checks,
    crosscheck,
    editors,
    extras,
    memory,
    naming,
    new,
    profiling,
    racing,
    reporting,
    selection,
    stages,
)
from pipeline.designs import Variant
from pipeline.discovery import discover

Task = dict[str, Any]
Tasks = Iterator[Task]

FOUND = discover(Path())
CHAIN = selection.chain(os.environ)

DOIT_CONFIG = {
    "default_tasks": list(naming.DEFAULT),
    "continue": True,
    "num_process": 2,
    "verbosity": 0,
    "sort": "definition",
    "backend": "json",
    "dep_file": memory.FILE,
}


def each(make: Callable[[Variant], Task], task: Callable[[], Tasks]) -> Tasks:
    """A task for each variant, and the reason where a design or a project has none."""
    without = [f"render:{name}" for name in FOUND.broken]
    if not FOUND.variants and not without and not FOUND.skipped:
        without = ["_designs"]
    yield {"name": None, "doc": task.__doc__, "task_dep": without}
    yield from map(make, FOUND.variants)


def left_out(check: str) -> Tasks:
    """A task for each variant that this machine cannot render."""
    yield from (checks.left_out(label, why, check) for label, why in FOUND.skipped.items())


def task__designs() -> Task:
    """whether there is any design"""
    return stages.designs(FOUND)


def task_render() -> Tasks:
    """template + parameters -> design.mlir"""
    yield from each(lambda v: stages.render(v, CHAIN), task_render)
    yield from (stages.broken(name, error) for name, error in FOUND.broken.items())


def task_kernels() -> Tasks:
    """C kernels -> object files"""
    for variant in FOUND.variants:
        yield from stages.kernels(variant, CHAIN)


def task_lower() -> Tasks:
    """design.mlir -> addresses, locks, DMA programs, routes"""
    yield from (stages.lower(v, CHAIN) for v in FOUND.variants)


def task_cores() -> Tasks:
    """core code + objects -> main_core_<column>_<row>.elf"""
    yield from (stages.cores(v, CHAIN) for v in FOUND.variants)


def task_insts() -> Tasks:
    """runtime sequence -> insts.bin"""
    yield from (stages.insts(v, CHAIN) for v in FOUND.variants)


def task_cdo() -> Tasks:
    """array configuration + programs -> three CDO files"""
    yield from (stages.cdo(v, CHAIN) for v in FOUND.variants)


def task_routes() -> Tasks:
    """array configuration -> routes.txt: whether every flow arrives where it says"""
    yield from (stages.routes(v, CHAIN) for v in FOUND.variants)


def task_pdi() -> Tasks:
    """CDO files -> main.pdi"""
    yield from (stages.pdi(v, CHAIN) for v in FOUND.variants)


def task_xclbin() -> Tasks:
    """PDI -> final.xclbin"""
    yield from (stages.xclbin(v, CHAIN) for v in FOUND.variants)


def task_manifest() -> Tasks:
    """what made each artifact -> manifest.json"""
    yield from (stages.manifest(v, CHAIN) for v in FOUND.variants)


def task_compare() -> Tasks:
    """every stage by AMD's tools and by npuforge, from the same inputs"""
    yield from each(crosscheck.compare, task_compare)


def task_parity() -> Task:
    """compare all designs, and report each artifact as identical or its first difference"""
    return crosscheck.report(FOUND.variants)


def task__toolchain() -> Task:
    """whether the tools that were asked for are there"""
    return stages.toolchain(CHAIN)


def task_build() -> Task:
    """every stage from render to manifest, for every design"""
    return {"actions": None, "task_dep": list(stages.STAGES)}


def task_test_emu() -> Tasks:
    """run every artifact on the emulator and check it against numpy"""
    yield from each(lambda v: checks.test(v, "test_emu"), task_test_emu)
    yield from left_out("test_emu")


def task_test_hw() -> Tasks:
    """run every artifact on the NPU and check it against numpy"""
    yield from each(lambda v: checks.test(v, "test_hw"), task_test_hw)
    yield from left_out("test_hw")


def task_races() -> Tasks:
    """run every artifact on the emulator in shuffled orders: what changes an output is a race"""
    yield from each(racing.races, task_races)


def task_profile() -> Tasks:
    """tell where the cycles of every artifact go on the emulator: functions, lines, waits"""
    yield from each(profiling.profile, task_profile)


def task_bundle() -> Tasks:
    """artifact, inputs, expected outputs and a host in one zip, to be replayed elsewhere"""
    yield from each(bundling.bundle, task_bundle)


def task__npu() -> Task:
    """whether an NPU can be reached from this Python"""
    return checks.npu()


def task_observe() -> Tasks:
    """run every artifact on the emulator once more, with a timeline, for the report"""
    yield from each(reporting.observe, task_observe)


def task_report() -> Task:
    """one page, build/report/index.html: what failed, verdicts, arrays, memories, runs"""
    return reporting.page(FOUND.variants, FOUND.broken, CHAIN)


def task_new() -> Task:
    """start a design: npuforge new --name saxpy [--like vector_scale]"""
    return {
        "actions": [new.action],
        "params": [
            {"name": "name", "long": "name", "default": "", "help": "name of the design"},
            {"name": "like", "long": "like", "default": "", "help": "a design to start from"},
        ],
        "uptodate": [False],
        "verbosity": 2,
    }


def task_compile_commands() -> Task:
    """compile_commands.json, from which clangd completes `aie::` and knows a design's macros"""
    return {
        "actions": [(editors.write, [FOUND.variants, Path()])],
        "targets": [editors.COMMANDS],
        "uptodate": [False],
    }


def task_test() -> Task:
    """the project's own tests; pytest's arguments go behind `--`"""

    def command(args: list[str]) -> str:
        return f"{sys.executable} -m pytest {' '.join(args)}"

    return {
        "actions": [(extras.wanted, ["test"]), Interactive(command)],
        "pos_arg": "args",
        "uptodate": [False],
        "verbosity": 2,
    }
