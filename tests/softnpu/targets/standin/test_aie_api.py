"""The AIE API on a stand-in core computes what AIE2's own instructions compute.

The same operation goes through both doors: a call of the API in C++, executed by the core's
vector unit, and the function of `softnpu/emulator/semantics` that executes AIE2 machine code.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from softnpu.emulator.cores.processor import MachineError
from softnpu.errors import ToolError
from softnpu.targets.standin import compile_kernel
from tests.softnpu.emulator.semantics.library import Control, Status, call
from tests.softnpu.targets.core_machine import program

KERNEL = Path(__file__).parent / "api_kernel.cc"
RESULT = 128
SIZE = 96 * RESULT
RANDOM = np.random.default_rng(5)
ROUNDINGS = (0, 1, 2, 3, 8, 9, 10, 11, 12, 13)
NO_MASK = bytes(16)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("api") / "k.o"
    compile_kernel(KERNEL, output)
    return output


def results(folder: Path, kernel: Path, function: str, **inputs: np.ndarray) -> Iterator[bytes]:
    """What the kernel's function wrote, 128 bytes a result."""
    types = {"int8": "i8", "int16": "i16", "int32": "i32", "bfloat16": "bf16", "float32": "f32"}
    buffers = {name: ([len(v)], types[v.dtype.name]) for name, v in inputs.items()}
    buffers["out"] = ([SIZE], "i8")
    memory = ", ".join(f"memref<{shape[0]}x{type}>" for shape, type in buffers.values())
    values = ", ".join(f"%{name}" for name in buffers)
    core = program(
        folder,
        f"func.call @{function}({values}) : ({memory}) -> ()\naie.end",
        buffers,
        f'func.func private @{function}({memory}) attributes {{link_with = "k.o"}}',
        k=kernel,
    )
    out = core(**inputs)["out"].tobytes()
    return (out[at : at + RESULT] for at in range(0, len(out), RESULT))


def bytes_of(values: np.ndarray, size: int) -> bytes:
    return values.tobytes().ljust(size, b"\0")


def mode(amode: int, bmode: int, variant: int, *, signed: bool = True) -> int:
    """A configuration word (semantics/multiply.h)."""
    return amode << 1 | bmode << 3 | variant << 5 | (0x300 if signed else 0)


def test_integers_are_those_of_aie2(tmp_path: Path, kernel: Path) -> None:
    x = RANDOM.integers(-128, 128, 32).astype(np.int8)
    y = RANDOM.integers(-128, 128, 64).astype(np.int8)
    acc = np.concatenate(
        [RANDOM.integers(-5000, 5000, 24), np.array([-(2**31), 2**31 - 1, 16, -16, 48, -48, 80, 0])]
    ).astype(np.int32)
    found = results(tmp_path, kernel, "integers", x=x, y=y, acc=acc)
    first, a8, b8 = acc.tobytes(), bytes_of(x, 128), y.tobytes()
    words = y.view(np.int16)
    turned = words[::-1].copy()

    def same(expected: bytes) -> None:
        got = next(found)
        assert got[: len(expected)] == expected

    def both(name: str, a: bytes, b: bytes, word: int, *onto: bytes) -> bytes:
        return bytes(call(name, 128, *onto, a, b, NO_MASK, word, Status()))

    same(both("vmac", a8, b8, mode(0, 1, 0), first))
    same(both("vmul", bytes_of(x[:16], 128), y[:32].tobytes() + bytes(32), mode(0, 3, 0)))
    same(both("vmsc", bytes_of(words, 128), turned.tobytes(), mode(0, 3, 1), first))
    same(both("vmul", bytes_of(words, 128), np.roll(words, -3).tobytes(), mode(1, 3, 2)))

    for saturation in (0, 1, 3):
        for rounding in ROUNDINGS:
            control = Control(sat=saturation, rnd=rounding)
            for signed in (1, 0):
                same(bytes(call("vsrs_8_s32_c", 32, first, 5, signed, control, Status())))
        control = Control(sat=saturation, rnd=ROUNDINGS[-1])
        same(bytes(call("vpack_8_16", 32, words.tobytes(), 1, control, Status())))
        same(bytes(call("vups_s32_16_c", 128, words.tobytes(), 20, 1, control, Status())))
    same(bytes(call("vunpack_16_8", 64, y[32:].tobytes(), 1)))

    a, b = words.tobytes(), turned.tobytes()
    same(bytes(call("vadd_16", 64, a, b)))
    less = call("vlt_16", None, a, b, 1)
    same(bytes(call("vsel_16", 64, a, b, less)))
    same(bytes(call("vsel_16", 64, a, b, less)))
    same(np.abs(y).tobytes())
    same(bytes(call("vshuffle", 64, a, b, 2)))
    same(bytes(call("vshuffle", 64, a, b, 28)))
    same(bytes(call("vshift", 64, a, b, 10)))


