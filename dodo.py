"""npuforge: C kernels and MLIR designs to checked runs on AMD NPUs, with or without one."""

import os
import sys
from pathlib import Path

from doit.tools import Interactive

from pipeline import (
    bundling,
    checks,
    crosscheck,
    editors,
    memory,
    naming,
    new,
    profiling,
    racing,
    reporting,
    selection,
    site,
    stages,
)
from pipeline.designs import discover

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


def each(make, task):
    """A task for each variant, and the reason where a design or a project has none."""
    without = [f"render:{name}" for name in FOUND.broken]
    if not FOUND.variants and not without and not FOUND.skipped:
        without = ["_designs"]
    yield {"name": None, "doc": task.__doc__, "task_dep": without}
    yield from map(make, FOUND.variants)


def left_out(check):
    """A task for each variant that this machine cannot render."""
    yield from (checks.left_out(label, why, check) for label, why in FOUND.skipped.items())


def task__designs():
    """whether there is any design"""
    return stages.designs(FOUND)


def task_render():
    """template + parameters -> design.mlir"""
    yield from each(lambda v: stages.render(v, CHAIN), task_render)
    yield from (stages.broken(name, error) for name, error in FOUND.broken.items())


def task_kernels():
    """C kernels -> object files"""
    for variant in FOUND.variants:
        yield from stages.kernels(variant, CHAIN)


def task_lower():
    """design.mlir -> addresses, locks, DMA programs, routes"""
    yield from (stages.lower(v, CHAIN) for v in FOUND.variants)


def task_cores():
    """core code + objects -> main_core_<column>_<row>.elf"""
    yield from (stages.cores(v, CHAIN) for v in FOUND.variants)


def task_insts():
    """runtime sequence -> insts.bin"""
    yield from (stages.insts(v, CHAIN) for v in FOUND.variants)


def task_cdo():
    """array configuration + programs -> three CDO files"""
    yield from (stages.cdo(v, CHAIN) for v in FOUND.variants)


def task_routes():
    """array configuration -> routes.txt: whether every flow arrives where it says"""
    yield from (stages.routes(v, CHAIN) for v in FOUND.variants)


def task_pdi():
    """CDO files -> main.pdi"""
    yield from (stages.pdi(v, CHAIN) for v in FOUND.variants)


def task_xclbin():
    """PDI -> final.xclbin"""
    yield from (stages.xclbin(v, CHAIN) for v in FOUND.variants)


def task_manifest():
    """what made each artifact -> manifest.json"""
    yield from (stages.manifest(v, CHAIN) for v in FOUND.variants)


def task_compare():
    """every stage by AMD's tools and by npuforge, from the same inputs"""
    yield from each(crosscheck.compare, task_compare)


def task_parity():
    """compare all designs, and report each artifact as identical or its first difference"""
    return crosscheck.report(FOUND.variants)


def task__toolchain():
    """whether the tools that were asked for are there"""
    return stages.toolchain(CHAIN)


def task_build():
    """every stage from render to manifest, for every design"""
    return {"actions": None, "task_dep": list(stages.STAGES)}


def task_test_emu():
    """run every artifact on the emulator and check it against numpy"""
    yield from each(lambda v: checks.test(v, "test_emu"), task_test_emu)
    yield from left_out("test_emu")


def task_test_hw():
    """run every artifact on the NPU and check it against numpy"""
    yield from each(lambda v: checks.test(v, "test_hw"), task_test_hw)
    yield from left_out("test_hw")


def task_races():
    """run every artifact on the emulator in shuffled orders: what changes an output is a race"""
    yield from each(racing.races, task_races)


def task_profile():
    """tell where the cycles of every artifact go on the emulator: functions, lines, waits"""
    yield from each(profiling.profile, task_profile)


def task_bundle():
    """artifact, inputs, expected outputs and a host in one zip, to be replayed elsewhere"""
    yield from each(bundling.bundle, task_bundle)


def task__npu():
    """whether an NPU can be reached from this Python"""
    return checks.npu()


def task_observe():
    """run every artifact on the emulator once more, with a timeline, for the report"""
    yield from each(reporting.observe, task_observe)


def task_report():
    """build/report/index.html: verdicts, arrays, memories, timelines, errors on one page"""
    return reporting.page(FOUND.variants, FOUND.broken)


def task_new():
    """start a design: doit new --name saxpy [--like vector_scale]"""
    return {
        "actions": [new.action],
        "params": [
            {"name": "name", "long": "name", "default": "", "help": "name of the design"},
            {"name": "like", "long": "like", "default": "", "help": "a design to start from"},
        ],
        "uptodate": [False],
        "verbosity": 2,
    }


def task_compile_commands():
    """compile_commands.json, from which clangd completes `aie::` and knows a design's macros"""
    return {
        "actions": [(editors.write, [FOUND.variants, Path()])],
        "targets": [editors.COMMANDS],
        "uptodate": [False],
    }


def task_docs():
    """docs/ as a site: build/site/index.html"""
    return {"actions": [site.build], "uptodate": [False], "verbosity": 2}


def task_lint():
    """ruff and mypy on npuforge itself"""
    commands = ("ruff check .", "ruff format --check .", "mypy")
    return {
        "actions": [Interactive(f"{sys.executable} -m {command}") for command in commands],
        "uptodate": [False],
    }


def task_test():
    """npuforge's own test suite; pytest's arguments go behind `--`"""

    def command(args: list[str]) -> str:
        return f"{sys.executable} -m pytest -n 2 --dist loadfile {' '.join(args)}"

    return {"actions": [Interactive(command)], "pos_arg": "args", "uptodate": [False]}
