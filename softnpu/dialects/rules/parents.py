"""Which op an op must stand directly inside of, or anywhere inside of."""

from __future__ import annotations

DEVICE = ("aie.device",)
SEQUENCE = ("aie.runtime_sequence",)
TRACE = ("aie.trace",)
SWITCH = ("aie.switchbox",)
PROGRAMS = ("aie.mem", "aie.memtile_dma", "aie.shim_dma")

PARENTS: dict[str, tuple[str, ...]] = {
    "aie.amsel": SWITCH,
    "aie.configure_cascade": DEVICE,
    "aie.connect": ("aie.switchbox", "aie.shim_mux"),
    "aie.device": ("builtin.module",),
    "aie.dma": PROGRAMS,
    "aie.dma_start": (*PROGRAMS, "func.func"),
    "aie.get_stream": ("aie.core",),
    "aie.masterset": SWITCH,
    "aie.objectfifo": DEVICE,
    "aie.objectfifo.allocate": DEVICE,
    "aie.objectfifo.link": DEVICE,
    "aie.objectfifo.register_external_buffers": DEVICE,
    "aie.packet_dest": ("aie.packet_flow",),
    "aie.packet_source": ("aie.packet_flow",),
    "aie.put_stream": ("aie.core",),
    "aie.rule": ("aie.packet_rules",),
    "aie.runtime_sequence": DEVICE,
    "aie.shim_dma_allocation": DEVICE,
    "aie.trace": DEVICE,
    "aie.trace.combo_event": TRACE,
    "aie.trace.config": DEVICE,
    "aie.trace.edge_event": TRACE,
    "aie.trace.event": TRACE,
    "aie.trace.host_config": SEQUENCE,
    "aie.trace.mode": TRACE,
    "aie.trace.packet": TRACE,
    "aie.trace.port": TRACE,
    "aie.trace.reg": ("aie.trace.config",),
    "aie.trace.start": TRACE,
    "aie.trace.stop": TRACE,
    "aiex.bp_dest": ("aiex.bp_id",),
    "aiex.configure": SEQUENCE,
    "aiex.core_reset": SEQUENCE,
    "aiex.dma_channel_reset": SEQUENCE,
    "aiex.dma_channel_reset_for": SEQUENCE,
    "aiex.dma_start_bd_chain": SEQUENCE,
    "aiex.dma_start_bd_chain_for": SEQUENCE,
    "aiex.multi_dest": ("aiex.multicast",),
    "aiex.run": ("aiex.configure",),
    "aiex.set_lock": SEQUENCE,
    "aiex.sync_scratchpad_parameters_from_host": SEQUENCE,
}
"""From the HasParent traits of AIEOps.td and AIEX.td."""

ANCESTORS: dict[str, str] = dict.fromkeys(
    (
        "aiex.dma_await_task",
        "aiex.dma_bd_pool_pop",
        "aiex.dma_bd_pool_push",
        "aiex.dma_configure_task",
        "aiex.dma_configure_task_for",
        "aiex.dma_free_task",
        "aiex.dma_start_task",
    ),
    "aie.runtime_sequence",
)
"""From the HasAncestor traits: a loop or condition may stand between."""
