"""What a stream switch and a shim mux can connect to what.

Source: mlir-aie, AIETargetModel.cpp (`getNumSourceSwitchboxConnections`,
`getNumDestSwitchboxConnections`, `isLegalTileConnection` and the shim mux namesakes of
`AIE2TargetModel`). Both generations are alike.
"""

from __future__ import annotations

from softnpu.arch.ports import STREAM_SWITCHES, Bundle, Port
from softnpu.arch.tiles import TileKind


def _count(ports: tuple[Port, ...]) -> dict[Bundle, int]:
    counts: dict[Bundle, int] = {}
    for port in ports:
        counts[port.bundle] = counts.get(port.bundle, 0) + 1
    return counts


SOURCES: dict[TileKind, dict[Bundle, int]] = {
    kind: _count(switch.slaves) for kind, switch in STREAM_SWITCHES.items()
}
"""Slave ports of each bundle, away from the array's edges."""

DESTINATIONS: dict[TileKind, dict[Bundle, int]] = {
    kind: _count(switch.masters) for kind, switch in STREAM_SWITCHES.items()
}
"""Master ports of each bundle, away from the array's edges."""

SHIM_MUX_SOURCES: dict[Bundle, int] = {
    Bundle.DMA: 2,
    Bundle.NOC: 4,
    Bundle.PLIO: 8,
    Bundle.South: 6,
}
SHIM_MUX_DESTINATIONS: dict[Bundle, int] = {
    Bundle.DMA: 2,
    Bundle.NOC: 4,
    Bundle.PLIO: 6,
    Bundle.South: 8,
}

_ANY, _SAME = "any channel", "the same channel"
_Rule = str | int
"""Which destination channels a source may reach: any, its own number, or one number only."""

_COMPASS = (Bundle.South, Bundle.West, Bundle.North, Bundle.East)


def _to(rule: _Rule, *destinations: Bundle) -> dict[Bundle, _Rule]:
    return dict.fromkeys(destinations, rule)


def _core_rules() -> dict[Bundle, dict[Bundle, _Rule]]:
    through = (Bundle.DMA, Bundle.FIFO, *_COMPASS)
    everywhere = _to(_ANY, Bundle.Core, Bundle.TileControl, *through)
    rules = {source: {**everywhere, source: _SAME} for source in through}
    rules[Bundle.Core] = _to(_ANY, Bundle.TileControl, *through)
    rules[Bundle.TileControl] = _to(_ANY, Bundle.Core, Bundle.FIFO, *_COMPASS)
    rules[Bundle.Trace] = {Bundle.DMA: 0, **_to(_ANY, Bundle.FIFO, Bundle.South)}
    return rules


def _memory_rules() -> dict[Bundle, dict[Bundle, _Rule]]:
    vertical = (Bundle.South, Bundle.North)
    column = {**_to(_ANY, Bundle.DMA, Bundle.TileControl), **_to(_SAME, *vertical)}
    return {
        Bundle.DMA: {Bundle.DMA: _SAME, **_to(_ANY, Bundle.TileControl, *vertical)},
        Bundle.TileControl: {Bundle.DMA: 5, **_to(_ANY, *vertical)},
        Bundle.South: column,
        Bundle.North: column,
        Bundle.Trace: {Bundle.DMA: 5, **_to(_ANY, Bundle.South)},
    }


def _shim_rules() -> dict[Bundle, dict[Bundle, _Rule]]:
    everywhere = _to(_ANY, Bundle.TileControl, Bundle.FIFO, *_COMPASS)
    rules = {
        source: {**everywhere, source: _SAME} for source in (Bundle.West, Bundle.North, Bundle.East)
    }
    rules[Bundle.TileControl] = _to(_ANY, Bundle.FIFO, *_COMPASS)
    rules[Bundle.FIFO] = everywhere
    rules[Bundle.South] = everywhere
    rules[Bundle.Trace] = {
        **_to(_ANY, Bundle.FIFO, Bundle.South),
        **_to(0, Bundle.West, Bundle.East),
    }
    return rules


_RULES: dict[TileKind, dict[Bundle, dict[Bundle, _Rule]]] = {
    TileKind.CORE: _core_rules(),
    TileKind.MEMORY: _memory_rules(),
    TileKind.SHIM: _shim_rules(),
}


def is_legal(
    kind: TileKind,
    source: Bundle,
    source_channel: int,
    destination: Bundle,
    destination_channel: int,
) -> bool:
    """Whether a switch can connect two ports, both known to exist."""
    rule = _RULES[kind].get(source, {}).get(destination)
    if rule == _SAME:
        return source_channel == destination_channel
    return rule in (_ANY, destination_channel)
