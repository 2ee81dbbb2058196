"""One tile of the picture: name, memory, locks, descriptors, switch and pads."""

from __future__ import annotations

import svg

from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.inspect.labels import Labels
from softnpu.inspect.picture import layout as at
from softnpu.inspect.picture.layout import Layout
from softnpu.inspect.picture.memory import occupants
from softnpu.inspect.picture.shapes import Elements, rect, rounded, text, title
from softnpu.inspect.report import size
from softnpu.inspect.tile import Endpoint, Tile

_LOCK_PITCH, _BD_PITCH = 12.0, 9.0


def draw_tile(layout: Layout, labels: Labels, tile: Tile) -> svg.G:
    """A tile; one that nothing was written to is an outline."""
    x, y = layout.corner(tile.position)
    height = layout.height(tile.position[1])
    idle = not (tile.is_used or tile.connections)
    name = f"{tile.kind.value} ({tile.position[0]},{tile.position[1]})"
    parts: Elements = [
        title(_tile_tip(labels, tile, name)),
        svg.Rect(x=x, y=y, width=at.TILE_WIDTH, height=height, rx=6, class_=["ground"]),
        text(x + 9, y + 16, name, "dim" if idle else "name"),
    ]
    if idle:
        parts.append(text(x + at.TILE_WIDTH - 46, y + 16, "unused", "dim"))
    else:
        parts += _contents(layout, labels, tile)
    return svg.G(
        class_=["tile", "idle"] if idle else ["tile"],
        tabindex=None if idle else 0,
        elements=parts,
        data={"tile": f"{tile.position[0]},{tile.position[1]}"},
    )


def _tile_tip(labels: Labels, tile: Tile, name: str) -> str:
    lines = [name]
    if tile.kind is TileKind.CORE and tile.program:
        lines.append(f"program: {size(tile.program)}, {'runs' if tile.runs else 'not enabled'}")
    counts = {
        "locks in use": sum(labels.is_used(tile, lock) for lock in tile.locks),
        "descriptors": len(tile.descriptors),
        "connections": len(tile.connections),
    }
    lines.append(", ".join(f"{count} {what}" for what, count in counts.items()))
    lines += [f"{b.name}: {b.address:#x}, {size(b.size)}" for b in occupants(tile, labels)]
    return "\n".join(lines)


def _contents(layout: Layout, labels: Labels, tile: Tile) -> Elements:
    x, y = layout.corner(tile.position)
    switch_x, switch_y = layout.switch(tile.position)
    left = x + at.SWITCH_INSET
    return [
        text(left, y + 28, _subtitle(tile), "dim"),
        *_memory_bar(labels, tile, left, y + 33),
        *_locks(labels, tile, left, y + 47),
        *_descriptors(labels, tile, left, y + 58),
        svg.Rect(
            x=switch_x,
            y=switch_y,
            width=at.SWITCH_WIDTH,
            height=at.SWITCH_HEIGHT,
            rx=5,
            class_=["switch"],
            elements=[title(_switch_tip(tile))],
        ),
        *(_pad(layout, labels, tile, end) for end in layout.pads(tile)),
    ]


def _subtitle(tile: Tile) -> str:
    if tile.kind is TileKind.SHIM:
        return "host memory"
    if tile.kind is TileKind.MEMORY:
        return size(TILE_FACTS[tile.kind].data_memory)
    if not tile.program:
        return "no program"
    return f"program {size(tile.program)}" + ("" if tile.runs else ", not enabled")


def _switch_tip(tile: Tile) -> str:
    lines = [f"stream switch of ({tile.position[0]},{tile.position[1]})"]
    for connection in tile.connections:
        rule = connection.rule
        how = "" if rule is None else f", packets {rule.id} under {rule.mask:#x}"
        lines.append(f"{connection.slave} → {connection.master}{how}")
    return "\n".join(lines)


def _memory_bar(labels: Labels, tile: Tile, x: float, y: float) -> Elements:
    """The data memory from its first to its last byte, to scale."""
    total = TILE_FACTS[tile.kind].data_memory
    if not total:
        return []
    scale = at.CONTENT_WIDTH / total
    bar: Elements = [rect(x, y, at.CONTENT_WIDTH, 8, "free", tip=f"{size(total)} of memory")]
    for part in occupants(tile, labels):
        width = max(1.0, part.size * scale)
        bar.append(rect(x + part.address * scale, y, width, 8, "used", tip=part.tip))
    return bar


def _locks(labels: Labels, tile: Tile, x: float, y: float) -> Elements:
    """A ring for each lock that something uses, with its start value in it."""
    locks = [lock for lock in tile.locks if labels.is_used(tile, lock)]
    pitch = min(_LOCK_PITCH, at.CONTENT_WIDTH / max(1, len(locks)))
    parts: Elements = []
    for index, lock in enumerate(locks):
        middle = x + pitch * index + min(pitch, 10) / 2
        ring = svg.Circle(
            cx=rounded(middle),
            cy=rounded(y + 4),
            r=rounded(min(4.5, pitch / 2)),
            class_=["lock"],
            elements=[title(labels.lock(tile, lock))],
        )
        parts.append(ring)
        if pitch > 8 and lock.value:
            parts.append(text(middle, y + 6.8, str(lock.value), "small", "middle", "inert"))
    return parts


def _descriptors(labels: Labels, tile: Tile, x: float, y: float) -> Elements:
    pitch = min(_BD_PITCH, at.CONTENT_WIDTH / max(1, len(tile.descriptors)))
    return [
        rect(x + pitch * n, y, pitch * 0.8, 7, "bd", tip=labels.descriptor(tile, descriptor))
        for n, descriptor in enumerate(tile.descriptors)
    ]


def _pad(layout: Layout, labels: Labels, tile: Tile, end: Endpoint) -> svg.G:
    x, bottom = layout.pad(tile, end)
    pitch = layout.pad_pitch(tile)
    top = bottom - at.PAD_HEIGHT
    return svg.G(
        elements=[
            title(labels.endpoint(end)),
            rect(x - pitch / 2, top, pitch - 1.5, at.PAD_HEIGHT, "pad"),
            text(x - 0.7, top + 9.5, _pad_label(end, pitch), "small", "middle"),
        ]
    )


_SHORT = {Bundle.Core: "core", Bundle.TileControl: "ctrl", Bundle.Trace: "trace"}


def _pad_label(end: Endpoint, pitch: float) -> str:
    if end.direction is None:
        name = _SHORT.get(end.port.bundle, end.port.bundle.name)
        return name if pitch > 20 else name[0]
    inward = end.direction is Direction.S2MM
    if pitch > 28:
        return f"{end.direction.name} {end.channel}"
    if pitch > 17:
        return f"{'in' if inward else 'out'}{end.channel}"
    return f"{'i' if inward else 'o'}{end.channel}"
