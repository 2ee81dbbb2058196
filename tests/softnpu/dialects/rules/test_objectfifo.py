"""What an author reads about objectfifos that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.dialects.rules.objectfifo import part_lengths
from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]

TYPE = "!aie.objectfifo<memref<16xi32>>"
HALF = "!aie.objectfifo<memref<8xi32>>"
VIEW = "!aie.objectfifosubview<memref<16xi32>>"
DIMS = "[<size = 16, stride = 1>]"
IN = f"aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : {TYPE}\n"
OUTS = (
    f"aie.objectfifo @o0(%mem, {{%core}}, 2 : i32) : {HALF}\n"
    f"aie.objectfifo @o1(%mem, {{%north}}, 2 : i32) : {HALF}\n"
)


def fifo(ends: str, depth: str = "2 : i32", attributes: str = "") -> str:
    """An objectfifo `@f`."""
    return f"aie.objectfifo @f({ends}, {depth}) {attributes} : {TYPE}\n"


def core(body: str) -> str:
    """Core (0, 2) with a body, and the objectfifo `@f` that comes to it."""
    return fifo("%mem, {%core}") + f"%c = aie.core(%core) {{\n{body}\naie.end }}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (fifo("%mem, {%core}", "[2, 2, 2]"), "has 3 depths for 2 ends"),
        (fifo("%mem, {%core}", "[2, 1.5]"), "depths are integers, found"),
        (fifo("%mem, {%core}", "2"), "a depth is a number of type i32"),
        (fifo("%mem, {%core}", "-1 : i32"), "a depth is not negative"),
        (fifo(f"%shim dimensionsToStream {DIMS}, {{%core}}"), "dimensionsToStream cannot be had"),
        (fifo(f"%core, {{%shim dimensionsFromStream {DIMS}}}"), "dimensionsFromStream cannot be"),
        (fifo("%shim, {%core}", attributes="{repeat_count = 2 : i32}"), "repeat_count cannot be"),
        (fifo("%core, {%north}", attributes="{iter_count = 2 : i32}"), "needs a memory tile"),
        (fifo("%mem, {%north}", attributes="{iter_count = 257 : i32}"), "iter_count is 1 to 256"),
        (fifo("%core, {%north}", attributes="{aie_stream = 0 : i32}"), "needs aie_stream_port"),
        (
            fifo("%mem, {%north}", attributes="{aie_stream = 0 : i32, aie_stream_port = 0 : i32}"),
            "aie_stream needs a core at that end",
        ),
        (fifo("%mem, {%shim}", attributes="{padValue = 7 : i32}"), "padValue needs padDimensions"),
        (fifo("%core, {%north}", attributes="{repeat_count = 0 : i32}"), "at least 1, found 0"),
    ],
)
def test_what_an_objectfifo_cannot_be(body: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(body).message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (f"{IN}{OUTS}aie.objectfifo.link [@in] -> [@o0, @o1]([] [0])", "1 destination offsets"),
        (f"{IN}{OUTS}aie.objectfifo.link [@in] -> [@o0, @oo]([] [0, 8])", "no objectfifo '@oo'"),
        (
            f"{IN}{OUTS}aie.objectfifo.link [@in] -> [@o0, @o1]([0] [0, 8])",
            "leave the others empty",
        ),
        (f"{IN}{OUTS}aie.objectfifo.link [@o0] -> [@in]([] [])", "have no tile in common"),
        (f"{IN}{OUTS}aie.objectfifo.link [] -> [@in]([] [])", "objectfifos on both sides"),
        (
            fifo("%mem, {%core}")
            + f"aie.objectfifo @a(%core, {{%shim}}, 2 : i32) : {HALF}\n"
            + f"aie.objectfifo @b(%core, {{%north}}, 2 : i32) : {HALF}\n"
            + "aie.objectfifo.link [@f] -> [@a, @b]([] [0, 8])",
            "tile (0, 2) cannot distribute: only memory tiles can",
        ),
        (
            f"aie.objectfifo @in(%shim, {{%mem dimensionsFromStream {DIMS}}}, 2 : i32) : {TYPE}\n"
            f"{OUTS}aie.objectfifo.link [@in] -> [@o0, @o1]([] [0, 8])",
            "dimensionsFromStream of objectfifo 'in' reaches element 15, the shortest part has 8",
        ),
    ],
)
def test_what_a_link_cannot_be(body: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(body).message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            core(f"%v = aie.objectfifo.acquire @f(Produce, 1) : {VIEW}"),
            "core (0, 2) is no producer of objectfifo 'f', tile (0, 1) is",
        ),
        (
            core(f"%v = aie.objectfifo.acquire @ff(Consume, 1) : {VIEW}"),
            "there is no objectfifo '@ff'; did you mean '@f'?",
        ),
        (
            core(
                "%v = aie.objectfifo.acquire @f(Consume, 1) : !aie.objectfifosubview<memref<8xi32>>"
            ),
            "objectfifo 'f' carries memref<16xi32>, not memref<8xi32>",
        ),
        (
            core(
                f"%v = aie.objectfifo.acquire @f(Consume, 2) : {VIEW}\n"
                f"%o = aie.objectfifo.subview.access %v[2] : {VIEW} -> memref<16xi32>"
            ),
            "object 2 of 2 acquired: they count from 0",
        ),
        *(
            (
                fifo("%mem, {%core}", depth)
                + f"%c = aie.core(%core) {{ %v = aie.objectfifo.acquire @f(Consume, 1) : {VIEW}\n"
                "aie.end }",
                "objectfifo 'f' is 0 objects deep: there is nothing to acquire",
            )
            for depth in ("0 : i32", "[2, 0]")
        ),
        (fifo("%mem, {%core}") + "aie.objectfifo.release @f(Consume, 1)", "belongs into a core"),
        (
            fifo("%core, {%north}", attributes="{via_DMA = true}")
            + "aie.objectfifo.allocate @f(%north)",
            "objectfifo 'f' has via_DMA, so it is not in shared memory",
        ),
    ],
)
def test_what_cannot_be_done_with_one(body: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(body).message


def test_parts_go_up_to_the_next() -> None:
    assert part_lengths((0, 8, 24), 32) == [8, 16, 8]
