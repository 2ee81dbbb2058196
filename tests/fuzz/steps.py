"""How the ops of a runtime sequence are written; see `spelling`."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fuzz.spelling import Port, Tile, Type, dense, indented, memref, tile_name


def memcpy(
    symbol: str,
    argument: str,
    type: Type,
    pattern: tuple[Sequence[int], Sequence[int], Sequence[int]],
    number: int,
    *,
    token: bool = False,
    packet: int | None = None,
) -> str:
    """`pattern`: offsets, sizes and strides of the four dimensions."""
    offsets, sizes, strides = (list(part) for part in pattern)
    header = "" if packet is None else f", packet = <pkt_id = {packet}, pkt_type = 0>"
    issue = ", issue_token = true" if token else ""
    return (
        f"aiex.npu.dma_memcpy_nd(%{argument}{offsets}{sizes}{strides}{header}) "
        f"{{id = {number} : i64, metadata = @{symbol}{issue}}} : {memref(*type)}"
    )


def wait(symbol: str) -> str:
    return f"aiex.npu.dma_wait {{symbol = @{symbol}}}"


def configure_task(
    task: str, channel: str | Port, blocks: Sequence[str], repeat: int = 0, token: bool = False
) -> str:
    """A task of a shim channel by its name, or of any; `blocks` are its descriptors."""
    if isinstance(channel, str):
        lines = [f"%{task} = aiex.dma_configure_task_for @{channel} {{"]
    else:
        tile, direction, number = channel
        ends = f"{tile_name(tile)}, {direction}, {number}"
        lines = [f"%{task} = aiex.dma_configure_task({ends}) {{"]
    for number, block in enumerate(blocks):
        lines += [f"^next{number}:"] if number else []
        last = number + 1 == len(blocks)
        lines += indented([block, "aie.end" if last else f"aie.next_bd ^next{number + 1}"])
    attributes = ["issue_token = true"] if token else []
    attributes += [f"repeat_count = {repeat} : i32"] if repeat else []
    return "\n".join([*lines, "}" + (f" {{{', '.join(attributes)}}}" if attributes else "")])


def chain(name: str, types: Sequence[Type], blocks: Sequence[str]) -> str:
    """Descriptors of %b0, %b1 ..., which a sequence gives it."""
    listed = ", ".join(f"%b{n}: {memref(*type)}" for n, type in enumerate(types))
    lines = [f"aie.bd_chain @{name}({listed}) {{"]
    for number, block in enumerate(blocks):
        lines += [f"^next{number}:"] if number else []
        last = number + 1 == len(blocks)
        lines += indented([block, "aie.end" if last else f"aie.next_bd ^next{number + 1}"])
    return "\n".join([*lines, "}"])


def start_chain(
    task: str,
    name: str,
    arguments: Sequence[tuple[str, Type]],
    symbol: str,
    repeat: int = 0,
    token: bool = False,
) -> str:
    """Starts a chain on a shim channel."""
    attributes = ["issue_token = true"] if token else []
    attributes += [f"repeat_count = {repeat} : i32"] if repeat else []
    extra = f" {{{', '.join(attributes)}}}" if attributes else ""
    names = ", ".join(f"%{argument}" for argument, _ in arguments)
    types = ", ".join(memref(*type) for _, type in arguments)
    return (
        f"%{task} = aiex.dma_start_bd_chain_for @{name}({names}) : ({types}) for @{symbol}{extra}"
    )


def task_step(word: str, task: str) -> str:
    """`start`, `await` or `free`."""
    return f"aiex.dma_{word}_task(%{task})"


def write32(address: int, tile: Tile, value: int) -> str:
    return (
        f"aiex.npu.write32 {{address = {address} : ui32, column = {tile[0]} : i32, "
        f"row = {tile[1]} : i32, value = {value} : ui32}}"
    )


def mask_write32(address: int, tile: Tile, mask: int, value: int) -> str:
    return (
        f"aiex.npu.maskwrite32 {{address = {address} : ui32, column = {tile[0]} : i32, "
        f"row = {tile[1]} : i32, mask = {mask} : ui32, value = {value} : ui32}}"
    )


def block_write(name: str, tile: Tile, address: int, count: int) -> str:
    """Writes the words of a global."""
    kind = memref(count, "i32")
    return "\n".join(
        [
            f"%{name} = memref.get_global @{name} : {kind}",
            f"aiex.npu.blockwrite(%{name}) {{address = {address} : ui32, column = {tile[0]} : i32, "
            f"row = {tile[1]} : i32}} : {kind}",
        ]
    )


def words(name: str, values: Sequence[int]) -> str:
    """A global that a sequence writes from."""
    kind = memref(len(values), "i32")
    return f'memref.global "private" constant @{name} : {kind} = {dense(values)}'


DESCRIPTOR = (
    *("column", "row", "bd_id", "buffer_length", "buffer_offset", "enable_packet"),
    *("out_of_order_id", "packet_id", "packet_type", "next_bd", "use_next_bd", "valid_bd"),
    *(f"d{d}_{name}" for d in (0, 1, 2) for name in ("size", "stride")),
    *(f"d{d}_zero_{side}" for d in (0, 1, 2) for side in ("before", "after")),
    *(f"iteration_{name}" for name in ("current", "size", "stride")),
    *(f"lock_rel_{name}" for name in ("val", "id")),
    *(f"lock_acq_{name}" for name in ("enable", "val", "id")),
)
"""What a descriptor says that a sequence writes: values of register fields, all of them."""


def write_descriptor(tile: Tile, number: int, length: int, **fields: int) -> str:
    """`length` in words; what is not among `fields` is 0."""
    known = {"column": tile[0], "row": tile[1], "bd_id": number, "buffer_length": length}
    values = {**dict.fromkeys(DESCRIPTOR, 0), "valid_bd": 1, **known, **fields}
    text = ", ".join(f"{name} = {value} : i32" for name, value in values.items())
    return f"aiex.npu.writebd {{{text}}}"


def patch_address(address: int, argument: int, offset: int) -> str:
    """A host buffer's address, and `offset` bytes, into a descriptor at a register's address."""
    return (
        f"aiex.npu.address_patch {{addr = {address} : ui32, arg_idx = {argument} : i32, "
        f"arg_plus = {offset} : i32}}"
    )


def push_queue(tile: Tile, direction: str, channel: int, number: int, repeat: int = 0) -> str:
    """Starts a descriptor."""
    return (
        f"aiex.npu.push_queue ({tile[0]}, {tile[1]}, {direction}:{channel}) {{bd_id = {number} "
        f": i32, issue_token = false, repeat_count = {repeat} : i32}}"
    )


def write_parameter(buffer: str, index: int, value: int) -> str:
    return f"aiex.npu.rtp_write(@{buffer}, {index}, {value})"


def set_lock(lock: str, value: int) -> str:
    return f"aiex.set_lock(%{lock}, {value})"
