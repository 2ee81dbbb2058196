"""AMD's programs by name, as a Makefile of mlir-aie's calls them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.amd import finding
from softnpu.__main__ import main as softnpu
from softnpu.compiler.packaging import json_files
from softnpu.formats import control_packets, job, txn, xclbin
from softnpu.formats.operations import AddressPatch
from softnpu.targets.linking.elf import Elf
from softnpu.tools.__main__ import main
from softnpu.tools.folder import PROGRAMS, fill
from tests.project import ROOT

KERNEL = """\
#include <aie_api/aie.hpp>
extern "C" void scale(int32_t *in, int32_t *out) {
  for (int i = 0; i < 64; i++) out[i] = FACTOR * in[i];
}
"""

DESIGN = """\
module {{
  aie.device(npu1_1col) @{name} {{
    func.func private @scale(memref<64xi32>, memref<64xi32>) attributes {{link_with = "scale.o"}}
    %shim = aie.tile(0, 0)
    %tile = aie.tile(0, 2)
    aie.objectfifo @in(%shim, {{%tile}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @out(%tile, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    %core = aie.core(%tile) {{
      %x = aie.objectfifo.acquire @in(Consume, 1) : !aie.objectfifosubview<memref<64xi32>>
      %a = aie.objectfifo.subview.access %x[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
      %y = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
      %b = aie.objectfifo.subview.access %y[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
      func.call @scale(%a, %b) : (memref<64xi32>, memref<64xi32>) -> ()
      aie.objectfifo.release @in(Consume, 1)
      aie.objectfifo.release @out(Produce, 1)
      aie.end
    }}
    aie.runtime_sequence @run(%x: memref<64xi32>, %y: memref<64xi32>) {{
      aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) {{id = 0 : i64, metadata = @in}} : memref<64xi32>
      aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) {{id = 1 : i64, metadata = @out, issue_token = true}} : memref<64xi32>
      aiex.npu.dma_wait {{symbol = @out}}
    }}
  }}
}}
"""  # noqa: E501


EMPTY = "module { aie.device(npu1_1col) { } }\n"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like a Makefile's build/, with a design and a kernel's object."""
    (tmp_path / "scale.cc").write_text(KERNEL)
    (tmp_path / "aie.mlir").write_text(DESIGN.format(name="main"))
    monkeypatch.chdir(tmp_path)
    flags = ["--target=aie2-none-unknown-elf", "-O2", "-std=c++20", "-Wno-attributes", "-DFACTOR=3"]
    assert main(["clang++", *flags, "-I", "/none", "-c", "scale.cc", "-o", "scale.o"]) == 0
    return tmp_path


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        ((), {"elfs_main_core_0_2.elf"}),
        (("--get-xclbin", "--get-npu-insts"), {"aie.xclbin", "insts_main_run.bin"}),
        (("--get-scratchpad-parameters",), {"params.txt"}),
        (
            ("--get-xclbin", "--get-npu-insts", "--xclbin-name=a.xclbin", "--npu-insts-name=i.txt"),
            {"a.xclbin", "i.txt"},
        ),
        (
            ("--aie-generate-xclbin", "--no-compile-host", "--xclbin-name=final.xclbin"),
            {"final.xclbin"},
        ),
        (("--get-pdi", "--pdi-name=pdi_{0}"), {"pdi_main"}),
        (
            ("--get=elfs_{0}.elf", "--get=input_physical.mlir"),
            {"elfs_main_core_0_2.elf", "input_physical.mlir"},
        ),
        (("-n", "--get-xclbin"), set()),
    ],
)
def test_aiecc_makes_what_is_asked_for_under_its_name(
    work: Path, arguments: Sequence[str], made: set[str]
) -> None:
    before = _files(work)
    assert main(["aiecc", *arguments, "--tmpdir=prj", "aie.mlir"]) == 0
    assert _files(work) - before - {"names.json"} == made
    assert (work / "prj").is_dir() is bool(made)


def test_one_folder_serves_for_working_and_for_what_comes_out(work: Path) -> None:
    """As iron.jit builds in its cache."""
    both = ["--tmpdir=prj", "--output-dir=prj", "--get-input-with-addresses"]
    xclbin = ["--get-xclbin", f"--xclbin-name={work}/prj/final.xclbin"]
    insts = ["--get-npu-insts", f"--npu-insts-name={work}/prj/insts.bin"]
    assert main(["aiecc", *both, *xclbin, *insts, "aie.mlir"]) == 0
    made = {"final.xclbin", "insts.bin", "input_with_addresses.mlir", "names.json"}
    assert made <= _files(work / "prj")
    assert _files(work) == {"aie.mlir", "scale.cc", "scale.o"}


def test_a_kernel_as_llvm_ir_is_linked_into_the_core_that_merges_it(work: Path) -> None:
    """As iron.jit has it of an ExternalFunction that is to be inlined."""
    (work / "scale.o").unlink()
    flags = ["--target=aie2-none-unknown-elf", "-std=c++20", "-DFACTOR=3", "-S", "-emit-llvm"]
    assert main(["clang++", *flags, "scale.cc", "-o", "scale.ll"]) == 0
    text = (work / "scale.ll").read_text()
    (work / "scale.cc").unlink()
    marked = text.replace("define dso_local", "define linkonce_odr dso_local")
    marked = marked.replace("local_unnamed_addr", "local_unnamed_addr alwaysinline")
    assert marked != text
    (work / "scale.ll").write_text(marked)
    design = (work / "aie.mlir").read_text()
    merged = design.replace('"scale.o"', '"scale.ll", link_with_mode = "merge"')
    (work / "aie.mlir").write_text(merged)
    assert main(["aiecc", "--get-xclbin", "--tmpdir=prj", "aie.mlir"]) == 0
    assert "scale" in Elf(work / "prj/main_core_0_2.elf").functions


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (("--get-npu-insts", "--npu-insts-name=i.bin"), {"i.bin"}),
        (("--get=placed.mlir", "--get-input-with-addresses"), None),
    ],
)
def test_what_is_made_before_the_cores_needs_no_kernel(
    work: Path, arguments: Sequence[str], made: set[str] | None
) -> None:
    assert main(["aiecc", "--get-npu-insts", "--npu-insts-name=all.bin", "aie.mlir"]) == 0
    (work / "scale.o").unlink()
    (work / "scale.cc").unlink()
    before = _files(work)
    assert main(["aiecc", *arguments, "--tmpdir=prj", "aie.mlir"]) == 0
    assert _files(work) - before == (made or {"placed.mlir", "input_with_addresses.mlir"})
    assert made is None or (work / "i.bin").read_bytes() == (work / "all.bin").read_bytes()
    assert main(["aiecc", *arguments, "--get-xclbin", "aie.mlir"]) == 1


