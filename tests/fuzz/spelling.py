"""How the ops of a design are written: with `steps`, all that knows the dialect's syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Tile = tuple[int, int]
Dims = tuple[tuple[int, int], ...]
"""(size, stride) of each dimension, in elements; the innermost last."""
Type = tuple[int | str, str]
"""A memref: its elements, or what stands for their number, and their type."""
Pads = tuple[tuple[int, int], ...]
"""Elements (before, after) of each dimension."""

FOREVER = 9223372036854775807


def indented(lines: Iterable[str], depth: int = 1) -> list[str]:
    """Lines further to the right; a line may hold several."""
    return ["  " * depth + line for text in lines for line in text.splitlines()]


def memref(size: int | str, dtype: str) -> str:
    return f"memref<{size}x{dtype}>"


def dense(values: Sequence[int]) -> str:
    return f"dense<[{', '.join(map(str, values))}]>"


# tiles and what lies in them


def tile_name(tile: Tile) -> str:
    return f"%t{tile[0]}_{tile[1]}"


def tile(tile: Tile) -> str:
    return f"{tile_name(tile)} = aie.tile({tile[0]}, {tile[1]})"


def buffer(
    name: str,
    tile: Tile,
    size: int,
    dtype: str,
    values: Sequence[int] | None = None,
    address: int | None = None,
) -> str:
    place = "" if address is None else f", address = {address} : i32"
    initial = "" if values is None else f" = {dense(values)}"
    return (
        f'%{name} = aie.buffer({tile_name(tile)}) {{sym_name = "{name}"{place}}} '
        f": {memref(size, dtype)}{initial}"
    )


def lock(name: str, tile: Tile, init: int, number: int | None = None) -> str:
    which = "" if number is None else f", {number}"
    return (
        f'%{name} = aie.lock({tile_name(tile)}{which}) {{init = {init} : i32, sym_name = "{name}"}}'
    )


def acquire_lock(lock: str, value: int, exactly: bool = False) -> str:
    return f"aie.use_lock(%{lock}, {'Acquire' if exactly else 'AcquireGreaterEqual'}, {value})"


def release_lock(lock: str, value: int) -> str:
    return f"aie.use_lock(%{lock}, Release, {value})"


# objectfifos


def dimensions(dims: Dims) -> str:
    return "[" + ", ".join(f"<size = {size}, stride = {stride}>" for size, stride in dims) + "]"


def objectfifo(
    name: str,
    producer: Tile,
    consumers: Sequence[tuple[Tile, Dims]],
    depths: Sequence[int],
    type: Type,
    to_stream: Dims = (),
    attributes: Sequence[str] = (),
    initial: Sequence[Sequence[int]] | None = None,
) -> str:
    """`depths`: one for all ends, or one for the producer and each consumer."""
    source = tile_name(producer) + _layout("dimensionsToStream", to_stream)
    ends = ", ".join(tile_name(t) + _layout("dimensionsFromStream", d) for t, d in consumers)
    depth = f"{depths[0]} : i32" if len(depths) == 1 else str(list(depths))
    extra = f" {{{', '.join(attributes)}}}" if attributes else ""
    kind = memref(*type)
    values = ", ".join(f"{dense(one)} : {kind}" for one in initial or ())
    return (
        f"aie.objectfifo @{name}({source}, {{{ends}}}, {depth}){extra} "
        f": !aie.objectfifo<{kind}>" + (f" = [{values}]" if values else "")
    )


def _layout(word: str, dims: Dims) -> str:
    return f" {word} {dimensions(dims)}" if dims else ""


def padding(pads: Pads, byte: int) -> str:
    """As an objectfifo's attributes; `byte` is each byte of the value."""
    listed = ", ".join(
        f"<const_pad_before = {before}, const_pad_after = {after}>" for before, after in pads
    )
    value = int.from_bytes([byte] * 4, "little", signed=True)
    with_value = f", padValue = {value} : i32" if value else ""
    return f"padDimensions = #aie<bd_pad_layout_array[{listed}]>{with_value}"


