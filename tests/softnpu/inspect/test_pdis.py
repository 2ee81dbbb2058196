"""Xclbins with several PDIs, each of which configures an array by itself."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from softnpu.__main__ import main
from softnpu.compiler.driver import compile_design
from softnpu.errors import FormatError
from softnpu.formats import txn, xclbin
from softnpu.formats.operations import LoadPdi, Operation, Write
from softnpu.formats.xclbin import CdoGroup, Xclbin
from softnpu.inspect.array_report import array_report
from softnpu.inspect.pdis import of_xclbin
from softnpu.inspect.report import to_json, to_text
from tests.softnpu.inspect.several import write_xclbin

BOTH = ("explicit_dma", "packet_routes")


@pytest.fixture
def both(march: Path, tmp_path: Path) -> Path:
    """Two designs in one xclbin: PDI 7 for the kernel, and PDI 4."""
    return write_xclbin(march, tmp_path / "both.xclbin", {7: BOTH[0], 4: BOTH[1]})


def lines(*paths: Path, number: int | None = None) -> list[str]:
    return list(to_text(array_report(paths, pdi_number=number)))


def alone(march: Path, design: str) -> list[str]:
    """The array of a design in an xclbin of its own, without title and size."""
    return lines(march / design / "final.xclbin")[2:]


def test_each_pdi_has_an_array_under_a_heading_of_its_own(march: Path, both: Path) -> None:
    shown = "\n".join(lines(both))
    head, first, second = re.split(r"^PDI ", shown, flags=re.MULTILINE)
    assert head == f"{both}: 2 PDIs, each with an array\n\n"
    for found, number, kernels, design in (
        (first, 7, "0x901", BOTH[0]),
        (second, 4, "none", BOTH[1]),
    ):
        assert found.startswith(f"{number}: configured array\n  id:      {number}\n")
        assert f"\n  kernels: {kernels}" in found
        array = "\n".join(f"  {line}" if line else "" for line in alone(march, design))
        assert found.split("rows\n", 1)[1].rstrip() == array


def test_json_tells_the_pdis_apart(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", "--array", "--json", str(both)]) == 0
    first, second = json.loads(capsys.readouterr().out)["parts"]
    assert [first["id"], second["id"]] == [7, 4]
    assert [first["kernels"], second["kernels"]] == [["0x901"], []]
    assert first["uuid"] == "00112233445566778899aabbccddeeff"
    assert first["parts"] != second["parts"]


def test_each_pdi_has_the_names_of_its_device(tmp_path: Path) -> None:
    devices = (
        f"aie.device(npu1_1col) @{name} {{ %t = aie.tile(0, 2)\n"
        f'%l = aie.lock(%t, 3) {{init = 1 : i32, sym_name = "of_{name}"}} }}'
        for name in ("other", "main")
    )
    (tmp_path / "design.mlir").write_text("\n".join(devices))
    compile_design(tmp_path / "design.mlir", tmp_path)
    path = tmp_path / "final.xclbin"
    main, other = of_xclbin(xclbin.parse(path.read_bytes()), beside=path).shown
    told = [one.names.lock((0, 2), 3).split(" (")[0] for one in (main, other)]
    assert told == ["lock of_main", "lock of_other"]


@pytest.mark.parametrize(("number", "design"), [(7, BOTH[0]), (4, BOTH[1])])
def test_one_of_several_pdis_is_shown_alone(
    march: Path, both: Path, number: int, design: str
) -> None:
    title, *rest = lines(both, number=number)
    assert title == f"{both}: PDI {number}: configured array"
    assert rest[-len(alone(march, design)) :] == alone(march, design)


def test_a_number_that_no_pdi_has_is_answered_with_those_there_are(
    march: Path, both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dump", "--array", "--pdi", "0", str(both)]) == 1
    message = "there is no PDI 0; the xclbin has: PDI 7, PDI 4\n"
    assert capsys.readouterr().err == f"error: {both}: {message}"
    with pytest.raises(FormatError, match=r"there is no PDI 1; the xclbin has: PDI 0 \(design\)$"):
        lines(march / BOTH[0] / "final.xclbin", number=1)
    with pytest.raises(FormatError, match="no xclbin, so it has no PDIs to choose from"):
        lines(march / BOTH[0] / "design.pdi", number=0)


def test_a_lone_pdi_needs_no_heading(march: Path) -> None:
    path = march / BOTH[0] / "final.xclbin"
    assert lines(path)[0] == f"{path}: configured array"
    assert lines(path, number=0) == lines(path)


def test_pdis_that_share_an_id_are_counted(march: Path, tmp_path: Path) -> None:
    both = write_xclbin(march, tmp_path / "both.xclbin", {7: BOTH[0], 4: BOTH[1]}, id=1)
    titles = [line for line in lines(both) if line.startswith("PDI")]
    assert titles == ["PDI 0: configured array", "PDI 1: configured array"]


def test_a_pdi_is_called_by_the_file_beside_it_that_holds_the_same(march: Path, both: Path) -> None:
    image = (march / BOTH[1] / "design.pdi").read_bytes()
    (both.parent / "adder.pdi").write_bytes(image)
    (both.parent / "another.pdi").write_bytes(image[:-1] + b"\1")
    titles = [line for line in lines(both) if line.startswith("PDI")]
    assert titles == ["PDI 7: configured array", "PDI 4 (adder): configured array"]


def test_the_authors_names_are_those_of_the_first_pdi(both: Path) -> None:
    places = [{"tile": [0, 2], "id": lock, "name": f"mine_{lock}"} for lock in range(4)]
    (both.parent / "names.json").write_text(json.dumps({"locks": places}))
    first, second = "\n".join(lines(both)).split("PDI 4")
    assert "mine_0" in first and "mine_0" not in second
    assert "mine_0" not in "\n".join(lines(both, number=4))


def test_a_damaged_pdi_is_told_and_the_others_are_shown(march: Path, both: Path) -> None:
    parsed = xclbin.parse(both.read_bytes()).spec()
    first, second = parsed.partition.pdis
    pdis = (replace(first, image=first.image[:100]), second)
    both.write_bytes(xclbin.build(replace(parsed, partition=replace(parsed.partition, pdis=pdis))))
    report = array_report([both])
    assert report.is_damaged
    shown = "\n".join(to_text(report))
    assert "damaged: PDI 7: " in shown
    assert "PDI 4: configured array" in shown
    with pytest.raises(FormatError):
        array_report([both], pdi_number=7)


def test_a_compiled_file_of_several_devices_has_their_names(tmp_path: Path) -> None:
    """The main device comes first, whatever its place in the file and so its id."""
    devices = """
      aie.device(npu1_1col) @mover {
        %shim = aie.tile(0, 0)
        %mem = aie.tile(0, 1)
        aie.flow(%shim, DMA : 0, %mem, DMA : 0)
      }
      aie.device(npu1_1col) @main {
        aie.runtime_sequence(%a: memref<8xi32>) {
          aiex.npu.load_pdi {device_ref = @mover}
        }
      }"""
    (tmp_path / "design.mlir").write_text(devices)
    compile_design(tmp_path / "design.mlir", tmp_path)
    shown = lines(tmp_path / "final.xclbin", tmp_path / "insts.bin")
    titles = [line for line in shown if line.startswith("PDI")]
    assert titles == ["PDI 2 (main): configured array", "PDI 1 (mover): configured array"]
    assert "  note:    it configures nothing" in shown
    assert "    (0,0) MM2S 0 → (0,1) S2MM 0" in shown


# What a runtime sequence does while a PDI is loaded.

START_BD_0 = Write(0x1D204, 0)
"""Shim S2MM 0's queue; column 0."""


