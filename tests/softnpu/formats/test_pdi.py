from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import pdi
from softnpu.formats.operations import MaskWrite
from softnpu.formats.pdi import Image, Partition, Pdi
from tests.conftest import DESIGNS
from tests.softnpu.formats.strategies import blocks, u32

PARTS = ("elfs", "init", "enable")


def cdo_files(golden: Path, design: str) -> list[bytes]:
    return [(golden / design / f"main_aie_cdo_{part}.bin").read_bytes() for part in PARTS]


@pytest.mark.parametrize("design", DESIGNS)
def test_cdo_files_are_packed_into_the_bytes_that_bootgen_wrote(golden: Path, design: str) -> None:
    expected = (golden / design / "design.pdi").read_bytes()
    assert pdi.from_cdos(cdo_files(golden, design)) == expected


@pytest.mark.parametrize("design", DESIGNS)
def test_real_images_are_rebuilt_byte_for_byte(golden: Path, design: str) -> None:
    data = (golden / design / "design.pdi").read_bytes()
    assert pdi.build(pdi.parse(data)) == data


@given(
    blocks,
    u32,
    st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=15),
    u32,
    u32,
    u32,
)
def test_any_image_survives(data, attributes, name, image_id, id_code, extended) -> None:
    image = Pdi((Image((Partition(data, attributes),), name, image_id),), id_code, extended)
    assert pdi.parse(pdi.build(image)) == image


def test_the_commands_inside_are_those_of_the_files(golden: Path) -> None:
    from softnpu.formats import cdo

    image = pdi.parse(pdi.from_cdos(cdo_files(golden, "passthrough_core")))
    assert cdo.operations(image.cdo())[-1] == MaskWrite(0x232000, mask=1, value=1)


def test_data_that_are_no_cdo_are_named_not_misread() -> None:
    other = Partition(bytes.fromhex("01000000 02000000 00203200 00000000"))
    image = pdi.parse(pdi.build(Pdi((Image((other,)),))))
    assert not image.images[0].partitions[0].holds_cdo
    with pytest.raises(FormatError, match=r"starting 01000000 02000000 .* is no CDO"):
        image.cdo()


def test_damage_is_told_with_its_place(golden: Path) -> None:
    data = (golden / "explicit_dma" / "design.pdi").read_bytes()
    with pytest.raises(FormatError, match="lie outside the file of 500 bytes: it is cut off"):
        pdi.parse(data[:500])
    with pytest.raises(FormatError, match="checksum at byte 0x8c should be"):
        pdi.parse(data[:0x20] + b"\xff" + data[0x21:])
    with pytest.raises(FormatError, match="expected a PDI: this is an instruction stream"):
        pdi.parse((golden / "explicit_dma" / "insts.bin").read_bytes()[:16])


def test_images_that_an_npu_does_not_have_are_refused() -> None:
    two = Partition(b"")
    with pytest.raises(FormatError, match="one image with one partition"):
        pdi.build(Pdi((Image((two, two)),)))
    with pytest.raises(FormatError, match="longer than 15 bytes"):
        pdi.build(Pdi((Image((two,), name="a" * 16),)))