def test_texts_are_made_for_versal_too_but_no_xclbin(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "versal.mlir").write_text(EMPTY.replace("npu1_1col", "xcve2302"))
    assert main(["aiecc", "--get-input-with-addresses", "versal.mlir"]) == 0
    assert "xcve2302" in (work / "input_with_addresses.mlir").read_text()
    assert main(["aiecc", "--get-xclbin", "versal.mlir"]) == 1
    assert "an xclbin cannot be made for it" in capsys.readouterr().err


def test_what_is_handed_out_is_told_on_demand(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verbose in ("-v", "--verbose"):
        names = ["--get-pdi", "--pdi-name=a.pdi", "--get=placed.mlir"]
        assert main(["aiecc", verbose, *names, "aie.mlir"]) == 0
        told = capsys.readouterr().err.splitlines()
        assert told == ["aiecc: wrote edge 'a.pdi'", "aiecc: wrote edge 'placed.mlir'"]


def test_the_working_folder_has_what_xclbinutil_reads(work: Path) -> None:
    assert main(["aiecc", "--get-xclbin", "--tmpdir=prj", "aie.mlir"]) == 0
    os.chdir(work / "prj")
    sections = ["MEM_TOPOLOGY:JSON:memTopology_main", "AIE_PARTITION:JSON:partition_main"]
    pack = [word for one in sections for word in ("--add-replace-section", f"{one}.json")]
    pack += ["--add-kernel", "kernels_main.json", "--key-value", "USER:core_isa:rv32"]
    assert main(["xclbinutil", *pack, "--output", "again.xclbin"]) == 0
    made, again = (
        xclbin.parse(Path(file).read_bytes()).spec() for file in ("again.xclbin", "final.xclbin")
    )
    assert (made.kernels, made.partition, made.memories) == (
        again.kernels,
        again.partition,
        again.memories,
    )


def test_a_design_without_cores_is_made_as_well_if_nothing_is_asked_for(work: Path) -> None:
    (work / "empty.mlir").write_text(EMPTY)
    assert main(["aiecc", "--tmpdir=prj", "empty.mlir"]) == 0
    assert (work / "prj" / "main.pdi").is_file()


def test_options_for_hosts_and_amds_compilers_are_taken_with_a_note(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = ("-I/x", "-L", "/y", "-lz", "--host-target=aarch64", "--", "test.cpp", "-o", "t")
    assert main(["aiecc", "--xchesscc", "--no-xbridge", "-j4", "-O2", "aie.mlir", *host]) == 0
    told = capsys.readouterr().err
    assert "--xchesscc, -O: cores' programs are npuforge's own" in told
    assert "-I, -L, -l, --host-target, what stands behind --: host programs" in told
    assert told.count("note:") == 2


def test_a_kernel_is_added_to_an_xclbin_that_there_is(work: Path) -> None:
    assert main(["aiecc", "--get-xclbin", "--xclbin-name=one.xclbin", "aie.mlir"]) == 0
    add = ["--xclbin-kernel-name=TWO", "--xclbin-kernel-id=0x902", "--xclbin-instance-name=TWOINST"]
    both = ["--get-xclbin", "--xclbin-input=one.xclbin", "--xclbin-name=both.xclbin"]
    assert main(["aiecc", *both, *add, "aie.mlir"]) == 0
    made = xclbin.parse((work / "both.xclbin").read_bytes())
    assert [kernel.name for kernel in made.kernels] == ["MLIR_AIE", "TWO"]
    assert [group.kernel_ids for pdi in made.partition.pdis for group in pdi.groups] == [
        (0x901,),
        (0x902,),
    ]
    assert main(["aiecc", *both, "aie.mlir"]) == 1


def test_elf_files_are_made_beside_the_xclbin_or_in_its_stead(work: Path) -> None:
    assert main(["aiecc", "--get-full-elf", "--get-elf", "--elf-name=i.elf", "aie.mlir"]) == 0
    full, beside = (job.read((work / name).read_bytes()) for name in ("aie.elf", "i.elf"))
    code = full.code("main:run")
    assert (full.columns, code.arguments, list(full.pdis)) == (1, 3, [".pdi.1"])
    assert full.custom == {"npuforge.core_isa": b"rv32"}
    assert [patch.symbol for patch in code.patches] == ["0", "1"]
    assert [patch.symbol for patch in beside.codes[0].patches] == ["3", "4"]
    assert (work / "names.json").is_file()


def test_a_configuration_is_made_as_writes_and_as_control_packets(work: Path) -> None:
    overlay = ["--aie-generate-column-control-overlay=route-shim-to-tile-ctrl=true"]
    assert softnpu(["opt", *overlay, "aie.mlir", "-o", "overlay.mlir"]) == 0
    assert main(["aiecc", "--get-txn", "--get-ctrlpkt", "--get-elf", "overlay.mlir"]) == 0
    written = (work / "main_transaction.mlir").read_text()
    assert "aiex.npu.blockwrite" in written and "aiex.npu.maskwrite32" in written
    packets = control_packets.parse((work / "main_ctrlpkt.bin").read_bytes())
    program = [p for p in packets if 0x20000 <= p.address < 0x24000]
    assert program, "the core's program is among them"
    sending = txn.parse((work / "main_ctrlpkt_dma_seq.bin").read_bytes()).operations
    assert {o.argument for o in sending if isinstance(o, AddressPatch)} == {0}
    (code,) = job.read((work / "design.elf").read_bytes()).codes
    assert code.packets == (work / "main_ctrlpkt.bin").read_bytes()
    assert {patch.symbol for patch in code.patches} == {"control-packet"}


def test_an_xclbin_is_made_of_a_design_whose_sequence_the_run_decides(work: Path) -> None:
    text = DESIGN.format(name="main").replace("%y: memref<64xi32>)", "%y: memref<64xi32>, %n: i32)")
    (work / "dynamic.mlir").write_text(
        text.replace("[1, 1, 1, 64]", "[1, 1, 1, %l]", 1).replace(
            "aiex.npu.dma_memcpy_nd(%x",
            "%l = arith.extui %n : i32 to i64\n      aiex.npu.dma_memcpy_nd(%x",
            1,
        )
    )
    assert main(["aiecc", "--get-xclbin", "dynamic.mlir"]) == 0
    assert (work / "aie.xclbin").is_file()
    assert main(["aiecc", "--get-npu-insts", "dynamic.mlir"]) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--get-xclbn", "aie.mlir"), "did you mean --get-xclbin?"),
        (("--get=nothing.bin", "aie.mlir"), "there is no such output; aie.xclbin, insts_{0}.bin"),
        (("--get-core-elfs", "empty.mlir"), "--get-core-elfs: the design has none"),
        (("--cut=placed.mlir", "aie.mlir"), "--cut: there is no graph of edges here"),
        (("--alloc-scheme=best", "aie.mlir"), "basic-sequential or bank-aware, not 'best'"),
        ((), "one design"),
        (("none.mlir",), "none.mlir"),
    ],
)
def test_what_aiecc_cannot_do_is_told(
    work: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], problem: str
) -> None:
    (work / "empty.mlir").write_text(EMPTY)
    assert main(["aiecc", *arguments]) == 1
    assert problem in capsys.readouterr().err


