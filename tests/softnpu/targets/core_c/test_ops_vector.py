"""Vectors of a core's body: every element is what the same op on scalars gives."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from softnpu.errors import DesignError
from tests.softnpu.targets.core_machine import c_of, program

RNG = np.random.default_rng(11)
INDICES = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %c5 = arith.constant 5 : index
"""


def i32(*shape: int) -> NDArray[np.int32]:
    return RNG.integers(-1000, 1000, shape).astype(np.int32)


def run(
    folder: Path, body: str, shapes: dict[str, tuple[tuple[int, ...], str]], **inputs: NDArray
) -> NDArray:  # type: ignore[type-arg]
    return program(folder, f"{INDICES}{body}\naie.end", shapes)(**inputs)["out"]


def test_arithmetic_is_element_by_element(tmp_path: Path) -> None:
    body = """
      %a0 = vector.load %a[%c0] : memref<16xi16>, vector<16xi16>
      %b0 = vector.load %b[%c0] : memref<16xi16>, vector<16xi16>
      %p = arith.muli %a0, %b0 : vector<16xi16>
      %k = arith.constant dense<3> : vector<16xi16>
      %s = arith.shrsi %p, %k : vector<16xi16>
      %m = arith.maxsi %s, %a0 : vector<16xi16>
      %less = arith.cmpi ult, %m, %b0 : vector<16xi16>
      %r = arith.select %less, %m, %b0 : vector<16xi1>, vector<16xi16>
      vector.store %r, %out[%c0] : memref<16xi16>, vector<16xi16>
    """
    shapes = dict.fromkeys(("a", "b", "out"), ((16,), "i16"))
    a, b = (RNG.integers(-(2**15), 2**15, 16).astype(np.int16) for _ in "ab")
    m = np.maximum((a * b) >> 3, a)
    expected = np.where(m.view(np.uint16) < b.view(np.uint16), m, b)
    assert (run(tmp_path, body, shapes, a=a, b=b) == expected).all()


def test_bfloat16_vectors_round_as_scalars_do(tmp_path: Path) -> None:
    body = """
      %a0 = vector.load %a[%c0] : memref<32xbf16>, vector<32xbf16>
      %p = arith.mulf %a0, %a0 : vector<32xbf16>
      %w = arith.extf %p : vector<32xbf16> to vector<32xf32>
      %k = arith.constant dense<1.1> : vector<32xf32>
      %q = vector.fma %w, %k, %w : vector<32xf32>
      %n = arith.truncf %q : vector<32xf32> to vector<32xbf16>
      vector.store %n, %out[%c0] : memref<32xbf16>, vector<32xbf16>
    """
    shapes = dict.fromkeys(("a", "out"), ((32,), "bf16"))
    a = RNG.normal(size=32).astype(ml_dtypes.bfloat16)
    product = (a.astype(np.float32) ** 2).astype(ml_dtypes.bfloat16).astype(np.float64)
    fused = (product * np.float64(np.float32(1.1)) + product).astype(np.float32)
    expected = fused.astype(ml_dtypes.bfloat16)
    assert (run(tmp_path, body, shapes, a=a) == expected).all()


def test_a_load_needs_no_alignment_beyond_the_element(tmp_path: Path) -> None:
    body = """
      %x = vector.load %a[%c3] : memref<64xi8>, vector<32xi8>
      vector.store %x, %out[%c5] : memref<64xi8>, vector<32xi8>
    """
    shapes = dict.fromkeys(("a", "out"), ((64,), "i8"))
    a = RNG.integers(-128, 128, 64).astype(np.int8)
    assert (run(tmp_path, body, shapes, a=a)[5:37] == a[3:35]).all()


def test_transfers_pad_permute_and_broadcast(tmp_path: Path) -> None:
    body = """
      %zero = arith.constant -1 : i32
      %edge = vector.transfer_read %a[%c2, %c5], %zero {in_bounds = [true, false]}
          : memref<6x8xi32>, vector<2x4xi32>
      %turned = vector.transfer_read %a[%c1, %c0], %zero
          {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d1, d0)>}
          : memref<6x8xi32>, vector<2x4xi32>
      %same = vector.transfer_read %a[%c3, %c1], %zero
          {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (0, d1)>}
          : memref<6x8xi32>, vector<2x4xi32>
      %s = arith.addi %edge, %turned : vector<2x4xi32>
      %t = arith.addi %s, %same : vector<2x4xi32>
      vector.transfer_write %t, %out[%c1, %c3] {in_bounds = [true, false]}
          : vector<2x4xi32>, memref<4x5xi32>
    """
    shapes = {"a": ((6, 8), "i32"), "out": ((4, 5), "i32")}
    a = i32(6, 8)
    edge = np.full((2, 4), -1, np.int32)
    edge[:, :3] = a[2:4, 5:8]
    total = edge + a[1:5, 0:2].T + a[3, 1:5]
    expected = np.zeros((4, 5), np.int32)
    expected[1:3, 3:5] = total[:, :2]
    assert (run(tmp_path, body, shapes, a=a, out=np.zeros((4, 5), np.int32)) == expected).all()


