"""Which events are modelled, by module; the others never happen here.

docs/tracing.md has this as a table, which a test holds to it.
"""

from __future__ import annotations

import re
from functools import cache

from softnpu.arch.register import Module

_EVERYWHERE = {
    r"TRUE": "always",
    r"COMBO_EVENT_[012]": "combinations of modelled events",
    r"EDGE_DETECTION_EVENT_\d": "a modelled event comes or goes",
    r"BROADCAST_(A_)?\d+": "an event that some module of the array broadcasts",
    r"USER_EVENT_\d": "a write of Event_Generate",
}
_PORTS = {
    r"PORT_(IDLE|RUNNING|STALLED|TLAST)_\d": "words at the selected port of the stream switch",
}
_DMA = {
    r"DMA_(S2MM|MM2S)_\w+_(START_TASK|FINISHED_BD|FINISHED_TASK)": "tasks and descriptors",
    r"DMA_(S2MM|MM2S)_\w+_STALLED_LOCK": "waits for a descriptor's lock",
    r"DMA_S2MM_\w+_STREAM_STARVATION": "waits for words",
    r"DMA_MM2S_\w+_STREAM_BACKPRESSURE": "waits for room in the stream",
}
_LOCKS = {
    r"LOCK_(SEL)?\d_(ACQ_EQ|ACQ_GE|REL|EQUAL_TO_VALUE)": "the selected locks",
}
INSTRUCTIONS = r"INSTR_(VECTOR|LOAD|STORE|CALL|RETURN)|PC_\d|PC_RANGE_\w+|MEMORY_STALL"
"""Events of single instructions; they have to be asked for before the core begins."""

MODELLED: dict[Module, dict[str, str]] = {
    Module.CORE: {
        r"INSTR_EVENT_[01]": "`event0()` and `event1()`",
        r"INSTR_LOCK_(ACQUIRE|RELEASE)_REQ": "the core asks for a lock, or gives it back",
        r"INSTR_(STREAM|CASCADE)_(GET|PUT)": "the core asks for a word, a value, or gives one",
        r"(LOCK|STREAM|CASCADE)_STALL": "waits",
        r"ACTIVE|DISABLED": "the core is enabled and has not ended, or not",
        **_PORTS,
        **_EVERYWHERE,
    },
    Module.MEMORY: {**_DMA, **_LOCKS, **_EVERYWHERE},
    Module.MEMORY_TILE: {**_DMA, **_LOCKS, **_PORTS, **_EVERYWHERE},
    Module.SHIM: {**_DMA, **_LOCKS, **_PORTS, **_EVERYWHERE},
}
"""By module: pattern of events' names -> what they tell of."""


@cache
def is_modelled(module: Module, event: str) -> bool:
    """Whether an event happens here when it does on an NPU."""
    return event == "NONE" or any(re.fullmatch(p, event) for p in MODELLED[module])