def link(
    sources: Sequence[str],
    drains: Sequence[str],
    source_offsets: Sequence[int] = (),
    drain_offsets: Sequence[int] = (),
) -> str:
    ins, outs = (", ".join(f"@{name}" for name in side) for side in (sources, drains))
    return f"aie.objectfifo.link [{ins}] -> [{outs}] ({list(source_offsets)} {list(drain_offsets)})"


def allocate(fifo: str, tile: Tile) -> str:
    return f"aie.objectfifo.allocate @{fifo} ({tile_name(tile)})"


def acquire(view: str, fifo: str, port: str, count: int, type: Type) -> str:
    return (
        f"%{view} = aie.objectfifo.acquire @{fifo}({port}, {count}) "
        f": !aie.objectfifosubview<{memref(*type)}>"
    )


def access(name: str, view: str, index: int, type: Type) -> str:
    kind = memref(*type)
    return (
        f"%{name} = aie.objectfifo.subview.access %{view}[{index}] "
        f": !aie.objectfifosubview<{kind}> -> {kind}"
    )


def release(fifo: str, port: str, count: int) -> str:
    return f"aie.objectfifo.release @{fifo}({port}, {count})"


# streams

Port = tuple[Tile, str, int]
"""A port of a tile's stream switch: tile, bundle, channel."""


def flow(source: Port, drain: Port) -> str:
    ends = ", ".join(
        f"{tile_name(t)}, {bundle} : {channel}" for t, bundle, channel in (source, drain)
    )
    return f"aie.flow({ends})"


def packet_flow(id: int, source: Port, drains: Sequence[Port], keep_header: bool = False) -> str:
    ends = [("source", source), *(("dest", drain) for drain in drains)]
    lines = [
        f"aie.packet_{word}<{tile_name(t)}, {bundle} : {channel}>"
        for word, (t, bundle, channel) in ends
    ]
    keep = " {keep_pkt_header = true}" if keep_header else ""
    return "\n".join([f"aie.packet_flow({id}) {{", *indented(lines), f"}}{keep}"])


def trace(name: str, tile: Tile, id: int, unit: str, event: str) -> str:
    """What a tile's trace unit records: one event."""
    lines = [
        *(['aie.trace.mode "Event-Time"'] if unit == "core" else []),
        f"aie.trace.packet id = {id} type = {unit}",
        f'aie.trace.event<"{event}">',
        "aie.trace.start broadcast = 15",
        "aie.trace.stop broadcast = 14",
    ]
    return "\n".join([f"aie.trace @{name}({tile_name(tile)}) {{", *indented(lines), "}"])


def trace_buffer(column: int, size: int) -> str:
    """Where traces go: behind the last argument, by a channel of that column's shim."""
    return (
        f"aie.trace.host_config {{buffer_size = {size} : i32, "
        f"egress_shim_col = {column} : i32, reuse_output_buffer = true}}"
    )


def start_trace(name: str) -> str:
    return f"aie.trace.start_config @{name}"


def cascade_flow(source: Tile, drain: Tile) -> str:
    return f"aie.cascade_flow({tile_name(source)}, {tile_name(drain)})"


def shim_allocation(name: str, column: int, direction: str, channel: int) -> str:
    return f"aie.shim_dma_allocation @{name}({tile_name((column, 0))}, {direction}, {channel})"


# DMA programs


def transfer(
    buffer: str,
    type: Type,
    offset: int,
    length: int,
    dims: Dims = (),
    pads: Pads = (),
    packet: int | None = None,
    number: int | None = None,
) -> str:
    """A buffer descriptor; sizes in elements."""
    layout = f", {dimensions(dims)}" if dims else ""
    if pads:
        listed = ", ".join(
            f"<const_pad_before = {before}, const_pad_after = {after}>" for before, after in pads
        )
        layout += f", [{listed}]"
    attributes = [] if number is None else [f"bd_id = {number} : i32"]
    if packet is not None:
        attributes.append(f"packet = #aie.packet_info<pkt_type = 0, pkt_id = {packet}>")
    extra = f" {{{', '.join(attributes)}}}" if attributes else ""
    return f"aie.dma_bd(%{buffer} : {memref(*type)}, {offset}, {length}{layout}){extra}"


