"""Memory of a core's body: where elements lie, what views are, what a bare pointer loses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softnpu.errors import DesignError
from softnpu.targets.standin import compile_kernel
from tests.softnpu.targets.core_machine import c_of, program

GRID = np.arange(48, dtype=np.int32).reshape(6, 8)
LOOP = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
"""


def test_elements_of_higher_ranks_lie_row_by_row(tmp_path: Path) -> None:
    body = f"""{LOOP}
      scf.for %i = %c0 to %c2 step %c1 {{
        scf.for %j = %c0 to %c3 step %c1 {{
          scf.for %k = %c0 to %c4 step %c1 {{
            %x = memref.load %a[%i, %j, %k] : memref<2x3x4xi16>
            memref.store %x, %out[%k, %j, %i] : memref<4x3x2xi16>
          }}
        }}
      }}
      aie.end"""
    buffers = {"a": ((2, 3, 4), "i16"), "out": ((4, 3, 2), "i16")}
    a = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    run = program(tmp_path, body, buffers)
    assert "out[k * 6 + j * 2 + i] = a[i * 12 + j * 4 + k];" in run.text
    assert (run(a=a)["out"] == a.transpose(2, 1, 0)).all()


def test_a_subview_is_a_window_on_its_source(tmp_path: Path) -> None:
    body = f"""{LOOP}
      scf.for %row = %c0 to %c2 step %c1 {{
        %v = memref.subview %a[%row, 2] [3, 4] [2, 1] : memref<6x8xi32>
            to memref<3x4xi32, strided<[16, 1], offset: ?>>
        %w = memref.subview %v[1, 0] [1, 4] [1, 1] : memref<3x4xi32, strided<[16, 1], offset: ?>>
            to memref<4xi32, strided<[1], offset: ?>>
        scf.for %i = %c0 to %c4 step %c1 {{
          %x = memref.load %v[%c2, %i] : memref<3x4xi32, strided<[16, 1], offset: ?>>
          %y = memref.load %w[%i] : memref<4xi32, strided<[1], offset: ?>>
          %s = arith.subi %x, %y : i32
          memref.store %s, %out[%row, %i] : memref<2x4xi32>
        }}
      }}
      aie.end"""
    buffers = {"a": ((6, 8), "i32"), "out": ((2, 4), "i32")}
    grid = GRID**2
    expected = [grid[row + 4, 2:6] - grid[row + 2, 2:6] for row in range(2)]
    assert (program(tmp_path, body, buffers)(a=grid)["out"] == expected).all()


def test_reinterpret_cast_starts_from_the_base_again(tmp_path: Path) -> None:
    body = f"""{LOOP}
      scf.for %i = %c0 to %c4 step %c1 {{
        %v = memref.subview %a[%i, 0] [1, 8] [1, 1] : memref<6x8xi32>
            to memref<8xi32, strided<[1], offset: ?>>
        %base = memref.reinterpret_cast %v to offset: [0], sizes: [4], strides: [9]
            : memref<8xi32, strided<[1], offset: ?>> to memref<4xi32, strided<[9]>>
        %x = memref.load %base[%i] : memref<4xi32, strided<[9]>>
        memref.store %x, %out[%i] : memref<4xi32>
      }}
      aie.end"""
    buffers = {"a": ((6, 8), "i32"), "out": ((4,), "i32")}
    assert program(tmp_path, body, buffers)(a=GRID)["out"].tolist() == [0, 9, 18, 27]


def test_copy_moves_what_the_views_show(tmp_path: Path) -> None:
    body = """
      %v = memref.subview %a[1, 2] [3, 4] [1, 1] : memref<6x8xi32>
          to memref<3x4xi32, strided<[8, 1], offset: 10>>
      memref.copy %v, %part : memref<3x4xi32, strided<[8, 1], offset: 10>> to memref<3x4xi32>
      memref.copy %a, %all : memref<6x8xi32> to memref<6x8xi32>
      aie.end"""
    buffers = {"a": ((6, 8), "i32"), "part": ((3, 4), "i32"), "all": ((6, 8), "i32")}
    out = program(tmp_path, body, buffers)(a=GRID)
    assert (out["part"] == GRID[1:4, 2:6]).all()
    assert (out["all"] == GRID).all()


def test_constants_of_the_design_are_tables_of_the_program(tmp_path: Path) -> None:
    functions = """
    memref.global "private" constant @table : memref<2x2xi16> = dense<[[7, -8], [9, 10]]>
    memref.global "private" @count : memref<1xi32> = dense<40>
    """
    body = f"""{LOOP}
      %t = memref.get_global @table : memref<2x2xi16>
      %n = memref.get_global @count : memref<1xi32>
      scf.for %i = %c0 to %c2 step %c1 {{
        %x = memref.load %t[%i, %c1] : memref<2x2xi16>
        %y = arith.extsi %x : i16 to i32
        %z = memref.load %n[%c0] : memref<1xi32>
        %s = arith.addi %z, %y : i32
        memref.store %s, %n[%c0] : memref<1xi32>
        memref.store %s, %out[%i] : memref<2xi32>
      }}
      aie.end"""
    run = program(tmp_path, body, {"out": ((2,), "i32")}, functions)
    assert "static const int16_t table[4] = {7, -8, 9, 10};" in run.text
    assert run()["out"].tolist() == [32, 42]


