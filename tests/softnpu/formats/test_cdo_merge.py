from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import cdo
from softnpu.formats.cdo import Cdo, Command
from softnpu.formats.cdo_merge import merge
from softnpu.formats.operations import BlockWrite, Nop
from softnpu.formats.records import word_bytes
from tests.conftest import MARCH_DESIGNS

DATA_AT = 0x150


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_real_files_merge_into_what_bootgen_packed(march: Path, design: str) -> None:
    parts = [
        cdo.parse((march / design / f"main_aie_cdo_{part}.bin").read_bytes())
        for part in ("elfs", "init", "enable")
    ]
    packed = (march / design / "design.pdi").read_bytes()[DATA_AT:]
    merged = merge(parts)
    assert packed[: len(merged)] == merged
    assert not any(packed[len(merged) :])


def test_merging_keeps_what_the_files_mean(march: Path) -> None:
    part = cdo.parse((march / "distribute_join" / "main_aie_cdo_init.bin").read_bytes())
    meant = [o for o in cdo.operations(part) if not isinstance(o, Nop)]
    merged = cdo.operations(cdo.parse(merge([part, part])))
    assert [o for o in merged if not isinstance(o, Nop)] == 2 * meant


def commands(*given: Command) -> tuple[Command, ...]:
    return cdo.parse(merge([Cdo(given)])).commands


def test_addresses_above_four_gigabytes_keep_their_64_bits() -> None:
    low = Command(cdo.WRITE64, word_bytes([0, 0x1000, 5]))
    high = Command(cdo.WRITE64, word_bytes([1, 0x1000, 5]))
    assert commands(low, high) == (Command(cdo.WRITE, word_bytes([0x1000, 5])), high)


def test_a_block_of_one_word_becomes_a_write() -> None:
    block = Command(cdo.DMA_WRITE, word_bytes([0, 0x1000, 5]))
    assert commands(block) == (Command(cdo.WRITE, word_bytes([0x1000, 5])),)


@pytest.mark.parametrize("address", [0x1000, 0x1004, 0x1008, 0x100C])
def test_block_data_are_aligned_like_their_address(address: int) -> None:
    block = Command(cdo.DMA_WRITE, word_bytes([0, address, 1, 2]))
    merged = merge([Cdo((block,))])
    data_word = merged.index(word_bytes([1, 2])) // 4
    assert data_word % 4 == address // 4 % 4


def test_commands_behind_an_end_mark_are_left_out() -> None:
    end = Command(cdo.END_MARK)
    assert commands(Command(cdo.NOP), end, Command(cdo.DELAY, bytes(4))) == (Command(cdo.NOP),)


def test_commands_that_bootgen_would_rewrite_unknown_to_us_are_refused() -> None:
    with pytest.raises(FormatError, match=r"proc .* cannot be packed"):
        merge([Cdo((Command(0x11A, bytes(4)),))])


def test_merged_blocks_hold_the_same_bytes() -> None:
    block = BlockWrite(0x220000, bytes(range(64)))
    merged = cdo.operations(cdo.parse(merge([cdo.from_operations([block])])))
    assert block in merged