Channel = tuple[str, int, int, list[list[str]], bool]
"""Direction, number, repeat count, the lines of each descriptor's block, whether it starts over."""


def dma_program(tile: Tile, channels: Sequence[Channel]) -> str:
    """The program of a tile's DMA: its channels one after the other.

    Each chain ends by itself: only so can aie-opt add the channels of objectfifos.
    """
    op = "aie.memtile_dma" if tile[1] == 1 else "aie.mem"
    lines = [f"%dma{tile[0]}_{tile[1]} = {op}({tile_name(tile)}) {{"]
    for number, (direction, channel, repeat, blocks, loops) in enumerate(channels):
        behind = f"^start{number + 1}" if number + 1 < len(channels) else "^end"
        repeats = f", repeat_count = {repeat}" if repeat else ""
        start = (
            f"  %start{number} = aie.dma_start({direction}, {channel}, ^bd{number}_0, {behind}"
            f"{repeats})"
        )
        lines += [start] if number == 0 else [f"^start{number}:", start]
        for place, block in enumerate(blocks):
            last = place + 1 == len(blocks)
            following = f"^bd{number}_{0 if last else place + 1}"
            target = f"^end{number}" if last and not loops else following
            lines += [f"^bd{number}_{place}:", *indented([*block, f"aie.next_bd {target}"])]
        if not loops:
            lines += [f"^end{number}:", "  aie.end"]
    return "\n".join([*lines, "^end:", "  aie.end", "}"])


def dma_regions(tile: Tile, channels: Sequence[Channel]) -> str:
    """The same with a region for each descriptor; all of a channel's have two locks."""
    op = "aie.memtile_dma" if tile[1] == 1 else "aie.mem"
    lines = [f"%dma{tile[0]}_{tile[1]} = {op}({tile_name(tile)}) {{"]
    for number, (direction, channel, repeat, blocks, loops) in enumerate(channels):
        attributes = [] if loops else ["loop = false"]
        attributes += [f"repeat_count = {repeat} : i32"] if repeat else []
        extra = f" {{{', '.join(attributes)}}}" if attributes else ""
        regions = ", ".join("\n".join(["{", *indented(block, 2), "  }"]) for block in blocks)
        lines.append(f"  %channel{number} = aie.dma({direction}, {channel}){extra} [{regions}]")
    return "\n".join([*lines, "  aie.end", "}"])


# whole designs


def core(tile: Tile, body: Iterable[str], attributes: Sequence[str] = ()) -> str:
    extra = f" {{{', '.join(attributes)}}}" if attributes else ""
    head = f"%core{tile[0]}_{tile[1]} = aie.core({tile_name(tile)}) {{"
    return "\n".join([head, *indented([*body, "aie.end"]), f"}}{extra}"])


def constant(name: str, value: int | str, type: str = "index") -> str:
    return f"%{name} = arith.constant {value} : {type}"


def loop(variable: str, until: str, body: Iterable[str], step: str = "c1") -> list[str]:
    """From %c0 on."""
    return [f"scf.for %{variable} = %c0 to %{until} step %{step} {{", *indented(body), "}"]


def design(
    device: str,
    ops: Iterable[str],
    arguments: Sequence[tuple[str, int, str]],
    sequence: Iterable[str],
) -> str:
    """A module of one device; `arguments` are (name, elements, element type)."""
    listed = ", ".join(f"%{name}: {memref(size, dtype)}" for name, size, dtype in arguments)
    lines = [
        "module {",
        f"  aie.device({device}) {{",
        *indented(ops, 2),
        f"    aie.runtime_sequence({listed}) {{",
        *indented(sequence, 3),
        "    }",
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"
