from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import pdi
from softnpu.formats.operations import MaskWrite
from softnpu.formats.pdi import Image, Partition, Pdi
from softnpu.formats.records import word_bytes
from tests.conftest import MARCH_DESIGNS
from tests.softnpu.formats.strategies import blocks, u32

PARTS = ("elfs", "init", "enable")


def cdo_files(march: Path, design: str) -> list[bytes]:
    return [(march / design / f"main_aie_cdo_{part}.bin").read_bytes() for part in PARTS]


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_cdo_files_are_packed_into_the_bytes_that_bootgen_wrote(march: Path, design: str) -> None:
    expected = (march / design / "design.pdi").read_bytes()
    assert pdi.from_cdos(cdo_files(march, design)) == expected


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_real_images_are_rebuilt_byte_for_byte(march: Path, design: str) -> None:
    data = (march / design / "design.pdi").read_bytes()
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


def test_the_commands_inside_are_those_of_the_files(march: Path) -> None:
    from softnpu.formats import cdo

    image = pdi.parse(pdi.from_cdos(cdo_files(march, "passthrough_core")))
    assert cdo.operations(image.cdo())[-1] == MaskWrite(0x232000, mask=1, value=1)


def test_data_that_are_no_cdo_are_named_not_misread() -> None:
    other = Partition(bytes.fromhex("01000000 02000000 00203200 00000000"))
    image = pdi.parse(pdi.build(Pdi((Image((other,)),))))
    assert not image.images[0].partitions[0].holds_cdo
    with pytest.raises(FormatError, match=r"starting 01000000 02000000 .* is no CDO"):
        image.cdo()


def test_damage_is_told_with_its_place(march: Path) -> None:
    data = (march / "explicit_dma" / "design.pdi").read_bytes()
    with pytest.raises(FormatError, match="lie outside the file of 500 bytes: it is cut off"):
        pdi.parse(data[:500])
    with pytest.raises(FormatError, match="checksum at byte 0x8c should be"):
        pdi.parse(data[:0x20] + b"\xff" + data[0x21:])
    with pytest.raises(FormatError, match="expected a PDI: this is an instruction stream"):
        pdi.parse((march / "explicit_dma" / "insts.bin").read_bytes()[:16])


def test_images_that_an_npu_does_not_have_are_refused() -> None:
    two = Partition(b"")
    with pytest.raises(FormatError, match="one image with one partition"):
        pdi.build(Pdi((Image((two, two)),)))
    with pytest.raises(FormatError, match="longer than 15 bytes"):
        pdi.build(Pdi((Image((two,), name="a" * 16),)))


def boot_image(image: bytes) -> bytes:
    """The image moved behind a boot header, which says where its table is (bootgen's layout)."""
    base = 0xF80
    moved = bytearray(image)
    for header, at, fields in (
        (pdi._TableHeader, 0x10, ("first_image", "first_partition")),
        (pdi._ImageHeader, 0x90, ("partition_header",)),
        (pdi._PartitionHeader, 0xD0, ("offset",)),
    ):
        read = header.read(image, at)
        told = replace(read, **{field: getattr(read, field) + base // 4 for field in fields})
        moved[at : at + header.byte_size()] = pdi._with_checksum(told)
    start = bytearray(pdi.PDI_MAGIC + bytes.fromhex("665599aa584e4c58")).ljust(base, b"\0")
    start[0xC4:0xC8] = word_bytes([base + 0x10])
    return bytes(start + moved)


def test_a_boot_image_of_a_versal_is_read_behind_its_boot_header(march: Path) -> None:
    image = (march / "explicit_dma" / "design.pdi").read_bytes()
    found = pdi.parse_boot_image(boot_image(image))
    assert found.images == pdi.parse(image).images
    assert found.images[0].partitions[0].type_name == "CDO"


@pytest.mark.parametrize(
    ("end", "message"),
    [(0x40, "ends within its header"), (0x1000, "header table at byte 0xf90 takes 128 bytes")],
)
def test_a_boot_image_that_is_cut_off_says_so(march: Path, end: int, message: str) -> None:
    image = boot_image((march / "explicit_dma" / "design.pdi").read_bytes())
    with pytest.raises(FormatError, match=message):
        pdi.parse_boot_image(image[:end])


def test_a_boot_image_is_no_pdi_of_an_npu(march: Path) -> None:
    image = boot_image((march / "explicit_dma" / "design.pdi").read_bytes())
    with pytest.raises(FormatError, match="this is a boot image of a Versal device"):
        pdi.parse(image)
