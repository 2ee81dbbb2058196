"""`npuforge races` finds an output that depends on who comes first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runner.errors import RunnerError
from runner.launch import Opened
from runner.races import hunt
from runner.vectors import Vector
from tests.project import make_project
from tests.softnpu.emulator.designs import transfer, worker

WRITES = """memref.store %x, %shared[%j] : memref<16xi32>
          %r = arith.muli %x, %x : i32"""
READS = """%s = memref.load %shared[%j] : memref<16xi32>
          %r = arith.addi %x, %s : i32"""

DESIGN = f"""
aie.device(npu1_1col) {{
  %shim = aie.tile(0, 0)
  %low = aie.tile(0, 2)
  %high = aie.tile(0, 3)
  %shared = aie.buffer(%low) {{sym_name = "shared"}} : memref<16xi32>
  aie.objectfifo @in(%shim, {{%low, %high}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @square(%low, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @sum(%high, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  {worker("writer", "low", "in", "square", 16, WRITES)}
  {worker("reader", "high", "in", "sum", 16, READS)}
  aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>, %c: memref<64xi32>) {{
    {transfer("a", 64, "in", 0, 64)}
    {transfer("b", 64, "square", 1, 64)}
    {transfer("c", 64, "sum", 2, 64)}
    aiex.npu.dma_wait {{symbol = @square}}
    aiex.npu.dma_wait {{symbol = @sum}}
  }}
}}
"""
"""The reader takes what the writer leaves in a buffer without waiting for it."""

DECLARED = """
from pipeline import In, Out

parameters = {}


def buffers(p):
    return {"a": In(64, "int32"), "b": Out(64, "int32"), "c": Out(64, "int32")}
"""


def test_a_buffer_that_is_shared_without_a_lock_is_found(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_add")
    project.write("mlir_templates/shared.mlir", DESIGN)
    project.write("mlir_templates/shared.py", DECLARED)
    done = project.doit("races")
    assert done.returncode == 1
    assert "failed: races:shared/default" in done.stdout
    told = " ".join(done.stdout.split())
    assert "c of vector random-" in told and "what comes first decides: a lock is missing" in told
    assert "b of vector" not in told, "what only depends on the input is the same in any order"
    for _ in range(2):
        clean = project.doit("races:vector_add/default")
        assert clean.returncode == 0
        assert (
            "races     vector_add/default           no difference: 3 runs in each of 9 orders"
            in clean.stdout
        )


class Played:
    """A session whose output is 1, or something else with one seed."""

    seconds = 0.0

    def __init__(self, value: float | RunnerError) -> None:
        self.value = value
        self.closed = False

    def run(self, inputs: dict[str, np.ndarray], timeout_ms: int = 0) -> dict[str, np.ndarray]:
        if isinstance(self.value, RunnerError):
            raise self.value
        return {"y": np.array([[np.nan, 1.0], [1.0, self.value]], np.float32)}

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        self.closed = True


VECTORS = [Vector("v0", {}), Vector("v1", {})]


@pytest.mark.parametrize(
    ("third", "told"),
    [
        (1.0, ""),
        (7.0, "with seed 3, y of vector v0 differs in 1 of 4 elements, first at 1, 1: 1.0 in the"),
        (RunnerError("ERT_CMD_STATE_TIMEOUT"), "with seed 3 it does not complete;"),
    ],
)
def test_the_first_order_that_changes_something_is_told(
    third: float | RunnerError, told: str
) -> None:
    made: dict[int | None, Played] = {}

    def opening(seed: int | None) -> Opened:
        made[seed] = Played(third if seed == 3 else 1.0)
        return Opened(made[seed], ())

    found = hunt(opening, VECTORS, range(5))
    assert found.difference.startswith(told) and bool(found.difference) == bool(told)
    assert found.orders == len(made)
    assert list(made) == [None, *range(5)][: 5 if told else 6]
    assert all(session.closed for session in made.values())


def test_a_run_that_fails_in_the_usual_order_is_no_race() -> None:
    session = SimpleNamespace(run=_fail, close=lambda: None)
    with pytest.raises(RunnerError, match="in the usual order already, which is no race\nno luck"):
        hunt(lambda _: Opened(session, ()), VECTORS)


def _fail(_: object) -> None:
    raise RunnerError("no luck")
