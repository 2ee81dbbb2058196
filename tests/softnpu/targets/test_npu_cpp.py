"""Functions that write instruction streams in a run: compiled, called, and run on the emulator."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from softnpu import zig
from softnpu.compiler import pipelines
from softnpu.compiler.driver import compile_design
from softnpu.dialects.text import parse_file, parse_text
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.errors import DesignError
from softnpu.formats import xclbin
from softnpu.targets.npu_binary import emit as binary
from softnpu.targets.npu_cpp import emit
from tests.softnpu.emulator.designs import numbers

CALL = """
#include <cstdio>
#include <cstdlib>
int main(int, char **given) {{
  auto stream = {function}({arguments});
  if (!stream) return 3;
  return std::fwrite(stream->data(), 4, stream->size(), stdout) != stream->size();
}}
"""
NOTHING = 3

TILES, TILE = 10, 16
ARRAY = """
aie.device(npu1_1col) {{
  %shim = aie.tile(0, 0)
  %mem = aie.tile(0, 1)
  aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @out(%mem, {{%shim}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo.link [@in] -> [@out] ([] [])
  {}
}}"""
POOLED = """aie.runtime_sequence @tiles(%a: memref<160xi32>, %b: memref<160xi32>, %n: i32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %size = arith.constant 16 : i32
  %all = arith.index_cast %n : i32 to index
  scf.for %i = %zero to %all step %one {
    %number = arith.index_cast %i : index to i32
    %offset = arith.muli %number, %size : i32
    %in = aiex.dma_configure_task_for @in {
      aie.dma_bd(%a : memref<160xi32> offset = %offset len = 16)
      aie.end
    }
    %out = aiex.dma_configure_task_for @out {
      aie.dma_bd(%b : memref<160xi32> offset = %offset len = 16)
      aie.end
    } {issue_token = true}
    aiex.dma_start_task(%in)
    aiex.dma_start_task(%out)
    aiex.dma_await_task(%out)
    aiex.dma_free_task(%in)
    aiex.dma_free_task(%out)
  }
}"""
ROWS = """aie.runtime_sequence @rows(%a: memref<160xi32>, %b: memref<160xi32>, %n: i64, %c: i1) {
  scf.if %c {
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, %n, 8][0, 0, 8, 1])
      {id = 0 : i64, metadata = @out} : memref<160xi32>
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, %n, 8][0, 0, 16, 1])
      {id = 1 : i64, metadata = @in} : memref<160xi32>
    aiex.npu.dma_wait {symbol = @out}
  }
}"""


def called(source: str, function: str, arguments: str, folder: Path) -> bytes | None:
    """What a function gives, compiled by whatever C++ compiler there is."""
    program = folder / "call"
    (folder / "call.cpp").write_text(source + CALL.format(function=function, arguments=arguments))
    options = ["-std=c++17", "-Wall", "-Werror", str(folder / "call.cpp"), "-o", str(program)]
    if (compiler := shutil.which("c++")) is not None:
        subprocess.run([compiler, *options], check=True)
    else:
        made = zig.run("c++", *options)
        assert made.ok, made.messages
    done = subprocess.run([str(program)], capture_output=True)
    if done.returncode == NOTHING:
        return None
    assert done.returncode == 0
    return done.stdout


def stream_of(sequence: str, name: str, arguments: str, folder: Path) -> bytes | None:
    """The stream of a sequence on `ARRAY` for some arguments."""
    module = parse_text(ARRAY.format(sequence), "design.mlir")
    pipelines.run(pipelines.resource_allocation(), module)
    pipelines.run([*pipelines.routing(), *pipelines.npu_lowering()], module)
    return called(emit(module), f"generate_txn_main_{name}", arguments, folder)


def run(stream: bytes, data: np.ndarray, folder: Path) -> np.ndarray:
    """What the emulator makes of a stream; the array is that of `ARRAY`."""
    (folder / "array.mlir").write_text(ARRAY.format(""))
    compile_design(folder / "array.mlir", folder)
    context = Context(xclbin.parse((folder / "final.xclbin").read_bytes()))
    given, taken = context.allocate(data.nbytes), context.allocate(data.nbytes)
    given.data[:] = data.view(np.uint8)
    report = context.run(stream, [given, taken])
    assert report.completed, explain(report)
    return taken.data.view(np.int32)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_loop_runs_as_often_as_its_caller_says(tmp_path: Path, count: int) -> None:
    stream = stream_of(POOLED, "tiles", str(count), tmp_path)
    assert stream is not None
    data = numbers(TILES * TILE)
    expected = np.where(np.arange(len(data)) < count * TILE, data, 0)
    assert (run(stream, data, tmp_path) == expected).all()


def test_a_transfer_takes_as_many_rows_as_its_caller_says(tmp_path: Path) -> None:
    stream = stream_of(ROWS, "rows", "6, true", tmp_path)
    assert stream is not None
    data = numbers(TILES * TILE)
    out = run(stream, data, tmp_path)
    assert (out[: 6 * 8] == data.reshape(TILES, TILE)[:6, :8].reshape(-1)).all()


def test_a_branch_that_is_not_taken_writes_nothing(tmp_path: Path) -> None:
    stream = stream_of(ROWS, "rows", "6, false", tmp_path)
    assert stream is not None
    assert len(stream) == 16
    assert not run(stream, numbers(TILES * TILE), tmp_path).any()


def test_what_no_descriptor_can_hold_gives_no_stream(tmp_path: Path) -> None:
    assert stream_of(ROWS, "rows", "1024, true", tmp_path) is None


def test_a_pool_that_runs_out_gives_no_stream(tmp_path: Path) -> None:
    leaking = POOLED.replace("aiex.dma_free_task(%out)", "")
    assert stream_of(leaking, "tiles", "15", tmp_path) is not None
    assert stream_of(leaking, "tiles", "16", tmp_path) is None


@pytest.mark.parametrize("name", ["many_buffers", "task_sequence"])
def test_a_straight_sequence_is_written_as_beforehand(
    golden: Path, tmp_path: Path, name: str
) -> None:
    module = parse_file(golden / name / "npu_insts.mlir")
    function = f"generate_txn_main_{next(iter(_sequences(emit(module))))}"
    assert called(emit(module), function, "", tmp_path) == binary(module)


def _sequences(text: str) -> list[str]:
    heads = [line for line in text.splitlines() if "generate_txn_main_" in line]
    return [head.split("generate_txn_main_")[1].split("(")[0] for head in heads]


def test_an_op_that_is_not_lowered_is_named() -> None:
    text = "aie.device(npu1_1col) { aie.runtime_sequence() { aiex.npu.dma_wait {symbol = @x} } }"
    with pytest.raises(DesignError, match=r"aiex\.npu\.dma_wait is nothing that a function"):
        emit(parse_text(text, "design.mlir", check=False))
