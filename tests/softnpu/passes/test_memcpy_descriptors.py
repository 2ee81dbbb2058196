"""What a transfer may be."""

from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.aiex import (
    NpuAddressPatchOp,
    NpuDmaMemcpyNdOp,
    NpuPushQueueOp,
    NpuWriteBdOp,
)
from softnpu.errors import DesignError
from softnpu.passes.memcpy_descriptors import address_patch, host_memory, memcpy_ops
from softnpu.passes.sequence_ops import Symbols
from tests.softnpu.passes.sequence_designs import SHIM, design, sequence


def parts(
    access: str, rest: str = "", element: str = "i32", more: str = ""
) -> tuple[NpuWriteBdOp, NpuAddressPatchOp, NpuPushQueueOp]:
    type = f"memref<1024x{element}>"
    text = design(
        f"aiex.npu.dma_memcpy_nd(%a{access}) {{id = 1 : i64, metadata = @in{rest}}} : {type}",
        arguments=f"%a: {type}{more}",
    )
    steps = sequence(text)
    around = steps.parent_op()
    assert isinstance(around, DeviceOp)
    transfer = next(op for op in steps.walk() if isinstance(op, NpuDmaMemcpyNdOp))
    write, register, push = memcpy_ops(transfer, Symbols(around), device("npu1_1col"))
    return write, address_patch(transfer, register), push


def test_a_contiguous_run_has_no_sizes_but_its_length() -> None:
    write, _, push = parts("[0, 0, 0, 0][1, 1, 1, 1024][0, 0, 0, 1]", element="bf16")
    assert (write.buffer_length, write.d0_size, write.d1_size) == (512, 0, 0)
    assert (push.number("repeat_count"), push.number("bd_id")) == (0, 1)


def test_an_iteration_repeats_by_the_queue() -> None:
    write, _, push = parts("[0, 0, 0, 0][3, 2, 4, 16][256, 256, 32, 1]")
    assert (write.iteration_size, write.iteration_stride) == (2, 255)
    assert (write.d2_stride, write.d2_size) == (255, 0)
    assert write.buffer_length == 2 * 4 * 16
    assert push.number("repeat_count") == 2


def test_dimensions_that_follow_each_other_are_one_run_of_the_iteration() -> None:
    write, _, push = parts("[0, 0, 0, 0][4, 2, 8, 16][256, 128, 16, 1]")
    assert (write.iteration_size, write.iteration_stride) == (3, 255)
    assert (write.d0_size, write.d1_size, write.d1_stride, write.d2_stride) == (0, 0, 0, 0)
    assert write.buffer_length == 2 * 8 * 16
    assert push.number("repeat_count") == 3


def test_a_repeat_in_place_has_no_iteration() -> None:
    write, _, push = parts("[0, 0, 0, 0][4, 1, 1, 16][0, 0, 0, 1]")
    assert (write.iteration_size, write.iteration_stride) == (0, 0)
    assert push.number("repeat_count") == 3


def test_offsets_count_in_strides_of_their_dimensions() -> None:
    _, patch, _ = parts("[1, 2, 3, 4][1, 1, 4, 4][256, 64, 16, 1]")
    assert patch.number("arg_plus") == 4 * (256 + 2 * 64 + 3 * 16 + 4)


def test_a_packet_header_goes_into_the_descriptor() -> None:
    write, _, _ = parts("[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1], packet = <pkt_type = 2, pkt_id = 5>")
    assert (write.enable_packet, write.packet_type, write.packet_id) == (1, 2, 5)


def test_limits_are_named() -> None:
    with pytest.raises(DesignError, match="size 1 is 2000, at most 1023 fit"):
        parts("[0, 0, 0, 0][1, 1, 2000, 8][0, 0, 16, 1]")


def test_what_only_the_run_knows_is_refused() -> None:
    with pytest.raises(DesignError, match="offsets, sizes and strides of a transfer must be const"):
        parts("[0, 0, 0, %n][1, 1, 1, 8][0, 0, 0, 1]", more=", %n: i64")


def test_a_transfer_needs_an_argument() -> None:
    text = design(
        """%m = memref.get_global @table : memref<8xi32>
        aiex.npu.dma_memcpy_nd(%m[0, 0, 0, 0][1, 1, 1, 8][0, 0, 0, 1])
          {id = 0 : i64, metadata = @in} : memref<8xi32>""",
        before=SHIM + 'memref.global "private" constant @table : memref<8xi32> = dense<0>',
    )
    transfer = next(op for op in sequence(text).walk() if isinstance(op, NpuDmaMemcpyNdOp))
    with pytest.raises(DesignError, match="needs an argument of the runtime sequence"):
        host_memory(transfer)
