"""How fast the emulator is: wall times on this machine, of artifacts compiled here.

python -m benchmarks.emulator            # everything; attention needs ./doit build first
python -m benchmarks.emulator --quick    # one repetition each
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from softnpu.compiler.driver import compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.scheduling.threads import available
from softnpu.formats import xclbin

ROOT = Path(__file__).resolve().parent.parent
ATTENTION = ROOT / "build" / "npu1_1col" / "attention" / "t64"

MB = 1_000_000
TOTAL = 16 << 20
"""Bytes of the passthrough."""

PASSTHROUGH = """
aie.device(npu1_1col) {{
  %shim = aie.tile(0, 0)
  %memory = aie.tile(0, 1)
  aie.objectfifo @in(%shim, {{%memory}}, 2 : i32) : !aie.objectfifo<memref<{words}xi32>>
  aie.objectfifo @out(%memory, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<{words}xi32>>
  aie.objectfifo.link [@in] -> [@out] ([] [])
  aie.runtime_sequence(%a: memref<{total}xi32>, %b: memref<{total}xi32>) {{
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, {total}][0, 0, 0, 1])
      {{id = 0 : i64, metadata = @in}} : memref<{total}xi32>
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, {total}][0, 0, 0, 1])
      {{id = 1 : i64, metadata = @out, issue_token = true}} : memref<{total}xi32>
    aiex.npu.dma_wait {{symbol = @out}}
  }}
}}
"""

OBJECT = 64
"""Words of the objects that busy cores work on."""
ROUNDS = 20_000
"""How often a busy core goes over its object."""

BUSY_CORE = """
  %core_{c}_{r} = aie.core(%t_{c}_{r}) {{
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %words = arith.constant {words} : index
    %rounds = arith.constant {rounds} : index
    %forever = arith.constant 9223372036854775807 : index
    scf.for %n = %c0 to %forever step %c1 {{
      %i = aie.objectfifo.acquire @in_{c}_{r}(Consume, 1) : !aie.objectfifosubview<{object}>
      %x = aie.objectfifo.subview.access %i[0] : !aie.objectfifosubview<{object}> -> {object}
      %o = aie.objectfifo.acquire @out_{c}_{r}(Produce, 1) : !aie.objectfifosubview<{object}>
      %y = aie.objectfifo.subview.access %o[0] : !aie.objectfifosubview<{object}> -> {object}
      scf.for %k = %c0 to %rounds step %c1 {{
        scf.for %j = %c0 to %words step %c1 {{
          %v = memref.load %x[%j] : {object}
          %w = memref.load %y[%j] : {object}
          %s = arith.addi %v, %w : i32
          memref.store %s, %y[%j] : {object}
        }}
      }}
      aie.objectfifo.release @in_{c}_{r}(Consume, 1)
      aie.objectfifo.release @out_{c}_{r}(Produce, 1)
    }}
    aie.end
  }}
"""


@dataclass(frozen=True)
class Figure:
    """One line of the output."""

    what: str
    value: str
    goal: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints every figure as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repetition each")
    repetitions = 1 if parser.parse_args(arguments).quick else 5
    print(f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        for figure in figures(Path(folder), repetitions):
            print(f"{figure.what:46} {figure.value:>14}   goal {figure.goal}", flush=True)
    return 0


def figures(folder: Path, repetitions: int) -> Iterator[Figure]:
    """Measures one thing after the other."""
    yield startup(folder, repetitions)
    for size, goal in ((65536, "300 MB/s"), (2048, "40 MB/s")):
        yield passthrough(folder, size, goal, repetitions)
    yield attention(repetitions)
    yield from cores_side_by_side(folder, repetitions)


def best(run: Callable[[], object], repetitions: int) -> float:
    """The shortest of several wall times, in seconds."""
    return min(_seconds(run) for _ in range(repetitions))


def _seconds(run: Callable[[], object]) -> float:
    """Its wall time."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


Timed = Callable[[], float]
"""Runs something; gives the seconds that count of it."""


def side_by_side(one: Timed, two: Timed, sixteen: Timed, repetitions: int) -> Iterator[Figure]:
    """What two and sixteen busy cores take, in times of one's. The two share no memory, so they
    wait for nothing but the host: what others leave of its processors is in their figure.

    That changes from second to second. So each is held against runs of one core just before and
    behind it, for as long a time, and what is given is the median.
    """
    threads = f"{available()} threads"
    doubled, alone = _times(one, two, 1, repetitions)
    what = f"2 busy cores (one: {alone * 1000:.1f} ms), {threads}"
    yield Figure(what, f"{doubled:.2f} times", "1 where two processors are free")
    times, alone = _times(one, sixteen, 5, repetitions)
    what = f"16 busy cores (one: {alone * 1000:.1f} ms), {threads}"
    goal = f"9 times on two processors that are free, {9 * doubled:.0f} as busy as they are"
    yield Figure(what, f"{times:.1f} times", goal)


def _times(one: Timed, many: Timed, around: int, repetitions: int) -> tuple[float, float]:
    """How many times as long `many` takes, and what one takes, which is run `around` times before
    and behind it: medians."""
    ratios, alone = [], []
    for _ in range(repetitions):
        before = [one() for _ in range(around)]
        seconds = many()
        alone.append(statistics.mean([*before, *(one() for _ in range(around))]))
        ratios.append(seconds / alone[-1])
    return statistics.median(ratios), statistics.median(alone)


