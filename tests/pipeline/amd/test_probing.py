"""What programs say of themselves, and that they are asked once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.amd.finding import AIE_OPT, AIE_TRANSLATE, BOOTGEN, PEANO, XCLBINUTIL, Candidate
from pipeline.amd.probing import Prober, Tool, Unusable, read_help
from tests.amd_tools.install import NEWEST, OLDEST, SPELLINGS, install
from tests.amd_tools.install import PEANO as PEANO_PROGRAMS

HELP = """\
OVERVIEW: MLIR modular optimizer driver

OPTIONS:

Color Options:

  --color                                        - Use colors in output (default=autodetect)

General options:

  -O <char>                                      - Optimization level
  --atomic-first-counter                         - Use atomic fetch add
  Compiler passes to run
    Passes:
      --aie-assign-lock-ids                      -   Assigns the lock ids of locks without IDs.
      --aie-standard-lowering                    -   Lowering operations in AIE cores' regions
        --device=<string>                        - Device to generate code for
        --tilecol=<uint>                         - X coordinate of tile
      --canonicalize                             -   Canonicalize operations
        --region-simplify=<value>                - Perform control flow optimizations
    =disabled                                    -   Don't run any control-flow simplification
    Pass Pipelines:
      --convert-vector-to-aievec                 -   This pass pipeline takes standard vector code
        --aie-target=<string>                    - Select AIE version
  --disable-i2p-p2i-opt                          - Disables inttoptr/ptrtoint roundtrip optimization
  -o <filename>                                  - Output filename
"""
"""The layout of aie-opt's --help."""


def candidate(folder: Path, name: str) -> Candidate:
    return Candidate(folder / name, "PATH")


def found(folder: Path, name: str, program: str = "") -> Tool:
    tool = Prober(folder / "cache.json").probe(name, candidate(folder, program or name))
    assert isinstance(tool, Tool), tool
    return tool


def test_passes_are_told_from_their_options() -> None:
    options, passes = read_help(HELP)
    assert passes == {
        "aie-assign-lock-ids": set(),
        "aie-standard-lowering": {"device", "tilecol"},
        "canonicalize": {"region-simplify"},
        "convert-vector-to-aievec": {"aie-target"},
    }
    assert {"color", "O", "o", "tilecol", "disable-i2p-p2i-opt"} <= options


def test_every_program_tells_its_version(tmp_path: Path) -> None:
    folder = install(tmp_path)
    install(tmp_path, PEANO_PROGRAMS)
    assert found(folder, AIE_OPT).version == "mlir-aie 1.4 (3ca0193c), LLVM 23.1.4"
    assert found(folder, AIE_TRANSLATE).version == "mlir-aie 1.4 (3ca0193c), LLVM 23.1.4"
    assert found(folder, BOOTGEN).version == "2022.2"
    assert found(folder, XCLBINUTIL).version == "XRT 2.26.0 1a2b3c4d5e6f"
    peano = found(folder, PEANO, "clang")
    assert peano.version.startswith("clang version 19.0.0git")
    assert peano.version.endswith("for aie2")
    assert peano.options == {"stack-size-section"}


@pytest.mark.parametrize("name", [AIE_OPT, AIE_TRANSLATE])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_release_is_told_by_what_a_program_lists(
    tmp_path: Path, name: str, spelling: str
) -> None:
    tool = found(install(tmp_path, spelling=spelling), name)
    assert tool.release == spelling
    assert tool.version.startswith(f"mlir-aie {spelling} (")
    assert tool.reads_ours == (spelling == NEWEST)


def test_versions_know_different_passes(tmp_path: Path) -> None:
    newest = found(install(tmp_path / "new"), AIE_OPT)
    oldest = found(install(tmp_path / "old", spelling=OLDEST), AIE_OPT)
    assert "aie-inline-trace-config" in newest.passes
    assert "aiex-inline-trace-config" in oldest.passes
    assert "aie-target" in newest.passes["convert-aievec-to-llvm"]
    assert oldest.passes["convert-aievec-to-llvm"] == set()


def test_a_program_is_asked_again_only_when_it_has_changed(tmp_path: Path) -> None:
    folder = install(tmp_path)
    cache = tmp_path / "cache.json"
    prober = Prober(cache)
    first = prober.probe(BOOTGEN, candidate(folder, BOOTGEN))
    prober.save()
    calls = tmp_path / "calls"
    text = (folder / BOOTGEN).read_text()
    status = (folder / BOOTGEN).stat()
    counting = text.replace("exec", f"echo >>{calls}; exec")
    assert Prober(cache).probe(BOOTGEN, candidate(folder, BOOTGEN)) == first
    (folder / BOOTGEN).write_text(counting)
    second = Prober(cache).probe(BOOTGEN, candidate(folder, BOOTGEN))
    assert calls.exists()
    assert isinstance(first, Tool)
    assert isinstance(second, Tool)
    assert second.digest != first.digest
    assert second.version == first.version
    assert status.st_size != (folder / BOOTGEN).stat().st_size


def test_a_damaged_cache_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache.json").write_text('{"version": 1, "tools": ')
    assert found(install(tmp_path), BOOTGEN).version == "2022.2"


@pytest.mark.parametrize(
    ("name", "script", "problem"),
    [
        (AIE_OPT, "exit 3", "fails with 3"),
        (AIE_OPT, "echo hello", "says nothing of LLVM in --version"),
        (BOOTGEN, "echo hello", "is no Xilinx bootgen"),
        (XCLBINUTIL, "echo no such file >&2; exit 127", "fails with 127: no such file"),
    ],
)
def test_another_program_of_that_name_is_not_used(
    tmp_path: Path, name: str, script: str, problem: str
) -> None:
    path = tmp_path / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    answer = Prober(tmp_path / "cache").probe(name, Candidate(path, "PATH"))
    assert isinstance(answer, Unusable)
    assert problem in answer.problem


def test_the_systems_clang_is_no_peano(tmp_path: Path) -> None:
    folder = install(tmp_path, PEANO_PROGRAMS)
    (folder / "llc").write_text("#!/bin/sh\necho '    x86-64  - 64-bit X86'\n")
    answer = Prober(tmp_path / "cache").probe(PEANO, candidate(folder, "clang"))
    assert isinstance(answer, Unusable)
    assert "its llc lists no target aie2" in answer.problem
    (folder / "llc").unlink()
    alone = Prober(tmp_path / "cache").probe(PEANO, candidate(folder, "clang"))
    assert isinstance(alone, Unusable)
    assert alone.problem == "has no llc beside it"
