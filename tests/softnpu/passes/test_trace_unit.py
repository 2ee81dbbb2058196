from __future__ import annotations

import pytest

from softnpu.arch.register import Module
from softnpu.dialects.aie import TileOp, TraceEventAttr
from softnpu.dialects.enums import TracePacketType
from softnpu.errors import DesignError
from softnpu.passes.trace_unit import event_number, module_of, register_field


@pytest.mark.parametrize(
    ("row", "packet_type", "module"),
    [
        (0, TracePacketType.Mem, Module.SHIM),
        (1, TracePacketType.Core, Module.MEMORY_TILE),
        (4, TracePacketType.Core, Module.CORE),
        (4, None, Module.CORE),
        (4, TracePacketType.Mem, Module.MEMORY),
    ],
)
def test_only_in_core_tiles_the_packet_type_chooses_the_module(
    row: int, packet_type: TracePacketType | None, module: Module
) -> None:
    assert module_of(TileOp(col=0, row=row), packet_type) is module


def test_an_event_may_be_written_with_its_enumeration() -> None:
    tile = TileOp(col=0, row=2)
    for name in ("LOCK_STALL", "CoreEventAIE2::LOCK_STALL", "lock_stall"):
        assert event_number(tile, TraceEventAttr(name), Module.CORE) == 26


def test_an_unknown_field_lists_those_that_there_are() -> None:
    with pytest.raises(DesignError) as refused:
        register_field(TileOp(col=0, row=2), Module.CORE, "Trace_Control1", "Type")
    assert refused.value.notes == ("its fields: Packet_Type, ID",)
