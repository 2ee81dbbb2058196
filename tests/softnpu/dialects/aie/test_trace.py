"""Trace configurations: spelling."""

from __future__ import annotations

from collections.abc import Callable

TRACE = """
aie.trace @t(%core) {
  aie.trace.mode "Event-Time"
  aie.trace.packet id = 1 type = core
  aie.trace.event<"INSTR_EVENT_0"> label = "start"
  aie.trace.event<CoreEventAIE2::LOCK_STALL>
  aie.trace.port<0> port = DMA channel = 0 direction = S2MM
  aie.trace.combo_event<0> <"LOCK_STALL"> AND <"STREAM_STALL">
  aie.trace.edge_event<0> event = <"LOCK_STALL"> trigger = RISING
  aie.trace.start broadcast = 15
  aie.trace.stop event = <"INSTR_EVENT_1">
}
aie.runtime_sequence() {
  aie.trace.host_config {buffer_size = 8192 : i32}
  aie.trace.start_config @t
}
"""


def test_a_trace_is_spelt_as_aie_opt_does(lines: Callable[[str], list[str]]) -> None:
    assert lines(TRACE) == [
        "aie.trace @t(%tile_0_2) {",
        '  aie.trace.mode "Event-Time"',
        "  aie.trace.packet id = 1 type = core",
        '  aie.trace.event <"INSTR_EVENT_0"> label = "start"',
        "  aie.trace.event <CoreEventAIE2::LOCK_STALL>",
        "  aie.trace.port<0> port = DMA channel = 0 direction = S2MM",
        '  aie.trace.combo_event<0> <"LOCK_STALL"> AND <"STREAM_STALL">',
        '  aie.trace.edge_event<0> event = <"LOCK_STALL"> trigger = RISING',
        "  aie.trace.start broadcast = 15",
        '  aie.trace.stop event = <"INSTR_EVENT_1">',
        "}",
        "aie.runtime_sequence() {",
        "  aie.trace.host_config {buffer_size = 8192 : i32}",
        "  aie.trace.start_config @t",
        "}",
    ]


def test_the_hosts_buffer_is_one_for_all_traces(refusal: Callable[[str], object]) -> None:
    error = refusal("aie.trace @t(%core) buffer_size = 8192 {\n}")
    assert "write aie.trace.host_config {buffer_size = N : i32} in the runtime sequence" in str(
        error
    )


def test_registers_of_a_lowered_trace(lines: Callable[[str], list[str]]) -> None:
    written = """aie.trace.config @t(%core) packet_type = core {
      aie.trace.reg register = "Trace_Control0" field = "Mode" value = 1 comment = "mode"
      aie.trace.reg register = "Trace_Event0" value = "LOCK_STALL" mask = 255
    }"""
    assert lines(written) == [
        "aie.trace.config @t(%tile_0_2) packet_type = core {",
        '  aie.trace.reg register = "Trace_Control0" field = "Mode" value = 1 comment = "mode"',
        '  aie.trace.reg register = "Trace_Event0" value = "LOCK_STALL" mask = 255',
        "}",
    ]