def test_floats_are_those_of_aie2(tmp_path: Path, kernel: Path) -> None:
    """Numbers of very different sizes, infinities, denormal ones and what is no number."""
    bits = RANDOM.integers(0, 1 << 16, 64).astype(np.uint16)
    bits[:8] = (0x7F80, 0xFF80, 0x7FC0, 0x0001, 0x8000, 0x3F80, 0x0080, 0x7F7F)
    x, y = bits[:32].view(ml_dtypes.bfloat16), bits[32:].view(ml_dtypes.bfloat16)
    acc = (RANDOM.normal(0, 1, 16) * 2.0 ** RANDOM.integers(-60, 60, 16)).astype(np.float32)
    found = results(tmp_path, kernel, "floats", x=x, y=y, acc=acc)
    first, a, b = acc.tobytes(), x.tobytes(), y.tobytes()
    word, control = mode(2, 0, 0, signed=False), Control(rnd=12)

    def same(expected: bytes) -> None:
        assert next(found)[: len(expected)] == expected

    def floats(name: str, left: bytes, right: bytes, variant: int, *onto: bytes) -> bytes:
        operands = (*onto, left.ljust(128, b"\0"), right, NO_MASK, word | variant << 5)
        return bytes(call(name, 64, *operands, Status()))

    same(floats("vmac_f", a, b, 0, first))
    same(floats("vmsc_f", a, b, 1, first))
    same(floats("vmul_f", a[:32].ljust(64, b"\0"), b[:32].ljust(64, b"\0"), 1))
    widened = bytes(call("vconv_fp32_bf16", 64, a[32:]))
    same(bytes(call("vsub_f", 64, first, widened, word, Status())))
    same(bytes(call("vconv_bf16_fp32", 32, first, control, Status())))
    same(bytes(call("vsel_16", 64, a, b, call("vlt_bf16", None, a, b))))
    same(bytes(call("vsel_16", 64, a, b, call("vge_bf16", None, a, b))))
    same(bytes(call("vfloor_s32_bf16", 64, a[:32], 4, Status())))


FUNCTIONS = ("tanh", "exp2", "inv", "invsqrt", "sqrt")


