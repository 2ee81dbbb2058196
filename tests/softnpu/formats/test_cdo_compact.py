from __future__ import annotations

import hashlib
from itertools import groupby
from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import cdo, cdo_compact, pdi
from softnpu.formats.records import word_bytes

HEADERS = 0x150
DATA = HEADERS + 4 * cdo.HEADER_WORDS


def compacted(image: bytes) -> bytes:
    """What `xclbinutil --transform-pdi` makes of a PDI without all-zero data."""
    zone, store = b"", b""
    commands = [c for c in pdi.parse(image).cdo().commands if c.code != cdo.NOP]
    for code, group in groupby(commands, lambda command: command.code):
        alike = list(group)
        zone += word_bytes([code & 0xFF, len(alike)])
        for command in alike:
            if code == cdo.DMA_WRITE:
                data = command.payload[8:]
                zone += command.payload[:8] + word_bytes([len(store), len(data) // 4])
                store += data
            else:
                zone += command.payload
    mark = word_bytes([1, len(zone), cdo_compact.check_word(len(zone))])
    return image[: HEADERS - 16] + mark + image[HEADERS - 4 : DATA] + zone + store


MADE_BY_XCLBINUTIL = {
    "explicit_dma": "53ca3e912ff7c3efa7de72f5d667dc585938abd61f4430d7037d34b0c1f1e647",
    "packet_routes": "5ba033643800b2ab11deb92f9eba8def425c64b85ae0df448ffb4b04626b9583",
}


@pytest.mark.parametrize("design", MADE_BY_XCLBINUTIL)
def test_the_form_is_that_of_amds_tool(march: Path, design: str) -> None:
    made = compacted((march / design / "design.pdi").read_bytes())
    assert hashlib.sha256(made).hexdigest() == MADE_BY_XCLBINUTIL[design]


@pytest.mark.parametrize("design", ["initial_data", "packet_routes", "passthrough_core"])
def test_its_commands_are_those_of_the_plain_form(march: Path, design: str) -> None:
    image = (march / design / "design.pdi").read_bytes()
    plain = pdi.parse(image).cdo().commands
    partition = pdi.parse(compacted(image)).images[0].partitions[0]
    assert partition.is_compact
    assert partition.cdo().commands == tuple(c for c in plain if c.code != cdo.NOP)


def test_the_end_that_old_tools_forgot_is_filled_with_zeros(march: Path) -> None:
    whole = compacted((march / "initial_data" / "design.pdi").read_bytes())
    partition = pdi.parse(whole[:-20]).images[0].partitions[0]
    assert partition.command_bytes is not None
    assert cdo_compact.missing(partition.data, partition.command_bytes) == 20
    (*_, last), (*_, cut) = (
        [c for c in image.commands if c.code == cdo.DMA_WRITE]
        for image in (pdi.parse(whole).cdo(), partition.cdo())
    )
    assert cut.payload == last.payload[:-20] + bytes(20)
    with pytest.raises(FormatError, match="of the data zone"):
        pdi.parse(whole[:-24]).cdo()


def test_the_mark_must_vouch_for_the_length(march: Path) -> None:
    image = bytearray(compacted((march / "initial_data" / "design.pdi").read_bytes()))
    image[HEADERS - 12] ^= 4
    with pytest.raises(FormatError, match="checksum at byte 0x14c"):
        pdi.parse(bytes(image))


def test_a_compact_image_is_not_written(march: Path) -> None:
    image = pdi.parse(compacted((march / "initial_data" / "design.pdi").read_bytes()))
    with pytest.raises(FormatError, match="cannot be written"):
        pdi.build(image)


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ([0x11, 1, 0], r"a group of commands 0x11 \(nop\) at byte 0x14"),
        ([3, 0xFFFFFFFF, 0, 0], "says 4294967295 commands, but only 2 words are left"),
        ([3], "says 1 commands, but only 0 words are left"),
        ([5, 1, 0, 0x1000, 4, 1], "takes 4 bytes at 4 of the data zone, where 0 of 8 are taken"),
        ([5, 1, 0, 0x1000, 0, 0xFFFF], "takes 262140 bytes"),
    ],
)
def test_damage_is_told(zone: list[int], message: str) -> None:
    data = cdo.with_header(b"") + word_bytes(zone) + bytes(8)
    with pytest.raises(FormatError, match=message):
        cdo_compact.parse(data, 4 * len(zone))


def test_a_zone_longer_than_the_file_is_refused() -> None:
    with pytest.raises(FormatError, match="does not fit"):
        cdo_compact.parse(cdo.with_header(b""), 4)


def test_check_words_are_those_of_real_files() -> None:
    assert cdo_compact.check_word(15376) == 0x3C108966
    assert cdo_compact.check_word(17040) == 0x42908966
