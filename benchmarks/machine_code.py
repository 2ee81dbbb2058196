"""How fast AIE2 machine code is executed: bundles a second in hot loops, on sixteen cores, and the
translation.

python -m benchmarks.machine_code
"""

from __future__ import annotations

import argparse
import platform
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.emulator import Figure, side_by_side
from softnpu import core
from softnpu.arch.address import tile_address
from softnpu.arch.device import device
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.emulator.aie2 import image
from softnpu.emulator.array.array import Array
from softnpu.emulator.array.core_tile import CORE_CONTROL
from softnpu.isa import elf_object, table
from softnpu.isa.assembler import assemble

_TRIES = 3
_NOPS = "\n".join(["nop"] * 5)
_SCALAR = """
    lda r2, [p0, #0]
    add r0, r0, #1
    add r4, r4, r0
    xor r5, r4, r0
    mul r3, r2, r1
    lshl r6, r5, r1
    nop
last: st r3, [p1, #0]
"""
_MAC = """
    vmac cm0, cm0, x0, x1, r0; vlda wl0, [p0, #0]
    vmac cm1, cm1, x0, x2, r0; vldb wh0, [p0, #0]
    vmac cm2, cm2, x3, x1, r0
last: vmac cm3, cm3, x3, x2, r0
"""
_INT8 = 1 << 3 | 3 << 8
"""Configuration: 4 x 8 times 8 x 8, signed int8 (docs/operations.md)."""


_BUSY = f"""
    movxm p0, #0x70400
    mova r9, #{{rounds}}
again:
    movxm lc, #{{trips}}
    movxm ls, #first
    movxm le, #last
    {_NOPS}
first: lda r0, [p0, #0]
    add r1, r1, #1
    add r2, r2, r0
    xor r3, r2, r1
    st r2, [p0, #32]
    add r4, r4, r3
    nop
last: nop
    add r9, r9, #-1
    jnz r9, #again
    {_NOPS}
    done
"""
"""A program that computes on its own memory for a while, then ends."""
BUNDLES, ROUNDS = 8_000_000, 8
"""Of a busy core: so much longer than its start that this does not count."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints every figure as soon as it is known."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.parse_args(arguments)
    print(f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}")
    for figure in figures():
        print(f"{figure.what:46} {figure.value:>14}   goal {figure.goal}", flush=True)
    return 0


def figures() -> Iterator[Figure]:
    """Measures one thing after the other, in processor time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield Figure("a hot scalar loop", f"{_rate(_SCALAR, 0xFFFFF, folder):,.0f} M/s", "150 M/s")
        yield Figure("a hot int8 mac loop", f"{_rate(_MAC, 0xFFFFF, folder):,.0f} M/s", "20 M/s")
        runs = (partial(_busy_cores, tiles, folder) for tiles in (_ONE, _TWO, _SIXTEEN))
        yield from side_by_side(*runs, 2 * _TRIES)
        yield from _translation(folder)


def _busy_cores(tiles: Sequence[tuple[int, int]], folder: Path) -> float:
    """Seconds in which these cores compute side by side."""
    file = folder / "busy.s"
    file.write_text(_BUSY.format(trips=BUNDLES // 8, rounds=ROUNDS))
    code = image.load(file).code
    array = Array(device("npu1"))
    array.set_deadline(1 << 40, settling=False)
    for tile in tiles:
        array.write_block(tile_address(*tile, TILE_FACTS[TileKind.CORE].program_base), code)
        array.write(tile_address(*tile, CORE_CONTROL), 1)
    start = time.perf_counter()
    array.scheduler.run()
    return time.perf_counter() - start


_ONE, _TWO = [(0, 2)], [(0, 2), (2, 4)]
"""Cores that share no memory: they run in two threads and wait for nothing but the host."""
_SIXTEEN = [(column, row) for column in range(4) for row in range(2, 6)]


def _looping(body: str, trips: int) -> str:
    return f"""f: movxm ls, #first
    movxm le, #last
    movxm lc, #{trips:#x}
    {_NOPS}
first: {body}
    ret lr
    {_NOPS}
"""


def _rate(body: str, trips: int, folder: Path) -> float:
    """Millions of bundles a second."""
    file = folder / "hot.s"
    file.write_text(_looping(body, trips))
    memory = np.zeros(1024, np.int8)
    core.run(file, memory, memory, _INT8)
    start = time.process_time()
    done = core.run(file, memory, memory, _INT8)
    return done.cycles / (time.process_time() - start) / 1e6


def _translation(folder: Path) -> Iterator[Figure]:
    """Processor time for a program of 1,900 bundles: translated for the first time, and kept."""
    new = time.time_ns() % 50  # with what nobody has translated before
    lines = [
        f"add r{n % 16}, r{n % 15}, #{(n * new + time.time_ns()) % 60}; vlda wl{n % 12}, [p0, #32]"
        for n in range(1_900)
    ]
    file = folder / "long.o"
    text = f"f: {chr(10).join(lines)}\nret lr\n{_NOPS}\n"
    file.write_bytes(elf_object.write(assemble(text, table.load())))
    memory = np.zeros(1024, np.int8)
    for what, goal in (("translated", "2 s"), ("from the cache", "0.03 s")):
        start = _processor_time()
        core.run(file, memory)
        yield Figure(f"1,900 bundles of two, {what}", f"{_processor_time() - start:.2f} s", goal)


def _processor_time() -> float:
    """Seconds of this process and of the compilers that it has called."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    raise SystemExit(main())
