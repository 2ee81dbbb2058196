"""What an author reads about traces that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.errors import DesignError


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ('aie.trace.event<"A">\n' * 9, "trace 't' has 9 events, a trace unit records 8"),
        ("aie.trace.event<MemTileEventAIE2::X>", "is no event of tile (0, 2), a core tile"),
        (
            "aie.trace.event<CoreEventAIE2::LOCK_STAL>",
            "CoreEventAIE2 has no event LOCK_STAL; did you mean 'LOCK_STALL'?",
        ),
        ("aie.trace.event<CoreEventAIE2P::X>", "its events are CoreEventAIE2 and MemEventAIE2"),
        (
            "aie.trace.packet id = 32 type = core",
            "'id' must be an integer of type i32 from 1 to 31",
        ),
        ("aie.trace.start", "takes either broadcast or event"),
        (
            "aie.trace.port<0> port = DMA channel = 2 direction = S2MM",
            "the switch of tile (0, 2) has 2 master ports DMA",
        ),
        ('aie.trace.combo_event<3> <"A"> OR <"B">', "a combo event's slot is 0, 1 or 2, found 3"),
        ('aie.trace.combo_event<2> <"A"> OR <"B">', "combo slot 2 joins COMBO_EVENT_0"),
        (
            'aie.trace.edge_event<0> event = <"COMBO_EVENT_0"> trigger = BOTH',
            "an edge is that of a plain event",
        ),
        (
            'aie.trace.edge_event<0> event = <"A"> trigger = BOTH\n'
            'aie.trace.edge_event<0> event = <"B"> trigger = BOTH',
            "slot 0 of 'aie.trace.edge_event' is used twice",
        ),
    ],
)
def test_what_cannot_be_is_said(
    inner: str, message: str, refusal: Callable[[str], DesignError]
) -> None:
    error = refusal(f"aie.trace @t(%core) {{\n{inner}\n}}")
    assert message in "\n".join((error.message, *error.notes))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ("buffer_size = 0 : i32", "buffer_size is at least 1 byte, found 0"),
        ("buffer_size = 64 : i32, egress_shim_col = -1 : i32", "egress_shim_col is a column"),
    ],
)
def test_the_host_keeps_traces_in_a_buffer_behind_a_column(
    attributes: str, message: str, refusal: Callable[[str], DesignError]
) -> None:
    body = f"aie.trace.host_config {{{attributes}}}"
    assert message in refusal(f"aie.runtime_sequence() {{ {body} }}").message


def test_a_typed_event_is_checked_before_its_tile_has_a_place(
    refusal: Callable[[str], DesignError],
) -> None:
    error = refusal(
        """%l = aie.logical_tile<CoreTile>(0, ?)
        aie.trace @t(%l) { aie.trace.event<MemTileEventAIE2::TRUE> }"""
    )
    assert "is no event of tile <CoreTile>(0, ?), a core tile" in error.message