def test_bootgen_and_xclbinutil_pack_what_aiecc_packs(work: Path) -> None:
    assert main(["aiecc", "--get-xclbin", "--tmpdir=prj", "aie.mlir"]) == 0
    os.chdir(work / "prj")
    made = (work / "aie.xclbin").read_bytes()
    assert main(["bootgen", "-arch", "versal", "-image", "main_design.bif", "-o", "b.pdi"]) == 0
    assert Path("b.pdi").read_bytes() == Path("main.pdi").read_bytes()
    assert main(["bootgen", "-arch", "versal", "-image", "main_design.bif", "-o", "b.pdi"]) == 1

    spec = xclbin.parse(made).spec()
    for name, text in json_files(spec, "main", [Path("b.pdi")]).items():
        Path(name).write_text(text)
    pack = [
        *("--add-replace-section", "MEM_TOPOLOGY:JSON:memTopology_main.json"),
        *("--add-kernel", "kernels_main.json"),
        *("--add-replace-section", "AIE_PARTITION:JSON:partition_main.json"),
        *("--key-value", "USER:core_isa:rv32", "--force", "--output", "packed.xclbin"),
    ]
    assert main(["xclbinutil", *pack]) == 0
    assert Path("packed.xclbin").read_bytes() == made

    dump = ["--dump-section", "AIE_PARTITION:JSON:part.json", "--input", "packed.xclbin"]
    assert main(["xclbinutil", *dump]) == 0
    (pdi,) = json.loads(Path("part.json").read_text())["aie_partition"]["PDIs"]
    assert Path(pdi["file_name"]).read_bytes() == Path("main.pdi").read_bytes()
    Path("part.json").write_text("{}")
    broken = ["--add-replace-section", "AIE_PARTITION:JSON:part.json", "--output", "x.xclbin"]
    assert main(["xclbinutil", *broken]) == 1


