"""The flows that an array is to carry, as plain data: what a check holds its switches to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from softnpu.arch.ports import Bundle, EndPoint, Port, Tile
from softnpu.errors import MALFORMED_JSON, FormatError, SourceLocation, in_short
from softnpu.inspect.streams import Place
from softnpu.inspect.tile import Cascade


@dataclass(frozen=True)
class Flow:
    """A stream from one port to another; a flow to several ports is several of these.

    Attributes:
        packet_id: of the packets that it carries, None for a circuit.
        keeps_header: whether packets arrive with their header, None if the design leaves it open.
    """

    source: EndPoint
    destination: EndPoint
    packet_id: int | None = None
    keeps_header: bool | None = None
    location: SourceLocation | None = None

    def __str__(self) -> str:
        kind = "the flow" if self.packet_id is None else f"packet flow {self.packet_id}"
        return f"{kind} from {self.source} to {self.destination}"


@dataclass(frozen=True)
class CascadeSetting:
    """Where a core's cascade is to come from and to go."""

    tile: Tile
    ways: Cascade
    location: SourceLocation | None = None


@dataclass(frozen=True)
class DesignFlows:
    """All that the streams of a device are to do.

    Attributes:
        own: slave ports that the design's own switchboxes lead somewhere, with the master ports
            that their connections lead to; none for packet rules.
    """

    flows: tuple[Flow, ...]
    cascades: tuple[CascadeSetting, ...] = ()
    own: Mapping[Place, frozenset[Port]] = field(default_factory=dict)


@dataclass(frozen=True)
class FileFlows:
    """The flows of all devices of a file.

    Attributes:
        main: the device that a context begins with.
        devices: by name, in the order of the file, which is that of the numbers of their PDIs.
    """

    main: str
    devices: Mapping[str, DesignFlows]


def write(path: Path, flows: FileFlows) -> None:
    """Write the flows of a file's devices."""
    devices = {name: _plain(device) for name, device in flows.devices.items()}
    text = json.dumps({"main": flows.main, "devices": devices}, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> FileFlows:
    """What `write` wrote.

    Raises:
        FormatError: it is not that.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        devices = {name: _flows(plain) for name, plain in data["devices"].items()}
        return FileFlows(data["main"], devices)
    except (OSError, *MALFORMED_JSON) as error:
        raise FormatError(f"{path} holds no flows of a design: {in_short(error)}") from error


def _plain(design: DesignFlows) -> dict[str, Any]:
    return {
        "flows": [
            {
                "source": _end(flow.source),
                "destination": _end(flow.destination),
                "packet_id": flow.packet_id,
                "keeps_header": flow.keeps_header,
                "location": _place(flow.location),
            }
            for flow in design.flows
        ],
        "cascades": [
            {
                "tile": cascade.tile,
                "from": cascade.ways.source.name,
                "to": cascade.ways.destination.name,
                "location": _place(cascade.location),
            }
            for cascade in design.cascades
        ],
        "own": [
            {"slave": _end(_at(tile, slave)), "masters": [_end(_at(tile, m)) for m in masters]}
            for (tile, slave), masters in sorted(design.own.items())
        ],
    }


def _at(tile: Tile, port: Port) -> EndPoint:
    return EndPoint(tile, port.bundle, port.channel)


def _end(end: EndPoint) -> list[Any]:
    return [*end.tile, end.bundle.name, end.channel]


def _place(location: SourceLocation | None) -> list[Any] | None:
    return None if location is None else [str(location.file), location.line, location.column]


def _flows(plain: dict[str, Any]) -> DesignFlows:
    return DesignFlows(
        tuple(
            Flow(
                _end_point(flow["source"]),
                _end_point(flow["destination"]),
                flow["packet_id"],
                flow["keeps_header"],
                _location(flow["location"]),
            )
            for flow in plain["flows"]
        ),
        tuple(
            CascadeSetting(
                (cascade["tile"][0], cascade["tile"][1]),
                Cascade(Bundle[cascade["from"]], Bundle[cascade["to"]]),
                _location(cascade["location"]),
            )
            for cascade in plain["cascades"]
        ),
        {
            (slave.tile, Port(slave.bundle, slave.channel)): frozenset(
                Port(end.bundle, end.channel) for end in map(_end_point, own["masters"])
            )
            for own in plain["own"]
            for slave in [_end_point(own["slave"])]
        },
    )


def _end_point(plain: list[Any]) -> EndPoint:
    column, row, bundle, channel = plain
    return EndPoint((column, row), Bundle[bundle], channel)


def _location(plain: list[Any] | None) -> SourceLocation | None:
    return None if plain is None else SourceLocation(Path(plain[0]), plain[1], plain[2])
