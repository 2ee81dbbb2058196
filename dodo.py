"""npuforge: C kernels and MLIR designs to checked runs on AMD NPUs, with or without one."""

import os
import sys
from pathlib import Path

from doit.tools import Interactive

from pipeline import bundling, checks, crosscheck, new, racing, report, selection, site, stages
from pipeline.designs import discover
from pipeline.reporter import Reporter
from softnpu.terminal import end_when_the_reader_leaves

end_when_the_reader_leaves()

FOUND = discover(Path())
CHAIN = selection.chain(os.environ)

DOIT_CONFIG = {
    "default_tasks": ["build", "test_emu"],
    "reporter": Reporter,
    "continue": True,
    "num_process": 2,
    "verbosity": 0,
    "sort": "definition",
    "backend": "json",
    "dep_file": ".doit.json",
}


def task_render():
    """template + parameters -> design.mlir"""
    yield from (stages.render(v, CHAIN) for v in FOUND.variants)
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
    yield from (crosscheck.compare(v) for v in FOUND.variants)


def task_parity():
    """compare all designs, and report each artifact as identical or its first difference"""
    return crosscheck.report(FOUND.variants)


def task__toolchain():
    """whether the tools that were asked for are there"""
    return stages.toolchain(CHAIN)


def task_build():
    """all of the above, for every design"""
    return {"actions": None, "task_dep": list(stages.STAGES)}


def task_test_emu():
    """run every artifact on the emulator and check it against numpy"""
    yield from (checks.test(v, "test_emu") for v in FOUND.variants)


def task_test_hw():
    """run every artifact on the NPU and check it against numpy"""
    yield from (checks.test(v, "test_hw") for v in FOUND.variants)


def task_races():
    """run every artifact on the emulator in shuffled orders: what changes an output is a race"""
    yield from (racing.races(v) for v in FOUND.variants)


def task_bundle():
    """artifact, inputs, expected outputs and a host in one zip, to be replayed elsewhere"""
    yield from (bundling.bundle(v) for v in FOUND.variants)


def task__npu():
    """whether an NPU can be reached from this Python"""
    return checks.npu()


def task_observe():
    """run every artifact on the emulator once more, with a timeline, for the report"""
    yield from (report.observe(v) for v in FOUND.variants)


def task_report():
    """build/report/index.html: verdicts, arrays, memories, timelines, errors on one page"""
    return report.page(FOUND.variants, FOUND.broken)


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
        return f"{sys.executable} -m pytest -n 2 {' '.join(args)}"

    return {"actions": [Interactive(command)], "pos_arg": "args", "uptodate": [False]}
