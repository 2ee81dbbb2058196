"""Control packets sent from a host buffer."""

from __future__ import annotations

import pytest

from softnpu.passes.ctrl_packet_to_dma import CtrlPacketInferTilesPass, CtrlPacketToDmaPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import design, steps_of


def packet(row: int, words: int, offset: int = 0) -> str:
    data = ", ".join(str(number) for number in range(words))
    return (
        f"aiex.control_packet {{address = {(row << 20) + offset} : ui32, "
        f"data = array<i32: {data}>, opcode = 0 : i32, stream_id = 0 : i32}}"
    )


def sent(lower: Lower, steps: str, device: str) -> list[tuple[str, str]]:
    """(offset and size, channel) of each transfer."""
    lowered = steps_of(lower(design(steps, device=device, before=""), CtrlPacketToDmaPass()))
    transfers = [step for step in lowered if "dma_memcpy_nd" in step]
    assert len([step for step in lowered if "npu.sync" in step]) == len(transfers)
    return [
        (
            step[step.index("%arg2") + 5 : step.index(" {")].replace("[0, 0, 0, 1])", ""),
            step[step.index("chan") : step.index("}")],
        )
        for step in transfers
    ]


STEPS = "\n".join([packet(0, 1), packet(0, 4, 16), packet(3, 2)])


def test_each_packet_is_sent_with_its_two_headers(lower: Lower) -> None:
    assert sent(lower, STEPS, "npu1") == [
        ("[0, 0, 0, 0][1, 1, 1, 3]", "chan0"),
        ("[0, 0, 0, 3][1, 1, 1, 6]", "chan0"),
        ("[0, 0, 0, 9][1, 1, 1, 4]", "chan1"),
    ]


def test_the_second_generation_sends_packets_to_one_tile_together(lower: Lower) -> None:
    assert sent(lower, STEPS, "npu2") == [
        ("[0, 0, 0, 0][1, 1, 1, 9]", "chan0"),
        ("[0, 0, 0, 9][1, 1, 1, 4]", "chan1"),
    ]


def test_another_step_between_packets_keeps_them_apart(lower: Lower) -> None:
    between = "aiex.npu.write32 {address = 0 : ui32, value = 0 : ui32}"
    steps = "\n".join([packet(0, 1), between, packet(0, 1)])
    assert len(sent(lower, steps, "npu2")) == 2


@pytest.mark.parametrize(("row", "id"), [(0, 15), (2, 27), (5, 31)])
def test_tiles_that_packets_are_for_get_controller_ids(lower: Lower, row: int, id: int) -> None:
    lowered = lower(design(packet(row, 1), before=""), CtrlPacketInferTilesPass())
    expected = f"aie.tile(0, {row}) {{controller_id = #aie.packet_info<pkt_type = 0, pkt_id = {id}>"
    assert expected in lowered
