"""The descriptors of tasks, on every kind of tile."""

from __future__ import annotations

import pytest
from xdsl.ir import Operation

from softnpu.arch.device import device
from softnpu.dialects.aie import DMABDOp, UseLockOp
from softnpu.dialects.aiex import (
    DMAConfigureTaskOp,
    NpuAddressPatchOp,
    NpuMaskWrite32Op,
    NpuWriteBdOp,
)
from softnpu.errors import DesignError
from softnpu.passes.task_descriptors import descriptor_ops
from tests.softnpu.passes.sequence_designs import design, sequence

TILES = """
  %shim = aie.tile(0, 0)
  %memory = aie.tile(0, 1)
  %east = aie.tile(1, 1)
  %core = aie.tile(0, 2)
  %mem_buf = aie.buffer(%memory) {address = 4096 : i32} : memref<1024xi32>
  %east_buf = aie.buffer(%east) {address = 4096 : i32} : memref<1024xi32>
  %core_buf = aie.buffer(%core) {address = 1024 : i32} : memref<1024xi16>
  %free_buf = aie.buffer(%core) : memref<1024xi16>
  %mem_lock = aie.lock(%memory, 5)
  %east_lock = aie.lock(%east, 6)
  %core_lock = aie.lock(%core, 7)
  %free_lock = aie.lock(%core)
  %north = aie.tile(0, 3)
  %north_buf = aie.buffer(%north) {address = 1024 : i32} : memref<1024xi32>
  %north_lock = aie.lock(%north, 8)
"""


def ops(
    tile: str, bd: str, *, direction: str = "MM2S", locks: tuple[str, str] = ("", ""), on: str
) -> list[Operation]:
    text = design(
        f"%t = aiex.dma_configure_task(%{tile}, {direction}, 0) {{\n{locks[0]}\n"
        f"aie.dma_bd({bd}) {{bd_id = 1 : i32}}\n{locks[1]}\naie.end\n}}",
        device=on,
        before=TILES,
    )
    task = next(op for op in sequence(text).walk() if isinstance(op, DMAConfigureTaskOp))
    inner = list(task.walk())
    descriptor = next(op for op in inner if isinstance(op, DMABDOp))
    uses = [op for op in inner if isinstance(op, UseLockOp)]
    return descriptor_ops(task, descriptor, uses, device(on))


def written(tile: str, bd: str, *, on: str = "npu1", **rest: object) -> NpuWriteBdOp:
    write = ops(tile, bd, on=on, **rest)[0]  # type: ignore[arg-type]
    assert isinstance(write, NpuWriteBdOp)
    return write


def address(tile: str, bd: str, *, on: str = "npu1") -> tuple[int, int, int]:
    write = ops(tile, bd, on=on)[1]
    assert isinstance(write, NpuMaskWrite32Op)
    return write.word("address"), write.word("value"), write.word("mask")


def test_dimensions_transform_and_the_fourth_iterates() -> None:
    bd = written(
        "shim",
        "%a : memref<1024xi32>, 0, 64, [<size = 3, stride = 256>, <size = 2, stride = 64>, "
        "<size = 4, stride = 16>, <size = 8, stride = 1>]",
    )
    assert (bd.d0_size, bd.d0_stride, bd.d1_size, bd.d1_stride) == (8, 0, 4, 15)
    assert (bd.d2_size, bd.d2_stride) == (0, 63)
    assert (bd.iteration_size, bd.iteration_stride) == (2, 255)


def test_one_run_has_no_sizes_however_it_is_written() -> None:
    plain = written("shim", "%a : memref<1024xi32>, 0, 1024")
    dims = written("shim", "%a : memref<1024xi32>, 0, 1024, [<size = 1024, stride = 1>]")
    for bd in (plain, dims):
        assert (bd.buffer_length, bd.d0_size, bd.d1_size, bd.d2_stride) == (1024, 0, 0, 0)


def test_the_address_shares_its_word_with_other_fields() -> None:
    # Word 0 of a core's descriptor has the length below it, word 1 of a memory tile's the next BD.
    core = 2 << 20 | 0x1D020
    memory = 1 << 20 | 0xA0024
    assert address("core", "%core_buf : memref<1024xi16>, 8, 16") == (core, 260 << 14, 0x0FFFC000)
    own = (0x80000 + 4096) // 4 + 4
    assert address("memory", "%mem_buf : memref<1024xi32>, 4, 8") == (memory, own, 0x7FFFF)


