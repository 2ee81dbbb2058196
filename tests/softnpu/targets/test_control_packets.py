"""Control packets as the words that the host sends."""

from __future__ import annotations

import pytest

from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError
from softnpu.formats.records import words
from softnpu.targets.control_packets import emit_control_packets


def sent(
    packet: str, tile: str = "{controller_id = #aie.packet_info<pkt_type = 1, pkt_id = 27>}"
) -> tuple[int, ...]:
    text = f"""aie.device(npu1) {{
      %t = aie.tile(0, 2) {tile}
      aie.runtime_sequence() {{ aiex.control_packet {{{packet}}} }}
    }}"""
    return words(emit_control_packets(parse_text(text, "design.mlir")))


def test_headers_have_odd_parity_and_the_data_follows() -> None:
    address = (2 << 20) + 0x1F020
    found = sent(
        f"address = {address} : ui32, data = array<i32: 3, -4>, opcode = 0 : i32, "
        "stream_id = 9 : i32"
    )
    assert found[0] & 0x7FFFFFFF == 1 << 12 | 27
    assert found[1] & 0x7FFFFFFF == 9 << 24 | 0 << 22 | (2 - 1) << 20 | 0x1F020
    assert all(bin(header).count("1") % 2 for header in found[:2])
    assert found[2:] == (3, 2**32 - 4)


def test_a_read_asks_for_words_and_sends_none() -> None:
    found = sent(
        "address = 2098176 : ui32, length = 4 : i32, opcode = 1 : i32, stream_id = 2 : i32"
    )
    assert len(found) == 2
    assert found[1] & 0x7FFFFFFF == 2 << 24 | 1 << 22 | (4 - 1) << 20 | 0x400


@pytest.mark.parametrize(
    ("data", "tile", "message"),
    [
        (
            "1, 2, 3, 4, 5",
            "{controller_id = #aie.packet_info<pkt_type = 0, pkt_id = 27>}",
            "1 to 4",
        ),
        ("1", "", "has no controller id"),
    ],
)
def test_a_packet_that_cannot_arrive_is_refused(data: str, tile: str, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        sent(
            f"address = 2097152 : ui32, data = array<i32: {data}>, opcode = 0 : i32, "
            "stream_id = 0 : i32",
            tile,
        )