@pytest.fixture(scope="module")
def npu2_kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`functions`: FUNCTIONS of 16 numbers each; `blocks`: 64 numbers as blocks, their product."""
    folder = tmp_path_factory.mktemp("npu2")
    source, output = folder / "k.cc", folder / "k.o"
    stores = "".join(
        f"aie::store_v(out + {16 * i}, aie::{name}(v));" for i, name in enumerate(FUNCTIONS)
    )
    source.write_text(
        "#include <aie_api/aie.hpp>\n"
        'extern "C" void functions(const bfloat16 *x, bfloat16 *out) {'
        f"const auto v = aie::load_v<16>(x); {stores} }}\n"
        'extern "C" void blocks(const float *x, float *out) {'
        "auto *at = reinterpret_cast<bfp16ebs8 *>(out + 64);"
        "aie::block_vector_output_buffer_stream<bfp16ebs8, 64> to(at);"
        "to << aie::accum<accfloat, 64>(aie::load_v<64>(x));"
        "aie::block_vector_input_buffer_stream<bfp16ebs8, 64> from(at);"
        "const auto v = from.pop();"
        "aie::mmul<8, 8, 8, bfp16ebs8, bfp16ebs8> m;"
        "m.mul(v, aie::op_transpose(v));"
        "aie::store_v(out, m.to_vector<float>()); }\n"
    )
    compile_kernel(source, output, generation="aie2p")
    return output


def test_functions_of_npu2_are_rounded_to_the_nearest(tmp_path: Path, npu2_kernel: Path) -> None:
    x = np.linspace(0.1, 5, 16).astype(ml_dtypes.bfloat16)
    found = next(chunks(results(tmp_path, npu2_kernel, "functions", x=x), len(FUNCTIONS) * 32))
    got = np.frombuffer(found, ml_dtypes.bfloat16).reshape(len(FUNCTIONS), 16)
    exact = x.astype(np.float64)
    expected = (np.tanh(exact), 2**exact, 1 / exact, 1 / np.sqrt(exact), np.sqrt(exact))
    assert np.array_equal(got, np.stack(expected).astype(ml_dtypes.bfloat16))


def test_block_floats_share_the_largest_exponent_and_are_cut_off(
    tmp_path: Path, npu2_kernel: Path
) -> None:
    x = RANDOM.normal(0, 1, 64) * 2.0 ** RANDOM.integers(-9, 9, 64)
    x = x.astype(np.float32).astype(np.float64)
    found = next(chunks(results(tmp_path, npu2_kernel, "blocks", x=x.astype(np.float32)), 512))
    exponents = np.floor(np.log2(np.abs(x.reshape(8, 8)).max(1, keepdims=True)))
    mantissas = np.floor(x.reshape(8, 8) * 2.0 ** (6 - exponents))
    blocks = np.frombuffer(found[256 : 256 + 72], np.uint8).reshape(8, 9)
    np.testing.assert_array_equal(blocks[:, :1], exponents + 127)
    np.testing.assert_array_equal(blocks[:, 1:].view(np.int8), mantissas)
    values = mantissas * 2.0 ** (exponents - 6)
    got = np.frombuffer(found[:256], np.float32).reshape(8, 8)
    np.testing.assert_allclose(got, values @ values.T, rtol=1e-6, atol=1e-3)


def test_a_wild_address_is_told(tmp_path: Path) -> None:
    source, output = tmp_path / "k.cc", tmp_path / "k.o"
    source.write_text(
        "#include <aie_api/aie.hpp>\n"
        'extern "C" void run(const bfloat16 *x, bfloat16 *out) {'
        "auto &far = *reinterpret_cast<aie::vector<bfloat16, 16> *>(0x900000);"
        "aie::store_v(out, aie::add(aie::load_v<16>(x), far)); }\n"
    )
    compile_kernel(source, output)
    with pytest.raises(MachineError, match="a vector operation the address 0x900000, where there"):
        list(results(tmp_path, output, "run", x=np.zeros(16, ml_dtypes.bfloat16)))


def chunks(parts: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes, `size` at a time."""
    whole = b"".join(parts)
    return (whole[at : at + size] for at in range(0, len(whole), size))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("aie::mmul<3, 8, 8, int8, int8> m;", "8 x 8 bits on AIE-ML are 4x8x4 4x16x4"),
        ("aie::tanh(aie::zeros<bfloat16, 16>());", "AIE-ML v2 (npu2) only"),
        (
            "aie::mul(aie::zeros<int8, 16>(), aie::zeros<int8, 32>());",
            "the same number of elements",
        ),
        ("aie::vector<int32, 12> v;", "a power of two"),
        (
            "aie::add(aie::zeros<int8, 16>(), aie::zeros<int8, 32>());",
            "different numbers of elements",
        ),
        ("aie::lt(aie::zeros<int8, 16>(), aie::zeros<uint8, 16>());", "of different types"),
        ("aie::bit_and(aie::zeros<float, 16>(), aie::zeros<float, 16>());", "this is for integers"),
        ("int x[16]; aie::store_v(x, aie::zeros<acc32, 16>());", "stored as a vector: sums.to_v"),
        (
            "auto v = aie::zeros<int8, 16>(); aie::mac(v, v, aie::zeros<acc32, 16>());",
            "comes first, an accumulator",
        ),
        (
            "mac_4x8_8x8(v32int8(), v64int8(), v16acc32());",
            "another number of lanes than this product",
        ),
    ],
)
def test_what_the_device_has_not_is_told(tmp_path: Path, text: str, words: str) -> None:
    source = tmp_path / "k.cc"
    source.write_text(f"#include <aie_api/aie.hpp>\nvoid k() {{ {text} }}\n")
    with pytest.raises(ToolError) as caught:
        compile_kernel(source, tmp_path / "k.o")
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"{source}:2:")
    assert words in first
