"""How fast the compiler is: processor time on this machine, against what the project promises.

python -m benchmarks.compile             # every figure, the best of five
python -m benchmarks.compile --quick     # one repetition each
python -m benchmarks.compile --profile   # where the time of the goldens goes

The cores' programs are taken as given, as AMD's driver takes them when it is measured (0.09 s a
design on this class of machine); what a stand-in program costs is a figure of its own.
Processor time (user and system, child processes included) says nearly the same on a busy machine:
nearly, for what shares its caches. Seen on two such processors, idle and busy: a small design 0.30
to 0.37 s from its start and 0.05 to 0.06 s after others, 32 cores 1.3 to 1.7 s, 10,000 writes 2.5
to 2.7 s, copies 2.5 to 3.0 s, tasks 3.2 to 3.7 s, 100,000 writes 24 s, copies 25 s, tasks 33 s.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.emulator import Figure, busy_design
from benchmarks.sequences import KINDS, long_sequence
from softnpu.compiler.driver import Options, compile_design

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
SMALL = "passthrough_core"
REFUSED = ("runtime_bound",)
"""Golden designs that npuforge does not compile."""
SMALL_CORE = "explicit_dma"
"""A design whose core calls no kernel, so that its stand-in can be made here."""

COLD, WARM, ALL, LARGE = 0.4, 0.05, 1.5, 1.5
"""Seconds that are promised: one small design, cold and after others, the goldens, 32 cores."""
PER_OPERATION = 3.0 / 10_000
"""Seconds that are promised for each operation of a runtime sequence, however long it is."""
LENGTHS = (10_000, 100_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints every figure as soon as it is known."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repetition each")
    parser.add_argument("--profile", action="store_true", help="profile the goldens instead")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if given.profile:
            profile(Path(folder))
            return 0
        print(f"{platform.machine()}, {os.cpu_count()} processors, Python {python()}")
        if sys.dont_write_bytecode:
            print("PYTHONDONTWRITEBYTECODE is set: a cold start may compile all modules")
        for figure in figures(Path(folder), 1 if given.quick else 5):
            print(f"{figure.what:52} {figure.value:>9}   goal {figure.goal}", flush=True)
    return 0


def python() -> str:
    """The interpreter's name and version."""
    return f"{platform.python_version()} ({platform.python_implementation()})"


def figures(folder: Path, repetitions: int) -> Iterator[Figure]:
    """Measures one thing after the other."""
    cold = least(lambda: compile_cold(SMALL, folder / "cold"), repetitions)
    yield Figure("one small design, cold process", f"{cold:.2f} s", f"{COLD} s")
    compile_golden(SMALL, folder / "first")
    warm = least(lambda: compile_golden(SMALL, folder / "warm"), repetitions)
    yield Figure("one small design, another one before it", f"{warm:.3f} s", f"{WARM} s")
    every = least(lambda: compile_goldens(folder / "all"), repetitions)
    yield Figure("all goldens, one process", f"{every:.2f} s", f"{ALL} s")
    large = least(lambda: compile_large(folder / "large"), repetitions)
    yield Figure("32 cores on 8 columns, programs as given", f"{large:.2f} s", f"{LARGE} s")
    for length in LENGTHS:
        for kind in KINDS:
            yield sequence(kind, length, folder / "long", repetitions)
    yield standin(folder, repetitions)


def least(run: Callable[[], object], repetitions: int) -> float:
    """The least processor time of several runs, in seconds."""

    def measured() -> float:
        before = sum(os.times()[:4])
        run()
        return sum(os.times()[:4]) - before

    return min(measured() for _ in range(repetitions))


def compile_cold(design: str, out: Path) -> None:
    """One golden design, as the command line does it."""
    folder = GOLDEN / design
    command = [sys.executable, "-m", "softnpu", "compile", str(folder / "design.mlir")]
    command += ["-o", str(out), "--elf-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def compile_golden(design: str, out: Path) -> None:
    """One golden design, in this process."""
    folder = GOLDEN / design
    compile_design(folder / "design.mlir", out, Options(elf_dir=folder))


def compile_goldens(out: Path) -> None:
    """Every golden design that can be compiled."""
    for name in sorted(path.parent.name for path in GOLDEN.glob("*/design.mlir")):
        if name not in REFUSED:
            compile_golden(name, out / name)


def compile_large(out: Path) -> None:
    """Eight columns of four cores, each column fed by its memory tile."""
    out.mkdir(parents=True, exist_ok=True)
    design = out / "design.mlir"
    design.write_text(busy_design(range(8), 4).replace("npu1", "npu2"))
    program = next(GOLDEN.glob("*/*.elf")).read_bytes()
    for column in range(8):
        for row in range(2, 6):
            (out / f"main_core_{column}_{row}.elf").write_bytes(program)
    compile_design(design, out / "made", Options(elf_dir=out))


def sequence(kind: str, length: int, folder: Path, repetitions: int) -> Figure:
    """A runtime sequence of so many operations, from the design's text to `insts.bin`."""
    folder.mkdir(parents=True, exist_ok=True)
    design = folder / "design.mlir"
    design.write_text(long_sequence(kind, length))
    taken = least(lambda: compile_design(design, folder / "made"), repetitions)
    goal = f"{length * PER_OPERATION:.0f} s"
    return Figure(f"a sequence of {length:,} operations, {kind}", f"{taken:.2f} s", goal)


def standin(folder: Path, repetitions: int) -> Figure:
    """What a core's program costs: C, compiled and linked for the emulator."""
    design = GOLDEN / SMALL_CORE / "design.mlir"
    numbers = iter(range(repetitions + 1))

    def make() -> None:
        compile_design(design, folder / f"standin_{next(numbers)}")

    make()
    return Figure("a design with its stand-in program", f"{least(make, repetitions):.2f} s", "-")


def profile(folder: Path) -> None:
    """Prints the functions that take most of the goldens' time."""
    import cProfile
    import pstats

    compile_golden(SMALL, folder / "first")
    with cProfile.Profile() as profiler:
        compile_goldens(folder / "all")
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    sys.exit(main())
