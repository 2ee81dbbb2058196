"""Devices, tiles, cores, buffers, locks and sequences: spelling and accessors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import MemRefType, ModuleOp, i32

from softnpu.dialects.aie import (
    BufferOp,
    CoreOp,
    DeviceOp,
    LockAction,
    LockOp,
    RuntimeSequenceOp,
    TileOp,
    UseLockOp,
)
from softnpu.dialects.text import parse_text, print_module

Lines = Callable[[str], list[str]]
Read = Callable[[str], ModuleOp]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("%l = aie.lock(%core)", "%lock_0_2 = aie.lock(%tile_0_2)"),
        (
            '%l = aie.lock(%core, 3) {init = -2 : i32, sym_name = "full"}',
            '%full = aie.lock(%tile_0_2, 3) {init = -2 : i32, sym_name = "full"}',
        ),
        (
            '%b = aie.buffer(%core) {sym_name = "b", address = 1024 : i32} : memref<4xi8>',
            '%b = aie.buffer(%tile_0_2) {address = 1024 : i32, sym_name = "b"} : memref<4xi8> ',
        ),
        (
            "%b = aie.buffer(%mem) : memref<2x2xi32> = dense<[[1, 2], [3, 4]]>",
            "%buffer_0_1 = aie.buffer(%mem_tile_0_1) : memref<2x2xi32> = dense<[[1, 2], [3, 4]]>",
        ),
        (
            '%x = aie.external_buffer {sym_name = "host"} : memref<8xi32>',
            '%host = aie.external_buffer {sym_name = "host"} : memref<8xi32>',
        ),
    ],
)
def test_aie_opts_spelling(written: str, printed: str, lines: Lines) -> None:
    assert lines(written) == [printed]


def test_a_core_and_its_locks(lines: Lines) -> None:
    written = """
    %l = aie.lock(%core, 0) {sym_name = "l"}
    %c = aie.core(%core) {
      aie.use_lock(%l, "Acquire", 0)
      aie.use_lock(%l, AcquireGreaterEqual)
      aie.use_lock(%l, Release, 1, NonBlocking)
      aie.event(1)
      aie.end
    } {link_with = "k.o", stack_size = 2048 : i32}
    """
    assert lines(written)[1:] == [
        "%core_0_2 = aie.core(%tile_0_2) {",
        "  %c0_i32 = arith.constant 0 : i32",
        "  aie.use_lock(%l, Acquire, %c0_i32)",
        "  %c1_i32 = arith.constant 1 : i32",
        "  aie.use_lock(%l, AcquireGreaterEqual, %c1_i32)",
        "  %c1_i32_0 = arith.constant 1 : i32",
        "  aie.use_lock(%l, Release, %c1_i32_0, NonBlocking)",
        "  aie.event(1)",
        "  aie.end",
        '} {link_with = "k.o", stack_size = 2048 : i32}',
    ]


def test_what_goes_without_saying_is_not_printed(lines: Lines) -> None:
    assert lines("%c = aie.core(%core) {\n aie.end } {stack_size = 1024 : i32}")[-1] == "}"


def test_sequences_with_and_without_a_name(lines: Lines) -> None:
    assert lines("aie.runtime_sequence @sequence() {\n}") == ["aie.runtime_sequence() {", "}"]
    assert lines("aie.runtime_sequence @main(%a: memref<4xi32>) {\n}") == [
        "aie.runtime_sequence @main(%arg0: memref<4xi32>) {",
        "}",
    ]


def test_the_device_says_its_name_unless_it_is_main() -> None:
    text = "module {\n  aie.device(npu1) @main {\n  }\n  aie.device(npu2_1col) @other {\n  }\n}\n\n"
    assert print_module(parse_text(text)) == text.replace(" @main", "")


def test_names_are_those_of_the_kind_of_tile(read: Read) -> None:
    text = print_module(read(""))
    assert "%shim_noc_tile_0_0 = aie.tile(0, 0)" in text
    assert "%mem_tile_0_1 = aie.tile(0, 1)" in text
    assert "%tile_0_2 = aie.tile(0, 2)" in text


def test_ops_are_built_from_python_values_and_give_them_back() -> None:
    tile = TileOp(col=1, row=2)
    lock = LockOp(tile=tile.result, lock_id=3, init=-1)
    use = UseLockOp(lock=lock.result, action=LockAction.AcquireGreaterEqual, value=1)
    buffer = BufferOp(tile=tile.result, buffer_type=MemRefType(i32, [4]), sym_name="b")
    core = CoreOp(tile=tile.result)
    assert (tile.position, lock.lock_id, lock.init) == ((1, 2), 3, -1)
    assert (use.acquire_ge, use.lock_op, use.lock_value) == (True, lock, 1)
    assert (buffer.address, buffer.sym_name, buffer.buffer.type) == (None, "b", buffer.buffer_type)
    assert (tile.core_op, core.stack_size, core.position) == (core, 0x400, (1, 2))
    lock.lock_id = None
    lock.init = 5
    assert lock.properties.keys() == {"init"}


def test_a_device_has_a_block_with_its_end(read: Read) -> None:
    (device,) = (op for op in read("").walk() if isinstance(op, DeviceOp))
    assert device.body.last_op is not None
    assert device.body.last_op.name == "aie.end"
    made = RuntimeSequenceOp()
    assert (made.sym_name, len(made.body.blocks)) == ("sequence", 1)
