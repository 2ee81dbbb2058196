"""Instruction streams by tools of different versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.amd.lowering import (
    as_binary,
    check_translation,
    examine,
    npu_translation,
    of_device,
    write_array,
)
from pipeline.amd.probing import Tool
from softnpu.errors import DesignError, ToolError
from softnpu.formats import txn
from softnpu.formats.operations import APERTURE, AddressPatch

TRANSLATE = Tool("aie-translate", Path("/opt/aie-translate"), "PATH", "LLVM 22", "0" * 12)


def knowing(*options: str) -> Tool:
    return replace(TRANSLATE, options=frozenset(options))


def test_text_of_an_older_version_becomes_the_same_bytes(march: Path) -> None:
    stream = (march / "passthrough_core" / "insts.bin").read_bytes()
    words = [stream[i : i + 4][::-1].hex().upper() for i in range(0, len(stream), 4)]
    assert as_binary("".join(f"{word}\n" for word in words).encode()) == stream
    assert as_binary(stream) == stream


def test_the_translation_is_called_by_the_name_that_is_listed() -> None:
    assert npu_translation(knowing("aie-npu-to-binary")) == "--aie-npu-to-binary"
    assert npu_translation(knowing("aie-npu-instgen")) == "--aie-npu-instgen"
    with pytest.raises(ToolError, match="lists neither"):
        npu_translation(knowing("aie-generate-cdo"))


def test_a_stream_that_misses_the_sixth_buffer_is_refused(march: Path) -> None:
    stream = txn.parse((march / "passthrough_core" / "insts.bin").read_bytes())
    for offset, argument in ((0, 4), (APERTURE, 5)):
        patch = AddressPatch(0x1D024, argument, offset)
        check_translation(txn.build(replace(stream, operations=(patch,))), TRANSLATE)
    missing = txn.build(replace(stream, operations=(AddressPatch(0x1D024, 5, 8),)))
    with pytest.raises(ToolError, match=r"knows of 5 host buffers, .* uses number 6"):
        check_translation(missing, TRANSLATE)


def test_a_device_is_named_only_to_versions_that_ask() -> None:
    assert of_device(knowing("aie-device-name"), "main") == ["--aie-device-name=main"]
    assert of_device(knowing(), "main") == []


PROGRAM = """\
module {
  aie.device(npu1_1col) {
    %mem = aie.tile(0, 1)
    %b = aie.buffer(%mem) {sym_name = "b"} : memref<64xi32>
    %d = aie.memtile_dma(%mem) {
      aie.dma_start(MM2S, 0, ^bd, ^end)
    ^bd:
      aie.dma_bd(%b : memref<64xi32>, 0, 64, [<size = 4, stride = 1>, <size = 4, stride = 4>])
      aie.next_bd ^bd
    ^end:
      aie.end
    }
  }
}
"""


def test_what_aie_opt_lets_through_stops_in_the_authors_design(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text(PROGRAM)
    with pytest.raises(DesignError, match=r"the length is 64 .* move 4 \* 4 = 16") as caught:
        examine(tmp_path / "design.mlir")
    assert str(caught.value.location) == f"{tmp_path / 'design.mlir'}:8:7"


def test_or_in_what_aie_opt_has_made_of_it(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text("module { that.only aie.opt reads }")
    assert examine(tmp_path / "design.mlir") == {}
    (tmp_path / "input_physical.mlir").write_text(PROGRAM)
    with pytest.raises(DesignError, match=r"the length is 64 .* move 4 \* 4 = 16") as caught:
        write_array(tmp_path, {})
    assert str(caught.value.location) == f"{tmp_path / 'input_physical.mlir'}:8:7"
