import pytest

from softnpu.arch.register import Module
from softnpu.arch.register_text import masked_fields
from softnpu.arch.registers import decode, lookup
from softnpu.arch.tiles import TileKind

CORE, MEMORY, SHIM = TileKind.CORE, TileKind.MEMORY, TileKind.SHIM


@pytest.mark.parametrize(
    ("kind", "offset", "value", "text"),
    [
        (CORE, 0x32000, 0x3, "Reset=1 Enable=1"),
        (CORE, 0x32000, 0x0, "all 0"),
        (CORE, 0x32000, 0x11, "Enable=1 other bits 0x10"),
        (CORE, 0x1F000, 0x0, "Lock_value=0"),
        (CORE, 0x3F004, 0x80000006, "from South1"),
        (CORE, 0x3F004, 0xC0000088, "packets of arbiter 0, master select 0, drops header"),
        (SHIM, 0x3F008, 0xC0000045, "packets of arbiter 5, master select 3"),
        (SHIM, 0x3F200, 0x0F1F0135, "packets with id 15 to arbiter 5, master select 3"),
        (
            SHIM,
            0x3F200,
            0x001C0100,
            "packets with id 0 under mask 0x1c to arbiter 0, master select 0",
        ),
        (SHIM, 0x3F13C, 0xC0000000, "enabled, packet switched"),
        (SHIM, 0x1F000, 0x400, "South3=DMA"),
        (SHIM, 0x1D204, 0x80030001, "starts BD 1, 4 times, token when done"),
        (CORE, 0x36060, 0x1, "cascade from West to South"),
        (CORE, 0x1D014, 0x0600_1FE0 | 0xFC << 16, "Use_Next_BD=1 Valid_BD=1 Lock_Rel_Value=63 "
         "Lock_Acq_Enable=1 Lock_Acq_Value=-1"),
        (CORE, 0x12345, 0x7, "0x7"),
    ],
)  # fmt: skip
def test_values_are_put_into_words(kind: TileKind, offset: int, value: int, text: str) -> None:
    assert decode(kind, offset, value) == text


def test_a_masked_write_shows_what_it_clears_too() -> None:
    control = lookup(Module.CORE, "Core_Control").register
    assert masked_fields(control, 0, 0b10) == "Reset=0"
    assert masked_fields(control, 1, 0) == "changes nothing"
    assert masked_fields(control, 0x11, 0x11) == "Enable=1 other bits 0x10=0x10"
    channel = lookup(Module.SHIM, "DMA_S2MM_0_Ctrl").register
    assert masked_fields(channel, 0xF00, 0x1F00) == "Controller_ID=15 in part"
