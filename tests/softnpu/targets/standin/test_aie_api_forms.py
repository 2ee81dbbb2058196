"""What the documentation of the AIE API writes in other forms than our kernels do, against numpy.

A row is a C++ statement that hands results to `put`, and what numpy makes of the same numbers: `a`
and `b` are vectors of 16 int16, `x` is where they lie in memory, a before b.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from softnpu.targets.standin import compile_kernel
from tests.softnpu.targets.standin.test_aie_api import results

X = np.random.default_rng(8).integers(-(1 << 15), 1 << 15, 32).astype(np.int16)
A, B = X[:16], X[16:]
WIDE_A, WIDE_B = A.astype(np.int64), B.astype(np.int64)
C, D = (wide[::2] + 1j * wide[1::2] for wide in (WIDE_A, WIDE_B))
ZIPPED = np.stack([A, B], 1).ravel()
PRODUCTS = (WIDE_A * WIDE_B).astype(np.int32)
TABLE = np.arange(10, 26, dtype=np.int16)
PRODUCT = (A.view(np.int8).reshape(4, 8) @ B.view(np.int8).reshape(8, 4).astype(np.int32)).ravel()

HEAD = """
#include <aie_api/utils.hpp>
struct Results {
  uint8_t *at;
  template <class Value> void operator()(const Value &value) {
    __builtin_memcpy(at, &value, sizeof value);
    at += 128;
  }
};
[[maybe_unused]] alignas(32) static int16 table[32];
extern "C" void run(const int16 *x, uint8_t *out) {
  Results put{out};
  const auto a = aie::load_v<16>(x), b = aie::load_v<16>(x + 16);
  [[maybe_unused]] const auto c = a.cast_to<cint16>(), d = b.cast_to<cint16>();
"""

Row = tuple[str, Any]


def pairs(values: NDArray[np.complex128], part: type = np.int64) -> NDArray[Any]:
    """Real and imaginary parts in turns."""
    return np.stack([values.real, values.imag], axis=-1).ravel().astype(part)


def floats(values: NDArray[Any]) -> NDArray[np.float32]:
    return values.astype(np.float32)


TUPLES: list[Row] = [
    (
        "std::pair<decltype(a), decltype(a)> p = aie::interleave_zip(a, b, 1); put(p.first)",
        ZIPPED[:16],
    ),
    ("put(aie::concat(aie::interleave_zip(a, b, 1)))", ZIPPED),
    (
        "aie::vector<int16, 16> p, q; std::tie(p, q) = aie::interleave_zip(a, b, 1); put(q)",
        ZIPPED[16:],
    ),
    ("put(std::get<0>(aie::max_cmp(a, b)))", np.maximum(A, B)),
    ("auto [most, where] = aie::max_cmp(a, b); put(where)", np.packbits(A < B, bitorder="little")),
    ("auto parts = a.split<8>(); put(aie::concat(parts[1], std::get<0>(parts)))", np.roll(A, 8)),
    ("auto [low, high] = aie::mul(a, b).split<8>(); put(high)", PRODUCTS[8:]),
    ("put(aie::concat(std::make_tuple(b, a)))", np.concatenate([B, A])),
    ("put(aie::accumulate<16, acc64>(b, 3, std::make_tuple(a, a)))", WIDE_A * (WIDE_B[3] + B[4])),
    ("auto [p, q] = aie::begin_vectors<8>(x, x + 16); put(aie::add(*++p, *q))", A[8:] + B[:8]),
]

MEMORY: list[Row] = [
    ("put(aie::load_v<8, aie_dm_resource::a>(x))", A[:8]),
    ("int16 y[16]; aie::store_v<aie_dm_resource::b>(y, b); put(aie::load_v<16>(y))", B),
    (
        "int sum = 0; for (auto i = aie::begin(x, 9); i != aie::cend(x, 9);) sum += *i++; put(sum)",
        np.array([A[:9].sum(dtype=np.int32)]),
    ),
    ("auto from = aie::make_vector_input_buffer_stream<16>(x); from.pop(); put(from.pop())", B),
    ("aie::vector<int16, 8> v; v.load_unaligned(x + 3, 1); put(v)", A[3:11]),
]

CONVERSIONS: list[Row] = [
    ("put(aie::to_float(aie::accum<acc64, 16>(a, 20), 22))", floats(WIDE_A / 4)),
    ("put(aie::to_float(c, 3))", floats(A / 8)),
    ("put(aie::to_fixed<cint32>(aie::to_float(c, 3), 3))", A.astype(np.int32)),
    ("put(aie::to_float(cint16{3, -4}, 1))", floats(np.array([1.5, -2]))),
    ("put(aie::to_fixed<cint16>(cfloat{1.5f, -2.5f}, 2))", np.array([6, -10], np.int16)),
    ("put(aie::to_float(aie::op_sign(a, false)))", floats(A.view(np.uint16))),
    ("put(aie::to_fixed_sign<int16>(aie::to_float(a), false))", np.maximum(A, 0)),
    (
        "aie::set_rounding(aie::rounding_mode::conv_even); put(aie::to_float<bfloat16>(a, 8))",
        (A / 256).astype(ml_dtypes.bfloat16),
    ),
    ("put(aie::pack<int8>(a))", A.astype(np.int8)),
    ("put(aie::unpack<int32>(a))", A.astype(np.int32)),
    (
        "aie::set_saturation(aie::saturation_mode::truncate); put(aie::upshift(a, 4))",
        np.clip(WIDE_A << 4, -(1 << 15), (1 << 15) - 1).astype(np.int16),
    ),
]

COMPLEX: list[Row] = [
    ("put(aie::mul(c, cint16{3, -7}))", pairs(C * (3 - 7j))),
    ("put(aie::mul(d[2], c))", pairs(C * D[2])),
    ("put(aie::eq(c, c[1]))", np.array([2], np.uint8)),
    ("put(aie::reduce_add(c))", pairs(C.sum(), np.int16)),
    (
        "put(aie::mul(aie::to_float(c, 8), aie::op_conj(aie::to_float(d, 8))))",
        floats(pairs(C * D.conj() / 65536, np.float64)),
    ),
    (
        "put(aie::mul(aie::to_float(c, 8), cfloat{0.5f, -2.0f}))",
        floats(pairs(C * (0.5 - 2j) / 256, np.float64)),
    ),
    (
        "put(aie::sliding_mul<4, 2>(aie::op_conj(d), 1, c, 2))",
        pairs(
            np.array(
                [sum(D[1 + p].conj() * C[2 + lane + p] for p in range(2)) for lane in range(4)]
            )
        ),
    ),
    (
        "aie::mmul<2, 8, 2, cfloat> m; m.mul(aie::to_float(aie::concat(c, d), 8), "
        "aie::to_float(aie::concat(d, c), 8)); put(m.to_accum())",
        floats(
            pairs(
                (
                    np.concatenate([C, D]).reshape(2, 8)
                    @ np.concatenate([D, C]).reshape(8, 2)
                    / 65536
                ),
                np.float64,
            )
        ),
    ),
]

TABLES: list[Row] = [
    ("for (int i = 0; i < 32; i++) table[i] = 10 + (i & 7) + i / 16 * 8;"
     "aie::lut<4, int16> l(16, table, table);"
     "put(aie::parallel_lookup<int16, aie::lut<4, int16>>(l, 12, 8).fetch<8>(a))",
     TABLE[(A[:8] >> 12) + 8]),
    ("auto m = aie::mmul_fn<4, 8, 4>(a.cast_to<int8>(), b.cast_to<int8>());"
     "put(m.to_accum()); put(aie::to_vector<int32>(aie::mmac_fn<4, 8, 4>(m, a.cast_to<int8>(),"
     "b.cast_to<int8>()), 1))",
     [PRODUCT, PRODUCT]),
    ("aie::mmul<4, 8, 4, int8, int8> m; m.mac(a.cast_to<int8>(), b.cast_to<int8>());"
     "put(m.to_vector<int32>())",
     PRODUCT),
    ("put(aie::vector_cast<int16>(aie::vector_cast<acc64>(a)))", A),
    ("put(extract_v4int16(shiftx(aie::concat(a, b), aie::concat(a, b), 2, 6), 0))", A[4:8]),
    ("put(broadcast_to_v32int16(extract_v4int16(b, 1)))", np.tile(B[4:8], 8)),
    ("put(ussrs(sups(a, 2), 9))", (A >> 7).astype(np.uint8)),
    ("auto n = aie::select(a.cast_to<int4>(), b.cast_to<int4>(), aie::mask<64>(true)); put(n)", B),
]  # fmt: skip


THIRD = np.float32(1) / np.float32(3)
FLOATS: list[Row] = [
    ("put(aie::eq(aie::broadcast<float, 16>(-0.0f), 0.0f))", np.array([255, 255], np.uint8)),
    ("put(aie::neq(aie::broadcast<bfloat16, 16>(-0.0f), bfloat16(0.0f)))", np.zeros(2, np.uint8)),
    ("put(aie::eq(aie::broadcast<bfloat16, 16>(0.0f), bfloat16(-0.0f)))",
     np.array([255, 255], np.uint8)),
    ("put(aie::lt(aie::to_float(a), aie::to_float(b)))", np.packbits(A < B, bitorder="little")),
    ("put(aie::max(aie::to_float(a), aie::to_float(b)))", floats(np.maximum(A, B))),
    ("put(aie::maxdiff(aie::to_float(a), aie::to_float(b)))", floats(np.maximum(WIDE_A - B, 0))),
    ("volatile float x = 1, y = 3; put(aie::div(float(x), float(y)))", np.array([THIRD])),
    ("volatile float x = 0.1f; put(aie::mac(1.0f, float(x), float(x)) == 1.0f + x * x)",
     np.array([True])),
]  # fmt: skip

STREAMS: list[Row] = [
    ("auto all = aie::make_tensor_descriptor_from_native<int16, 8>(aie::dim_3d{1, 2, 0, 0, -1});"
     "auto from = aie::make_tensor_buffer_stream(x, all);"
     "put(aie::concat(from.pop(), from.pop(), from.pop(), from.pop()))",
     X.reshape(4, 8)[[0, 2, 1, 3]].ravel()),
    ("auto all = aie::make_tensor_descriptor_from_native<int16, 8>(2, aie::dim_2d{1, 1, 0});"
     "auto from = aie::make_tensor_buffer_stream(x, all); from.pop();"
     "auto inner = from.pop(); inner.pop(); put(inner.pop())",
     B[8:]),
]  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [TUPLES, MEMORY, CONVERSIONS, COMPLEX, FLOATS, TABLES, STREAMS],
    ids=["tuples", "memory", "conversions", "complex", "floats", "tables", "streams"],
)
def test_each_form_does_what_numpy_does(tmp_path: Path, rows: list[Row]) -> None:
    source, output = tmp_path / "k.cc", tmp_path / "k.o"
    source.write_text(HEAD + "".join(f"{{ {row} ; }}\n" for row, _ in rows) + "}\n")
    compile_kernel(source, output)
    found = results(tmp_path, output, "run", x=X)
    for row, expected in rows:
        for values in expected if isinstance(expected, list) else [expected]:
            got = np.frombuffer(next(found)[: values.nbytes], values.dtype)
            if values.dtype == np.float32:
                np.testing.assert_allclose(got, values, rtol=1e-5, err_msg=row)
            else:
                np.testing.assert_array_equal(got, values, err_msg=row)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("radix", [2, 3, 5])
def test_stages_of_fourier_transforms(tmp_path: Path, radix: int, inverse: bool) -> None:
    """Two blocks, whose samples lie eight apart; near, since samples are rounded on the way."""
    turns = np.exp(-2j * np.pi * np.outer(np.arange(1, radix), np.arange(2)) / (2 * radix))
    fixed = np.clip(np.rint(pairs(turns, np.float64) * 32768), -32768, 32767).astype(int)
    twiddles = [", ".join(map(str, row)) for row in fixed.reshape(radix - 1, 4)]
    size = 16 * radix
    source, output = tmp_path / "k.cc", tmp_path / "k.o"
    source.write_text(
        HEAD.replace("run(const int16 *x", "run(const cint32 *x").partition("  const auto a")[0]
        + "".join(
            f"alignas(32) static const int16 w{i}[] = {{{w}}};\n" for i, w in enumerate(twiddles)
        )
        + f"static cint32 y[{size}];\naie::set_rounding(aie::rounding_mode::conv_even);\n"
        f"aie::fft_dit_r{radix}_stage<8>(x, "
        + "".join(f"(const cint16 *)w{i}, " for i in range(radix - 1))
        + f"{size}u, 15u, 15u, {str(inverse).lower()}, y);\n"
        f"for (int i = 0; i < {size}; i += 16) put(aie::load_v<16>(y + i)); }}\n"
    )
    compile_kernel(source, output)
    samples = np.random.default_rng(2).integers(-30000, 30000, 2 * size).astype(np.int32)
    found = results(tmp_path, output, "run", x=samples)
    blocks = (samples[::2] + 1j * samples[1::2]).reshape(2, radix, 8)
    blocks[:, 1:] *= (turns.conj() if inverse else turns).T[:, :, None]
    sums = np.fft.ifft(blocks, axis=1) * radix if inverse else np.fft.fft(blocks, axis=1)
    got = np.frombuffer(b"".join(next(found) for _ in range(radix)), np.int32)
    expected = pairs(sums.transpose(1, 0, 2).ravel(), np.float64)
    np.testing.assert_allclose(got, expected, atol=8, rtol=0)
