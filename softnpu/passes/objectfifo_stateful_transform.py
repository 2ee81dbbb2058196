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
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.accesses import lower_accesses
from softnpu.passes.objectfifo.elements import create_elements
from softnpu.passes.objectfifo.rotation import out_of_step, warning_of
from softnpu.passes.objectfifo.routes import create_routes, shim_allocation_name
from softnpu.passes.objectfifo.rules import check_fifos
from softnpu.passes.objectfifo.runtime_index import count_at_run_time
from softnpu.passes.objectfifo.split import split_fifos
from softnpu.passes.objectfifo.state import FifoState
from softnpu.passes.objectfifo.symbols import rename_symbols
from softnpu.passes.objectfifo.unrolling import unroll_loops
from softnpu.passes.rewriting.ir import erase
from softnpu.passes.sequence_ops import devices

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ObjectFifoStatefulTransformPass(ModulePass):
    """Lowers all objectfifos of each device.

    Attributes:
        dynamic_objfifos: all cores find their objects at run time, instead of those only that
            ask for it with `dynamic_objfifo_lowering`.
        packet_sw_objfifos: fifos get packet-switched flows.
    """

    name = "aie-objectFifo-stateful-transform"
    dynamic_objfifos: bool = False
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
        self._choose_objects(state, cores)
        for core in cores:
            lower_accesses(state, core)
        _remove_fifos(state)

    def _choose_objects(self, state: FifoState, cores: list[CoreOp]) -> None:
        """Makes it known which object an access means, at run time or by unrolling."""
        fifos = {fifo.sym_name: fifo for fifo in state.fifos()}
        tiles = {tile for f in fifos.values() for tile in (f.producer_tile, *f.consumer_tiles)}
        affected = [core for core in cores if core.tile in tiles]
        dynamic = [c for c in affected if self.dynamic_objfifos or c.dynamic_objfifo_lowering]
        for core in dynamic:
            count_at_run_time(state, core)
        for core in affected:
            if core not in dynamic:
                unroll_loops(core, fifos)
                _warn_of_lost_count(state, core)


def _warn_of_lost_count(state: FifoState, core: CoreOp) -> None:
    for text in dict.fromkeys(warning_of(state, found) for found in out_of_step(state, core)):
        _log.warning(text)


def _remove_fifos(state: FifoState) -> None:
    """Erases the fifos; who still speaks of one means its shim's channel."""
    fifos = state.fifos()
    spent = (ObjectFifoLinkOp, ObjectFifoRegisterExternalBuffersOp, ObjectFifoAllocateOp)
    for op in [op for op in state.device.body.ops if isinstance(op, spent)]:
        erase(op)
    names = {fifo.sym_name: shim_allocation_name(fifo.sym_name) for fifo in fifos}
    rename_symbols(state.device.body_region.walk(), names)
    for fifo in fifos:
        erase(fifo)
