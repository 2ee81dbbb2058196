"""An operation through both doors: as a C++ kernel writes it, on a stand-in core's vector unit, and
as AIE2 machine code has it, by the library that executes that code. Every bit is the same.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from softnpu.targets.standin import compile_kernel
from tests.softnpu.emulator.semantics.library import Control, Status, call
from tests.softnpu.targets.standin.test_aie_api import NO_MASK, ROUNDINGS, results

RANDOM = np.random.default_rng(23)
SHIFTS = (0, 5, 30)
SATURATIONS = (0, 1, 3)

HEAD = """
#include <aie_api/aie.hpp>
struct Results {
  uint8_t *at;
  template <class Value> void operator()(const Value &value) {
    __builtin_memcpy(at, &value, sizeof value);
    at += 128;
  }
};
template <class Value> Value from(const int8 *at) {
  Value value;
  __builtin_memcpy(&value, at, sizeof value);
  return value;
}
"""


@dataclass(frozen=True)
class Product:
    """A multiplication: its name among the intrinsics, and its mode in the configuration word."""

    name: str
    a: str
    b: str
    amode: int
    bmode: int
    variant: int
    accumulator: str = "v32acc32"

    def word(self, signs: tuple[int, int], terms: tuple[int, ...]) -> int:
        """`terms`: the first accumulator counts as zero, counts 16 bits up; the products, the
        first, the second accumulator are subtracted."""
        zero, shift, *subtracted = terms
        word = zero | self.amode << 1 | self.bmode << 3 | self.variant << 5 | shift << 10
        word |= signs[0] << 9 | signs[1] << 8
        return word | sum(bit << 11 + at for at, bit in enumerate(subtracted))


PRODUCTS = [
    Product("4x16_16x8", "v64int8", "v128int4", 0, 0, 0),
    Product("4x8_8x8", "v64int8", "v64int8", 0, 1, 0),
    Product("elem_32_2", "v64int8", "v64int8", 0, 1, 1),
    Product("conv_4x4_8ch", "v64int8", "v64int8", 0, 1, 2),
    Product("conv_8x8_4ch", "v64int8", "v64int8", 0, 1, 3),
    Product("conv_32x8", "v64int8", "v64int8", 0, 1, 4),
    Product("4x4_4x8", "v32int16", "v64int8", 0, 2, 0),
    Product("4x2_2x8", "v32int16", "v32int16", 0, 3, 0),
    Product("elem_32", "v32int16", "v32int16", 0, 3, 1),
    Product("4x2_2x4", "v32int32", "v32int16", 1, 0, 0, "v16acc64"),
    Product("2x8_8x8", "v32int16", "v64int8", 1, 2, 0, "v16acc64"),
    Product("4x8_8x4", "v32int16", "v64int8", 1, 2, 1, "v16acc64"),
    Product("2x4_4x8", "v32int16", "v32int16", 1, 3, 0, "v16acc64"),
    Product("4x4_4x4", "v32int16", "v32int16", 1, 3, 1, "v16acc64"),
    Product("elem_16_2", "v32int16", "v32int16", 1, 3, 2, "v16acc64"),
    Product("conv_16x4", "v32int16", "v32int16", 1, 3, 3, "v16acc64"),
    Product("4x8_8x4", "v32bfloat16", "v32bfloat16", 2, 0, 0, "v16accfloat"),
    Product("elem_16_2", "v32bfloat16", "v32bfloat16", 2, 0, 1, "v16accfloat"),
]
NAMES = {"mul": 0, "negmul": 0, "mac": 1, "msc": 1, "negmac": 1, "negmsc": 1}
NAMES |= {"addmac": 2, "addmsc": 2, "submac": 2, "submsc": 2}
"""How many accumulators the operation of a name takes."""


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: f"{p.name}-{p.a}")
def test_products_are_those_of_machine_code(tmp_path: Path, product: Product) -> None:
    floats = product.accumulator.endswith("float")
    memory = RANDOM.integers(-128, 128, 512).astype(np.int8)
    if floats:
        exponents = RANDOM.integers(100, 150, 256) << 7
        memory = (memory.view(np.uint16) & 0x807F | exponents).astype(np.uint16).view(np.int8)
    size = 64 if floats else 128
    parts = [memory[at : at + 128].tobytes() for at in (0, 128, 256, 384)]
    a = parts[0] if product.a == "v32int32" else parts[0][:64].ljust(128, b"\0")
    added = [part[:size] for part in parts[2:]]
    text, expected = "", []

    def add(name: str, signs: tuple[int, int], terms: tuple[int, ...], said: str) -> None:
        nonlocal text
        text += said
        word = product.word((0, 0) if floats else signs, terms)
        mnemonic = f"v{name}_f" if floats else f"v{name}"
        operands = (*added[: NAMES[name]], a, parts[1][:64], NO_MASK, word, Status())
        expected.append(bytes(call(mnemonic, size, *operands)))

    for name, count in NAMES.items():
        sums = "".join(f", {each}" for each in "cd"[:count])
        add(name, (1, 1), (0,) * 5, f"put({name}_{product.name}(a, b{sums}));\n")
        signs = tuple(RANDOM.integers(0, 2, 2).tolist())
        said = "a, b" if floats else f"a, {signs[0]}, b, {signs[1]}"
        terms = RANDOM.integers(0, 2, 5).tolist()
        shifts = not floats and name in ("mac", "msc", "addmac", "addmsc")
        terms = [terms[0] * (count > 0), terms[1] * shifts, *terms[2 : 3 + count], 0, 0][:5]
        told = [terms[0], *terms[1:2] * shifts, *terms[2 : 3 + count]] if count else terms[2:3]
        numbers = "".join(f", {number}" for number in told)
        add(name, signs, tuple(terms), f"put({name}_{product.name}_conf({said}{sums}{numbers}));\n")
    source, output = tmp_path / "k.cc", tmp_path / "k.o"
    source.write_text(
        f'{HEAD}extern "C" void run(const int8 *x, uint8_t *out) {{ Results put{{out}};\n'
        f"const auto a = from<{product.a}>(x); const auto b = from<{product.b}>(x + 128);\n"
        f"const auto c = from<{product.accumulator}>(x + 256);\n"
        f"const auto d = from<{product.accumulator}>(x + 384);\n{text}}}\n"
    )
    compile_kernel(source, output)
    found = results(tmp_path, output, "run", x=memory)
    for line, values in zip(text.splitlines(), expected, strict=True):
        assert next(found)[:size] == values, line


SPARSE = [
    ("4, 16, 8, int8, int8", 0, 1, 5, np.int8, 128),
    ("2, 16, 8, int16, int8", 1, 2, 2, np.int8, 128),
    ("2, 8, 8, int16, int16", 1, 3, 5, np.int16, 128),
    ("4, 16, 4, bfloat16, bfloat16", 2, 0, 2, np.uint16, 64),
]


def sparse(element: type, floats: bool) -> tuple[bytes, bytes, bytes]:
    """64 bits that say which of 64 bytes are there, in memory with those that are, and what a
    sparse load makes of it. Of four elements up to two are there, once three."""
    size = np.dtype(element).itemsize
    there = np.zeros((16 // size, 4), bool)
    for four in there:
        four[RANDOM.choice(4, RANDOM.integers(0, 3), replace=False)] = True
    there[0, :3] = True
    mask = np.packbits(np.repeat(there.reshape(-1), size), bitorder="little").tobytes()
    kept = RANDOM.integers(0, 256, int(there.sum()) * size).astype(np.uint8)
    if floats:
        kept[1::2] = kept[1::2] & 0xBF | 0x30
    held = (ctypes.c_uint8 * 64)(*kept)
    number = int.from_bytes(mask, "little")
    loaded = call("decompress_sparse", 32, number, held, 8 * size, Status())
    padding = bytes(-len(kept) % 4)
    return mask, mask + kept.tobytes() + padding, bytes(loaded)


@pytest.mark.parametrize(("said", "amode", "bmode", "variant", "element", "size"), SPARSE)
def test_sparse_matrices_are_multiplied_as_in_machine_code(
    tmp_path: Path, said: str, amode: int, bmode: int, variant: int, element: type, size: int
) -> None:
    (m, k, n), (a, b) = map(int, said.split(", ")[:3]), said.split(", ")[3:]
    floats = a == "bfloat16"
    first = RANDOM.integers(0, 256, 128).astype(np.uint8)
    if floats:
        first[1::2] = first[1::2] & 0xBF | 0x30
    halves = [sparse(element, floats) for _ in range(2)]
    memory = np.concatenate([first, np.frombuffer(b"".join(x[1] for x in halves), np.uint8)])
    columns = np.frombuffer(b"".join(x[2] for x in halves), element).reshape(n, k // 2)
    word = amode << 1 | bmode << 3 | variant << 5 | (0 if floats else 0x300)
    operands = [first.tobytes(), columns.T.tobytes(), halves[0][0] + halves[1][0]]
    expected = call("vmul_f" if floats else "vmul", size, *operands, word, Status())
    source, output = tmp_path / "k.cc", tmp_path / "k.o"
    source.write_text(
        f'{HEAD}extern "C" void run(const int8 *x, uint8_t *out) {{\n'
        f"Results put{{out}}; aie::mmul<{said}> sums;\n"
        f"aie::sparse_vector_input_buffer_stream<{b}, {k * n}> from_memory((const {b} *)(x + 128));"
        f"\nsums.mul(from<aie::vector<{a}, {m * k}>>(x), from_memory.pop());\n"
        "put(sums.to_accum()); }\n"
    )
    compile_kernel(source, output)
    found = next(results(tmp_path, output, "run", x=memory.view(np.int8)))
    assert any(found)
    assert found[:size] == bytes(expected)


WIDTHS = [
    ("vsrs_8_s32_c", 32, "acc32", 32, "int8"),
    ("vsrs_16_s32_c", 64, "acc32", 32, "int16"),
    ("vsrs_16_s32_b", 32, "acc32", 16, "int16"),
    ("vsrs_16_s64_c", 32, "acc64", 16, "int16"),
    ("vsrs_32_s64_c", 64, "acc64", 16, "int32"),
    ("vsrs_32_s64_b", 32, "acc64", 8, "int32"),
    ("vups_s32_8_c", 128, "acc32", 32, "int8"),
    ("vups_s32_16_c", 128, "acc32", 32, "int16"),
    ("vups_s64_16_c", 128, "acc64", 16, "int16"),
    ("vups_s64_32_c", 128, "acc64", 16, "int32"),
    ("vpack_8_16", 32, "", 32, "int16"),
    ("vpack_4_8", 32, "", 64, "int8"),
]


@pytest.mark.parametrize("signed", [1, 0], ids=["signed", "unsigned"])
@pytest.mark.parametrize("width", WIDTHS, ids=lambda width: width[0])
def test_widths_change_as_in_machine_code(
    tmp_path: Path, width: tuple[str, int, str, int, str], signed: int
) -> None:
    """In every saturation and, where bits go, every rounding."""
    name, size, tag, lanes, element = width
    narrows = name.startswith("vsrs")
    operand = (
        int(tag.removeprefix("acc")) * lanes // 8 if narrows else lanes * int(element[3:]) // 8
    )
    memory = RANDOM.integers(-128, 128, 128).astype(np.int8)
    memory[7::8] >>= 5  # some that fit
    roundings = ROUNDINGS if narrows else ROUNDINGS[:1]
    shifts = SHIFTS if tag else (0,)
    typed = element if signed else f"u{element}"
    made = {
        "vsrs": f"from<aie::accum<{tag}, {lanes}>>(x).to_vector<{typed}>(shift)",
        "vups": f"aie::accum<{tag}, {lanes}>(from<aie::vector<{typed}, {lanes}>>(x), shift)",
        "vpac": f"from<aie::vector<{typed}, {lanes}>>(x).pack()",
    }[name[:4]]
    source, output = tmp_path / "k.cc", tmp_path / "k.o"
    source.write_text(
        f'{HEAD}extern "C" void run(const int8 *x, uint8_t *out) {{ Results put{{out}};\n'
        f"for (unsigned saturation : {{{', '.join(map(str, SATURATIONS))}}})\n"
        f"for (unsigned rounding : {{{', '.join(map(str, roundings))}}})\n"
        f"for ([[maybe_unused]] int shift : {{{', '.join(map(str, shifts))}}}) {{\n"
        "aie::set_saturation(aie::saturation_mode(saturation));\n"
        f"aie::set_rounding(aie::rounding_mode(rounding));\nput({made}); }} }}\n"
    )
    compile_kernel(source, output)
    found = results(tmp_path, output, "run", x=memory)
    for saturation in SATURATIONS:
        for rounding in roundings:
            control = Control(sat=saturation, rnd=rounding)
            for shift in shifts:
                between = (shift, signed) if tag else (signed,)
                given = (memory.tobytes()[:operand], *between, control, Status())
                expected = bytes(call(name, size, *given))
                assert next(found)[:size] == expected, (saturation, rounding, shift)
