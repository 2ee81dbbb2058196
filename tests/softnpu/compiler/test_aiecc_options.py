"""aiecc's options: the ones that AMD's lists, by `npuforge compile` and by npuforge's own aiecc."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from softnpu.__main__ import main
from softnpu.compiler import cli
from softnpu.compiler.aiecc_options import OPTIONS, VERSION
from softnpu.formats import xclbin
from softnpu.tools import aiecc
from tests.project import ROOT

LISTED = (ROOT / "tests" / "amd_options" / "aiecc-1.4.txt").read_text().split()

DESIGN = """\
module {
  aie.device(npu1_1col) @main {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [0])
    aie.runtime_sequence @run(%x: memref<64xi32>, %y: memref<64xi32>) {
      aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) {id = 0 : i64, metadata = @in} : memref<64xi32> loc("host.py":7:3)
      aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) {id = 1 : i64, metadata = @out, issue_token = true} : memref<64xi32>
      aiex.npu.dma_wait {symbol = @out}
    }
  }
}
"""  # noqa: E501


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "aie.mlir").write_text(DESIGN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compile_(*arguments: str) -> int:
    return main(["compile", "aie.mlir", "-o", "out", *arguments])


def spellings() -> set[str]:
    """What `npuforge compile` takes."""
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    cli.add_parser(subparsers)
    actions = subparsers.choices["compile"]._actions
    return {spelling for action in actions for spelling in action.option_strings}


@pytest.mark.parametrize("option", LISTED)
def test_each_option_that_aiecc_lists_is_known_to_both_programs(option: str) -> None:
    assert option in spellings()
    assert option.lstrip("-") in aiecc.OPTIONS


def test_both_programs_have_one_table() -> None:
    assert OPTIONS.items() <= aiecc.OPTIONS.items()
    assert {f"--{name}" if len(name) > 1 else f"-{name}" for name in OPTIONS} <= spellings()


def test_a_kernel_is_added_to_the_xclbin_that_is_given(work: Path) -> None:
    assert compile_("--get-xclbin=one.xclbin", "--xclbin-kernel-name", "ONE") == 0
    second = ["--xclbin-kernel-name=TWO", "--xclbin-instance-name=two", "--xclbin-kernel-id=0x902"]
    assert compile_("--xclbin-input", "one.xclbin", *second) == 0
    made = xclbin.parse((work / "out" / "final.xclbin").read_bytes())
    assert [(kernel.name, *kernel.instances) for kernel in made.spec().kernels] == [
        ("ONE", "MLIRAIE"),
        ("TWO", "two"),
    ]
    ids = [group.kernel_ids for pdi in made.partition.pdis for group in pdi.groups]
    assert ids == [(0x901,), (0x902,)]


def test_a_kernel_of_a_name_that_the_xclbin_has_is_refused(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_("--get-xclbin=one.xclbin") == 0
    assert compile_("--xclbin-input=one.xclbin") == 1
    assert "one.xclbin has a kernel MLIR_AIE already" in capsys.readouterr().err
    assert (work / "one.xclbin").is_file()


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        ((), set()),
        (("--get-xclbin", "--get-npu-insts"), {"aie.xclbin", "insts_main_run.bin", "names.json"}),
        (("--get-npu-insts=i.txt", "--output-dir=."), {"i.txt"}),
        (("--aie-generate-pdi", "--pdi-name=my.pdi"), {"my.pdi"}),
        (("--get", "placed.mlir,cdo_{0}"), {"placed.mlir", "cdo_main"}),
        (("-g", "flows.json", "--get-full-elf"), {"flows.json", "aie.elf", "names.json"}),
    ],
)
def test_compile_hands_out_what_it_is_asked_for(
    work: Path, arguments: Sequence[str], made: set[str]
) -> None:
    assert compile_(*arguments) == 0
    assert {path.name for path in work.iterdir()} - {"aie.mlir", "out"} == made
    assert (work / "out" / "final.xclbin").is_file()


def test_nothing_is_written_if_it_is_only_tried(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_("-n", "--get-xclbin") == 0
    assert [path.name for path in work.iterdir()] == ["aie.mlir"]
    assert capsys.readouterr().out == ""


def test_options_that_change_nothing_are_told_once_for_each_reason(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet = ["--no-xchesscc", "-j4", "--progress", "--dump-intermediates"]
    assert compile_("--xchesscc", "--peano=/p", "-O2", "-I/x", "--sysroot=/s", *quiet) == 0
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(": cores'")[0].partition(": host")[0] for line in told] == [
        "note: --xchesscc, --peano, -O",
        "note: -I, --sysroot",
    ]
    assert (work / "out").is_dir()


@pytest.mark.parametrize("option", ["--cut=a", "--checkpoint=a", "--resume=a", "--emit-dot"])
def test_the_graph_of_aiecc_is_refused_with_the_reason(
    work: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        compile_(option)
    assert left.value.code == 2
    name = option.partition("=")[0]
    assert f"{name}: there is no graph of edges here" in capsys.readouterr().err
    assert not (work / "out").exists()


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("--placer=best", "--placer is sequential_placer or sa_placer, not 'best'"),
        ("--sa-seed=x", "--sa-seed is a number, not 'x'"),
        ("--xclbin-kernel-id=0x1000", "--xclbin-kernel-id is a number from 0 to 0xfff, not 0x1000"),
        ("--unified=maybe", "--unified: it is true or false, not maybe"),
    ],
)
def test_a_value_that_will_not_do_is_a_wrong_call(
    work: Path, option: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        compile_(option)
    assert left.value.code == 2
    assert problem in capsys.readouterr().err
    assert not (work / "out").exists()


def test_the_texts_on_the_way_say_where_ops_come_from_on_demand(work: Path) -> None:
    texts = ["placed.mlir", "input_with_addresses.mlir", "input_physical.mlir", "npu_insts.mlir"]
    assert compile_() == 0
    assert all("host.py" not in (work / "out" / text).read_text() for text in texts)
    plain = (work / "out" / "insts.bin").read_bytes()
    assert compile_("--mlir-print-debuginfo", "--get-txn", "--get-full-elf") == 0
    assert all('loc("host.py":7:3)' in (work / "out" / text).read_text() for text in texts)
    assert (work / "out" / "insts.bin").read_bytes() == plain


def test_a_stream_has_beside_it_where_its_operations_come_from(work: Path) -> None:
    assert compile_("--get-locmap", "--npu-insts-name=stream_{0}.bin") == 0
    made = json.loads((work / "stream_main_run.bin.locmap.json").read_text())
    assert "host.py" in json.dumps(made)


def test_the_kernel_has_the_buffers_of_devices_that_are_left_out(work: Path) -> None:
    other = "aie.device(npu1_1col) @base { }\n}\n"
    args = ", ".join(f"%b{n}: memref<64xi32>" for n in range(5))
    wide = DESIGN.replace("%y: memref<64xi32>)", f"%y: memref<64xi32>, {args})")
    (work / "aie.mlir").write_text(wide.rstrip()[:-1] + other)
    assert compile_("--device-name=base") == 0
    (made,) = xclbin.parse((work / "out" / "final.xclbin").read_bytes()).kernels
    buffers = [one.name for one in made.arguments if one.name.startswith("bo")]
    assert buffers == [f"bo{n}" for n in range(7)]


def test_sequences_are_left_as_they_are_on_demand(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = (
        "aie.device(npu1_1col) @go { aie.runtime_sequence @go(%x: memref<64xi32>, "
        "%y: memref<64xi32>) { aiex.configure @main { aiex.run @run(%x, %y) : "
        "(memref<64xi32>, memref<64xi32>) } } }\n}\n"
    )
    (work / "aie.mlir").write_text(DESIGN.rstrip()[:-1] + other)
    assert compile_() == 0
    assert compile_("--no-materialize") == 1
    assert "aiex.configure" in capsys.readouterr().err


def test_the_version_is_that_of_the_aiecc_it_follows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["compile", "--aie-version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"{VERSION}\n"
