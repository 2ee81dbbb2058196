"""Sizes and strides of a design as the fields of a descriptor."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.arch.dma import DMA_ENGINES
from softnpu.arch.tiles import TileKind
from softnpu.errors import DesignError
from softnpu.passes.access_pattern import AccessPattern

SHIM = DMA_ENGINES[TileKind.SHIM]
CORE = DMA_ENGINES[TileKind.CORE]
PLACE = ModuleOp([])


def refusal(pattern: AccessPattern, engine: object = SHIM) -> str:
    with pytest.raises(DesignError) as error:
        pattern.check(PLACE, engine)  # type: ignore[arg-type]
    return str(error.value)


def test_dimensions_become_words_and_steps_minus_one() -> None:
    pattern = AccessPattern.of([4, 2, 16, 32], [1024, 32, 64, 1], 32)
    pattern.check(PLACE, SHIM)
    registers = pattern.registers()
    assert registers.sizes == (32, 16, 2, 3)
    assert registers.steps == (0, 63, 31, 1023)


def test_elements_smaller_than_a_word_are_counted_in_words() -> None:
    pattern = AccessPattern.of([8, 64], [128, 1], 16)
    pattern.check(PLACE, SHIM)
    assert pattern.registers().sizes == (32, 8, 1, 0)
    assert pattern.registers().steps == (0, 63, 0, 0)


def test_elements_larger_than_a_word_take_several() -> None:
    pattern = AccessPattern.of([8], [1], 64)
    assert pattern.registers().sizes[0] == 16
    assert pattern.registers().steps[0] == 0


def test_a_contiguous_run_may_be_longer_than_a_wrap() -> None:
    long = 1 << 20
    AccessPattern.of([1, 1, 1, long], [0, 0, 0, 1], 32).check(PLACE, SHIM)
    AccessPattern.of([1, 1, 2, long], [0, 0, long, 1], 32).check(PLACE, SHIM)
    message = refusal(AccessPattern.of([1, 1, 2, long], [0, 0, 2 * long, 1], 32))
    assert "size 0 is 1048576 4-byte words, at most 1023 fit" in message
    assert "dimension 0 is the innermost" in message
    assert "1:0 1:0 2:2097152 1048576:1" in message


def test_the_limits_are_those_of_the_tile() -> None:
    pattern = AccessPattern.of([4, 256], [512, 1], 32)
    pattern.check(PLACE, SHIM)
    assert "size 0 is 256 4-byte words, at most 255 fit" in refusal(pattern, CORE)


def test_a_repeat_in_place_needs_no_field_and_may_go_once_further() -> None:
    AccessPattern.of([65, 1, 1, 8], [0, 0, 0, 1], 32).check(PLACE, SHIM)
    AccessPattern.of([64, 1, 1, 8], [8, 0, 0, 1], 32).check(PLACE, SHIM)
    assert "size 3 is 65, at most 64 fit" in refusal(
        AccessPattern.of([65, 1, 1, 8], [8, 0, 0, 1], 32)
    )
    assert "size 3 is 66, at most 65 fit" in refusal(
        AccessPattern.of([66, 1, 1, 8], [0, 0, 0, 1], 32)
    )


def test_a_stride_that_the_register_cannot_hold_is_refused() -> None:
    most = 1 << 20
    AccessPattern.of([2, 8], [most, 1], 32).check(PLACE, SHIM)
    message = refusal(AccessPattern.of([2, 8], [most + 1, 1], 32))
    assert "stride 1 is 1048577 4-byte words, at most 1048576 fit" in message


def test_the_stride_of_a_dimension_of_one_does_not_matter() -> None:
    AccessPattern.of([1, 1, 1, 8], [1 << 30, 0, 0, 1], 32).check(PLACE, SHIM)


@pytest.mark.parametrize(
    ("sizes", "strides", "bits", "message"),
    [
        ([0], [1], 32, "size 0 must be a positive integer, found 0"),
        ([2, 8], [0, 1], 32, "stride 1 must be a positive integer, found 0"),
        ([2, 1, 1, 8], [-8, 0, 0, 1], 32, "stride 3 must be a non-negative integer, found -8"),
        ([3], [1], 16, "3 elements at 2 bytes each equal 6 bytes, which is not divisible by 4"),
        ([2, 8], [3, 1], 16, "stride 1 is 3 elements * 2 bytes = 6 bytes"),
        ([8], [2], 8, "stride 0 is 2 elements * 1 bytes = 2 bytes"),
        ([8], [4], 8, "only elements of 4 bytes can be stepped over"),
        ([8], [2], 64, "only elements of 4 bytes can be stepped over"),
    ],
)
def test_what_no_dma_can_do_is_refused(
    sizes: list[int], strides: list[int], bits: int, message: str
) -> None:
    assert message in refusal(AccessPattern.of(sizes, strides, bits))
