"""The events of each module by name: what trace units and counters can watch.

Names and numbers are those of aie-rt, xaie_events_aieml.h, which mlir-aie's trace passes use for
both generations (AIERegisterDatabase.cpp, `loadAIE2`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from softnpu.arch.register import Module


def number_of(module: Module, name: str) -> int | None:
    """The number of the event called `name`, in any case; None if the module has none such."""
    return events(module).get(name.upper())


@lru_cache
def events(module: Module) -> dict[str, int]:
    """Every event of a module, name -> number."""
    return {
        name: first + index
        for first, names in _RUNS[module]
        for index, name in enumerate(names.split())
    }


def _each(templates: str, numbers: Iterable[int]) -> str:
    """The names that templates give for each number in turn."""
    return " ".join(templates.replace("#", str(number)) for number in numbers)


def _count(templates: str, count: int) -> str:
    return _each(templates, range(count))


def _dma(channels: str) -> str:
    """What a DMA tells of its four watched channels: `channels` S2MM, then as many MM2S."""
    return " ".join(
        f"DMA_{direction}_{channel}_{what}"
        for s2mm, mm2s in (
            ("START_TASK", "START_TASK"),
            ("FINISHED_BD", "FINISHED_BD"),
            ("FINISHED_TASK", "FINISHED_TASK"),
            ("STALLED_LOCK", "STALLED_LOCK"),
            ("STREAM_STARVATION", "STREAM_BACKPRESSURE"),
            ("MEMORY_BACKPRESSURE", "MEMORY_STARVATION"),
        )
        for direction, what in (("S2MM", s2mm), ("MM2S", mm2s))
        for channel in channels.split()
    )


_START = "NONE TRUE GROUP_0 TIMER_SYNC TIMER_VALUE_REACHED"
_COMBINED = _count("COMBO_EVENT_#", 4) + " " + _count("EDGE_DETECTION_EVENT_#", 2)
_PORTS = "GROUP_STREAM_SWITCH " + _count(
    "PORT_IDLE_# PORT_RUNNING_# PORT_STALLED_# PORT_TLAST_#", 8
)
_BROADCASTS = "GROUP_BROADCAST " + _count("BROADCAST_#", 16)

_CORE = (
    (0, _START),
    (5, _count("PERF_CNT_#", 4)),
    (9, _COMBINED),
    (15, "GROUP_PC_EVENT " + _count("PC_#", 4) + " PC_RANGE_0_1 PC_RANGE_2_3"),
    (
        22,
        "GROUP_STALL MEMORY_STALL STREAM_STALL CASCADE_STALL LOCK_STALL DEBUG_HALTED ACTIVE "
        "DISABLED ECC_ERROR_STALL ECC_SCRUBBING_STALL GROUP_PROGRAM_FLOW",
    ),
    (
        33,
        "INSTR_EVENT_0 INSTR_EVENT_1 INSTR_CALL INSTR_RETURN INSTR_VECTOR INSTR_LOAD INSTR_STORE "
        "INSTR_STREAM_GET INSTR_STREAM_PUT INSTR_CASCADE_GET INSTR_CASCADE_PUT "
        "INSTR_LOCK_ACQUIRE_REQ INSTR_LOCK_RELEASE_REQ",
    ),
    (
        46,
        "GROUP_ERRORS_0 GROUP_ERRORS_1 SRS_OVERFLOW UPS_OVERFLOW FP_HUGE INT_FP_0 FP_INVALID "
        "FP_INF",
    ),
    (
        55,
        "PM_REG_ACCESS_FAILURE STREAM_PKT_PARITY_ERROR CONTROL_PKT_ERROR AXI_MM_SLAVE_ERROR "
        "INSTR_DECOMPRSN_ERROR DM_ADDRESS_OUT_OF_RANGE PM_ECC_ERROR_SCRUB_CORRECTED "
        "PM_ECC_ERROR_SCRUB_2BIT PM_ECC_ERROR_1BIT PM_ECC_ERROR_2BIT PM_ADDRESS_OUT_OF_RANGE "
        "DM_ACCESS_TO_UNAVAILABLE LOCK_ACCESS_TO_UNAVAILABLE INSTR_WARNING INSTR_ERROR "
        "DECOMPRESSION_UNDERFLOW STREAM_SWITCH_PORT_PARITY_ERROR PROCESSOR_BUS_ERROR",
    ),
    (73, _PORTS),
    (106, _BROADCASTS),
    (123, "GROUP_USER_EVENT " + _count("USER_EVENT_#", 4)),
)

_MEMORY = (
    (0, _START),
    (5, _count("PERF_CNT_#", 2)),
    (7, _COMBINED),
    (15, "GROUP_WATCHPOINT " + _count("WATCHPOINT_#", 2)),
    (18, "GROUP_DMA_ACTIVITY " + _dma("0 1")),
    (43, "GROUP_LOCK"),
    (
        44,
        _count("LOCK_SEL#_ACQ_EQ LOCK_SEL#_ACQ_GE LOCK_#_REL LOCK_SEL#_EQUAL_TO_VALUE", 8),
    ),
    (76, "GROUP_MEMORY_CONFLICT " + _count("CONFLICT_DM_BANK_#", 8)),
    (
        86,
        "GROUP_ERRORS DM_ECC_ERROR_SCRUB_CORRECTED DM_ECC_ERROR_SCRUB_2BIT DM_ECC_ERROR_1BIT "
        "DM_ECC_ERROR_2BIT",
    ),
    (91, _each("DM_PARITY_ERROR_BANK_#", range(2, 8))),
    (
        97,
        "DMA_S2MM_0_ERROR DMA_S2MM_1_ERROR DMA_MM2S_0_ERROR DMA_MM2S_1_ERROR LOCK_ERROR "
        "DMA_TASK_TOKEN_STALL",
    ),
    (106, _BROADCASTS),
    (123, "GROUP_USER_EVENT " + _count("USER_EVENT_#", 4)),
)

_MEMORY_TILE = (
    (0, _START),
    (5, _count("PERF_CNT#_EVENT", 4)),
    (9, _COMBINED),
    (15, "GROUP_WATCHPOINT " + _count("WATCHPOINT_#", 4)),
    (20, "GROUP_DMA_ACTIVITY " + _dma("SEL0 SEL1")),
    (45, "GROUP_LOCK"),
    (
        46,
        _count("LOCK_SEL#_ACQ_EQ LOCK_SEL#_ACQ_GE LOCK_SEL#_REL LOCK_SEL#_EQUAL_TO_VALUE", 8),
    ),
    (78, _PORTS),
    (111, "GROUP_MEMORY_CONFLICT " + _count("CONFLICT_DM_BANK_#", 16)),
    (
        128,
        "GROUP_ERRORS DM_ECC_ERROR_SCRUB_CORRECTED DM_ECC_ERROR_SCRUB_2BIT DM_ECC_ERROR_1BIT "
        "DM_ECC_ERROR_2BIT DMA_S2MM_ERROR DMA_MM2S_ERROR STREAM_SWITCH_PARITY_ERROR "
        "STREAM_PKT_ERROR CONTROL_PKT_ERROR AXI_MM_SLAVE_ERROR LOCK_ERROR "
        "DMA_TASK_TOKEN_STALL",
    ),
    (141, _BROADCASTS),
    (158, "GROUP_USER_EVENT " + _count("USER_EVENT_#", 2)),
)

_SHIM = (
    (0, _START),
    (5, _count("PERF_CNT_#", 2)),
    (7, _COMBINED),
    (13, "GROUP_DMA_ACTIVITY " + _dma("0 1")),
    (38, "GROUP_LOCK"),
    (39, _count("LOCK_#_ACQ_EQ LOCK_#_ACQ_GE LOCK_#_REL LOCK_#_EQUAL_TO_VALUE", 6)),
    (
        63,
        "GROUP_ERRORS AXI_MM_SLAVE_ERROR CONTROL_PKT_ERROR STREAM_SWITCH_PARITY_ERROR "
        "AXI_MM_DECODE_NSU_ERROR AXI_MM_SLAVE_NSU_ERROR AXI_MM_UNSUPPORTED_TRAFFIC "
        "AXI_MM_UNSECURE_ACCESS_IN_SECURE_MODE AXI_MM_BYTE_STROBE_ERROR DMA_S2MM_ERROR "
        "DMA_MM2S_ERROR LOCK_ERROR DMA_TASK_TOKEN_STALL",
    ),
    (76, _PORTS),
    (109, "GROUP_BROADCAST_A " + _count("BROADCAST_A_#", 16)),
    (126, _count("USER_EVENT_#", 2)),
)

_RUNS: dict[Module, tuple[tuple[int, str], ...]] = {
    Module.CORE: _CORE,
    Module.MEMORY: _MEMORY,
    Module.MEMORY_TILE: _MEMORY_TILE,
    Module.SHIM: _SHIM,
}
"""For each module, runs of events with consecutive numbers: (first number, names)."""
