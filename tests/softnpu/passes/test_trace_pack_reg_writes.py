from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.trace_pack_reg_writes import TraceRegPackWritesPass
from tests.softnpu.passes.conftest import Lower

PACK = TraceRegPackWritesPass()


def config(*registers: str, row: int = 2, packet_type: str = "core") -> str:
    lines = "\n".join(f"aie.trace.reg {text}" for text in registers)
    return f"""aie.device(npu1) {{
      %t = aie.tile(0, {row})
      aie.trace.config @unit(%t) packet_type = {packet_type} {{
        {lines}
      }}
    }}"""


def words(text: str) -> list[tuple[str, int, int]]:
    """(register, value, mask) of every aie.trace.reg."""
    pattern = r'register = "(\w+)" value = (-?\d+) mask = (-?\d+)'
    return [(m[1], int(m[2]), int(m[3])) for m in re.finditer(pattern, text)]


def test_fields_of_one_register_become_one_masked_word(lower: Lower) -> None:
    text = lower(
        config(
            'register = "Trace_Control1" field = "ID" value = 5 comment = "id"',
            'register = "Trace_Event0" field = "Trace_Event1" value = "TRUE"',
            'register = "Trace_Control1" field = "Packet_Type" value = 3 comment = "type"',
        ),
        PACK,
    )
    assert words(text) == [("Trace_Control1", 0x3005, 0x701F), ("Trace_Event0", 0x100, 0x7F00)]
    assert 'comment = "id + type"' in text


def test_a_watched_port_is_numbered_as_master_or_slave(lower: Lower) -> None:
    """In a core tile's switch, North 1 is master port 14 and slave port 16."""
    port = 'register = "Stream_Switch_Event_Port_Selection_0" field = "Port_0_{}" value = {}'

    def watched(master: int) -> list[tuple[str, int, int]]:
        fields = (port.format("ID", '"North:1"'), port.format("Master_Slave", f"{master}"))
        return words(lower(config(*fields), PACK))

    name = "Stream_Switch_Event_Port_Selection_0"
    assert watched(master=1) == [(name, 14 | 1 << 5, 0x3F)]
    assert watched(master=0) == [(name, 16, 0x3F)]


@pytest.mark.parametrize(
    ("register", "message"),
    [
        ('register = "Trace_Control9" field = "ID" value = 1', "no register 'Trace_Control9'"),
        ('register = "Trace_Control1" field = "Id" value = 1', "has no field 'Id'"),
        (
            'register = "Stream_Switch_Event_Port_Selection_0" field = "Port_0_ID" '
            'value = "North:9"',
            "has no port 'North:9'",
        ),
        ('register = "Trace_Event0" field = "Trace_Event0" value = "TRU"', "did you mean 'TRUE'"),
    ],
)
def test_what_cannot_be_resolved_is_named(lower: Lower, register: str, message: str) -> None:
    with pytest.raises(DesignError) as refused:
        lower(config(register), PACK)
    assert message in str(refused.value)


def test_bits_given_twice_are_refused(lower: Lower) -> None:
    twice = ['register = "Trace_Control1" field = "ID" value = 5'] * 2
    with pytest.raises(DesignError, match="the same bits twice"):
        lower(config(*twice), PACK)