def test_a_plain_transfer_is_one_load(tmp_path: Path) -> None:
    body = f"""{INDICES}
      %zero = arith.constant 0 : i32
      %x = vector.transfer_read %a[%c2], %zero {{in_bounds = [true]}}
          : memref<32xi32>, vector<8xi32>
      vector.transfer_write %x, %out[%c0] {{in_bounds = [true]}} : vector<8xi32>, memref<32xi32>
      aie.end"""
    shapes = dict.fromkeys(("a", "out"), ((32,), "i32"))
    made = program(tmp_path, body, shapes)
    assert "core_store(out, core_load(v8i32, &a[2]));" in made.text
    a = i32(32)
    assert (made(a=a)["out"][:8] == a[2:10]).all()


def test_masks_keep_elements_out(tmp_path: Path) -> None:
    body = """
      %mask = vector.create_mask %c5 : vector<8xi1>
      %ones = arith.constant dense<1> : vector<8xi32>
      %x = vector.maskedload %a[%c2], %mask, %ones
          : memref<32xi32>, vector<8xi1>, vector<8xi32> into vector<8xi32>
      vector.maskedstore %out[%c1], %mask, %x : memref<32xi32>, vector<8xi1>, vector<8xi32>
      %low = vector.constant_mask [2] : vector<8xi1>
      %zero = arith.constant 0 : i32
      %s = arith.select %low, %x, %ones : vector<8xi1>, vector<8xi32>
      vector.store %s, %out[%c16] : memref<32xi32>, vector<8xi32>
    """
    body = "%c16 = arith.constant 16 : index\n" + body
    shapes = dict.fromkeys(("a", "out"), ((32,), "i32"))
    a = i32(32)
    out = run(tmp_path, body, shapes, a=a, out=np.full(32, -7, np.int32))
    assert out[:9].tolist() == [-7, *a[2:7].tolist(), -7, -7, -7]
    assert out[16:24].tolist() == [*a[2:4].tolist(), 1, 1, 1, 1, 1, 1]


def test_elements_and_parts_come_out_and_go_in(tmp_path: Path) -> None:
    body = """
      %zero = arith.constant 0 : i32
      %m = vector.transfer_read %a[%c0, %c0], %zero {in_bounds = [true, true]}
          : memref<4x4xi32>, vector<4x4xi32>
      %row = vector.extract %m[1] : vector<4xi32> from vector<4x4xi32>
      %x = vector.extract %m[2, 3] : i32 from vector<4x4xi32>
      %y = vector.extract %row[%c2] : i32 from vector<4xi32>
      %m1 = vector.insert %row, %m[3] : vector<4xi32> into vector<4x4xi32>
      %m2 = vector.insert %x, %m1[0, 0] : i32 into vector<4x4xi32>
      %m3 = vector.insert %y, %m2[0, %c1] : i32 into vector<4x4xi32>
      %slice = vector.extract_strided_slice %m {offsets = [1, 1], sizes = [2, 2], strides = [1, 1]}
          : vector<4x4xi32> to vector<2x2xi32>
      %m4 = vector.insert_strided_slice %slice, %m3 {offsets = [1, 2], strides = [1, 1]}
          : vector<2x2xi32> into vector<4x4xi32>
      %t = vector.transpose %m4, [1, 0] : vector<4x4xi32> to vector<4x4xi32>
      vector.transfer_write %t, %out[%c0, %c0] {in_bounds = [true, true]}
          : vector<4x4xi32>, memref<4x4xi32>
    """
    shapes = {"a": ((4, 4), "i32"), "out": ((4, 4), "i32")}
    a = i32(4, 4)
    m = a.copy()
    m[3] = a[1]
    m[0, 0], m[0, 1] = a[2, 3], a[1, 2]
    m[1:3, 2:4] = a[1:3, 1:3]
    assert (run(tmp_path, body, shapes, a=a) == m.T).all()


