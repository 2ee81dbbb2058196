"""Designs with a long runtime sequence, as IRON prints them, for `benchmarks.compile`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count, islice

WORDS = 1 << 20
"""i32 of each host buffer."""
OBJECT = 1024
"""i32 of an object, and of a transfer."""

DESIGN = """\
module {{
  aie.device(npu2) {{
    %shim_noc_tile_0_0 = aie.tile(0, 0)
    %mem_tile_0_1 = aie.tile(0, 1)
    aie.objectfifo @in(%shim_noc_tile_0_0, {{%mem_tile_0_1}}, 2 : i32) : \
!aie.objectfifo<memref<{object}xi32>>
    aie.objectfifo @out(%mem_tile_0_1, {{%shim_noc_tile_0_0}}, 2 : i32) : \
!aie.objectfifo<memref<{object}xi32>>
    aie.objectfifo.link [@in] -> [@out]([] [0])
    aie.runtime_sequence(%arg0: memref<{words}xi32>, %arg1: memref<{words}xi32>) {{
{body}
    }}
  }}
}}
"""

Operations = Iterator[str]
"""The text of one operation after the other, without end; constants go with theirs."""


def writes() -> Operations:
    """Words into a memory tile's memory, each with its two constants."""
    for n in count():
        address, value = 4 * (n % 65_536), n
        names = f"%c{address}_i32_{n}a", f"%c{value}_i32_{n}v"
        yield (
            f"{names[0]} = arith.constant {address} : i32\n"
            f"{names[1]} = arith.constant {value} : i32\n"
            f"aiex.npu.write32({names[0]}, {names[1]}) {{column = 0 : i32, row = 1 : i32}} "
            ": i32, i32"
        )


def copies() -> Operations:
    """Rounds of two `dma_memcpy_nd` and their `dma_wait`."""
    form = (
        "aiex.npu.dma_memcpy_nd({buffer}[0, 0, 0, {offset}][1, 1, 1, {object}][0, 0, 0, 1])"
        " {{id = {id} : i64, issue_token = true, metadata = @{fifo}}} : memref<{words}xi32>"
    )
    for n in count():
        place = partial(form.format, offset=n * OBJECT % WORDS, object=OBJECT, words=WORDS)
        yield place(buffer="%arg0", id=2 * n % 16, fifo="in")
        yield place(buffer="%arg1", id=2 * n % 16 + 1, fifo="out")
        yield "aiex.npu.dma_wait {symbol = @in}"
        yield "aiex.npu.dma_wait {symbol = @out}"


def tasks() -> Operations:
    """Rounds of two tasks that are configured, started and awaited."""
    form = (
        "{task} = aiex.dma_configure_task_for @{fifo} {{\n"
        "  aie.dma_bd({buffer} : memref<{words}xi32> offset = {offset} len = {object}"
        " sizes = [1, 1, 1, {object}] strides = [0, 0, 0, 1])\n"
        "  aie.end\n"
        "}} {{issue_token = true}}"
    )
    for n in count():
        place = partial(form.format, offset=n * OBJECT % WORDS, object=OBJECT, words=WORDS)
        read, written = f"%{2 * n}", f"%{2 * n + 1}"
        yield place(task=read, fifo="in", buffer="%arg0")
        yield f"aiex.dma_start_task({read})"
        yield place(task=written, fifo="out", buffer="%arg1")
        yield f"aiex.dma_start_task({written})"
        yield f"aiex.dma_await_task({read})"
        yield f"aiex.dma_await_task({written})"


KINDS = {"writes": writes, "copies": copies, "tasks": tasks}


def long_sequence(kind: str, operations: int) -> str:
    """The text of a design whose runtime sequence has so many operations of one of `KINDS`.

    Constants, and what stands within a task, do not count.
    """
    lines = "\n".join(islice(KINDS[kind](), operations)).splitlines()
    body = "\n".join(f"      {line}" for line in lines)
    return DESIGN.format(object=OBJECT, words=WORDS, body=body)