@pytest.mark.parametrize("name", ["npu1", "npu2"])
def test_memory_tiles_number_memories_by_where_they_lie(name: str) -> None:
    """mlir-aie does so for the second generation only, and reaches the western neighbour's."""
    own = address("memory", "%mem_buf : memref<1024xi32>, 0, 8", on=name)
    east = address("memory", "%east_buf : memref<1024xi32>, 0, 8", on=name)
    assert (own[1], east[1]) == ((0x80000 + 4096) // 4, (0x100000 + 4096) // 4)


def test_a_host_buffer_is_patched_in() -> None:
    patch = ops("shim", "%b : memref<1024xi32>, 32, 8", on="npu1")[1]
    assert isinstance(patch, NpuAddressPatchOp)
    assert (patch.addr, patch.arg_idx, patch.number("arg_plus")) == (0x1D024, 1, 128)


def test_locks_are_numbered_as_the_dma_sees_them() -> None:
    core = written(
        "core",
        "%core_buf : memref<1024xi16>, 0, 16",
        locks=(
            "aie.use_lock(%core_lock, AcquireGreaterEqual, 2)",
            "aie.use_lock(%core_lock, Release, 3)",
        ),
    )
    assert (core.lock_acq_enable, core.lock_acq_id, core.lock_acq_val) == (1, 7, -2)
    assert (core.lock_rel_id, core.lock_rel_val) == (7, 3)
    memory = written(
        "memory",
        "%mem_buf : memref<1024xi32>, 0, 16",
        locks=("aie.use_lock(%mem_lock, Acquire, 1)", "aie.use_lock(%mem_lock, Release, 1)"),
    )
    assert (memory.lock_acq_id, memory.lock_acq_val, memory.lock_rel_id) == (64 + 5, 1, 64 + 5)


def test_a_memory_tile_pads_what_it_sends() -> None:
    bd = "%mem_buf : memref<1024xi32>, 0, 16, [<size = 4, stride = 8>, <size = 4, stride = 1>], "
    pads = (
        "[<const_pad_before = 1, const_pad_after = 2>, <const_pad_before = 3, const_pad_after = 4>]"
    )
    write = written("memory", bd + pads)
    assert (write.d0_zero_before, write.d0_zero_after) == (3, 4)
    assert (write.d1_zero_before, write.d1_zero_after) == (1, 2)
    with pytest.raises(DesignError, match="pads what it sends"):
        written("memory", bd + pads, direction="S2MM")


@pytest.mark.parametrize(
    ("tile", "bd", "message"),
    [
        ("shim", "%a : memref<1024xi32>, 0, 0", "the length is 0 elements of 4 bytes"),
        ("core", "%core_buf : memref<1024xi16>, 0, 3", "3 elements of 2 bytes = 6 bytes"),
        ("core", "%core_buf : memref<1024xi16>, 3, 4", "must be a multiple of 4 bytes"),
        ("core", "%free_buf : memref<1024xi16>, 0, 4", "assign buffer addresses first"),
        ("core", "%a : memref<1024xi32>, 0, 4", "only a shim tile reaches the host's memory"),
        ("core", "%north_buf : memref<1024xi32>, 0, 4", "cannot reach a buffer of tile (0, 3)"),
        (
            "shim",
            "%a : memref<1024xi32>, 0, 16, [<size = 2, stride = 16>, <size = 4, stride = 1>]",
            "the length is 16 elements, but the lower three dimensions move 1 * 2 * 4 = 8",
        ),
        (
            "core",
            "%core_buf : memref<1024xi16>, 0, 16, [<size = 16, stride = 1>], "
            "[<const_pad_before = 2, const_pad_after = 2>]",
            "only memory tiles pad with zeros",
        ),
    ],
)
def test_what_a_descriptor_cannot_do_is_refused(tile: str, bd: str, message: str) -> None:
    with pytest.raises(DesignError) as error:
        written(tile, bd)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("tile", "lock", "message"),
    [
        ("core", "free_lock", "has no number: assign lock ids first"),
        ("core", "north_lock", "cannot reach a lock of tile (0, 3)"),
    ],
)
def test_a_lock_out_of_reach_is_refused(tile: str, lock: str, message: str) -> None:
    bd = "%core_buf : memref<1024xi16>, 0, 4"
    with pytest.raises(DesignError) as error:
        written(
            tile,
            bd,
            locks=(f"aie.use_lock(%{lock}, Acquire, 1)", f"aie.use_lock(%{lock}, Release, 1)"),
        )
    assert message in str(error.value)
