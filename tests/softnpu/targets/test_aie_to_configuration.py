"""Configurations as runtime sequences: they do what the CDO of the same device does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.memref import GlobalOp

from softnpu.dialects.aie import DeviceOp, RuntimeSequenceOp
from softnpu.dialects.aiex import (
    NpuBlockWriteOp,
    NpuControlPacketOp,
    NpuMaskWrite32Op,
    NpuWrite32Op,
)
from softnpu.dialects.locations import origin_of
from softnpu.dialects.text import parse_file, parse_text, print_module
from softnpu.errors import DesignError
from softnpu.formats.operations import BlockWrite, Operation, Write
from softnpu.formats.records import words
from softnpu.formats.txn import parse
from softnpu.targets.aie_to_configuration import (
    ConvertAIEToControlPacketsPass,
    ConvertAIEToTransactionPass,
    ExpandLoadPdiPass,
)
from softnpu.targets.cdo import configuration
from softnpu.targets.npu_binary import emit
from tests.conftest import DESIGNS

SWITCH = """%t = aie.tile(0, 2)
  aie.switchbox(%t) { aie.connect<South : 0, DMA : 0> }"""


def two_devices(load: str) -> str:
    return f"""module {{
      aie.device(npu2_1col) @design {{ {SWITCH} }}
      aie.device(npu2_1col) @main {{
        aie.runtime_sequence() {{
          {load}
        }}
      }}
    }}"""


@pytest.mark.parametrize("name", DESIGNS)
def test_a_transaction_does_what_the_cdo_does(golden: Path, name: str) -> None:
    module = parse_file(golden / name / "input_physical.mlir")
    devices = [op for op in module.walk() if isinstance(op, DeviceOp)]
    expected = {device.sym_name: configuration(device, golden / name) for device in devices}
    for device_name, parts in expected.items():
        ConvertAIEToTransactionPass(device_name=device_name).apply(Context(), module)
        operations = (*parts.elfs, *parts.init, *parts.enable)
        if operations:
            written = parse(emit(module, device_name, "configure")).operations
            assert word_by_word(written) == word_by_word(operations)


def word_by_word(operations: Sequence[Operation]) -> list[Operation]:
    """The operations, each word of a block write as a write of its own."""
    return [
        single
        for operation in operations
        for single in (
            [
                Write(operation.address + 4 * index, word)
                for index, word in enumerate(words(operation.data))
            ]
            if isinstance(operation, BlockWrite)
            else [operation]
        )
    ]


def test_block_writes_that_touch_are_one_in_a_transaction() -> None:
    values = [f"initial_value = dense<[{n}, {n}]> : tensor<2xi32>" for n in range(3)]
    buffers = [
        f'aie.buffer(%t) {{sym_name = "b{n}", address = {place} : i32, {value}}} : memref<2xi32>'
        for n, (place, value) in enumerate(zip((1024, 1032, 1048), values, strict=True))
    ]
    text = "aie.device(npu1_1col) { %t = aie.tile(0, 2)\n" + "\n".join(buffers) + "}"
    module = parse_text(text, "design.mlir")
    ConvertAIEToTransactionPass().apply(Context(), module)
    written = parse(emit(module, "main", "configure")).operations
    assert written == (
        BlockWrite(0x200400, np.array([0, 0, 1, 1], np.uint32).tobytes()),
        BlockWrite(0x200418, np.array([2, 2], np.uint32).tobytes()),
    )


def test_control_packets_carry_the_same_words_and_join_masked_writes() -> None:
    text = "aie.device(npu2_1col) { %t = aie.tile(0, 2)\n %c = aie.core(%t) { aie.end } }"
    module = parse_text(text, "design.mlir")
    ConvertAIEToControlPacketsPass().apply(Context(), module)
    packets = [line for line in print_module(module).splitlines() if "control_packet" in line]
    core_control = 0x232000
    # Reset and out of reset are one word, then sixteen locks, then enable.
    assert f"address = {core_control} : ui32, data = array<i32: 2>" in packets[0]
    assert len(packets) == 1 + 16 + 1
    assert f"address = {core_control} : ui32, data = array<i32: 1>" in packets[-1]


def test_an_expanded_load_resets_by_an_empty_device_and_writes_the_rest() -> None:
    module = parse_text(two_devices("aiex.npu.load_pdi {device_ref = @design}"), "design.mlir")
    ExpandLoadPdiPass().apply(Context(), module)
    text = print_module(module)
    assert "aie.device(npu2_1col) @empty_0 {" in text
    steps = text[text.index("aie.runtime_sequence") :]
    reset = "load_pdi {device_ref = @empty_0, expand_mode = 0 : i32}"
    assert steps.index(reset) < steps.index("aiex.npu.write32")
    assert "@design" not in steps


def test_loads_take_turns_with_two_empty_devices() -> None:
    load = "aiex.npu.load_pdi {device_ref = @design}\n"
    module = parse_text(two_devices(load * 3), "design.mlir")
    ExpandLoadPdiPass().apply(Context(), module)
    text = print_module(module)
    found = [line.split("@")[1][:7] for line in text.splitlines() if "load_pdi" in line]
    assert found == ["empty_0", "empty_1", "empty_0"]
    assert text.count("aie.device(npu2_1col) @empty") == 2


OVERLAID = """%t = aie.tile(0, 2)
  %l = aie.lock(%t, 3) {init = 1 : i32}
  aie.switchbox(%t) {
    aie.connect<South : 0, DMA : 0>
    %a = aie.amsel<5> (3)
    %m = aie.masterset(TileControl : 0, %a) {is_ctrl_pkt_overlay, keep_pkt_header = true}
    aie.packet_rules(South : 1) {aie.rule(31, 28, %a)} {is_ctrl_pkt_overlay}
  }"""
LOCK = 0x21F030
CIRCUIT = (0x23F004, 0x23F114)


def by_packets(loads: str, *, overlay: bool = True) -> str:
    """The text of a design that loads @design by control packets."""
    other = f"aie.device(npu2_1col) @ctrl_pkt_overlay {{ {OVERLAID} }}" if overlay else ""
    module = parse_text(
        f"""module {{
          aie.device(npu2_1col) @design {{ {OVERLAID} }}
          aie.device(npu2_1col) @main {{ aie.runtime_sequence() {{ {loads} }} }}
          {other}
        }}""",
        "design.mlir",
    )
    ExpandLoadPdiPass(ctrl_pkt=True).apply(Context(), module)
    return print_module(module)


def test_a_load_by_control_packets_leaves_out_what_lets_them_in() -> None:
    text = by_packets("aiex.npu.load_pdi {device_ref = @design}")
    steps = text[text.index("aie.runtime_sequence") :]
    first, *packets = [line for line in steps.splitlines() if "aiex." in line]
    assert "load_pdi {device_ref = @ctrl_pkt_overlay, expand_mode = 0 : i32}" in first
    written = [int(line.split("address = ")[1].split()[0]) for line in packets]
    assert written == [LOCK, *CIRCUIT]
    assert "write32" not in steps


def test_loads_by_control_packets_take_turns_with_a_copy_of_the_overlay() -> None:
    text = by_packets("aiex.npu.load_pdi {device_ref = @design}\n" * 2)
    loads = [line for line in text.splitlines() if "load_pdi" in line]
    assert ["@ctrl_pkt_overlay_copy" in line for line in loads] == [False, True]
    assert text.count("aie.device(npu2_1col) @ctrl_pkt_overlay_copy {") == 1


def test_a_load_by_control_packets_needs_the_overlay() -> None:
    with pytest.raises(DesignError, match="a device '@ctrl_pkt_overlay' is needed") as error:
        by_packets("aiex.npu.load_pdi {device_ref = @design}", overlay=False)
    assert "emit-standalone-overlay=true" in error.value.notes[0]


def test_a_load_says_itself_how_it_is_expanded() -> None:
    kept = "aiex.npu.load_pdi {device_ref = @design, expand_mode = 0 : i32}"
    written = "aiex.npu.load_pdi {device_ref = @design, expand_mode = 1 : i32}"
    text = by_packets(f"{kept}\n{written}", overlay=False)
    assert kept in text
    assert "@empty_1" in text
    assert "write32" in text
    assert "control_packet" not in text


def test_a_load_of_no_device_is_refused() -> None:
    module = parse_text(two_devices("aiex.npu.load_pdi {device_ref = @desing}"), "design.mlir")
    with pytest.raises(DesignError, match="there is no device '@desing'"):
        ExpandLoadPdiPass().apply(Context(), module)


LOCATED = """\
aie.device(npu1_1col) {
  %t = aie.tile(0, 2) loc("d.py":2:1)
  %s = aie.tile(0, 0)
  %c = aie.core(%t) { aie.end } loc("d.py":3:1)
  %l = aie.lock(%t, 1) {init = 7 : i32} loc("lock"("d.py":4:1))
  %k = aie.lock(%t, 2) {init = 9 : i32} loc(unknown)
  %a = aie.buffer(%t) {address = 1024 : i32, initial_value = dense<[1, 2]> : tensor<2xi32>}
    : memref<2xi32> loc("d.py":5:1)
  %b = aie.buffer(%t) {address = 1032 : i32, initial_value = dense<[3, 4]> : tensor<2xi32>}
    : memref<2xi32> loc("d.py":6:1)
  %m = aie.mem(%t) {
    %0 = aie.dma_start(S2MM, 0, ^bd, ^end) loc("d.py":7:1)
  ^bd:
    aie.dma_bd(%a : memref<2xi32>) {bd_id = 0 : i32} loc("d.py":8:1)
    aie.next_bd ^end
  ^end:
    aie.end
  }
  aie.switchbox(%t) { aie.connect<South : 0, DMA : 0> loc("d.py":9:1) }
  aie.switchbox(%s) {
    %x = aie.amsel<0> (0) loc("d.py":10:1)
    aie.masterset(North : 0, %x) loc("d.py":11:1)
    aie.packet_rules(South : 3) {
      aie.rule(31, 1, %x) loc("d.py":12:1)
    } loc("d.py":13:1)
  }
  aie.shim_mux(%s) { aie.connect<DMA : 0, North : 3> loc("d.py":14:1) }
} loc("d.py":1:1)
"""

DEVICE = "d.py:1:1"
LINES = {
    0x232000: ["d.py:2:1", "d.py:3:1"],  # reset and out of it; start
    0x21F000: ["d.py:2:1"],  # every lock to 0
    0x21F010: ["d.py:2:1", "d.py:4:1"],
    0x21F020: ["d.py:2:1", DEVICE],
    0x200400: ["d.py:5:1"],  # two buffers that touch are one write, the first one's
    0x21D000: ["d.py:8:1"],
    0x21DE04: ["d.py:8:1"],  # a channel's start: where its first descriptor comes from
    0x21DE00: ["d.py:8:1"],
    0x23F004: ["d.py:9:1"],  # DMA 0 as master
    0x23F114: ["d.py:9:1"],  # South 0 as slave
    0x3F030: ["d.py:11:1"],
    0x3F114: ["d.py:13:1"],
    0x3F250: ["d.py:13:1"],
    0x1F000: ["d.py:14:1"],
}
"""Where the writes to a register come from, in their order, each place once (AIERT.cpp)."""


@pytest.mark.parametrize("kind", [ConvertAIEToTransactionPass, ConvertAIEToControlPacketsPass])
def test_writes_come_from_what_asks_for_them(
    kind: type[ConvertAIEToTransactionPass | ConvertAIEToControlPacketsPass],
) -> None:
    module = parse_text(LOCATED, "design.mlir")
    kind().apply(Context(), module)
    found: dict[int, list[str]] = {}
    for op in module.walk():
        if isinstance(op, NpuWrite32Op | NpuMaskWrite32Op):
            found.setdefault(op.number("address"), []).append(str(origin_of(op.location)))
        elif isinstance(op, NpuBlockWriteOp | NpuControlPacketOp):
            found.setdefault(op.address, []).append(str(origin_of(op.location)))
    places = {register: list(dict.fromkeys(found.get(register, []))) for register in LINES}
    assert places == LINES
    device, sequence, data = (
        next(op for op in module.walk() if isinstance(op, one))
        for one in (DeviceOp, RuntimeSequenceOp, GlobalOp)
    )
    assert sequence.location == data.location == device.location


def test_the_constants_of_a_write_come_from_where_it_does() -> None:
    module = parse_text(LOCATED, "design.mlir")
    ConvertAIEToTransactionPass().apply(Context(), module)
    writes = [op for op in module.walk() if isinstance(op, NpuMaskWrite32Op)]
    assert len(writes) > 3
    for write in writes:
        assert {value.owner.location for value in write.operands} == {write.location}
