"""Cores as functions that know nothing of a device."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.func import CallOp, FuncOp

from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError
from softnpu.passes.aiex_standard_lowering import AIEXStandardLoweringPass
from softnpu.passes.localize_locks import LocalizeLocksPass
from softnpu.passes.standard_lowering import StandardLoweringPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.printed import with_numbers

GOLDEN = Path(__file__).parents[2] / "golden"


def core(body: str, device: str = "npu1", before: str = "") -> str:
    return f"""aie.device({device}) {{
      %tile = aie.tile(0, 2)
      {before}
      %core = aie.core(%tile) {{
        {body}
        aie.end
      }}
    }}"""


def calls(text: str) -> list[str]:
    return [line.strip() for line in with_numbers(text).splitlines() if "call @" in line]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("aie.event(1)", "call @llvm.aie2.event(1) : (i32) -> ()"),
        (
            "%p = arith.constant 0 : i32\n%v = arith.constant 7 : i32\n"
            "aie.put_stream(%p : i32, %v : i32)",
            "call @llvm.aie2.put.ms(7, 0) : (i32, i32) -> ()",
        ),
        ("%v = arith.constant 7 : i32\naie.debug(%v : i32)", "call @debug_i32(7) : (i32) -> ()"),
    ],
)
def test_what_only_a_core_can_do_becomes_a_call(lower: Lower, body: str, expected: str) -> None:
    assert calls(lower(core(body), StandardLoweringPass())) == [expected]


def test_intrinsics_are_named_after_the_generation(lower: Lower) -> None:
    text = lower(core("aie.event(0)", "npu2"), StandardLoweringPass())
    assert calls(text) == ["call @llvm.aie2p.event(0) : (i32) -> ()"]
    assert 'llvm.target_triple = "aie2p"' in text


def test_waiting_for_at_least_a_value_takes_the_negative_of_it(lower: Lower) -> None:
    body = "%c = arith.constant 3 : i32\naie.use_lock(%lock, AcquireGreaterEqual, %c)"
    text = lower(
        core(body, before="%lock = aie.lock(%tile, 5)"),
        LocalizeLocksPass(),
        StandardLoweringPass(),
    )
    lines = [line.strip() for line in with_numbers(text).splitlines()]
    at = lines.index("%0 = arith.index_cast 53 : index to i32")
    assert lines[at + 1 : at + 3] == [
        "%1 = arith.subi 0, 3 : i32",
        "call @llvm.aie2.acquire(%0, %1) : (i32, i32) -> ()",
    ]


def test_a_cascade_value_of_another_type_is_cast_on_both_sides(lower: Lower) -> None:
    body = "%v = aie.get_cascade() : vector<32xbf16>\naie.put_cascade(%v : vector<32xbf16>)"
    text = lower(core(body), StandardLoweringPass())
    assert "vector.bitcast %0 : vector<16xi32> to vector<32xbf16>" in text
    assert "vector.bitcast %1 : vector<32xbf16> to vector<16xi32>" in text
    assert "call @llvm.aie2.mcd.write.vec(%2, %c1_i32_0) : (vector<16xi32>, i32) -> ()" in text


def test_only_the_wanted_cores_function_and_initial_values_stay(lower: Lower) -> None:
    text = lower(
        """aie.device(npu1) {
          %a = aie.tile(0, 2)
          %b = aie.tile(0, 3)
          %mine = aie.buffer(%a) {sym_name = "mine"} : memref<2xi32> = dense<[1, 2]>
          %others = aie.buffer(%b) {sym_name = "others"} : memref<2xi32> = dense<[3, 4]>
          func.func private @kernel(memref<2xi32>)
          %ca = aie.core(%a) {
            func.call @kernel(%mine) : (memref<2xi32>) -> ()
            func.call @kernel(%others) : (memref<2xi32>) -> ()
            aie.end
          }
          %cb = aie.core(%b) { aie.end }
        }""",
        StandardLoweringPass(tilecol=0, tilerow=2),
    )
    assert 'memref.global "public" @mine : memref<2xi32> = dense<[1, 2]>' in text
    assert 'memref.global "public" @others : memref<2xi32>\n' in text
    assert "func.func @core_0_2() {" in text
    assert "core_0_3" not in text
    assert "aie." not in text.replace("llvm.aie2", "")
    assert [line for line in calls(text) if "@kernel" in line] == [
        "call @kernel(%0) : (memref<2xi32>) -> ()",
        "call @kernel(%1) : (memref<2xi32>) -> ()",
    ]


def test_an_op_that_is_yet_to_be_lowered_is_refused_by_name(lower: Lower) -> None:
    before = """%other = aie.tile(0, 3)
      aie.objectfifo @fifo(%tile, {%other}, 2 : i32) : !aie.objectfifo<memref<4xi32>>"""
    body = "aie.objectfifo.release @fifo(Produce, 1)"
    with pytest.raises(DesignError, match=r"'aie.objectfifo.release' cannot become a function's"):
        lower(core(body, before=before), StandardLoweringPass())


def test_a_lock_of_the_device_is_no_number_that_a_core_can_call(lower: Lower) -> None:
    text = core(
        "%c = arith.constant 1 : i32\naie.use_lock(%lock, Release, %c)",
        before="%lock = aie.lock(%tile, 5)",
    )
    with pytest.raises(DesignError, match="run aie-localize-locks first"):
        lower(text, StandardLoweringPass())


def test_a_value_from_outside_a_core_is_refused(lower: Lower) -> None:
    text = core("aie.debug(%v : i32)", before="%v = arith.constant 7 : i32")
    with pytest.raises(DesignError, match="uses a value from outside"):
        lower(text, StandardLoweringPass())


def test_cores_have_no_stream_of_floats(lower: Lower) -> None:
    body = "%p = arith.constant 0 : i32\n%v = aie.get_stream(%p : i32) : f32"
    with pytest.raises(DesignError, match="AIE2 cores have no stream of f32"):
        lower(core(body), StandardLoweringPass())


def test_what_the_controller_does_is_removed(lower: Lower) -> None:
    text = lower(
        """aie.device(npu1) {
          aie.runtime_sequence(%host: memref<16xi32>) {
            aiex.npu.write32 {address = 1024 : ui32, value = 7 : ui32}
            aiex.npu.dma_wait {symbol = @out}
          }
          %shim = aie.tile(0, 0)
          aie.shim_dma_allocation @out(%shim, S2MM, 0)
        }""",
        AIEXStandardLoweringPass(),
    )
    assert "aiex." not in text
    assert "aie.shim_dma_allocation @out" in text


CORES = sorted(GOLDEN.glob("*/*_core_*.ll"))
"""What AMD's tools made of each core, as LLVM IR."""


@pytest.mark.parametrize("ir", CORES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_core_calls_what_amds_core_calls(ir: Path, mlir: Context) -> None:
    device, _, col, row = ir.stem.rsplit("_", 3)
    module = parse_text((ir.parent / "input_physical.mlir").read_text(), "design.mlir", mlir)
    for each in (
        LocalizeLocksPass(),
        StandardLoweringPass(device=device, tilecol=int(col), tilerow=int(row)),
    ):
        each.apply(mlir, module)
    (core,) = (op for op in module.body.ops if isinstance(op, FuncOp) and op.body.blocks)
    ours = (op.callee.root_reference.data for op in core.walk() if isinstance(op, CallOp))
    theirs = re.findall(r"\bcall [^@]*@([\w.]+)\(", ir.read_text())
    # A memref.copy is a call in LLVM IR alone.
    assert Counter(ours) == Counter(name for name in theirs if "memcpy" not in name)
