"""The register writes by which a runtime sequence has traces drained, started and ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.ir import Operation

from softnpu.arch.device import Device
from softnpu.arch.registers import address
from softnpu.dialects.aie import PacketInfoAttr, RuntimeSequenceOp, TileOp, TraceEventAttr
from softnpu.dialects.aiex import NpuMaskWrite32Op, NpuWrite32Op
from softnpu.dialects.enums import TracePacketType
from softnpu.passes.assign_tile_controller_ids import COLUMN_IDS, CONTROLLER_ID, controller_id
from softnpu.passes.trace_unit import broadcast_event, event_number, module_of, register_field
from softnpu.passes.trace_unit import register as find_register
from softnpu.passes.traced_units import Traced


class Setup:
    """Register writes of a sequence, most of them in the shim tile that takes the traces."""

    def __init__(self, sequence: RuntimeSequenceOp, model: Device, shim: TileOp) -> None:
        self.sequence = sequence
        self.location = sequence.location
        self.model = model
        self.shim = shim
        self.module = module_of(shim, None)

    def timers(self, traced: Sequence[Traced]) -> Iterator[Operation]:
        """Timers of the traced units restart with the broadcast that starts them."""
        seen = set()
        for each in traced:
            key = (each.tile, each.type is TracePacketType.Mem)
            if each.start is None or each.tile is self.shim or key in seen:
                continue
            seen.add(key)
            module = module_of(each.tile, each.type)
            event = broadcast_event(each.op, each.start, module)
            field = register_field(each.op, module, "Timer_Control", "Reset_Event")
            register = address(find_register(each.op, module, "Timer_Control"))
            yield self._write(register, event << field.lsb, each.tile)

    def fire(self, broadcast: int, event: str, *, timer: bool = False) -> Iterator[Operation]:
        """Tie a broadcast to an event of the shim tile, then let the event happen."""
        number = event_number(self.sequence, TraceEventAttr(event), self.module)
        if timer:
            field = register_field(self.sequence, self.module, "Timer_Control", "Reset_Event")
            yield self._write(self._address("Timer_Control"), number << field.lsb)
        yield self._write(self._address(f"Event_Broadcast{broadcast}_A"), number)
        yield self._write(self._address("Event_Generate"), number)

    def controller(self, register: str) -> Operation:
        """Tokens of a channel carry the controller id of the shim tile."""
        if controller_id(self.shim) is None:
            ids = COLUMN_IDS[0]
            self.shim.attributes[CONTROLLER_ID] = PacketInfoAttr.of(
                pkt_type=0, pkt_id=ids[self.shim.row]
            )
        id = controller_id(self.shim)
        assert id is not None
        field = register_field(self.sequence, self.module, register, "Controller_ID")
        return NpuMaskWrite32Op(
            address=self._address(register),
            value=id << field.lsb,
            mask=field.mask,
            column=self.shim.col,
            row=self.shim.row,
            location=self.location,
        )

    def push(self, register: str, bd_id: int) -> Operation:
        """Start a channel with a descriptor; it sends a token when done."""
        token = register_field(self.sequence, self.module, register, "Enable_Token_Issue")
        start = register_field(self.sequence, self.module, register, "Start_BD_ID")
        value = 1 << token.lsb | bd_id << start.lsb
        return self._write(self._address(register), value)

    def _address(self, register: str) -> int:
        return address(find_register(self.sequence, self.module, register))

    def _write(self, register: int, value: int, tile: TileOp | None = None) -> Operation:
        tile = tile or self.shim
        return NpuWrite32Op(
            address=register, value=value, column=tile.col, row=tile.row, location=self.location
        )