@dataclass(frozen=True)
class Artifact:
    """A compiled design."""

    folder: Path

    @classmethod
    def compiled(cls, text: str, folder: Path) -> Artifact:
        """Compiles a design from its text."""
        folder.mkdir(parents=True)
        design = folder / "design.mlir"
        design.write_text(text)
        compile_design(design, folder)
        return cls(folder)

    def context(self) -> Context:
        """A new context."""
        return Context(xclbin.parse((self.folder / "final.xclbin").read_bytes()))

    @property
    def insts(self) -> bytes:
        """The instruction stream."""
        return (self.folder / "insts.bin").read_bytes()


def run_with(artifact: Artifact, *sizes: int) -> Callable[[], Context]:
    """A function that runs the artifact on buffers of these sizes, in one context."""
    context, insts = artifact.context(), artifact.insts
    buffers = [context.allocate(size) for size in sizes]

    def run() -> Context:
        report = context.run(insts, buffers)
        if not report.completed:
            raise SystemExit(explain(report))
        return context

    buffers[0].words[:] = np.arange(len(buffers[0].words))
    run()
    return run


def passthrough(folder: Path, size: int, goal: str, repetitions: int) -> Figure:
    """16 MB through the memory tile, in objects of `size` bytes."""
    text = PASSTHROUGH.format(words=size // 4, total=TOTAL // 4)
    artifact = Artifact.compiled(text, folder / f"passthrough_{size}")
    seconds = best(run_with(artifact, TOTAL, TOTAL), repetitions)
    what = f"16 MB passthrough, objects of {size // 1024} KB"
    return Figure(what, f"{TOTAL / MB / seconds:.0f} MB/s", goal)


def startup(folder: Path, repetitions: int) -> Figure:
    """From an xclbin file to a configured array with one core that waits for work."""
    artifact = Artifact.compiled(busy_design([0], 1), folder / "startup")

    def start() -> None:
        context = artifact.context()
        context.array.set_deadline(1, settling=True)
        context.configure()
        context.array.scheduler.run()

    return Figure("start-up from xclbin", f"{best(start, repetitions) * 1000:.1f} ms", "60 ms")


def attention(repetitions: int) -> Figure:
    """The project's own int8 attention, one tile of 64x64."""
    what = "int8 attention 64x64, one tile"
    if not (ATTENTION / "final.xclbin").is_file():
        return Figure(what, "not built", "15 ms (run ./doit build)")
    seconds = best(run_with(Artifact(ATTENTION), 3 * 64 * 64, 64 * 64), repetitions)
    return Figure(what, f"{seconds * 1000:.1f} ms", "15 ms (Phoenix, as others measured: 2.1 ms)")


def busy_design(columns: Sequence[int], rows: int) -> str:
    """A design whose cores compute for a while on every object."""
    lines = ["aie.device(npu1) {"]
    numbers = range(2, 2 + rows)
    lines += [f"  %t_{c}_{r} = aie.tile({c}, {r})" for c in columns for r in (0, 1, *numbers)]
    for c in columns:
        lines += _busy_column(c, numbers)
    part = OBJECT * rows
    whole = f"memref<{part * len(columns)}xi32>"
    lines.append(f"  aie.runtime_sequence(%a: {whole}, %b: {whole}) {{")
    for n, c in enumerate(columns):
        place = f"[0, 0, 0, {part * n}][1, 1, 1, {part}][0, 0, 0, 1]"
        lines += [
            f"    aiex.npu.dma_memcpy_nd(%a{place}) {{id = 0 : i64, metadata = @in_{c}}} : {whole}",
            f"    aiex.npu.dma_memcpy_nd(%b{place}) {{id = 1 : i64, metadata = @out_{c},"
            f" issue_token = true}} : {whole}",
        ]
    lines += [f"    aiex.npu.dma_wait {{symbol = @out_{c}}}" for c in columns]
    return "\n".join([*lines, "  }", "}"])


def _busy_column(c: int, rows: Sequence[int]) -> list[str]:
    """Objectfifos and cores of one column: the memory tile splits and joins."""
    part, whole = f"memref<{OBJECT}xi32>", f"memref<{OBJECT * len(rows)}xi32>"
    ins, outs = ([f"@{side}_{c}_{r}" for r in rows] for side in ("in", "out"))
    offsets = [OBJECT * n for n in range(len(rows))]
    lines = [_fifo(f"in_{c}", c, 0, 1, whole), _fifo(f"out_{c}", c, 1, 0, whole)]
    for r in rows:
        lines += [_fifo(f"in_{c}_{r}", c, 1, r, part), _fifo(f"out_{c}_{r}", c, r, 1, part)]
    lines += [
        f"  aie.objectfifo.link [@in_{c}] -> [{', '.join(ins)}] ([] {offsets})",
        f"  aie.objectfifo.link [{', '.join(outs)}] -> [@out_{c}] ({offsets} [])",
    ]
    values = {"words": OBJECT, "rounds": ROUNDS, "object": part}
    return lines + [BUSY_CORE.format(c=c, r=r, **values) for r in rows]


def _fifo(name: str, c: int, source: int, to: int, kind: str) -> str:
    return (
        f"  aie.objectfifo @{name}(%t_{c}_{source}, {{%t_{c}_{to}}}, 2 : i32) "
        f": !aie.objectfifo<{kind}>"
    )


def cores_side_by_side(folder: Path, repetitions: int) -> Iterator[Figure]:
    """One stand-in core, two, and four columns of four, with the same work each."""

    def cores(columns: Sequence[int], rows: int) -> Timed:
        count = len(columns) * rows
        artifact = Artifact.compiled(busy_design(columns, rows), folder / f"{count}_cores")
        return partial(_seconds, run_with(artifact, *[4 * OBJECT * count] * 2))

    yield from side_by_side(cores([0], 1), cores([0, 2], 1), cores(range(4), 4), 5 * repetitions)


if __name__ == "__main__":
    sys.exit(main())
