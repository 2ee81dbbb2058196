"""What goes into an xclbin, and the texts by which AMD's packers would make the same."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from softnpu.arch.device import device
from softnpu.compiler import packaging
from softnpu.errors import FormatError
from softnpu.formats import xclbin


def executable(path: Path, machine: int) -> Path:
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    fields = (2, machine, 1, 0, 52, 0, 0, 52, 32, 0, 40, 0, 0)
    path.write_bytes(ident + struct.pack("<HHIIIIIHHHHHH", *fields))
    return path


def test_stand_in_programs_are_marked_and_aie_programs_are_not(tmp_path: Path) -> None:
    standin = executable(tmp_path / "a.elf", machine=243)
    aie = executable(tmp_path / "b.elf", machine=264)
    assert packaging.core_marks([standin]) == (("core_isa", "rv32"),)
    assert packaging.core_marks([aie]) == ()
    assert packaging.core_marks([]) == ()
    with pytest.raises(FormatError, match=r"different machines: a\.elf is RISC-V, b\.elf is AIE"):
        packaging.core_marks([standin, aie])


def test_every_device_of_a_file_has_its_pdi_numbered_in_order() -> None:
    pdis = {"first": b"\1" * 16, "main": b"\2" * 16, "last": b"\3" * 16}
    spec = packaging.spec(device("npu1_1col"), "main", pdis)
    assert [
        (p.image[0], p.groups[0].pdi_id, p.groups[0].kernel_ids) for p in spec.partition.pdis
    ] == [
        (2, 2, (0x901,)),
        (1, 1, ()),
        (3, 3, ()),
    ]
    assert xclbin.parse(xclbin.build(spec)).partition.pdis == spec.partition.pdis


def test_bootgen_is_told_the_three_files_in_order() -> None:
    text = packaging.bif("main")
    files = [word.removeprefix("file=") for word in text.split() if word.startswith("file=")]
    assert files == [f"main_aie_cdo_{part}.bin" for part in ("elfs", "init", "enable")]
    assert "id_code = 0x14ca8093" in text


def test_xclbinutil_is_told_what_the_xclbin_holds() -> None:
    spec = packaging.spec(device("npu2_2col"), "main", {"main": b"\0" * 16})
    texts = packaging.json_files(spec, "main", [Path("/out/main.pdi")])
    assert list(texts) == [
        "memTopology_main.json",
        "kernels_main.json",
        "partition_main.json",
    ]
    memories, kernels, partition = (json.loads(text) for text in texts.values())
    assert [m["m_sizeKB"] for m in memories["mem_topology"]["m_mem_data"]] == ["0x10000", "0xc000"]
    (kernel,) = kernels["ps-kernels"]["kernels"]
    assert kernel["arguments"][1] == {
        "name": "instr",
        "memory-connection": "SRAM",
        "address-qualifier": "GLOBAL",
        "type": "char *",
        "offset": "0x8",
    }
    aie = partition["aie_partition"]
    assert aie["partition"] == {"column_width": 2, "start_columns": list(range(7))}
    assert aie["PDIs"][0]["file_name"] == "/out/main.pdi"
    assert aie["PDIs"][0]["cdo_groups"][0]["dpu_kernel_ids"] == ["0x901"]
