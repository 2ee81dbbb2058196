"""Contexts on golden designs and streams made from theirs, for tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from softnpu.emulator.context import Context
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.memory.host_memory import HostBuffer
from softnpu.formats import txn
from softnpu.formats.operations import Operation
from tests.softnpu.emulator.programs import Cores

MEMTILE = "passthrough_memtile"
WORKER = "passthrough_core"
TILE = (0, 2)


def with_operations(insts: bytes, *operations: Operation) -> bytes:
    return txn.build(replace(txn.parse(insts), operations=operations))


def operations_of(insts: bytes) -> tuple[Operation, ...]:
    return txn.parse(insts).operations


def buffers(context: Context, size: int = 8192) -> list[HostBuffer]:
    made = [context.allocate(size, name) for name in ("in", "out")]
    made[0].words[:] = np.arange(size // 4)
    return made


def worker(cores: Cores, **options: object) -> Context:
    program = cores.worker(WORKER, TILE, "in_cons_buff", "out_buff", 256, "x + 1")
    context: Context = cores.context(WORKER, {TILE: program}, **options)
    return context


def run_worker(cores: Cores, **options: object) -> tuple[RunReport, np.ndarray]:
    context = worker(cores, **options)
    data = buffers(context, 4096)
    report = context.run(cores.insts(WORKER).read_bytes(), data)
    return report, data[1].words.copy()
