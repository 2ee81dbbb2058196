"""What a core asks of the array: the locks, streams and calls that mlir-aie's code has."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from softnpu.arch.standin import Service
from softnpu.dialects.aie import CoreOp, DeviceOp
from softnpu.dialects.text import parse_file
from softnpu.errors import DesignError
from softnpu.targets.core_c import core_source
from softnpu.targets.standin import compile_kernel
from tests.softnpu.targets.core_machine import Machine, c_of, program

CORES = [
    ("broadcast_add", 0, 2),
    ("broadcast_add", 1, 3),
    ("cascade_pair", 0, 2),
    ("cascade_pair", 0, 3),
    ("distribute_join", 1, 2),
    ("distribute_join", 1, 3),
    ("explicit_dma", 0, 2),
    ("initial_data", 0, 2),
    ("neighbour_memory", 0, 2),
    ("neighbour_memory", 0, 3),
    ("npu2_two_columns", 0, 2),
    ("passthrough_core", 0, 2),
]


def core_text(path: Path, col: int, row: int) -> str:
    """The generated C of one core of a design."""
    for op in parse_file(path).walk():
        if isinstance(op, CoreOp) and op.position == (col, row):
            device = op.parent_op()
            assert isinstance(device, DeviceOp)
            return core_source(device, op).text
    raise AssertionError(f"no core ({col}, {row})")


@pytest.mark.parametrize(("design", "col", "row"), CORES)
def test_locks_and_calls_are_those_of_mlir_aie(
    golden: Path, design: str, col: int, row: int
) -> None:
    text = core_text(golden / design / "input_with_addresses.mlir", col, row)
    body = text[text.index(f"void core_{col}_{row}") :]
    mine = re.findall(
        r"(npu_acquire|npu_release)\((\d+), (-?\d+)\)|\n +(?!npu_)(\w+)\((\w+(?:, \w+)*)\);", body
    )
    llvm = (golden / design / f"main_core_{col}_{row}.ll").read_text()
    theirs = re.findall(
        r"call void @llvm\.aie2p?\.(acquire|release)\(i32 (\d+), i32 (-?\d+)\)"
        r"|call void @(\w+)\((.*)\)",
        llvm,
    )
    assert [
        (f"npu_{action}" if action else "", lock, value, callee, _arguments(arguments))
        for action, lock, value, callee, arguments in theirs
    ] == [(*rest, re.sub(r"view\w*", CHOSEN, arguments)) for *rest, arguments in mine]


CHOSEN = "an object that the core chooses at run time"


def _arguments(llvm: str) -> str:
    words = [part.split()[-1] for part in llvm.split(", ") if part]
    return ", ".join(CHOSEN if word[0] == "%" else word.removeprefix("@") for word in words)


def test_a_plain_acquire_waits_for_equality() -> None:
    functions = '%lock = aie.lock(%tile, 5) {sym_name = "ready"}'
    body = """
      aie.use_lock(%lock, Acquire, 1)
      aie.use_lock(%lock, AcquireGreaterEqual, 2)
      aie.use_lock(%lock, Release, 3)
      %c0 = arith.constant 0 : index
      %some = memref.load %count[%c0] : memref<1xi32>
      aie.use_lock(%lock, AcquireGreaterEqual, %some)
      aie.end"""
    text = c_of(body, {"count": ((1,), "i32")}, functions)
    assert "npu_acquire(53, 1); /* ready */" in text
    assert "npu_acquire(53, -2); /* ready */" in text
    assert "npu_release(53, 3); /* ready */" in text
    assert "npu_acquire(53, 0 - count[0]); /* ready */" in text


def test_a_lock_can_be_handed_to_a_function_of_the_design() -> None:
    functions = """
    %lock = aie.lock(%tile, 5) {sym_name = "ready"}
    %four = arith.constant 4 : i32
    func.func @wait(%l: index) {
      aie.use_lock(%l, AcquireGreaterEqual, 1)
      return
    }
    """
    body = """
      func.call @wait(%lock) : (index) -> ()
      aie.debug(%four : i32)
      aie.end"""
    text = c_of(body, {}, functions)
    assert "wait(53);" in text
    assert "npu_debug_i32(4);" in text
    assert "npu_acquire((uint32_t)l_1, -1);" in text


def test_streams_events_and_cascade_ask_for_their_services(tmp_path: Path) -> None:
    body = """
      %c0 = arith.constant 0 : index
      %port = arith.constant 0 : i32
      aie.event(1)
      %x = aie.get_stream(%port : i32) : i32
      %y = arith.muli %x, %x : i32
      aie.put_stream(%port : i32, %y : i32)
      aie.debug(%y : i32)
      %v = aie.get_cascade() : vector<16xi32>
      %w = arith.addi %v, %v : vector<16xi32>
      aie.put_cascade(%w : vector<16xi32>)
      aie.end"""
    made = program(tmp_path, body, {})
    machine = Machine(made.elf)
    words = np.arange(16, dtype=np.int32)
    machine.replies = [12, words.tobytes()]
    machine.run()
    assert [service for service, _, _ in machine.asked] == [
        Service.EVENT,
        Service.GET_STREAM,
        Service.PUT_STREAM,
        Service.DEBUG_I32,
        Service.GET_CASCADE,
        Service.PUT_CASCADE,
    ]
    assert machine.asked[0][1] == 1
    assert machine.asked[2][1:] == (144, 0)
    assert machine.asked[3][1] == 144
    assert (np.frombuffer(machine.sent[0], np.int32) == 2 * words).all()


def test_intrinsics_called_by_name_are_understood(tmp_path: Path) -> None:
    functions = """
    func.func private @llvm.aie2.acquire(i32, i32)
    func.func private @llvm.aie2.put.ms(i32, i32)
    func.func private @debug_i32(i32)
    """
    body = """
      %lock = arith.constant 48 : i32
      %one = arith.constant -1 : i32
      func.call @llvm.aie2.acquire(%lock, %one) : (i32, i32) -> ()
      func.call @llvm.aie2.put.ms(%lock, %one) : (i32, i32) -> ()
      func.call @debug_i32(%lock) : (i32) -> ()
      aie.end"""
    machine = Machine(program(tmp_path, body, {}, functions).elf).run()
    assert machine.asked == [
        (Service.ACQUIRE, 48, -1),
        (Service.PUT_STREAM, 48, -1),
        (Service.DEBUG_I32, 48, 0),
    ]


def test_a_cascade_value_of_another_width_is_an_error() -> None:
    body = """
      %v = arith.constant dense<1> : vector<8xi32>
      aie.put_cascade(%v : vector<8xi32>)
      aie.end"""
    with pytest.raises(DesignError, match=r"512"):
        c_of(body, {})


def test_a_function_of_the_design_is_compiled_with_the_core(tmp_path: Path) -> None:
    functions = """
    func.func @scale(%x: memref<8xi32>, %k: i32) -> i32 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %zero = arith.constant 0 : i32
      %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %zero) -> (i32) {
        %v = memref.load %x[%i] : memref<8xi32>
        %w = func.call @twice(%v) : (i32) -> i32
        %p = arith.muli %w, %k : i32
        memref.store %p, %x[%i] : memref<8xi32>
        %t = arith.addi %s, %p : i32
        scf.yield %t : i32
      }
      return %sum : i32
    }
    func.func @twice(%x: i32) -> i32 {
      %r = arith.addi %x, %x : i32
      return %r : i32
    }
    """
    body = """
      %c0 = arith.constant 0 : index
      %k = arith.constant 5 : i32
      %sum = func.call @scale(%a, %k) : (memref<8xi32>, i32) -> i32
      memref.store %sum, %out[%c0] : memref<1xi32>
      aie.end"""
    made = program(tmp_path, body, {"a": ((8,), "i32"), "out": ((1,), "i32")}, functions)
    assert "int32_t scale(int32_t *x, int32_t k_1) {" in made.text
    a = np.arange(8, dtype=np.int32)
    out = made(a=a)
    assert (out["a"] == 10 * a).all()
    assert out["out"][0] == 10 * a.sum()


def test_kernels_get_the_types_that_the_design_declares(tmp_path: Path) -> None:
    source = tmp_path / "mix.c"
    source.write_text(
        """
        float mix(int8_t *bytes, bfloat16 half, float single, int16_t small, int64_t wide) {
          bytes[0] = (int8_t)small;
          return (float)half + single + (float)wide;
        }
        """
    )
    compile_kernel(source, tmp_path / "mix.o")
    functions = """
    func.func private @mix(memref<4xi8>, bf16, f32, i16, index) -> f32
        attributes {link_with = "mix.o"}
    """
    body = """
      %c0 = arith.constant 0 : index
      %h = arith.constant 1.5 : bf16
      %s = arith.constant 0.25 : f32
      %n = arith.constant -3 : i16
      %w = arith.constant 1000 : index
      %r = func.call @mix(%a, %h, %s, %n, %w) : (memref<4xi8>, bf16, f32, i16, index) -> f32
      memref.store %r, %out[%c0] : memref<1xf32>
      aie.end"""
    buffers = {"a": ((4,), "i8"), "out": ((1,), "f32")}
    out = program(tmp_path, body, buffers, functions, mix=tmp_path / "mix.o")()
    assert out["out"][0] == 1001.75
    assert out["a"][0] == -3


def test_names_that_c_keeps_for_itself_are_bent_and_still_link(tmp_path: Path) -> None:
    source = tmp_path / "kernels.c"
    source.write_text(
        """
        void kernel_default(int32_t *p) __asm__("default");
        void kernel_default(int32_t *p) { p[0] += 1; }
        void memcpy(int32_t *p) { p[0] *= 3; }
        """
    )
    compile_kernel(source, tmp_path / "kernels.o", flags=["-fno-builtin", "-w"])
    functions = """
    func.func private @default(memref<2xi32>) attributes {link_with = "kernels.o"}
    func.func private @memcpy(memref<2xi32>) attributes {link_with = "kernels.o"}
    """
    body = """
      func.call @default(%i) : (memref<2xi32>) -> ()
      func.call @memcpy(%i) : (memref<2xi32>) -> ()
      aie.end"""
    made = program(tmp_path, body, {"i": ((2,), "i32")}, functions, kernels=tmp_path / "kernels.o")
    assert made(i=np.array([4, 0], np.int32))["i"].tolist() == [15, 0]


@pytest.mark.parametrize("name", ["core_divs32", "core_maximum_f32", "npu_acquire", "main"])
def test_a_kernel_cannot_take_a_name_of_the_runtime(name: str) -> None:
    functions = f"func.func private @{name}(memref<2xi32>)"
    body = f"""
      func.call @{name}(%a) : (memref<2xi32>) -> ()
      aie.end"""
    with pytest.raises(DesignError, match=f"'{name}' is a name of the stand-in's own runtime"):
        c_of(body, {"a": ((2,), "i32")}, functions)


def test_a_kernel_may_begin_like_one() -> None:
    functions = "func.func private @core_add(memref<2xi32>)"
    body = """
      func.call @core_add(%a) : (memref<2xi32>) -> ()
      aie.end"""
    text = c_of(body, {"a": ((2,), "i32")}, functions)
    assert 'void d_core_add(int32_t *) __asm__("core_add");' in text
