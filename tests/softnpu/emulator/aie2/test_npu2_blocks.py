"""Block floating point of AIE2P, by what was measured on an XDNA2 NPU.

The findings of MicroPerceptron/virtio-accel, research/bfp16ebs8, in values of our own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import softnpu.core
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.aie2.calling import RETURN

Array = np.ndarray[Any, Any]

LANDED = "\n".join(["nop"] * 8)
FLOOR, CEIL, TO_ZERO, FROM_ZERO, EVEN, ODD = 0, 1, 2, 3, 12, 13
CONVERTS = f"""f:
vlda bmll0, [p0, #0]
vlda bmlh0, [p0, #64]
vlda bmhl0, [p0, #128]
vlda bmhh0, [p0, #192]
{LANDED}
vconv.bfp16ebs8.fp32 ex1, dm0
{LANDED}
vst x1, [p1, #0]
{RETURN}
"""
WORD = 780
SUMS = """vst bmll1, [p2], #64
vst bmlh1, [p2], #64
vst bmhl1, [p2], #64
vst bmhh1, [p2], #64"""


def blocks(folder: Path, values: list[list[float]], mode: int = FLOOR) -> list[tuple[int, Array]]:
    """Each block's exponent and mantissas."""
    file = folder / "converts.s"
    file.write_text(CONVERTS)
    given = np.zeros((8, 8), np.float32)
    for row, block in zip(given, values, strict=False):
        row[: len(block)] = block
    done = softnpu.core.run(
        file, given, np.zeros((8, 8), np.int8), device="npu2", registers={"crrnd": mode}
    )
    exponents = (done.registers["eh1"] << 32 | done.registers["el1"]).to_bytes(8, "little")
    return list(zip(exponents, done.arrays[1], strict=True))[: len(values)]


MEASURED: list[tuple[list[float], int, list[int]]] = [
    ([0.125], 124, [64]),
    ([16.0, -1.0], 131, [64, -4]),
    ([-2.0, 127 / 64, -1.0, -0.5], 128, [-64, 63, -32, -16]),
    ([1.0, 1 / 128, 1.5 / 64, 1 + 1 / 64, -(1 + 1 / 64)], 127, [64, 0, 1, 65, -65]),
    ([0.0, -0.0], 0, [0, 0]),
    ([1e-40, -1e-40], 0, [0, 0]),
    ([float(np.finfo(np.float32).max)], 254, [127]),
    ([-1.984375], 127, [-127]),
    ([1.0, -1e-20], 127, [64, -1]),
    ([np.inf, 1.0, -1.0, -np.inf], 255, [64, 0, -1, -64]),
    ([np.nan], 255, [96]),
    ([-127.5 / 64], 127, [-128]),
]


@pytest.mark.parametrize("half", [MEASURED[:8], MEASURED[8:]])
def test_a_block_has_its_largest_exponent_and_mantissas_rounded_down(
    tmp_path: Path, half: list[tuple[list[float], int, list[int]]]
) -> None:
    found = blocks(tmp_path, [values for values, _, _ in half])
    for (values, exponent, mantissas), (e, m) in zip(half, found, strict=True):
        assert (e, m[: len(values)].tolist()) == (exponent, mantissas), values


@pytest.mark.parametrize(
    ("mode", "exponent", "mantissas"),
    [
        (FLOOR, 127, [127, -128, 1, -2]),
        (TO_ZERO, 127, [127, -127, 1, -1]),
        (ODD, 127, [127, -127, 1, -1]),
        (CEIL, 128, [64, -63, 1, 0]),
        (FROM_ZERO, 128, [64, -64, 1, -1]),
        (EVEN, 128, [64, -64, 1, -1]),
    ],
)
def test_a_mantissa_that_rounds_to_128_makes_the_exponent_one_more(
    tmp_path: Path, mode: int, exponent: int, mantissas: list[int]
) -> None:
    """±127.5 and ±1.5 of 64."""
    values = [127.5 / 64, -127.5 / 64, 1.5 / 64, -1.5 / 64]
    ((e, m),) = blocks(tmp_path, [values], mode)
    assert (e, m[:4].tolist()) == (exponent, mantissas)


def multiply(
    folder: Path, line: str, a: Array, b: Array, exponents: dict[str, int], word: int = WORD
) -> Array:
    file = folder / "multiplies.s"
    first = "vmul.f dm1, ex0, ex2, r0"
    text = f"{first}\n{LANDED}\n{line}" if line else first
    file.write_text(
        f"f:\nvlda x0, [p0, #0]\nvlda x2, [p1, #0]\n{LANDED}\n{text}\n{LANDED}\n{SUMS}\n{RETURN}\n"
    )
    out = np.zeros((8, 8), np.float32)
    done = softnpu.core.run(file, a, b, out, word, device="npu2", registers=exponents)
    return done.arrays[2]


def operands() -> tuple[Array, Array, dict[str, int], Array]:
    """Mantissas, -128 among them; exponents, another for each block; the products."""
    random = np.random.default_rng(5)
    a, b = (random.integers(-128, 128, (8, 8)).astype(np.int8) for _ in range(2))
    a[0, 0] = -128
    e, f = (random.integers(120, 136, 8) for _ in range(2))
    words = {
        f"e{half}{register}": int.from_bytes(bytes(values[at : at + 4].tolist()), "little")
        for register, values in ((0, e), (2, f))
        for half, at in (("l", 0), ("h", 4))
    }
    scale = np.exp2(e[:, None] + f[None, :] - 266.0)
    return a, b, words, (a.astype(int) @ b.T.astype(int) * scale).astype(np.float32)


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("", 1),
        ("vmac.f dm1, dm1, ex0, ex2, r0", 2),
        ("vmsc.f dm1, dm1, ex0, ex2, r0", 0),
        ("vnegmul.f dm1, ex0, ex2, r0", -1),
    ],
)
def test_blocks_multiply_rows_by_rows(tmp_path: Path, line: str, times: int) -> None:
    a, b, exponents, wanted = operands()
    assert (multiply(tmp_path, line, a, b, exponents) == times * wanted).all()


def test_what_infinite_blocks_make_is_not_guessed(tmp_path: Path) -> None:
    a, b, exponents, _ = operands()
    with pytest.raises(EmulatorError, match=r"vmul.f dm1, ex0, ex2, r0\) has an instruction"):
        multiply(tmp_path, "", a, b, {**exponents, "eh0": 0xFF000000})
