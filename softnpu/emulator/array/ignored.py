"""Registers and operations that have no effect here, and why that is safe.

What is in no table and not modelled is refused. Safe means: the data that a design moves and
computes do not depend on it. Counters are not produced.
"""

from __future__ import annotations

import re
from functools import cache

from softnpu.arch.register import AIE2
from softnpu.arch.registers import find
from softnpu.arch.tiles import TileKind

IGNORED: dict[str, str] = {
    r"Performance_.*": "counters observe; nothing is counted here",
    r"Event_(Group_.*|Status\d+|PC)": "groups of events, and what has happened, observe",
    r"WatchPoint\d": "events at an address observe",
    r"Error_Halt_.*": "halts a core on error events, which are errors of their own here",
    r"(Interrupt|Interrupt_controller).*": "no interrupts: the controller waits for tokens",
    r"Parity_Injection|Stream_Switch_Parity_Injection": "injects parity errors for tests",
    r"Module_Clock_Control.*|Stream_Switch_Adaptive_Clock_Gate.*|Column_Clock_Control": "clock "
    "gating saves power; all clocks run here",
    r"Tile_Control": "isolation from neighbours is lifted when the array is set up",
    r"NoC_Interface_.*|AIE_AXIMM_Config|ME_AXIMM_Config": "how shims reach memory; it always works",
    r".*Control_Packet_Handler_Status": "status bits; errors of control packets are raised here",
    r"Locks_(Overflow|Underflow).*": "status bits; locks over their range are errors here",
    r"Core_Processor_Bus": "kept, and looked at when the core reaches for its tile's registers",
}
"""Pattern of register names (mlir-aie, aie_registers_aie2.json) -> why it may be ignored."""

IGNORED_FIELDS: dict[str, str] = {
    "Burst_Length": "how much of the host's memory is asked for at a time",
    "AxCache": "whether the NoC may merge and keep accesses",
    "AxQoS": "whose turn it is in the NoC",
    "SMID": "whose pages are meant; here all buffers are one program's",
    "Secure_Access": "whether secure memory can be reached; there is none",
}
"""Field of a shim's descriptor -> why it may be ignored."""

IGNORED_OPERATIONS: dict[str, str] = {
    "PREEMPT": "a point where other work may have the array; there is none here",
    "READ_REGS": "reads registers for the host's debugger",
    "RECORD_TIMER": "takes a time for the profiler",
    "DELAY": "gives hardware time to follow a configuration; here it follows at once",
}
"""Operation of an instruction stream or of a CDO -> why it may be passed over."""


@cache
def reason_to_ignore(kind: TileKind, offset: int, generation: str = AIE2) -> str | None:
    """Why a write to the register at `offset` may be ignored, None if it may not."""
    match = find(kind, offset, generation)
    if match is None:
        return None
    for pattern, reason in IGNORED.items():
        if re.fullmatch(pattern, match.name):
            return reason
    return None
