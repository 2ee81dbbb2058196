import json
import random
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from softnpu.__main__ import main
from softnpu.arch.address import tile_address
from softnpu.arch.standin import CORE_ISA_MARK, STANDIN_ISA
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.emulator.naming.source_lines import Line, SourceLines
from softnpu.errors import FormatError
from softnpu.formats import cdo, elf, pdi, xclbin
from softnpu.formats.elf_records import Header32, Identification, Section32, Segment32, Symbol32
from softnpu.formats.operations import BlockSet, BlockWrite, Operation, Write
from softnpu.inspect.disassembly import Disassembly, to_json, to_text
from softnpu.inspect.machine_code import Program, programs
from softnpu.isa import elf_object, table
from softnpu.isa.assembler import assemble
from tests.softnpu.formats.elf_files import Given, build

SOURCE = """        .globl scale
        .type scale,@function
scale:  mova r1, #4
.Lloop: lda r0, [p0], #4; add r1, r1, #-1
        jnz r1, #.Lloop
        nop
        nop
        nop
        nop
        nop
        jl #other
        nop
        nop
        nop
        nop
        nop
        movxm p0, #buffer
        ret lr
        nop
        nop
        nop
        nop
        nop
"""

LINKED = SOURCE.replace("#.Lloop", "#4").replace("#other", "#0").replace("#buffer", "#458752")


def code(text: str = LINKED, isa: str = table.AIE2) -> bytes:
    return bytes(assemble(text, table.load(isa)).sections[".text"].data)


