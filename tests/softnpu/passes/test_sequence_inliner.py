"""Copies of what a sequence uses of its own device."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.materialize_runtime_sequences import MaterializeRuntimeSequencesPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import numbered_steps_of

LOWER = MaterializeRuntimeSequencesPass()


def calls(*names: str, own: str = "") -> str:
    runs = "\n".join(f"aiex.configure @{name} {{ aiex.run @sequence() : () }}" for name in names)
    return f"aie.device(npu2) {{ {own}\n aie.runtime_sequence() {{\n{runs}\n}} }}"


def callee(name: str, inside: str, steps: str) -> str:
    return f"aie.device(npu2) @{name} {{ {inside}\n aie.runtime_sequence() {{\n{steps}\n}} }}"


def caller_of(lowered: str) -> list[str]:
    """The lines of the first device."""
    lines = [line.strip() for line in lowered.splitlines()]
    return lines[: lines.index("aie.runtime_sequence() {")]


PARAMETER = """%t = aie.tile(0, 2)
  %p = aie.buffer(%t) {address = 1024 : i32, sym_name = "gain"} : memref<1xi32>
  %l = aie.lock(%t, 3)"""
STEPS = "aiex.npu.rtp_write(@gain, 0, 5)\n aiex.set_lock(%l, 1)"


def test_tiles_are_shared_and_names_made_unique(lower: Lower) -> None:
    text = calls("a", "b") + callee("a", PARAMETER, STEPS) + callee("b", PARAMETER, STEPS)
    lowered = lower(text, LOWER)
    own = caller_of(lowered)
    assert sum("aie.tile(0, 2)" in line for line in own) == 1
    assert [line.split('sym_name = "')[1].split('"')[0] for line in own if "buffer" in line] == [
        "gain",
        "gain_0",
    ]
    steps = numbered_steps_of(lowered)
    assert [step for step in steps if "rtp_write" in step] == [
        "aiex.npu.rtp_write(@gain_0, 0, 5) : i32",
        "aiex.npu.rtp_write(@gain, 0, 5) : i32",
    ]


def test_a_tile_of_the_caller_is_used(lower: Lower) -> None:
    text = calls("a", own="%mine = aie.tile(0, 2)") + callee("a", PARAMETER, STEPS)
    own = caller_of(lower(text, LOWER))
    assert sum("aie.tile(0, 2)" in line for line in own) == 1


def test_a_tile_with_other_attributes_is_refused(lower: Lower) -> None:
    own = "%mine = aie.tile(0, 2) {controller_id = #aie.packet_info<pkt_type = 0, pkt_id = 9>}"
    with pytest.raises(DesignError, match=r"tile \(0, 2\) has other attributes"):
        lower(calls("a", own=own) + callee("a", PARAMETER, STEPS), LOWER)


def test_a_value_that_cannot_be_copied_is_refused(lower: Lower) -> None:
    inside = """%t = aie.tile(0, 1)
      %m = aie.buffer(%t) {address = 0 : i32} : memref<8xi32>"""
    steps = """%0 = aiex.dma_configure_task(%t, MM2S, 0) {
        aie.dma_bd(%m : memref<8xi32>, 0, 8)
        aie.end
      }"""
    with pytest.raises(DesignError, match=r"cannot use a value of aie\.buffer"):
        lower(calls("a") + callee("a", inside, steps), LOWER)