def test_a_kernel_that_does_not_compile_is_told_at_its_line(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "scale.cc").write_text(KERNEL.replace("FACTOR", "FACTO"))
    assert main(["xchesscc_wrapper", "aie2", "-I", "x", "-c", "scale.cc", "-o", "s.o"]) == 1
    assert "scale.cc:3:" in capsys.readouterr().err
    assert main(["clang++", "--target=x86_64-linux-gnu", "-c", "scale.cc", "-o", "s.o"]) == 1
    assert main(["clang++", "scale.o", "-o", "a.out"]) == 1
    assert main(["clang++", "-x", "ir", "-", "-c", "-emit-llvm", "-o", "scale.bc"]) == 1
    assert "to be inlined .ll, not .bc" in capsys.readouterr().err


def test_the_folder_s_programs_run_and_nobody_takes_them_for_amds(work: Path) -> None:
    folder = work / "with a space"
    assert {path.name for path in fill(folder)} == set(PROGRAMS)
    path = f"{folder}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PEANO_INSTALL_DIR": str(folder / "peano")}
    script = (
        'set -e; "$PEANO_INSTALL_DIR"/bin/clang++ --version; aie-opt --help | head -1; '
        "aiecc.py --get-npu-insts --npu-insts-name=i.bin aie.mlir; test -s i.bin"
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for tool in finding.TOOLS:
        found = finding.candidates(tool, environment)
        assert not [one for one in found if folder in one.path.parents], tool
    other = work / "others"
    other.mkdir()
    shutil.copy("/bin/true", other / "aiecc")
    done = subprocess.run(
        [sys.executable, "-m", "softnpu", "tools", str(other)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "is there already, and is no program of" in done.stderr
