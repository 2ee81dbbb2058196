"""Registered processes become core code."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.register_objectfifos import RegisterObjectFifosPass

DESIGN = """
module {{
  aie.device(npu1_2col) {{
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    %c = aie.tile(1, 3)
    aie.objectfifo @of(%a, {{%b, %c}}, 4 : i32) : !aie.objectfifo<memref<8xi32>>
    func.func private @produce()
    func.func private @consume()
    %n = arith.constant {length} : index
    %acq = arith.constant dense<{acquires}> : tensor<{size}xi32>
    %rel = arith.constant dense<{releases}> : tensor<{size}xi32>
    {processes}
  }}
}}
"""

PRODUCE = (
    "aie.objectfifo.register_process @of(Produce, %acq : tensor<{size}xi32>, "
    "%rel : tensor<{size}xi32>, @produce, %n)"
)
CONSUME = PRODUCE.replace("Produce", "Consume").replace("@produce", "@consume")


def lines(lower, acquires: list[int], releases: list[int], length: int, *processes: str):
    size = len(acquires)
    text = lower(
        DESIGN.format(
            length=length,
            acquires=acquires,
            releases=releases,
            size=size,
            processes="\n".join(process.format(size=size) for process in processes),
        ),
        RegisterObjectFifosPass(),
    )
    return [line.strip() for line in text.splitlines()]


def test_a_static_pattern_is_a_loop(lower) -> None:
    found = lines(lower, [2], [1], 6, PRODUCE)
    loop = next(n for n, line in enumerate(found) if "scf.for" in line)
    assert found[loop - 4 : loop + 1] == [
        "%core_0_2 = aie.core(%tile_0_2) {",
        "%c0 = arith.constant 0 : index",
        "%c6_1 = arith.constant 6 : index",
        "%c1 = arith.constant 1 : index",
        "scf.for %arg0 = %c0 to %c6_1 step %c1 {",
    ]
    assert found[loop + 1 : loop + 6] == [
        "%0 = aie.objectfifo.acquire @of(Produce, 2) : !aie.objectfifosubview<memref<8xi32>>",
        "%1 = aie.objectfifo.subview.access %0[0] : "
        "!aie.objectfifosubview<memref<8xi32>> -> memref<8xi32>",
        "%2 = aie.objectfifo.subview.access %0[1] : "
        "!aie.objectfifosubview<memref<8xi32>> -> memref<8xi32>",
        "func.call @produce() : () -> ()",
        "aie.objectfifo.release @of(Produce, 1)",
    ]
    assert not any("register_process" in line for line in found)


def test_a_changing_pattern_loops_only_where_it_repeats(lower) -> None:
    found = lines(lower, [1, 2, 2, 0], [0, 1, 1, 2], 4, PRODUCE)
    steps = [line for line in found if "scf.for" in line or ".acquire" in line or ".rel" in line]
    assert [step.split(" : ")[0].split(" = ")[-1] for step in steps] == [
        "aie.objectfifo.acquire @of(Produce, 1)",
        "%c0 to %c2 step %c1 {",
        "aie.objectfifo.acquire @of(Produce, 2)",
        "aie.objectfifo.release @of(Produce, 1)",
        "aie.objectfifo.release @of(Produce, 2)",
    ]


def test_each_consumer_process_goes_to_the_next_consumer(lower) -> None:
    found = lines(lower, [1], [1], 3, CONSUME, CONSUME)
    assert [line for line in found if "aie.core(" in line] == [
        "%core_0_3 = aie.core(%tile_0_3) {",
        "%core_1_3 = aie.core(%tile_1_3) {",
    ]


def test_one_process_too_many_is_refused(lower) -> None:
    with pytest.raises(DesignError, match="@of has 2 consumers, and each of them has a process"):
        lines(lower, [1], [1], 3, CONSUME, CONSUME, CONSUME)


def test_a_process_at_a_shim_is_refused(lower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "DESIGN", DESIGN.replace("aie.tile(0, 3)", "aie.tile(0, 0)"))
    with pytest.raises(DesignError, match=r"a process runs on a core, but tile \(0, 0\)"):
        lines(lower, [1], [1], 3, CONSUME)
