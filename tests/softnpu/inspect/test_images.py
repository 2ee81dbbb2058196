from pathlib import Path

from softnpu.formats import pdi
from softnpu.formats.records import words
from softnpu.inspect.images import describe_cdo, describe_pdi, describe_txn
from softnpu.inspect.report import to_json, to_text
from tests.softnpu.formats.test_cdo_compact import compacted


def test_a_stream_as_text_is_read(golden: Path) -> None:
    data = (golden / "explicit_dma" / "insts.bin").read_bytes()
    found = describe_txn("\n".join(f"{word:08x}" for word in words(data)).encode())
    assert found.title == "instruction stream as text"
    assert len(to_json(found)["operations"]) == 8


def test_a_cdo_counts_the_no_ops_that_it_hides(golden: Path) -> None:
    found = describe_cdo((golden / "packet_routes" / "main_aie_cdo_init.bin").read_bytes())
    data = to_json(found)
    hidden = sum(row["op"] == "nop" for row in data["operations"])
    assert f"{hidden} of them no-ops" in "\n".join(to_text(found))


def test_a_compact_payload_is_named_and_decoded(golden: Path) -> None:
    image = (golden / "packet_routes" / "design.pdi").read_bytes()
    plain, compact = describe_pdi(image).parts[0], describe_pdi(compacted(image)).parts[0]
    assert "compact CDO" in compact.title
    assert {name: text for name, text, _ in compact.facts}["form"].startswith("compact, as")
    visible = [row.text[6:] for row in plain.rows if not row.hidden]
    assert [row.text[6:] for row in compact.rows] == visible


def test_the_missing_end_of_a_compact_payload_is_told(golden: Path) -> None:
    image = compacted((golden / "initial_data" / "design.pdi").read_bytes())
    text = "\n".join(to_text(describe_pdi(image[:-20])))
    assert "the last 20 bytes of data are missing" in text


def test_data_that_are_no_cdo_are_shown_as_bytes() -> None:
    partition = pdi.Partition(bytes.fromhex("01000000 02000000"))
    image = pdi.build(pdi.Pdi((pdi.Image((partition,)),)))
    text = "\n".join(to_text(describe_pdi(image)))
    assert "partition 0: 8 bytes that are no CDO" in text
    assert "01000000 02000000" in text