def test_vectors_are_made_and_mixed(tmp_path: Path) -> None:
    body = """
      %a0 = vector.load %a[%c0] : memref<16xi32>, vector<4xi32>
      %x = memref.load %a[%c5] : memref<16xi32>
      %b = vector.broadcast %x : i32 to vector<4xi32>
      %wide = vector.broadcast %a0 : vector<4xi32> to vector<2x4xi32>
      %flat = vector.shape_cast %wide : vector<2x4xi32> to vector<8xi32>
      %mixed = vector.interleave %a0, %b : vector<4xi32> -> vector<8xi32>
      %s = arith.addi %flat, %mixed : vector<8xi32>
      %t = vector.shuffle %a0, %b [3, 4, 0, 7] : vector<4xi32>, vector<4xi32>
      %e = vector.from_elements %x, %x, %x, %x : vector<4xi32>
      %u = arith.subi %t, %e : vector<4xi32>
      %bytes = vector.bitcast %u : vector<4xi32> to vector<16xi8>
      %back = vector.bitcast %bytes : vector<16xi8> to vector<4xi32>
      vector.store %s, %out[%c0] : memref<16xi32>, vector<8xi32>
      vector.store %back, %out[%c8] : memref<16xi32>, vector<4xi32>
    """
    body = "%c8 = arith.constant 8 : index\n" + body
    shapes = dict.fromkeys(("a", "out"), ((16,), "i32"))
    a = i32(16)
    first, x = a[:4], a[5]
    mixed = np.stack([first, np.full(4, x)], axis=1).reshape(-1)
    out = run(tmp_path, body, shapes, a=a)
    assert (out[:8] == np.tile(first, 2) + mixed).all()
    assert (out[8:12] == np.array([first[3], x, first[0], x]) - x).all()


@pytest.mark.parametrize(
    ("kind", "reduce"),
    [
        ("add", lambda v: int(v.sum(dtype=np.int32))),
        ("mul", lambda v: int(v.prod(dtype=np.int32))),
        ("minsi", lambda v: int(v.min())),
        ("maxsi", lambda v: int(v.max())),
        ("maxui", lambda v: int(v.view(np.uint32).max().astype(np.int32))),
        ("and", lambda v: int(np.bitwise_and.reduce(v))),
        ("xor", lambda v: int(np.bitwise_xor.reduce(v))),
    ],
)
def test_reductions_of_integers(tmp_path: Path, kind: str, reduce) -> None:  # type: ignore[no-untyped-def]
    body = f"""
      %v = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
      %r = vector.reduction <{kind}>, %v : vector<16xi32> into i32
      memref.store %r, %out[%c0] : memref<1xi32>
    """
    a = i32(16)
    found = run(tmp_path, body, {"a": ((16,), "i32"), "out": ((1,), "i32")}, a=a)
    assert found[0] == reduce(a)


def test_a_float_sum_goes_in_order_from_the_accumulator(tmp_path: Path) -> None:
    body = """
      %v = vector.load %a[%c0] : memref<16xf32>, vector<16xf32>
      %first = memref.load %a[%c0] : memref<16xf32>
      %r = vector.reduction <add>, %v, %first : vector<16xf32> into f32
      memref.store %r, %out[%c0] : memref<1xf32>
    """
    a = (RNG.normal(size=16) * 10.0 ** RNG.integers(-4, 5, 16)).astype(np.float32)
    total = a[0]
    for x in a:
        total = np.float32(total + x)
    assert run(tmp_path, body, {"a": ((16,), "f32"), "out": ((1,), "f32")}, a=a)[0] == total


def test_products_and_contractions(tmp_path: Path) -> None:
    body = """
      %zero = arith.constant 0 : i32
      %m = vector.transfer_read %a[%c0, %c0], %zero {in_bounds = [true, true]}
          : memref<4x4xi32>, vector<4x4xi32>
      %acc = arith.constant dense<5> : vector<4x4xi32>
      %p = vector.contract {
          indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                           affine_map<(i, j, k) -> (i, j)>],
          iterator_types = ["parallel", "parallel", "reduction"],
          kind = #vector.kind<add>} %m, %m, %acc
          : vector<4x4xi32>, vector<4x4xi32> into vector<4x4xi32>
      %row = vector.extract %m[2] : vector<4xi32> from vector<4x4xi32>
      %o = vector.outerproduct %row, %row, %p : vector<4xi32>, vector<4xi32>
      %z = arith.constant dense<0> : vector<4xi32>
      %sums = vector.multi_reduction <add>, %o, %z [1] : vector<4x4xi32> to vector<4xi32>
      %w = vector.insert %sums, %o[0] : vector<4xi32> into vector<4x4xi32>
      vector.transfer_write %w, %out[%c0, %c0] {in_bounds = [true, true]}
          : vector<4x4xi32>, memref<4x4xi32>
    """
    a = i32(4, 4)
    expected = a @ a + 5 + np.outer(a[2], a[2])
    expected[0] = expected.sum(axis=1)
    shapes = {"a": ((4, 4), "i32"), "out": ((4, 4), "i32")}
    assert (run(tmp_path, body, shapes, a=a) == expected).all()


def test_an_op_without_a_meaning_on_a_core_is_refused_by_name() -> None:
    body = """
      %v = vector.type_cast %a : memref<16xi32> to memref<vector<16xi32>>
      aie.end"""
    with pytest.raises(DesignError, match=r"'vector.type_cast' is not supported in a core's body"):
        c_of(body, {"a": ((16,), "i32")})
