"""`aie-objectFifo-stateful-transform`: objectfifos become buffers, locks, DMAs and flows."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import (
    CoreOp,
    DeviceOp,
    ObjectFifoAllocateOp,
    ObjectFifoLinkOp,
    ObjectFifoRegisterExternalBuffersOp,
)
from softnpu.dialects.walking import all_ops
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.accesses import check_accesses, lower_accesses
from softnpu.passes.objectfifo.balance import unbalanced
from softnpu.passes.objectfifo.elements import create_elements
from softnpu.passes.objectfifo.hints import note_factors
from softnpu.passes.objectfifo.rearm import bind_resets
from softnpu.passes.objectfifo.routes import create_routes, shim_allocation_name
from softnpu.passes.objectfifo.rules import check_fifos
from softnpu.passes.objectfifo.split import split_fifos
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.objectfifo.symbols import rename_symbols
from softnpu.passes.rewriting.ir import erase
from softnpu.passes.rewriting.slots import promote
from softnpu.passes.sequence_ops import devices

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ObjectFifoStatefulTransformPass(ModulePass):
    """Lowers all objectfifos of each device.

    Cores find their objects at run time; `aie-objectFifo-unroll` comes behind it.

    Attributes:
        packet_sw_objfifos: fifos get packet-switched flows.
    """

    name = "aie-objectFifo-stateful-transform"
    packet_sw_objfifos: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            self._lower(device)

    def _lower(self, device: DeviceOp) -> None:
        state = FifoState.of(device)
        check_fifos(state)
        split_fifos(state)
        create_elements(state)
        create_routes(state, self.packet_sw_objfifos)
        cores = list(of_type(device, CoreOp))
        for core in cores:
            check_accesses(state, core)
        for core in cores:
            note_factors(state, core)
            for text in unbalanced(state, core):
                _log.warning(text)
        slots = [slot for core in cores for slot in lower_accesses(state, core)]
        bind_resets(state)
        _remove_fifos(state)
        promote(slots)


def _remove_fifos(state: FifoState) -> None:
    """Erases the fifos; who still speaks of one means its shim's channel."""
    fifos = state.fifos()
    spent = (ObjectFifoLinkOp, ObjectFifoRegisterExternalBuffersOp, ObjectFifoAllocateOp)
    for op in [op for op in state.device.body.ops if isinstance(op, spent)]:
        erase(op)
    names = {fifo.sym_name: shim_allocation_name(fifo.sym_name) for fifo in fifos}
    rename_symbols(all_ops(state.device), names)
    for fifo in fifos:
        erase(fifo)