def test_an_array_of_the_core_lives_on_its_stack(tmp_path: Path) -> None:
    body = f"""{LOOP}
      %tmp = memref.alloca() : memref<4xi32>
      scf.for %i = %c0 to %c4 step %c1 {{
        %x = memref.load %a[%i] : memref<4xi32>
        memref.store %x, %tmp[%i] : memref<4xi32>
      }}
      scf.for %i = %c0 to %c4 step %c1 {{
        %last = arith.subi %c3, %i : index
        %x = memref.load %tmp[%last] : memref<4xi32>
        memref.store %x, %out[%i] : memref<4xi32>
      }}
      aie.end"""
    buffers = {"a": ((4,), "i32"), "out": ((4,), "i32")}
    out = program(tmp_path, body, buffers)(a=np.array([5, 6, 7, 8], np.int32))["out"]
    assert out.tolist() == [8, 7, 6, 5]


def test_a_load_does_not_move_past_a_store(tmp_path: Path) -> None:
    body = f"""{LOOP}
      %x = memref.load %a[%c0] : memref<2xi32>
      %y = memref.load %a[%c1] : memref<2xi32>
      memref.store %y, %a[%c0] : memref<2xi32>
      memref.store %x, %a[%c1] : memref<2xi32>
      aie.end"""
    out = program(tmp_path, body, {"a": ((2,), "i32")})(a=np.array([1, 2], np.int32))
    assert out["a"].tolist() == [2, 1]


KERNEL = 'func.func private @kernel(memref<8xi32>) attributes {link_with = "kernel.o"}'


def test_a_cast_that_drops_a_dynamic_offset_is_an_error() -> None:
    body = f"""{LOOP}
      scf.for %i = %c0 to %c4 step %c1 {{
        %v = memref.subview %a[%i, 0] [1, 8] [1, 1] : memref<6x8xi32>
            to memref<8xi32, strided<[1], offset: ?>>
        %flat = memref.cast %v : memref<8xi32, strided<[1], offset: ?>> to memref<8xi32>
        func.call @kernel(%flat) : (memref<8xi32>) -> ()
      }}
      aie.end"""
    with pytest.raises(DesignError, match=r"drops the offset .* buffer's first element") as caught:
        c_of(body, {"a": ((6, 8), "i32")}, KERNEL)
    assert caught.value.location is not None
    assert any("offset as an argument" in note for note in caught.value.notes)


def test_a_static_offset_before_a_bare_pointer_is_an_error() -> None:
    functions = "func.func private @kernel(memref<8xi32, strided<[1], offset: 16>>)"
    body = """
      %v = memref.subview %a[2, 0] [1, 8] [1, 1] : memref<6x8xi32>
          to memref<8xi32, strided<[1], offset: 16>>
      func.call @kernel(%v) : (memref<8xi32, strided<[1], offset: 16>>) -> ()
      aie.end"""
    with pytest.raises(DesignError, match="would get the buffer's start instead"):
        c_of(body, {"a": ((6, 8), "i32")}, functions)


def test_a_dynamic_offset_in_a_call_is_an_error() -> None:
    functions = "func.func private @kernel(memref<8xi32, strided<[1], offset: ?>>)"
    body = f"""{LOOP}
      scf.for %i = %c0 to %c4 step %c1 {{
        %v = memref.subview %a[%i, 0] [1, 8] [1, 1] : memref<6x8xi32>
            to memref<8xi32, strided<[1], offset: ?>>
        func.call @kernel(%v) : (memref<8xi32, strided<[1], offset: ?>>) -> ()
      }}
      aie.end"""
    with pytest.raises(DesignError, match="only the run knows"):
        c_of(body, {"a": ((6, 8), "i32")}, functions)


def test_a_cast_that_states_what_is_so_is_fine(tmp_path: Path) -> None:
    source = tmp_path / "kernel.c"
    source.write_text("void kernel(int32_t *row) { row[7] = 70; }")
    compile_kernel(source, tmp_path / "kernel.o")
    body = """
      %v = memref.subview %a[0, 0] [1, 8] [1, 1] : memref<6x8xi32>
          to memref<8xi32, strided<[1]>>
      %any = memref.cast %v : memref<8xi32, strided<[1]>> to memref<8xi32, strided<[1], offset: ?>>
      %flat = memref.cast %any : memref<8xi32, strided<[1], offset: ?>> to memref<8xi32>
      func.call @kernel(%flat) : (memref<8xi32>) -> ()
      aie.end"""
    run = program(tmp_path, body, {"a": ((6, 8), "i32")}, KERNEL, kernel=tmp_path / "kernel.o")
    assert run(a=GRID)["a"][0].tolist() == [0, 1, 2, 3, 4, 5, 6, 70]


