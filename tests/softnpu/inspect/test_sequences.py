from __future__ import annotations

from pathlib import Path

from softnpu.formats import txn
from softnpu.formats.records import word_bytes, words
from softnpu.inspect.files import describe
from softnpu.inspect.report import to_json, to_text
from tests.softnpu.formats.test_control_packets import READ, control, stream
from tests.softnpu.formats.test_trace import packet


def shown(data: bytes) -> list[str]:
    return [" ".join(line.split()) for line in to_text(describe(data))]


def as_text(data: bytes) -> bytes:
    return "\n".join(f"{word:08x}" for word in words(data)).encode()


def test_a_stream_as_text_is_read(march: Path) -> None:
    data = (march / "explicit_dma" / "insts.bin").read_bytes()
    found = describe("\n".join(f"{word:08x}" for word in words(data)).encode())
    assert found.title == "instruction stream as text"
    assert len(to_json(found)["operations"]) == 8


def test_a_device_of_another_width_is_told_by_its_generation() -> None:
    """mlir-aie wrote five columns into every stream for npu1 until 2025."""
    assert "device: npu1 (5 columns, 6 rows)" in shown(txn.build(txn.Txn(3, 6, 5, 1, ())))
    (told,) = (line for line in shown(txn.build(txn.Txn(9, 6, 4, 1, ()))) if "device" in line)
    assert told == "device: generation 9, unknown (4 columns, 6 rows)"


def test_a_stream_of_before_txn_is_shown_like_one() -> None:
    data = word_bytes([2, 41, 0x02000200, 0x2C00, 7, 0x03000001, 0x01010100])
    text = shown(data)
    assert text == [
        "instruction stream of before TXN (DPU)",
        "prolog: 2 words",
        "operations: 2",
        "0 write (0,2) core DataMemory+0x2c00 0x00000007",
        "1 wait (0,0) shim for the task-complete token of MM2S channel 1",
    ]
    assert shown(as_text(data)) == [f"{text[0]} as text", *text[1:]]
    assert to_json(describe(data))["prolog"] == [2, 41]


def test_control_packets_are_shown_by_what_lies_at_their_address() -> None:
    data = word_bytes(
        [
            *(stream(27), control(0x1D000, 2), 5, 6),
            *(stream(26, column=1), control(0xA0000), 7),
            *(stream(27), control(0x400, 4, READ, response=9)),
        ]
    )
    assert shown(data) == [
        "control packets",
        "packets: 3",
        "0 column 0 id 27 write 0x1d000 DMA_BD0_0 (shim or core);"
        " DataMemory+0x1d000 (memory) 00000005 00000006",
        "1 column 1 id 26 write 0xa0000 DMA_BD0_0 (memory) 00000007",
        "2 column 0 id 27 read 0x00400 DataMemory+0x400 (memory or core)"
        " 4 words, answered with id 9",
    ]


def test_packets_without_a_stream_header_say_so() -> None:
    words = [control(0x32000), 0, control(0x1DE10), 2, control(0x1DE18), 2]
    assert "note: without stream headers, which the shim's DMA adds" in shown(word_bytes(words))


def test_a_trace_is_summed_up_by_source() -> None:
    data = word_bytes([*packet(), *packet(type=1, id=2), *packet(), *[0] * 8])
    text = shown(data)
    assert text[:4] == [
        "trace",
        "packets: 3, 96 bytes",
        "note: mlir-aie's aie.utils.trace.parse makes events of it, with the design",
        "(1,2) core, packet id 1 2 packets, mode 0",
    ]
    assert shown(as_text(data))[0] == "trace as text"
