"""A wait for a token that never comes is told of, with its line."""

from __future__ import annotations

import pytest

from softnpu.dialects.text import parse_text
from softnpu.passes.token_hazards import token_warnings

DESIGN = """\
module {
  aie.device(npu1_1col) {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [])
    aie.shim_dma_allocation @more(%shim, S2MM, 1)
    aie.bd_chain @send(%from: memref<64xi32>) {
      aie.dma_bd(%from : memref<64xi32>, 0, 64)
      aie.end
    }
    aie.runtime_sequence(%a: memref<64xi32>, %b: memref<64xi32>) {
      SEQUENCE
    }
  }
}
"""


def warnings(*sequence: str) -> list[str]:
    text = DESIGN.replace("SEQUENCE", "\n".join(sequence))
    return list(token_warnings(parse_text(text, "design.mlir")))


def memcpy(symbol: str, token: bool = False) -> str:
    issue = ", issue_token = true" if token else ""
    return (
        "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) "
        f"{{id = 0 : i64, metadata = @{symbol}{issue}}} : memref<64xi32>"
    )


def task(symbol: str, token: bool = False, name: str = "t") -> str:
    issue = " {issue_token = true}" if token else ""
    return (
        f"%{name} = aiex.dma_configure_task_for @{symbol} {{ aie.dma_bd(%a : memref<64xi32>, 0, 64)"
        f"\n aie.end }}{issue}\n aiex.dma_start_task(%{name})"
    )


def wait(symbol: str) -> str:
    return f"aiex.npu.dma_wait {{symbol = @{symbol}}}"


CHAIN = "%c = aiex.dma_start_bd_chain_for @send(%a) : (memref<64xi32>) for @in {issue_token = true}"
AWAIT = "aiex.dma_await_task(%t)"
PUSH = (
    "aiex.npu.push_queue (0, 0, MM2S:0) "
    "{bd_id = 0 : i32, issue_token = true, repeat_count = 0 : i32}"
)


@pytest.mark.parametrize(
    "sequence",
    [
        [memcpy("in"), wait("in")],
        [task("out"), wait("out")],
        [memcpy("out"), wait("out"), wait("out")],
        [wait("in"), memcpy("in", token=True)],
        [wait("more")],
        [task("in", token=True), AWAIT, wait("in")],
    ],
    ids=["to the array", "a task", "twice", "before it", "none", "the task's own wait took it"],
)
def test_a_wait_that_never_ends(sequence: list[str]) -> None:
    (warning,) = warnings(*sequence)
    last = max(i for i, line in enumerate(sequence) if "dma_wait" in line)
    place = DESIGN.splitlines().index("      SEQUENCE") + "\n".join(sequence[:last]).count("\n")
    assert warning.startswith(f"design.mlir:{place + 1 + bool(last)}:")
    assert "it never ends" in warning


@pytest.mark.parametrize(
    "sequence",
    [
        [memcpy("in", token=True), wait("in")],
        [memcpy("out"), memcpy("out"), wait("out"), wait("out")],
        [task("out", token=True), wait("out")],
        [task("in", token=True), task("in", token=True, name="u"), AWAIT, wait("in")],
        [CHAIN, wait("in")],
        [PUSH, wait("in")],
    ],
)
def test_a_wait_that_ends(sequence: list[str]) -> None:
    assert warnings(*sequence) == []
