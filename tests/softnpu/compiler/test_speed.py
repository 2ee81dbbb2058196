"""The compiler's speed, in processor time: what else runs on the machine must not decide."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.compile import (
    ALL,
    COLD,
    LARGE,
    SMALL,
    compile_cold,
    compile_goldens,
    compile_large,
)


def children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_small_design_from_a_cold_process(tmp_path: Path) -> None:
    compile_cold(SMALL, tmp_path)
    before = children_seconds()
    compile_cold(SMALL, tmp_path)
    assert children_seconds() - before < 2 * COLD


@pytest.mark.parametrize(("compile_all", "limit"), [(compile_goldens, ALL), (compile_large, LARGE)])
def test_many_designs_and_many_cores(
    tmp_path: Path, compile_all: Callable[[Path], None], limit: float
) -> None:
    before = time.process_time()
    compile_all(tmp_path)
    assert time.process_time() - before < limit
    assert list(tmp_path.glob("*/final.xclbin"))