def tasks(parsed: Xclbin, *sequence: Operation, number: int | None = None) -> list[int]:
    """How many tasks the shim has in each array."""
    found = of_xclbin(parsed, sequence, number=number)
    return [len(one.array.tiles[0, 0].tasks) for one in found.shown]


def test_what_runs_on_a_pdi_is_what_stands_behind_its_load(both: Path) -> None:
    parsed = xclbin.parse(both.read_bytes())
    start = START_BD_0
    assert tasks(parsed, start, LoadPdi(4), start, start) == [1, 2]
    assert tasks(parsed, LoadPdi(4), start, LoadPdi(7), start, LoadPdi(4), start) == [1, 2]
    assert tasks(parsed, start, LoadPdi(4), start, start, number=4) == [2]


def test_a_stream_that_loads_nothing_runs_on_the_first_pdi_or_the_one_asked_for(
    both: Path,
) -> None:
    parsed = xclbin.parse(both.read_bytes())
    assert tasks(parsed, START_BD_0) == [1, 0]
    assert tasks(parsed, START_BD_0, number=4) == [1]


def test_a_stream_that_loads_what_is_not_there_is_told(both: Path) -> None:
    stream = both.with_name("insts.bin")
    stream.write_bytes(txn.build(txn.Txn(3, 6, 1, 1, (LoadPdi(9), START_BD_0))))
    note = to_json(array_report([both, stream]))["note"]
    assert note == "the stream loads PDI 9, which is not here; what follows that is not shown"
    assert tasks(xclbin.parse(both.read_bytes()), LoadPdi(9), START_BD_0) == [0, 0]


def test_only_a_stream_may_follow_several_pdis(march: Path, both: Path) -> None:
    more = march / BOTH[0] / "main_aie_cdo_init.bin"
    with pytest.raises(FormatError, match=r"main_aie_cdo_init.bin: this is a CDO.*stream is"):
        array_report([both, more])
    with pytest.raises(FormatError, match="the xclbin has 2 PDIs; such a one must be the first"):
        array_report([more, both])


def test_a_pdi_with_several_ids_answers_to_each(both: Path) -> None:
    parsed = xclbin.parse(both.read_bytes()).spec()
    first, second = parsed.partition.pdis
    pdis = (first, replace(second, groups=(*second.groups, CdoGroup((), pdi_id=5))))
    partition = replace(parsed.partition, pdis=pdis)
    assert tasks(
        xclbin.parse(xclbin.build(replace(parsed, partition=partition))), LoadPdi(5), START_BD_0
    ) == [0, 1]
