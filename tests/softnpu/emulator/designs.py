"""Pieces of designs, for tests that compile and run whole ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

I32 = np.int32
Run = Callable[..., list[np.ndarray]]


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(-1000, 1000, shape).astype(I32)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, I32)


def transfer(argument: str, count: int, fifo: str, id: int, of: int, offset: int = 0) -> str:
    """One line of a runtime sequence; all but `in` can be waited for."""
    token = "" if fifo == "in" else ", issue_token = true"
    return (
        f"aiex.npu.dma_memcpy_nd(%{argument}[0, 0, 0, {offset}][1, 1, 1, {count}][0, 0, 0, 1]) "
        f"{{id = {id} : i64, metadata = @{fifo}{token}}} : memref<{of}xi32>"
    )


def there_and_back(sent: int, wanted: int) -> str:
    """Sends the words of `%a`, and waits for those of `%b`."""
    lines = [
        transfer("b", wanted, "out", 0, wanted),
        transfer("a", sent, "in", 1, sent),
        "aiex.npu.dma_wait {symbol = @out}",
    ]
    return "\n        ".join(lines)


def descriptor(
    label: str, free: str, moved: str, full: str, *, units: int = 1, then: str | None = None
) -> str:
    """A descriptor that takes from one lock and gives to another; itself, or `then`, comes next."""
    lines = [
        f"^{label}:",
        f"  aie.use_lock(%{free}, AcquireGreaterEqual, {units})",
        f"  aie.dma_bd({moved})",
        f"  aie.use_lock(%{full}, Release, {units})",
        f"  aie.next_bd ^{then or label}",
    ]
    return "\n      ".join(lines)


def worker(name: str, tile: str, source: str, to: str, size: int, body: str) -> str:
    """A core that goes over objects of two objectfifos; `body` makes %r of %x (and %j)."""
    kind = f"memref<{size}xi32>"
    return f"""
    %{name} = aie.core(%{tile}) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %size = arith.constant {size} : index
      %forever = arith.constant 9223372036854775807 : index
      scf.for %n = %c0 to %forever step %c1 {{
        %vi = aie.objectfifo.acquire @{source}(Consume, 1) : !aie.objectfifosubview<{kind}>
        %i = aie.objectfifo.subview.access %vi[0] : !aie.objectfifosubview<{kind}> -> {kind}
        %vo = aie.objectfifo.acquire @{to}(Produce, 1) : !aie.objectfifosubview<{kind}>
        %o = aie.objectfifo.subview.access %vo[0] : !aie.objectfifosubview<{kind}> -> {kind}
        scf.for %j = %c0 to %size step %c1 {{
          %x = memref.load %i[%j] : {kind}
          {body}
          memref.store %r, %o[%j] : {kind}
        }}
        aie.objectfifo.release @{source}(Consume, 1)
        aie.objectfifo.release @{to}(Produce, 1)
      }}
      aie.end
    }}"""


def plus(value: int) -> str:
    return f"%k = arith.constant {value} : i32\n          %r = arith.addi %x, %k : i32"


HALVES = """
    aie.device(npu1_1col) {
      %shim = aie.tile(0, 0)
      %memory = aie.tile(0, 1)
      aie.objectfifo @in(%shim, {%memory}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
      aie.objectfifo @out(%memory, {%shim}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
      aie.objectfifo.link [@in] -> [@out] ([] [0])
      aie.runtime_sequence(BUFFERS) {
TRANSFERS
      }
    }
"""


def halves(count: int) -> str:
    """Copies each buffer's first half into its second, once for each of so many."""
    kind = "memref<16xi32>"
    parts = [
        f"""
        aiex.npu.dma_memcpy_nd(%b{n}[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1])
          {{id = 0 : i64, metadata = @in}} : {kind}
        aiex.npu.dma_memcpy_nd(%b{n}[0, 0, 0, 8][1, 1, 1, 8][0, 0, 0, 1])
          {{id = 1 : i64, metadata = @out, issue_token = true}} : {kind}
        aiex.npu.dma_wait {{symbol = @out}}"""
        for n in range(count)
    ]
    buffers = ", ".join(f"%b{n}: {kind}" for n in range(count))
    return HALVES.replace("BUFFERS", buffers).replace("TRANSFERS", "".join(parts))
