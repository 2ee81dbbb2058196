"""Register values as text: field names and values, and what the routing registers mean."""

from __future__ import annotations

from collections.abc import Callable

from softnpu.arch.ports import STREAM_SWITCHES, ShimSource
from softnpu.arch.register import Match, Register
from softnpu.arch.register_blocks import MASTER_PREFIX, SLAVE_PREFIX, SLOT_BITS
from softnpu.arch.tiles import TileKind


def describe(kind: TileKind, match: Match, value: int) -> str:
    """`value` in the register that `match` names, as text."""
    name = match.name
    if name.startswith(MASTER_PREFIX):
        return _master(kind, value)
    if name.startswith(SLAVE_PREFIX):
        return _slave(value)
    if match.register.bits == SLOT_BITS:
        return _slot(match.register, value)
    if name.endswith(_QUEUES):
        return _queue(match.register, value)
    special = _SPECIAL.get(name)
    return special(match.register, value) if special else fields(match.register, value)


def fields(register: Register, value: int) -> str:
    """The fields that are not 0, and bits that belong to none."""
    shown, rest = [], value
    for field in register.fields:
        rest &= ~field.mask
        if value & field.mask or len(register.fields) == 1:
            shown.append(f"{field.name}={field.extract(value)}")
    if rest:
        shown.append(f"other bits {rest:#x}")
    return " ".join(shown) if shown else "all 0"


def masked_fields(register: Register, value: int, mask: int) -> str:
    """The fields that a masked write sets, those set to 0 too."""
    shown, rest = [], mask
    for field in register.fields:
        rest &= ~field.mask
        if mask & field.mask:
            part = "" if mask & field.mask == field.mask else " in part"
            shown.append(f"{field.name}={field.extract(value & mask)}{part}")
    if rest:
        shown.append(f"other bits {rest:#x}={value & rest:#x}")
    return " ".join(shown) if shown else "changes nothing"


_ENABLE = 1 << 31
_PACKET = 1 << 30
_DROP_HEADER = 1 << 7
_ARBITER = 0x7
_MSEL_SHIFT, _MSELS = 3, 0xF
_CIRCUIT = 0x7F


def _master(kind: TileKind, value: int) -> str:
    """A master port: the slave that feeds it, or the arbiter and master selects it listens to.

    Source: aie-rt, xaie_ss.c (`_XAie_StrmPktSwMstrPortConfig`).
    """
    if not value & _ENABLE:
        return "disabled" if value == 0 else f"disabled ({value:#x})"
    if not value & _PACKET:
        slaves = STREAM_SWITCHES[kind].slaves
        index = value & _CIRCUIT
        return f"from {slaves[index]}" if index < len(slaves) else f"from no port ({index})"
    selects = [str(n) for n in range(4) if value >> _MSEL_SHIFT & _MSELS & 1 << n]
    header = ", drops header" if value & _DROP_HEADER else ""
    chosen = ",".join(selects) or "none"
    return f"packets of arbiter {value & _ARBITER}, master select {chosen}{header}"


def _slave(value: int) -> str:
    if not value & _ENABLE:
        return "disabled"
    return "enabled, packet switched" if value & _PACKET else "enabled"


def _slot(register: Register, value: int) -> str:
    """A packet rule: packets whose id matches under the mask go to an arbiter."""
    slot = {field.name: field.extract(value) for field in register.fields}
    if not slot["enable"]:
        return "disabled" if value == 0 else f"disabled ({fields(register, value)})"
    every = 0x1F
    mask = "" if slot["mask"] == every else f" under mask {slot['mask']:#04x}"
    target = f"arbiter {slot['arbit']}, master select {slot['msel']}"
    return f"packets with id {slot['id']}{mask} to {target}"


_QUEUES = ("_Start_Queue", "_Task_Queue")


def _queue(register: Register, value: int) -> str:
    """A task pushed to a DMA channel."""
    repeats = register.field("Repeat_Count").extract(value)
    text = f"starts BD {register.field('Start_BD_ID').extract(value)}"
    if repeats:
        text += f", {repeats + 1} times"
    if register.field("Enable_Token_Issue").extract(value):
        text += ", token when done"
    return text


def _shim_mux(register: Register, value: int) -> str:
    parts = []
    for field in register.fields:
        source = field.extract(value)
        if source:
            known = source in tuple(ShimSource)
            parts.append(f"{field.name}={ShimSource(source).name if known else source}")
    return " ".join(parts) or "every port to the PL interface"


def _cascade(_: Register, value: int) -> str:
    source = "West" if value & 1 else "North"
    target = "East" if value & 2 else "South"
    return f"cascade from {source} to {target}"


_SPECIAL: dict[str, Callable[[Register, int], str]] = {
    "Mux_Config": _shim_mux,
    "Demux_Config": _shim_mux,
    "Accumulator_Control": _cascade,
}


MASKED_WHOLE = frozenset(_SPECIAL)
"""Registers whose fields are each a choice of their own: a masked write reads like a write."""


def lock_request(byte: int) -> str:
    """What reading the word at a byte of the window Lock_Request asks of a lock.

    Source: mlir-aie, aie_registers_aie2.json: Lock_Id from bit 10, Acq_Rel 9, Change_Value [8:2].
    """
    change = byte >> 2 & 0x7F
    signed = change - 0x80 if change & 0x40 else change
    wanted = "acquires" if byte >> 9 & 1 else "releases"
    return f"{wanted} lock {byte >> 10}, which changes by {signed:+}"
