from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.inline_trace_config import InlineTraceConfigPass
from softnpu.passes.trace_pack_reg_writes import TraceRegPackWritesPass
from softnpu.passes.trace_to_config import TraceToConfigPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.printed import with_numbers

DESIGN = """aie.device(npu2) {
  %t = aie.tile(1, 3)
  aie.trace @unit(%t) {
    aie.trace.packet id = 2 type = "mem"
    aie.trace.event<"DMA_S2MM_0_START_TASK">
    aie.trace.start broadcast = 15
  }
  aie.runtime_sequence @sequence() {
    %c0 = arith.constant 0 : i32
    aiex.npu.write32(%c0, %c0) : i32, i32
    aie.trace.start_config @unit
  }
}"""
ALL = (TraceToConfigPass(), TraceRegPackWritesPass(), InlineTraceConfigPass())


def test_the_sequence_writes_the_units_registers_where_it_starts_the_trace(lower: Lower) -> None:
    """The memory module's registers: Trace_Control1, Trace_Control0, Trace_Event0."""
    text = with_numbers(lower(DESIGN, *ALL))
    pattern = r"write32\((\d+), (\d+)\) \{column = (\d) : i32, row = (\d) : i32\}"
    broadcast_15 = 122
    assert re.findall(pattern, text) == [
        (str(0x140D4), str(1 << 12 | 2), "1", "3"),
        (str(0x140D0), str(broadcast_15 << 16), "1", "3"),
        (str(0x140E0), "19", "1", "3"),
    ]
    assert "start_config" not in text


def test_a_trace_that_is_not_declared_is_named(lower: Lower) -> None:
    with pytest.raises(DesignError, match="'@other' is no trace"):
        lower(DESIGN.replace("start_config @unit", "start_config @other"), *ALL)


def test_fields_must_have_been_packed(lower: Lower) -> None:
    with pytest.raises(DesignError, match="stands alone"):
        lower(DESIGN, ALL[0], ALL[2])
