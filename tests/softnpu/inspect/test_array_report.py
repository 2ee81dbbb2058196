from pathlib import Path

import pytest

from softnpu.__main__ import main
from softnpu.emulator.naming.names import Names
from softnpu.errors import FormatError
from softnpu.formats import cdo
from softnpu.formats.operations import BlockSet, Write
from softnpu.inspect.array_report import array_report, configuration
from softnpu.inspect.report import to_json, to_text

CDOS = ("elfs", "init", "enable")


def text(*paths: Path, names: Names | None = None) -> str:
    return "\n".join(to_text(array_report(paths, names)))


def test_the_array_of_a_cdo_alone_has_descriptors_locks_and_routes(march: Path) -> None:
    shown = text(*(march / "packet_routes" / f"main_aie_cdo_{n}.bin" for n in CDOS))
    for piece in (
        "tile (0,2), core",
        "lock 0, starts at 1, address 0x1f000, used by BD 0, 1",
        "BD 0     64 words (256 bytes) at 0x0",
        "S2MM 0   BD 0 -> BD 0 again",
        "(0,0) MM2S 0 → (0,2) S2MM 0, packets 1",
        "(0,0) South3 -> North1; (0,1) South1 -> North1; (0,2) South1 -> DMA0, drops header",
        "task-complete tokens: (0,0) TileControl0 → (0,0) South0, packets 15",
    ):
        assert piece in shown


def test_all_that_configures_says_the_same(march: Path) -> None:
    folder = march / "distribute_join"
    ways = [
        [folder / "final.xclbin"],
        [folder / "design.pdi"],
        [folder / f"main_aie_cdo_{n}.bin" for n in CDOS],
    ]
    first, *others = (text(*way).split("\n", 1)[1] for way in ways)
    assert others == [first, first]


def test_a_stream_behind_it_adds_what_a_run_does(march: Path) -> None:
    folder = march / "packet_routes"
    found = to_json(array_report([folder / "final.xclbin", folder / "insts.bin"]))
    shim = found["parts"][0]
    assert shim["title"] == "tile (0,0), shim"
    sent = [row for row in shim["contents"] if row.get("argument") == 0]
    assert [row["offset"] for row in sent] == [0, 256]


def test_the_authors_names_are_used(march: Path) -> None:
    names = Names(locks={((0, 2), 0): ("in_prod_lock", "in")})
    shown = text(march / "packet_routes" / "final.xclbin", names=names)
    assert "lock 0 in_prod_lock, objectfifo in, starts at 1" in shown
    assert "in: (0,0) MM2S 0 → (0,2) S2MM 0" in shown


def test_files_that_configure_nothing_are_refused(march: Path) -> None:
    with pytest.raises(FormatError, match=r"flows.json: this is a text file; an xclbin, PDI"):
        array_report([march / "packet_routes" / "flows.json"])


def test_dump_takes_array_names_and_json(march: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", "--array", str(march / "explicit_dma" / "final.xclbin")]) == 0
    assert "configured array" in capsys.readouterr().out
    assert main(["dump", "--array", str(march / "explicit_dma" / "flows.json")]) == 1
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (Write(1 << 63, 0), "written to 0x8000000000000000, outside of any array"),
        (Write(0xFFFFFFFF_0, 0), "outside of any array"),
    ],
)
def test_addresses_beyond_any_array_are_refused(tmp_path: Path, operation, message) -> None:
    path = tmp_path / "wild.bin"
    path.write_bytes(cdo.build(cdo.from_operations([operation])))
    with pytest.raises(FormatError, match=message):
        array_report([path])


def test_a_huge_fill_ends_with_its_tile(tmp_path: Path) -> None:
    path = tmp_path / "fill.bin"
    arguments = b"".join(n.to_bytes(4, "little") for n in (0, 0x200000, 0xFFFFFFFF, 7))
    path.write_bytes(cdo.build(cdo.Cdo((cdo.Command(cdo.SET, arguments),))))
    assert configuration(path.read_bytes())[0] == (BlockSet(0x200000, 7, 0xFFFFFFFF),)
    assert "memory   0x00000  1 MiB filled" in text(path)
