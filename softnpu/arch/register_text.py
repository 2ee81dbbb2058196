"""Register values as text: field names and values, and what the routing registers mean."""

from __future__ import annotations

from collections.abc import Callable

from softnpu.arch.ports import STREAM_SWITCHES, ShimSource
from softnpu.arch.register_blocks import MASTER_PREFIX, SLAVE_PREFIX
from softnpu.arch.registers import Match, Register
from softnpu.arch.tiles import TileKind


def describe(kind: TileKind, match: Match, value: int) -> str:
    """`value` in the register that `match` names, as text."""
    name = match.name
    if name.startswith(MASTER_PREFIX):
        return _master(kind, value)
    special = _SPECIAL.get(name)
    return special(match.register, value) if special else fields(match.register, value)


def fields(register: Register, value: int) -> str:
    """The fields that are not 0, and bits that belong to none."""
    shown, rest = [], value
    for field in register.fields:
        rest &= ~field.mask
        if value & field.mask:
            shown.append(f"{field.name}={field.extract(value)}")
    if rest:
        shown.append(f"other bits {rest:#x}")
    return " ".join(shown) if shown else "0"


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


def is_slave_config(match: Match) -> bool:
    """Whether the register enables a slave port."""
    return match.name.startswith(SLAVE_PREFIX)
