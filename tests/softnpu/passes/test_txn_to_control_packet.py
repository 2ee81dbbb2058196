"""Block writes as control packets."""

from __future__ import annotations

from softnpu.passes.txn_to_control_packet import LegalizeControlPacketPass, TxnToControlPacketPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import design, steps_of


def test_a_block_write_becomes_packets_of_at_most_four_words(lower: Lower) -> None:
    before = 'memref.global "private" constant @data : memref<6xi32> = dense<[1, 2, 3, 4, -5, 6]>'
    text = design(
        """%0 = memref.get_global @data : memref<6xi32>
        aiex.npu.blockwrite(%0) {address = 4096 : ui32} : memref<6xi32>""",
        before=before,
    )
    lowered = steps_of(lower(text, TxnToControlPacketPass(), LegalizeControlPacketPass()))
    assert [step for step in lowered if "control_packet" in step] == [
        "aiex.control_packet {address = 4096 : ui32, data = array<i32: 1, 2, 3, 4>, "
        "opcode = 0 : i32, stream_id = 0 : i32}",
        "aiex.control_packet {address = 4112 : ui32, data = array<i32: -5, 6>, "
        "opcode = 0 : i32, stream_id = 0 : i32}",
    ]