def written_to_cores(*programs: bytes) -> tuple[Operation, ...]:
    """What writes a program each into the cores (0,2), (0,3), …."""
    base = TILE_FACTS[TileKind.CORE].program_base
    return tuple(
        BlockWrite(tile_address(0, 2 + row, base), program.ljust(-(-len(program) // 4) * 4, b"\0"))
        for row, program in enumerate(programs)
    )


def shown(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["disasm", str(path), *options]) == 0
    return capsys.readouterr().out.splitlines()


def linked(*segments: bytes, apart: int = 0) -> bytes:
    """A core's ELF file with the function `scale` at the program's beginning; its segments begin
    `apart` bytes from each other."""
    symbol = Symbol32(name=1, info=2, section=1).write()
    sections = [Given(".symtab", symbol, 2, 2), Given(".strtab", b"\0scale\0", 3)]
    data = bytearray(build(sections, machine=elf.AIE))
    header = replace(
        Header32.read(data, Identification.byte_size()),
        flags=2,
        segments=len(segments),
        segment_table=len(data),
        section_size=Section32.byte_size(),
    )
    data[16 : 16 + header.byte_size()] = header.write()
    at = len(data) + len(segments) * Segment32.byte_size()
    for number, code in enumerate(segments):
        size, address = len(code), number * apart
        placed = {"address": address, "file_size": size, "size": size}
        data += Segment32(type=1, offset=at, flags=5, **placed).write()
        at += size
    return bytes(data) + b"".join(segments)


def test_an_object_is_assembled_and_disassembled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "k.s").write_text(SOURCE)
    assert main(["asm", str(tmp_path / "k.s")]) == 0
    lines = shown(tmp_path / "k.o", capsys)
    assert lines[:6] == [
        "// k.o .text: 62 bytes of aie2 code",
        "scale:",
        "     0:  mova r1, #4",
        ".L4:",
        "     4:  lda r0, [p0], #4; add r1, r1, #-1",
        "     a:  jnz r1, #.L4",
    ]
    assert "    1a:  jl #other" in lines
    assert "    2a:  movxm p0, #0  // buffer" in lines


def test_a_core_s_elf_file_has_its_functions_as_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "core.elf"
    path.write_bytes(linked(code()))
    lines = shown(path, capsys)
    assert lines[1:3] == ["scale:", "     0:  mova r1, #4"]
    assert "    1a:  jl #scale" in lines and "    2a:  movxm p0, #458752" in lines


def test_functions_in_segments_of_their_own_are_one_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As chess links them, with room between."""
    path = tmp_path / "core.elf"
    slots = "\n" + "nop\n" * 5
    calls, called = f"jl #64{slots}", f"ret lr{slots}"
    path.write_bytes(linked(code(calls + called), code(called), apart=64))
    lines = shown(path, capsys)
    assert lines[2:4] == ["     0:  jl #.L40", "     6:  nop"]
    assert lines[lines.index(".L40:") + 1] == "    40:  ret lr"


def test_all_cores_of_a_pdi_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "design.pdi"
    made = cdo.build(cdo.from_operations(written_to_cores(code(), code("ret lr\n" + "nop\n" * 5))))
    path.write_bytes(pdi.from_cdos([made]))
    lines = shown(path, capsys)
    assert [line for line in lines if line.startswith("//")] == [
        "// core (0,2): 64 bytes of aie2 code",
        "// core (0,3): 16 bytes of aie2 code",
    ]


def test_functions_are_named_by_the_elf_file_beside_an_artifact(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "elfs.bin"
    path.write_bytes(cdo.build(cdo.from_operations(written_to_cores(code(), code()))))
    (tmp_path / "main.prj").mkdir()
    (tmp_path / "main.prj" / "main_core_0_2.elf").write_bytes(linked(code()))
    (tmp_path / "main_core_0_3.elf").write_bytes(linked(code("nop\n" + LINKED)))
    lines = shown(path, capsys)
    assert lines[0] == "// core (0,2), main_core_0_2.elf: 64 bytes of aie2 code"
    assert lines[1] == "scale:"
    other = lines.index("// core (0,3): 64 bytes of aie2 code")
    assert lines[other + 1] == ".L0:"


def test_program_memory_is_put_together_of_all_that_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tile_address(1, 2, TILE_FACTS[TileKind.CORE].program_base)
    given = code() + bytes(2)
    operations = (
        BlockSet(base, 0, 32),
        BlockWrite(base + 4, given[4:]),
        Write(base, int.from_bytes(given[:4], "little")),
    )
    path = tmp_path / "elfs.bin"
    path.write_bytes(cdo.build(cdo.from_operations(operations)))
    lines = shown(path, capsys)
    assert lines[1:3] == [".L0:", "     0:  mova r1, #4"]
    assert lines[-1] == "    3e:  // 66 bytes of zeros"


def test_an_xclbin_shows_its_cores_and_stand_in_code_is_refused(
    march: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = xclbin.parse((march / "passthrough_core" / "final.xclbin").read_bytes()).spec()
    (one,) = given.partition.pdis
    image = pdi.from_cdos([cdo.build(cdo.from_operations(written_to_cores(code())))])
    partition = replace(given.partition, pdis=(replace(one, image=image),))
    path = tmp_path / "final.xclbin"
    path.write_bytes(xclbin.build(replace(given, partition=partition)))
    assert "// core (0,2): 64 bytes of aie2 code" in shown(path, capsys)
    marks = ((CORE_ISA_MARK, STANDIN_ISA),)
    path.write_bytes(xclbin.build(replace(given, partition=partition, marks=marks)))
    assert main(["disasm", str(path)]) == 1
    assert "the cores hold stand-in code (RV32), not AIE code" in capsys.readouterr().err


def test_bare_bytes_are_a_program_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "program.bin"
    path.write_bytes(code())
    assert shown(path, capsys, "--raw")[2:4] == ["     0:  mova r1, #4", ".L4:"]
    assert main(["disasm", str(path)]) == 1
    assert "--raw takes any file as a program's bytes" in capsys.readouterr().err


def test_json_tells_slots_opcodes_and_operands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "program.bin"
    path.write_bytes(code())
    (program,) = json.loads("\n".join(shown(path, capsys, "--raw", "--json")))
    assert program["bytes"] == 62 and program["unknown_reached"] == []
    second = program["bundles"][1]
    assert (second["address"], second["label"], second["reached"]) == (4, ".L4", True)
    assert second["text"] == "lda r0, [p0], #4; add r1, r1, #-1"
    assert second["instructions"][0] == {
        "slot": "lda",
        "opcode": "LDA_dms_lda_pstm_nrm_imm",
        "operands": {"mLdaScl": "r0", "ptr": "p0", "imm": 4},
    }


def test_what_is_reached_and_is_no_bundle_fails_with_its_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "program.bin"
    path.write_bytes(b"\x01\x00\xf1\xff")
    assert main(["disasm", str(path), "--raw"]) == 1
    told = capsys.readouterr()
    assert ".byte 0xf1, 0xff" in told.out
    assert "no bundle's format (0x2 is reached)" in told.err


def test_data_behind_the_code_do_not_hide_what_is_reached() -> None:
    jump = code("j #18\n" + "nop\n" * 5)
    program = jump + b"\x09\0" + code("ret lr\n" + "nop\n" * 5)
    lines = list(Disassembly(Program("test", program)).lines())
    assert next(line.address for line in lines if line.reached and line.address >= 16) == 18
    assert [line.problem for line in lines if line.address == 16] == [
        "what is reached begins within"
    ]


class _TwoLines(SourceLines):
    """The debug information of a program of two lines."""

    def line(self, pc: int) -> Line | None:
        return Line(PurePosixPath(self.path), 1 if pc < 4 else 2)


def test_source_lines_stand_between_the_bundles(tmp_path: Path) -> None:
    source = tmp_path / "scale.c"
    source.write_text("int scale(int x) {\n  return 2 * x;\n}\n")
    given = code("nop\nnop\nret lr\n" + "nop\n" * 5)
    text = list(to_text(Disassembly(Program("test", given, lines=_TwoLines(source)))))
    assert text[1:5] == [
        "    // scale.c:1  int scale(int x) {",
        "     0:  nop",
        "     2:  nop",
        "    // scale.c:2  return 2 * x;",
    ]


def test_code_for_another_machine_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "core.elf"
    path.write_bytes(build([], machine=elf.RISCV))
    assert main(["disasm", str(path)]) == 1
    assert "is for RISC-V, not for AIE" in capsys.readouterr().err
    path.write_bytes(build([], machine=elf.AIE))
    assert main(["disasm", str(path)]) == 1
    assert "the ELF flags are 0, not one of 2 (aie2), 3 (aie2p)" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["main_aie_cdo_init.bin", "design.pdi", "final.xclbin"])
def test_a_damaged_file_is_named(march: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((march / "passthrough_core" / name).read_bytes()[:-40])
    with pytest.raises(FormatError, match=rf"^{path}: .*cut off"):
        programs(path)


@pytest.mark.parametrize(("device", "isa"), table.BY_DEVICE.items())
def test_bare_bytes_are_of_the_generation_whose_code_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], device: str, isa: str
) -> None:
    path = tmp_path / "program.bin"
    path.write_bytes(code(isa=isa))
    lines = shown(path, capsys, "--raw")
    assert lines[0].endswith(f" bytes of {isa} code")
    assert shown(path, capsys, "--raw", "--device", device) == lines
    other = next(one for one in table.BY_DEVICE if one != device)
    assert main(["disasm", str(path), "--raw", "--device", other]) == 1
    assert "is reached" in capsys.readouterr().err


def test_what_is_no_generation_s_code_fails_at_its_beginning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "program.bin"
    path.write_bytes(b"\xf1\xff")
    assert main(["disasm", str(path), "--raw"]) == 1
    assert "no bundle's format (0x0 is reached)" in capsys.readouterr().err


def test_an_xclbin_of_one_column_with_npu2_s_code_is_read_as_such(
    march: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = xclbin.parse((march / "passthrough_core" / "final.xclbin").read_bytes()).spec()
    (one,) = given.partition.pdis
    programs = written_to_cores(code(isa=table.AIE2P))
    image = pdi.from_cdos([cdo.build(cdo.from_operations(programs))])
    partition = replace(given.partition, pdis=(replace(one, image=image),))
    path = tmp_path / "final.xclbin"
    path.write_bytes(xclbin.build(replace(given, partition=partition)))
    lines = shown(path, capsys)
    assert lines[0] == "// core (0,2): 64 bytes of aie2p code"
    assert "     4:  lda r0, [p0], #4; add r1, r1, #-1" in lines


def test_a_symbol_within_a_bundle_is_no_place_to_go_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "f: ret lr\n" + "nop\n" * 5 + ".byte 0\nf__end: .byte 0\n"
    path = tmp_path / "k.o"
    path.write_bytes(elf_object.write(assemble(source, table.load())))
    assert shown(path, capsys)[1:4] == ["f:", "     0:  ret lr", "     4:  nop"]


def test_asm_tells_where_a_source_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "k.s"
    path.write_text("nop\n  add r0, r1\n")
    assert main(["asm", str(path)]) == 1
    error = capsys.readouterr().err
    assert f"{path}:2:13: error: expected ',', found the end" in error
    assert "  add r0, r1\n" in error and not (tmp_path / "k.o").exists()


def test_random_program_images_are_printed_whole() -> None:
    rng = random.Random(7)
    for _ in range(60):
        image = rng.randbytes(rng.randrange(2, 2048))
        found = Disassembly(Program("random", image))
        lines = list(found.lines())
        assert b"".join(line.data for line in lines) == image
        assert {line.address for line in lines} >= set(found.reached.bundles) or found.unknown
        json.dumps(to_json(found))
