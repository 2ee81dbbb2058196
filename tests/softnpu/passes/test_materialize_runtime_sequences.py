"""Sequences that run those of other devices."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.materialize_runtime_sequences import MaterializeRuntimeSequencesPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import numbered_steps_of, steps_of

LOWER = MaterializeRuntimeSequencesPass()


def write(address: int) -> str:
    return (
        f"%a{address} = arith.constant {address} : i32\n"
        f"%v{address} = arith.constant 1 : i32\n"
        f"aiex.npu.write32(%a{address}, %v{address}) : i32, i32"
    )


def written(address: int) -> str:
    return f"aiex.npu.write32({address}, 1) : i32, i32"


def module(main: str, *others: str) -> str:
    return "module {\n" + "\n".join((device("main", main), *others)) + "\n}"


def device(name: str, steps: str, *, kind: str = "npu2", before: str = "") -> str:
    return f"""aie.device({kind}) @{name} {{
      {before}
      aie.runtime_sequence @run(%x: memref<16xi32>) {{
        {steps}
      }}
    }}"""


def run(name: str) -> str:
    return f"aiex.configure @{name} {{ aiex.run @run(%x) : (memref<16xi32>) }}"


def test_running_loads_the_device_and_copies_its_sequence(lower: Lower) -> None:
    text = module(f"{run('other')}\n{write(2)}", device("other", write(1)))
    assert numbered_steps_of(lower(text, LOWER)) == [
        "aiex.npu.load_pdi {device_ref = @other}",
        written(1),
        written(2),
    ]


def test_a_load_is_expanded_as_the_configuration_says(lower: Lower) -> None:
    configured = run("other") + " {expand_mode = 2 : i32}"
    text = lower(module(configured, device("other", write(1))), LOWER)
    assert "aiex.npu.load_pdi {device_ref = @other, expand_mode = 2 : i32}" in text


def test_a_sequence_that_loads_its_device_itself_loads_it_once(lower: Lower) -> None:
    load = "aiex.npu.load_pdi {device_ref = @other}"
    text = module(run("other"), device("other", f"{load}\n{write(1)}\n{load}"))
    assert [step for step in steps_of(lower(text, LOWER)) if "load_pdi" in step] == [load, load]


def test_constants_go_to_the_head_and_do_not_part_loads(lower: Lower) -> None:
    load = "aiex.npu.load_pdi {device_ref = @other}"
    inner = f"%a = arith.constant 7 : i32\n{load}\naiex.npu.write32(%a, %a) : i32, i32"
    steps = steps_of(lower(module(f"{run('other')}\n{write(2)}", device("other", inner)), LOWER))
    assert [step.split(" = ")[0] for step in steps[:4]] == [
        "%c7_i32",
        "%c1_i32",
        "%c2_i32",
        load.split(" = ")[0],
    ]
    assert sum(step == load for step in steps) == 1


def test_arguments_take_the_place_of_parameters(lower: Lower) -> None:
    transfer = (
        "aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1]) "
        "{id = 0 : i64, metadata = @in} : memref<16xi32>"
    )
    shim = "%s = aie.tile(1, 0)\n aie.shim_dma_allocation @in(%s, MM2S, 0)"
    text = module(run("other"), device("other", transfer, before=shim))
    lowered = lower(text, LOWER)
    assert "dma_memcpy_nd(%arg0[" in steps_of(lowered)[1]
    main = lowered[: lowered.index("@other {")]
    assert "aie.shim_dma_allocation @in(%shim_noc_tile_1_0, MM2S, 0)" in main


def test_one_configuration_may_run_several_sequences(lower: Lower) -> None:
    twice = "aiex.run @run(%x) : (memref<16xi32>)\n" * 2
    text = module(f"aiex.configure @a {{ {twice} }}", device("a", write(7)))
    assert numbered_steps_of(lower(text, LOWER))[1:] == [written(7), written(7)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (module(run("main")), "runs itself"),
        (module(run("othr"), device("other", "")), "there is no device '@othr'"),
        (
            module(run("other").replace("@run", "@go"), device("other", "")),
            "device '@other' has no runtime sequence '@go'",
        ),
        (
            module(run("a"), device("a", run("b")), device("b", "")),
            "a configuration within another cannot be loaded",
        ),
    ],
)
def test_a_call_that_cannot_be_is_refused(lower: Lower, text: str, message: str) -> None:
    with pytest.raises(DesignError) as error:
        lower(text, LOWER)
    assert message in str(error.value)


def test_an_objectfifo_must_be_lowered_first(lower: Lower) -> None:
    text = device(
        "main",
        "aiex.npu.dma_wait {symbol = @of}",
        before="""%s = aie.tile(0, 0)
          %m = aie.tile(0, 1)
          aie.objectfifo @of(%m, {%s}, 2 : i32) : !aie.objectfifo<memref<16xi32>>""",
    )
    with pytest.raises(DesignError, match="run aie-objectFifo-stateful-transform first"):
        lower(text, LOWER)
