"""An output is told of the fifos that carry it, and of no other's."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.artifact import Artifact
from runner.objects import in_elements, output_objects
from runner.verdicts.where import Unit
from softnpu.compiler.driver import compile_design

DESIGN = """
module {
  aie.device(npu1_1col) {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    %c = aie.tile(0, 4)
    aie.objectfifo @left(%a, {%mem}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @right(%b, {%mem}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @root(%mem TO_STREAM, {%shim}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo.link [@left, @right] -> [@root] ([0, 64] [])
    aie.objectfifo @other(%c, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.runtime_sequence(%x: memref<512xi32>, %y: memref<64xi32>, %z: memref<512xi32>) {
      aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 512][0, 0, 0, 1])
        {id = 0 : i64, metadata = @root, issue_token = true} : memref<512xi32>
      aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
        {id = 1 : i64, metadata = @other, issue_token = true} : memref<64xi32>
      aiex.npu.dma_wait {symbol = @root}
      aiex.npu.dma_wait {symbol = @other}
      aiex.npu.dma_memcpy_nd(%z[0, 0, 0, 0][1, 4, 8, 16][0, 16, 64, 1])
        {id = 2 : i64, metadata = @root, issue_token = true} : memref<512xi32>
      aiex.npu.dma_wait {symbol = @root}
    }
  }
}
"""


def built(folder: Path, to_stream: str = "") -> Artifact:
    design = folder / "design.mlir"
    design.write_text(DESIGN.replace(" TO_STREAM", to_stream))
    compile_design(design, folder)
    files = (folder / "final.xclbin", folder / "insts.bin")
    return Artifact("two/default", "npu1_1col", *files, (), None, judged=True)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """Two outputs: what a memory tile gathers of two cores, and what a third core sends."""
    return built(tmp_path_factory.mktemp("two"))


def test_the_fifo_that_reaches_the_host_comes_before_those_gathered_in_it(two: Artifact) -> None:
    assert output_objects(two, 0) == (
        Unit("object of root", 512),
        Unit("object of left and right", 256),
    )


def test_another_outputs_fifos_are_not_its_own(two: Artifact) -> None:
    assert output_objects(two, 1) == (Unit("object of other", 64),)


def test_objects_that_a_transfer_cuts_up_are_no_pieces_of_the_output(two: Artifact) -> None:
    assert output_objects(two, 2) == ()


def test_what_a_memory_tile_lays_out_anew_is_no_object_of_those_before(tmp_path: Path) -> None:
    turned = built(
        tmp_path, " dimensionsToStream [<size = 2, stride = 1>, <size = 32, stride = 2>]"
    )
    assert output_objects(turned, 0) == (Unit("object of root", 512),)


def test_an_artifact_without_names_has_no_objects(two: Artifact, tmp_path: Path) -> None:
    for file in (two.xclbin, two.insts):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    files = (tmp_path / two.xclbin.name, tmp_path / two.insts.name)
    bare = Artifact("two/default", "npu1_1col", *files, (), None, judged=True)
    assert output_objects(bare, 0) == ()


def test_files_that_cannot_be_read_have_no_objects(tmp_path: Path) -> None:
    gone = Artifact("x/y", "npu1_1col", tmp_path / "a", tmp_path / "b", (), None, judged=True)
    assert output_objects(gone, 0) == ()


def test_sizes_that_are_no_whole_number_of_elements_are_left_out() -> None:
    assert in_elements([Unit("a", 10), Unit("b", 12)], 4) == [Unit("b", 3)]
