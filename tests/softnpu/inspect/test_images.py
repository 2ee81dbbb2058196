from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import cdo, pdi
from softnpu.inspect.files import describe, report
from softnpu.inspect.images import describe_cdo, describe_pdi
from softnpu.inspect.report import to_json, to_text
from tests.softnpu.formats.test_cdo_compact import compacted
from tests.softnpu.formats.test_pdi import boot_image


def test_a_cdo_counts_the_no_ops_that_it_hides(march: Path) -> None:
    found = describe_cdo((march / "packet_routes" / "main_aie_cdo_init.bin").read_bytes())
    data = to_json(found)
    hidden = sum(row["op"] == "nop" for row in data["operations"])
    assert f"{hidden} of them no-ops" in "\n".join(to_text(found))


def test_a_compact_payload_is_named_and_decoded(march: Path) -> None:
    image = (march / "packet_routes" / "design.pdi").read_bytes()
    plain, compact = describe_pdi(image).parts[0], describe_pdi(compacted(image)).parts[0]
    assert "compact CDO" in compact.title
    assert {name: text for name, text, _ in compact.facts}["form"].startswith("compact, as")
    visible = [row.text[6:] for row in plain.rows if not row.hidden]
    assert [row.text[6:] for row in compact.rows] == visible


def test_the_missing_end_of_a_compact_payload_is_told(march: Path) -> None:
    image = compacted((march / "initial_data" / "design.pdi").read_bytes())
    text = "\n".join(to_text(describe_pdi(image[:-20])))
    assert "the last 20 bytes of data are missing" in text


def test_data_that_are_no_cdo_are_shown_as_bytes() -> None:
    partition = pdi.Partition(bytes.fromhex("01000000 02000000"))
    image = pdi.build(pdi.Pdi((pdi.Image((partition,)),)))
    text = "\n".join(to_text(describe_pdi(image)))
    assert "partition 0: 8 bytes that are no CDO" in text
    assert "01000000 02000000" in text


ADD_NODE = cdo.Command(0x239, bytes(12))
PLATFORM = cdo.build(cdo.Cdo((ADD_NODE, ADD_NODE, cdo.Command(cdo.WRITE, bytes(8)))))
SHOWN = [
    "configuration data object (CDO) of a Versal's platform, not of an NPU",
    "commands: 3",
    "power management 0x239 2",
    "write 1",
]


def shown(data: bytes) -> list[str]:
    return [" ".join(line.split()) for line in to_text(describe(data))]


def test_what_sets_up_a_versal_is_named_and_counted() -> None:
    assert shown(PLATFORM) == SHOWN


def test_what_lies_behind_a_versals_cdo_is_told() -> None:
    assert shown(PLATFORM + bytes(16))[2] == "note: 16 bytes follow that its header does not count"
    with pytest.raises(FormatError, match="followed by something else"):
        describe(cdo.build(cdo.Cdo((cdo.Command(cdo.NOP),))) + bytes(16))


def test_a_versals_cdo_as_text_is_read_like_one() -> None:
    lines = [PLATFORM[n : n + 4].hex().upper() for n in range(0, len(PLATFORM), 4)]
    text = "\n".join(["Xilinx ASCII PSAXIMM Deviceimage", "Bits:    320", *lines, ""])
    assert shown(text.encode()) == [f"{SHOWN[0]}, written as text", *SHOWN[1:]]
    for damaged, message in (
        (text.replace(lines[2], "0000"), "line 5: '0000' is no word of 8"),
        ("Xilinx ASCII\nBits: 8\n", "no data behind the header"),
        ("Xilinx ASCII\n", "no data behind the header"),
    ):
        with pytest.raises(FormatError, match=message):
            describe(damaged.encode())


def test_the_images_of_a_boot_image_are_listed(march: Path, tmp_path: Path) -> None:
    path = tmp_path / "boot.pdi"
    path.write_bytes(boot_image((march / "explicit_dma" / "design.pdi").read_bytes()))
    found = to_json(report(path))
    assert "boot image of a Versal device (PDI), not of an NPU" in found["title"]
    (image,) = found["images"]
    assert (image["name"], image["partitions"][0]["type"]) == ("aie_image", "CDO")
    assert "note" not in found, "its name does not lie"
