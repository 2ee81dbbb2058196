import pytest

from softnpu.arch.address import tile_address
from softnpu.formats.operations import (
    AddressPatch,
    BlockSet,
    BlockWrite,
    CreateScratchpad,
    Custom,
    Delay,
    LoadPdi,
    LoadProgram,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Nop,
    Preempt,
    Sync,
    UpdateRegister,
    UpdateScratchpad,
    UpdateState,
    Write,
)
from softnpu.formats.records import word_bytes
from softnpu.inspect.operations import rows


def text(operation) -> str:
    """The one row of an operation, its columns joined by single spaces."""
    return " ".join(rows([operation])[0].text.split())


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (
            Write(tile_address(1, 2, 0x32000), 1),
            "0 write (1,2) core Core_Control 0x00000001 Enable=1",
        ),
        (
            MaskWrite(tile_address(0, 2, 0x32000), 2, 0),
            "0 mask write (0,2) core Core_Control 0x00000000 mask 0x00000002 Reset=0",
        ),
        (
            MaskPoll(tile_address(0, 2, 0x32004), 1, 1, 5),
            "0 poll (0,2) core Core_Status until & 0x00000001 = 0x00000001 at most 5 ms",
        ),
        (
            BlockSet(tile_address(0, 1, 0), 0, 16),
            "0 fill (0,1) memory DataMemory 16 words of 0x00000000",
        ),
        (
            BlockWrite(tile_address(0, 2, 0x20010), bytes(1024)),
            "0 block (0,2) core Program_Memory+0x10 1 KiB 00000000 00000000 00000000 00000000 …",
        ),
        (
            AddressPatch(tile_address(0, 0, 0x1D024), 1, 4096),
            "0 patch (0,0) shim DMA_BD1 base address = address of buffer 1 (bo1) + 4096 bytes",
        ),
        (
            AddressPatch(tile_address(0, 0, 0x1D024), 5, 0x80000004),
            "0 patch (0,0) shim DMA_BD1 base address = address of buffer 5 (bo5) + 4 bytes,"
            " translated by 0x80000000",
        ),
        (
            Sync(0, 0, 0, 1),
            "0 wait (0,0) shim for the task-complete token of S2MM channel 1",
        ),
        (
            Sync(0, 0, 1, 0, columns=2),
            "0 wait (0,0) to (1,0) shim for the task-complete token of MM2S channel 0",
        ),
        (
            Write(tile_address(0, 2, 0x12344), 7),
            "0 write (0,2) core unknown register 0x12344 0x00000007",
        ),
        (LoadPdi(2), "0 load PDI 2"),
        (Preempt(1), "0 preempt may be interrupted here, saving memory tiles"),
        (Delay(10), "0 delay 10 cycles"),
        (MergeSync(8, 4), "0 wait for 8 task-complete tokens of the first 4 columns"),
        (LoadProgram(3, 12), "0 load PM 3, by the next 12 operations"),
        (CreateScratchpad(128), "0 scratchpad fetches 128 bytes from the host"),
        (UpdateScratchpad(), "0 scratchpad goes back to the host"),
        (UpdateState(4, 0, 6), "0 state entry 4 = state 4 * 6"),
        (UpdateState(4, 9, 6), "0 state entry 4 = function 9 of state 4 and 6"),
        (
            UpdateRegister(tile_address(0, 0, 0x1D004), 2, 1, 64),
            "0 update (0,0) shim DMA_BD0_1 += state 2 + 64",
        ),
        (
            MaskPoll(tile_address(0, 2, 0x43BFC), 1, 1),
            "0 poll (0,2) core Lock_Request+0x3bfc until & 0x00000001 = 0x00000001"
            " acquires lock 14, which changes by -1",
        ),
        (
            MaskPoll(tile_address(0, 1, 0xDC404), 1, 1),
            "0 poll (0,1) memory Lock_Request+0xc404 until & 0x00000001 = 0x00000001"
            " releases lock 49, which changes by +1",
        ),
        (Custom(0x83, word_bytes([7])), "0 firmware record_timer 7"),
        (
            Custom(0x82, word_bytes([1, 0, tile_address(0, 2, 0x32004), 0])),
            "0 firmware read_regs, 1 register",
        ),
        (Custom(0x86, word_bytes([5])), "0 firmware operation 0x86, 4 bytes: 00000005"),
        (Custom(0x86, b""), "0 firmware operation 0x86, 0 bytes"),
    ],
)
def test_each_operation_is_a_line_that_names_tile_and_register(operation, expected) -> None:
    assert text(operation) == expected


def test_a_descriptor_written_as_a_block_is_told_as_one() -> None:
    words = [256, 0, 0, 0, 0x80000000, 0, 0, 0x02000000]
    row = rows([BlockWrite(0x1D020, word_bytes(words))])[0]
    assert "descriptor (0,0) shim     DMA_BD1" in row.text
    assert row.data["fields"]["buffer_length"] == 256


def test_registers_written_as_a_block_are_told_one_by_one() -> None:
    address = tile_address(0, 2, 0x3F000)
    row = rows([BlockWrite(address, word_bytes([0x80000001, 0]))])[0]
    assert [" ".join(line.split()) for line in row.details] == [
        "Stream_Switch_Master_Config_AIE_Core0 0x80000001 from DMA0",
        "Stream_Switch_Master_Config_DMA0 0x00000000 disabled",
    ]


def test_padding_is_counted_but_not_shown() -> None:
    shown, hidden = rows([Write(0, 0), Nop(2)])
    assert (shown.hidden, hidden.hidden) == (False, True)
    assert hidden.data == {"index": 1, "op": "nop", "words": 2}


def test_the_registers_that_the_firmware_reads_are_named() -> None:
    (row,) = rows([Custom(0x82, word_bytes([1, 0, tile_address(0, 2, 0x32004), 0]))])
    assert row.details == ("(0,2) core     Core_Status",)
