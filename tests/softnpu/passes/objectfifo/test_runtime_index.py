"""The dynamic lowering: a counter for each fifo, and a switch at each access."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError

CORE = """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    func.func private @work(memref<4xi32>)
    aie.objectfifo @in(%s, {{%w}}, [2, {depth}]) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant 10 : index
      scf.for %i = %c0 to %n step %c1 {{
        %v = aie.objectfifo.acquire @in(Consume, 2) : !aie.objectfifosubview<memref<4xi32>>
        %x = aie.objectfifo.subview.access %v[1]
            : !aie.objectfifosubview<memref<4xi32>> -> memref<4xi32>
        func.call @work(%x) : (memref<4xi32>) -> ()
        aie.objectfifo.release @in(Consume, {released})
      }}
      aie.end
    }} {attributes}
"""


def core(lower_fifos, attributes: str = "{dynamic_objfifo_lowering = true}", **options: bool):
    return lower_fifos(CORE.format(depth=3, released=1, attributes=attributes), **options)


def test_an_access_switches_over_the_counter(lower_fifos) -> None:
    lines = core(lower_fifos).part("%core_0_2")
    switch = next(n for n, line in enumerate(lines) if "scf.index_switch" in line)
    yields = [line for line in lines[switch:] if "scf.yield" in line]
    assert [line.split()[1] for line in yields] == [
        "%in_cons_buff_1",
        "%in_cons_buff_2",
        "%in_cons_buff_0",
        "%in_cons_buff_1",
    ]
    assert not [line for line in lines if "scf.for" in line and "%c3" in line]


def test_a_release_moves_the_counter_on_modulo_the_depth(lower_fifos) -> None:
    lines = core(lower_fifos).part("%core_0_2")
    release = next(n for n, line in enumerate(lines) if "Release" in line)
    kinds = [line.split(" = ")[-1].split()[0] for line in lines[release + 1 : release + 8]]
    assert kinds == [
        "memref.load",
        "arith.constant",
        "arith.addi",
        "arith.cmpi",
        "arith.subi",
        "arith.select",
        "memref.store",
    ]


def test_the_counters_live_in_one_buffer_of_the_cores_tile_and_start_at_zero(lower_fifos) -> None:
    lowered = core(lower_fifos)
    assert lowered.matching(r"aie\.buffer.*memref<1xi32>")
    stores = [line for line in lowered.part("%core_0_2") if "memref.store %c0_i32" in line]
    assert len(stores) == 1


@pytest.mark.parametrize(
    ("attributes", "option", "dynamic"),
    [
        ("{dynamic_objfifo_lowering = true}", False, True),
        ("{dynamic_objfifo_lowering = false}", False, False),
        ("", False, False),
        ("", True, True),
    ],
)
def test_core_or_compiler_decides(
    lower_fifos, attributes: str, option: bool, dynamic: bool
) -> None:
    lowered = core(lower_fifos, attributes, dynamic_objfifos=option)
    assert bool(lowered.matching("index_switch")) is dynamic


def test_a_release_without_acquire_is_refused(lower_fifos) -> None:
    with pytest.raises(DesignError, match="@out is released, but this core never acquires it"):
        lower_fifos("""
    %w = aie.tile(0, 2)
    %v = aie.tile(0, 3)
    aie.objectfifo @out(%w, {%v}, 2 : i32) : !aie.objectfifo<memref<4xi32>>
    %core = aie.core(%w) {
      aie.objectfifo.release @out(Produce, 1)
      aie.end
    } {dynamic_objfifo_lowering = true}
    """)
