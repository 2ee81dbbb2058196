"""Symbols and tiles of a device."""

from __future__ import annotations

from softnpu.dialects.aie import BufferOp, DeviceOp, ShimDMAAllocationOp
from softnpu.passes.sequence_ops import Symbols, get_or_create_tile
from tests.softnpu.passes.sequence_designs import design, sequence


def device() -> DeviceOp:
    around = sequence(design("")).parent_op()
    assert isinstance(around, DeviceOp)
    return around


def test_an_unknown_symbol_is_told_with_the_nearest_and_all_that_there_are() -> None:
    symbols = Symbols(device())
    error = symbols.unknown(symbols.device, "ouput", ShimDMAAllocationOp, "shim DMA allocation")
    assert error.message == "'@ouput' is no shim DMA allocation of this device"
    assert error.notes == ("did you mean '@out'?", "shim DMA allocations: @in, @out")


def test_a_symbol_of_another_kind_is_named_as_what_it_is() -> None:
    symbols = Symbols(device())
    error = symbols.unknown(symbols.device, "in", BufferOp, "buffer")
    assert error.message == "'@in' is no buffer, it is aie.shim_dma_allocation"
    assert error.notes == ("it has no buffer",)


def test_a_tile_is_made_once_at_the_beginning_of_the_device() -> None:
    around = device()
    tile = get_or_create_tile(around, 0, 3)
    assert around.body.first_op is tile
    assert get_or_create_tile(around, 0, 3) is tile