CHOICE = {"a": ((6, 8), "i32"), "b": ((6, 8), "i32"), "out": ((6, 8), "i32")}


def test_a_buffer_can_be_chosen_at_run_time(tmp_path: Path) -> None:
    body = f"""{LOOP}
      %one = arith.constant 1 : i32
      scf.for %i = %c0 to %c4 step %c1 {{
        %odd = arith.remsi %i, %c2 : index
        %chosen = scf.index_switch %odd -> memref<6x8xi32>
        case 0 {{
          scf.yield %a : memref<6x8xi32>
        }}
        default {{
          scf.yield %b : memref<6x8xi32>
        }}
        %x = memref.load %chosen[%i, %c3] : memref<6x8xi32>
        memref.store %x, %out[%c0, %i] : memref<6x8xi32>
      }}
      aie.end"""
    a, b = GRID, GRID * 100
    out = program(tmp_path, body, CHOICE)(a=a, b=b)["out"]
    assert out[0, :4].tolist() == [a[0, 3], b[1, 3], a[2, 3], b[3, 3]]


def test_a_view_with_a_dynamic_offset_goes_from_block_to_block(tmp_path: Path) -> None:
    view = "memref<8xi32, strided<[1], offset: ?>>"
    body = f"""{LOOP}
      %rows = arith.constant 5 : index
      %v0 = memref.subview %a[0, 0] [1, 8] [1, 1] : memref<6x8xi32> to memref<8xi32, strided<[1]>>
      %any = memref.cast %v0 : memref<8xi32, strided<[1]>> to {view}
      cf.br ^head(%c0, %any, %any : index, {view}, {view})
    ^head(%i: index, %now: {view}, %before: {view}):
      %go = arith.cmpi slt, %i, %rows : index
      cf.cond_br %go, ^body, ^exit
    ^body:
      %x = memref.load %now[%c3] : {view}
      %y = memref.load %before[%c3] : {view}
      %s = arith.subi %x, %y : i32
      memref.store %s, %out[%c0, %i] : memref<6x8xi32>
      %i2 = arith.addi %i, %c1 : index
      %following = memref.subview %a[%i2, 0] [1, 8] [1, 1] : memref<6x8xi32> to {view}
      cf.br ^head(%i2, %following, %now : index, {view}, {view})
    ^exit:
      aie.end"""
    grid = GRID**2
    out = program(tmp_path, body, CHOICE)(a=grid)["out"]
    column = grid[:, 3]
    assert out[0, :5].tolist() == [0, *(column[i] - column[i - 1] for i in range(1, 5))]


def test_the_shape_of_a_memref_can_be_asked_for(tmp_path: Path) -> None:
    body = f"""{LOOP}
      %n = memref.dim %a, %c1 : memref<6x8xi32>
      %m = arith.index_cast %n : index to i32
      memref.store %m, %out[%c0, %c0] : memref<6x8xi32>
      %t = memref.transpose %a (d0, d1) -> (d1, d0) : memref<6x8xi32>
          to memref<8x6xi32, strided<[1, 8]>>
      %x = memref.load %t[%c3, %c1] : memref<8x6xi32, strided<[1, 8]>>
      memref.store %x, %out[%c0, %c1] : memref<6x8xi32>
      %f = memref.collapse_shape %a [[0, 1]] : memref<6x8xi32> into memref<48xi32>
      %y = memref.load %f[%c4] : memref<48xi32>
      memref.store %y, %out[%c0, %c2] : memref<6x8xi32>
      aie.end"""
    out = program(tmp_path, body, CHOICE)(a=GRID * 3)["out"]
    assert out[0, :3].tolist() == [8, GRID[1, 3] * 3, 12]


def test_a_run_of_bytes_is_seen_as_other_elements(tmp_path: Path) -> None:
    body = f"""{LOOP}
      %bytes = memref.alloca() : memref<64xi8>
      %c8 = arith.constant 8 : index
      %words = memref.view %bytes[%c8][] : memref<64xi8> to memref<2x4xi32>
      %all = memref.view %bytes[%c0][%c8] : memref<64xi8> to memref<?xi32>
      %x = memref.load %a[%c1, %c1] : memref<6x8xi32>
      memref.store %x, %words[%c1, %c1] : memref<2x4xi32>
      %c7 = arith.constant 7 : index
      %y = memref.load %all[%c7] : memref<?xi32>
      memref.store %y, %out[%c0, %c0] : memref<6x8xi32>
      aie.end"""
    out = program(tmp_path, body, CHOICE)(a=GRID * 3)["out"]
    assert out[0, 0] == GRID[1, 1] * 3
