from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.trace_to_config import TraceToConfigPass
from tests.softnpu.passes.conftest import Lower

TO_CONFIG = TraceToConfigPass()


def design(*body: str, row: int = 2) -> str:
    lines = "\n".join(body)
    return f"""aie.device(npu1) {{
      %t = aie.tile(0, {row})
      aie.trace @unit(%t) {{
        {lines}
      }}
      aie.runtime_sequence @sequence() {{
        aie.trace.start_config @unit
      }}
    }}"""


def fields(text: str) -> list[tuple[str, str, str]]:
    """(register, field, value) of every aie.trace.reg."""
    return re.findall(r'register = "(\w+)" field = "(\w+)" value = (.*?) comment', text)


def test_registers_come_in_the_order_combinations_edges_control_ports_events(
    lower: Lower,
) -> None:
    text = lower(
        design(
            'aie.trace.event<"INSTR_EVENT_0">',
            "aie.trace.port<5> port = North channel = 1 direction = S2MM",
            'aie.trace.packet id = 3 type = "core"',
            'aie.trace.mode "Event-Time"',
            'aie.trace.edge_event<1> event = <"LOCK_STALL"> trigger = BOTH',
            'aie.trace.combo_event<0> <"INSTR_VECTOR"> AND_NOT <"LOCK_STALL">',
            'aie.trace.start event = <"USER_EVENT_1">',
            "aie.trace.stop broadcast = 14",
        ),
        TO_CONFIG,
    )
    assert [register_and_field[:2] for register_and_field in fields(text)] == [
        ("Combo_event_inputs", "eventA"),
        ("Combo_event_inputs", "eventB"),
        ("Combo_event_control", "combo0"),
        ("Edge_Detection_event_control", "Edge_Detection_Event_1"),
        ("Edge_Detection_event_control", "Edge_Detection_1_Trigger_Rising"),
        ("Edge_Detection_event_control", "Edge_Detection_1_Trigger_Falling"),
        ("Trace_Control1", "ID"),
        ("Trace_Control1", "Packet_Type"),
        ("Trace_Control0", "Mode"),
        ("Trace_Control0", "Trace_Start_Event"),
        ("Trace_Control0", "Trace_Stop_Event"),
        ("Stream_Switch_Event_Port_Selection_1", "Port_5_ID"),
        ("Stream_Switch_Event_Port_Selection_1", "Port_5_Master_Slave"),
        ("Trace_Event0", "Trace_Event0"),
    ]
    assert ("Trace_Control0", "Trace_Start_Event", "125") in fields(text)
    assert "aie.trace.config @unit_config(%tile_0_2) packet_type = core" in text
    assert "aie.trace.start_config @unit_config" in text
    assert "aie.trace @" not in text


def test_the_memorys_unit_has_no_mode(lower: Lower) -> None:
    text = lower(
        design('aie.trace.packet id = 1 type = "mem"', 'aie.trace.mode "Event-PC"'), TO_CONFIG
    )
    assert not [field for _, field, _ in fields(text) if field == "Mode"]


def test_an_event_that_the_module_lacks_is_refused_with_the_nearest(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(design('aie.trace.event<"INSTR_EVENTS_0">'), TO_CONFIG)
    assert "the core module has no event 'INSTR_EVENTS_0'" in str(refused.value)
    assert "did you mean 'INSTR_EVENT_0'?" in str(refused.value)


def test_events_are_looked_up_where_the_tile_has_them(lower: Lower) -> None:
    event = 'aie.trace.event<"PERF_CNT0_EVENT">'
    assert "PERF_CNT0_EVENT" in lower(design(event, row=1), TO_CONFIG)
    with pytest.raises(DesignError, match="core module"):
        lower(design(event, row=2), TO_CONFIG)
