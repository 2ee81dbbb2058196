from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import cdo
from softnpu.formats.cdo import Cdo, Command
from softnpu.formats.operations import BlockSet, BlockWrite, MaskPoll, MaskWrite, Nop, Sync, Write
from softnpu.formats.records import word_bytes
from tests.conftest import DESIGNS
from tests.softnpu.formats.strategies import cdo_operations, cdos

PARTS = ("elfs", "init", "enable")


def real(golden: Path, design: str, part: str) -> bytes:
    return (golden / design / f"main_aie_cdo_{part}.bin").read_bytes()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("design", DESIGNS)
def test_real_files_are_rebuilt_byte_for_byte(golden: Path, design: str, part: str) -> None:
    data = real(golden, design, part)
    assert cdo.build(cdo.parse(data)) == data


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("design", DESIGNS)
def test_real_files_follow_from_their_register_operations(
    golden: Path, design: str, part: str
) -> None:
    """The no-ops and their sizes are not told: `from_operations` finds them."""
    data = real(golden, design, part)
    meant = [o for o in cdo.operations(cdo.parse(data)) if not isinstance(o, Nop)]
    assert cdo.build(cdo.from_operations(meant)) == data


def test_operations_of_a_real_file(golden: Path) -> None:
    operations = cdo.operations(cdo.parse(real(golden, "passthrough_core", "elfs")))
    assert operations[1] == MaskWrite(0x232000, mask=1, value=0)
    assert operations[7] == BlockWrite(0x220000, bytes(16))


@given(cdos)
def test_any_commands_survive(stored: Cdo) -> None:
    assert cdo.parse(cdo.build(stored)) == stored


@given(st.lists(cdo_operations, max_size=8))
def test_any_register_operations_survive(operations) -> None:
    read = cdo.operations(cdo.parse(cdo.build(cdo.from_operations(operations))))
    expected = [
        BlockWrite(o.address, word_bytes([o.value]) * o.count) if isinstance(o, BlockSet) else o
        for o in operations
    ]
    assert [o for o in read if not isinstance(o, Nop)] == expected


@pytest.mark.parametrize("length", [0, 1, 7, 252, 253, 254, 1000])
def test_block_data_lie_at_sixteen_bytes_of_the_file(length: int) -> None:
    data = b"\xaa" * 4 * length
    built = cdo.build(cdo.from_operations([Write(0, 1), BlockWrite(0x1000, data)]))
    if length == 253:
        # The driver's own off-by-one: 255 words of arguments take the long form unaccounted.
        assert (len(built) - len(data)) % 16 == 4
    else:
        assert (len(built) - len(data)) % 16 == 0


def test_long_commands_keep_their_length_in_a_word_of_its_own() -> None:
    stored = Cdo((Command(cdo.DMA_WRITE, bytes(4 * 255)),))
    data = cdo.build(stored)
    assert data[20:28] == word_bytes([0xFF0105, 255])
    assert cdo.parse(data) == stored


def test_commands_of_32_and_64_bits_mean_the_same() -> None:
    narrow = Command(cdo.MASK_WRITE, word_bytes([0x32000, 3, 1]))
    wide = Command(cdo.MASK_WRITE64, word_bytes([0, 0x32000, 3, 1]))
    assert cdo.operation_of(narrow) == cdo.operation_of(wide) == MaskWrite(0x32000, 3, 1)
    poll = Command(cdo.MASK_POLL, word_bytes([0x32004, 1, 1, 10, 0]))
    assert cdo.operation_of(poll) == MaskPoll(0x32004, 1, 1, timeout=10)


def test_commands_that_are_not_understood_are_refused_by_name() -> None:
    with pytest.raises(FormatError, match=r"dma_xfer \(0x109\) is not supported"):
        cdo.operation_of(Command(0x109, bytes(24)))
    with pytest.raises(FormatError, match=r"CDO command without a name \(0x1fe\) is not"):
        cdo.operation_of(Command(0x1FE, bytes(4)))
    with pytest.raises(FormatError, match="mask_poll has 4 arguments, found 5"):
        cdo.operation_of(Command(cdo.MASK_POLL, word_bytes([0, 0, 0, 0, 1])))
    with pytest.raises(FormatError, match="write has 2 arguments, found 1"):
        cdo.operation_of(Command(cdo.WRITE, bytes(4)))


def test_damage_is_told_with_its_place(golden: Path) -> None:
    data = real(golden, "explicit_dma", "init")
    with pytest.raises(FormatError, match="says 872 bytes, there are 100: it is cut off"):
        cdo.parse(data[:100])
    with pytest.raises(FormatError, match="checksum at byte 0x10 should be"):
        cdo.parse(data[:16] + bytes(4) + data[20:])
    with pytest.raises(FormatError, match="version 0x150"):
        cdo.parse(data[:8] + word_bytes([0x150]) + data[12:])
    with pytest.raises(FormatError, match="this is an instruction stream"):
        cdo.parse((golden / "explicit_dma" / "insts.bin").read_bytes())


def test_a_command_that_runs_out_of_the_file_is_named() -> None:
    with pytest.raises(FormatError, match=r"command write at byte 0x14 takes 8 bytes .* only 0"):
        cdo.parse(cdo.with_header(word_bytes([2 << 16 | cdo.WRITE])))
    with pytest.raises(FormatError, match="0x01000103 at byte 0x14 is no CDO command"):
        cdo.parse(cdo.with_header(word_bytes([0x01000103])))


def test_what_a_cdo_cannot_hold_is_refused() -> None:
    with pytest.raises(FormatError, match="a CDO cannot hold Sync"):
        cdo.from_operations([Sync(0, 0, 0, 0)])


def test_a_header_that_was_never_filled_in_says_so() -> None:
    data = cdo.build(Cdo((Command(cdo.NOP),)))
    with pytest.raises(FormatError, match=r"was never filled in, .* did not get to its end"):
        cdo.parse(data[:12] + bytes(8) + data[20:])


def test_commands_of_a_versals_power_management_are_not_general() -> None:
    assert all(Command(code).is_general for code in (0x103, 0x1FF))
    assert not any(Command(code).is_general for code in (0x203, 0x23E))
